package io.github.t6j.oracle;

import static io.github.t6j.oracle.Float64.columns;
import static io.github.t6j.oracle.Float64.rms;
import static io.github.t6j.oracle.Float64.rotate;

import java.util.Arrays;
import java.util.Map;

/**
 * The MLRA checkpoints' eleven attentions in double: whole sequences, every query, key and value rebuilt. It shares
 * nothing with the engine but the reader of weights.
 */
public final class MlraReference implements Reference {
    private static final double EPSILON = 1e-6;

    private final Weights w;
    private final Map<String, Object> config;
    private final int heads;
    private final int width;

    public MlraReference(Weights w, Map<String, Object> config) {
        this.w = w;
        this.config = config;
        heads = size("n_head");
        width = size("n_embd");
    }

    @Override
    public double[][] logits(int... ids) {
        return Float64.times(hiddenStates(size("n_layer"), ids), w.get("lm_head.weight"), null);
    }

    @Override
    public double[][] hiddenStates(int layers, int... ids) {
        double[] embedding = w.get("lm_head.weight");
        double[][] x = new double[ids.length][];
        for (int t = 0; t < ids.length; t++) {
            x[t] = Arrays.copyOfRange(embedding, ids[t] * width, (ids[t] + 1) * width);
        }
        for (int layer = 0; layer < layers; layer++) {
            String block = "transformer.h." + layer + ".";
            double[][] h = norm(x, block + "input_layernorm.weight");
            Float64.add(x, w.times(gated(block + "attn.", h), block + "attn.c_proj.weight"));
            h = norm(x, block + "post_attention_layernorm.weight");
            double[][] hidden =
                    Float64.gated(w.times(h, block + "mlp.c_fc1.weight"), w.times(h, block + "mlp.c_fc2.weight"));
            Float64.add(x, w.times(hidden, block + "mlp.c_proj.weight"));
        }
        return layers < size("n_layer") ? x : norm(x, "layernorm.weight");
    }

    private double[][] norm(double[][] x, String gain) {
        return rms(x, x[0].length, w.get(gain), EPSILON, 1);
    }

    /** Attention, multiplied by the sigmoid of a gate if the model has gates. */
    private double[][] gated(String attn, double[][] h) {
        double[][] y = attention(attn, h);
        for (String gate : new String[] {"c_gated.weight", "gated_proj.weight"}) {
            if (w.has(attn + gate)) {
                double[][] open = w.times(h, attn + gate);
                for (int t = 0; t < y.length; t++) {
                    for (int i = 0; i < y[t].length; i++) {
                        y[t][i] /= 1 + Math.exp(-open[t][i]);
                    }
                }
            }
        }
        return y;
    }

    private double[][] attention(String attn, double[][] h) {
        if (w.has(attn + "c_qkv.W_A_q.weight")) {
            int headDim = size("head_dim");
            double[][] v = product(attn, "v", h, headDim);
            return attend(product(attn, "q", h, headDim), product(attn, "k", h, headDim), v, heads);
        }
        if (w.has(attn + "W_rope_k.weight")) {
            return tied(attn, h, size("head_dim"), heads / size("group_size"));
        }
        if (w.has(attn + "c_q.weight")) {
            int headDim = size("head_dim");
            double[][] q = w.times(h, attn + "c_q.weight");
            if (w.has(attn + "w_q.weight")) { // MFA
                q = w.times(norm(q, attn + "q_layernorm.weight"), attn + "w_q.weight");
            }
            double[][] k = w.times(h, attn + "c_k.weight");
            int keyHeads = k[0].length / headDim;
            return attend(
                    turned(q, headDim, 0), turned(k, headDim, 0), w.times(h, attn + "c_v.weight"), keyHeads);
        }
        return latent(attn, h);
    }

    private double[][] attend(double[][] q, double[][] k, double[][] v, int keyHeads) {
        return Float64.attend(q, k, v, heads, keyHeads, 1 / Math.sqrt(q[0].length / heads), q.length);
    }

    /** TPA: mean over r of A[head][r] · B[r]; A is row head · R + r, B row r · headDim + d. */
    private double[][] product(String attn, String of, double[][] h, int headDim) {
        double[][] a = w.times(h, attn + "c_qkv.W_A_" + of + ".weight");
        double[][] b = w.times(h, attn + "c_qkv.W_B_" + of + ".weight");
        b = of.equals("v") ? b : turned(b, headDim, 0);
        int rank = a[0].length / heads;
        double[][] product = new double[h.length][heads * headDim];
        for (int t = 0; t < h.length; t++) {
            for (int i = 0; i < heads * headDim; i++) {
                for (int r = 0; r < rank; r++) {
                    product[t][i] += a[t][i / headDim * rank + r] * b[t][r * headDim + i % headDim] / rank;
                }
            }
        }
        return product;
    }

    /**
     * GTA: a value is all of its group's row; a key is the first half of it, and a rotated half that all heads share.
     */
    private double[][] tied(String attn, double[][] h, int headDim, int keyHeads) {
        int half = headDim / 2;
        double[][] q = turned(w.times(h, attn + "c_q.weight"), headDim, headDim - half);
        double[][] v = w.times(h, attn + "kv_proj.weight");
        double[][] shared = turned(w.times(h, attn + "W_rope_k.weight"), half, 0);
        double[][] k = new double[h.length][];
        for (int t = 0; t < h.length; t++) {
            k[t] = v[t].clone();
            for (int group = 0; group < keyHeads; group++) {
                System.arraycopy(shared[t], 0, k[t], (group + 1) * headDim - half, half);
            }
        }
        return attend(q, k, v, keyHeads);
    }

    /**
     * MLA, GLA, MLRA: parts of a latent, each of which gives keys and values to some heads, in one or more branches.
     */
    private double[][] latent(String attn, double[][] h) {
        int nope = size("qk_nope_head_dim");
        int rope = size("qk_rope_head_dim");
        int rank = size("kv_lora_rank");
        double[] gain = w.get(attn + "q_a_layernorm.weight");
        double[][] down = w.times(h, attn + "q_a_proj.weight");
        double[][] q = w.times(
                rms(down, gain.length, gain, EPSILON, Math.sqrt((double) width / gain.length)),
                attn + "q_b_proj.weight");
        q = turned(q, nope + rope, nope);
        double[][] both = w.times(h, attn + "kv_a_proj_with_mqa.weight");
        double[][] shared = turned(columns(both, rank, rope), rope, 0);
        int parts = w.has(attn + "kv_b_proj.weight") ? 1 : w.has(attn + "kv_b_proj_1.weight") ? 2 : 4;
        double[][][] k = new double[parts][][];
        double[][][] v = new double[parts][][];
        int served = 0;
        for (int part = 0; part < parts; part++) {
            double[][] up = up(attn, columns(both, part * rank / parts, rank / parts), part, parts);
            served = up[0].length / (2 * nope);
            k[part] = new double[h.length][served * (nope + rope)];
            v[part] = new double[h.length][served * nope];
            for (int t = 0; t < h.length; t++) {
                for (int head = 0; head < served; head++) {
                    System.arraycopy(up[t], head * 2 * nope, k[part][t], head * (nope + rope), nope);
                    System.arraycopy(shared[t], 0, k[part][t], head * (nope + rope) + nope, rope);
                    System.arraycopy(up[t], head * 2 * nope + nope, v[part][t], head * nope, nope);
                }
            }
        }
        int ofABranch = heads / served;
        double[][] y = new double[h.length][heads * nope];
        for (int part = 0; part < parts; part++) {
            int first = part % ofABranch * served;
            double[][] branchOutput = Float64.attend(
                    columns(q, first * (nope + rope), served * (nope + rope)), k[part], v[part], served, served,
                    1 / Math.sqrt(nope + rope), h.length);
            for (int t = 0; t < h.length; t++) {
                for (int i = 0; i < served * nope; i++) {
                    y[t][first * nope + i] += branchOutput[t][i] / Math.sqrt((double) parts / ofABranch);
                }
            }
        }
        return y;
    }

    /** Keys and values [heads][nope | value] of a part of the latent; four parts' matrices are stored input first. */
    private double[][] up(String attn, double[][] latent, int part, int parts) {
        int inputs = latent[0].length;
        String gain = switch (parts) {
            case 1 -> "kv_a_layernorm.weight";
            case 2 -> "kv_a_layernorm_" + (part + 1) + ".weight";
            default -> "kv_a_layernorms." + part + ".weight";
        };
        double[][] normed = rms(latent, inputs, w.get(attn + gain), EPSILON, Math.sqrt((double) width / inputs));
        if (parts < 4) {
            return w.times(normed, attn + (parts == 1 ? "kv_b_proj.weight" : "kv_b_proj_" + (part + 1) + ".weight"));
        }
        double[] stored = w.get(attn + "kv_b_proj");
        int outputs = w.size(attn + "kv_b_proj", 2);
        double[] matrix = new double[outputs * inputs];
        for (int i = 0; i < matrix.length; i++) {
            matrix[i] = stored[(part * inputs + i % inputs) * outputs + i / inputs];
        }
        return Float64.times(normed, matrix, null);
    }

    /** RoPE of elements from … of each part of {@code size}, counterclockwise; tables are floats. */
    private static double[][] turned(double[][] x, int size, int from) {
        float[][] angles = Float64.angles(x.length, Float64.frequencies(size - from, 10000));
        double[][] cos = new double[x.length][(size - from) / 2];
        double[][] sin = new double[x.length][(size - from) / 2];
        for (int t = 0; t < x.length; t++) {
            for (int i = 0; i < cos[t].length; i++) {
                cos[t][i] = (float) Math.cos(angles[t][i]);
                sin[t][i] = (float) Math.sin(angles[t][i]);
            }
        }
        return rotate(x, size, from, cos, sin);
    }

    private int size(String key) {
        return ((Number) config.get(key)).intValue();
    }
}
