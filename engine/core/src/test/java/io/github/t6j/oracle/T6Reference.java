package io.github.t6j.oracle;

import static io.github.t6j.oracle.Float64.rms;
import static io.github.t6j.oracle.Float64.rotate;

import java.util.Map;

/**
 * The official T6 models and their baselines in double: whole sequences, every query, key and value rebuilt. It shares
 * nothing with the engine but the reader of weights.
 */
public final class T6Reference implements Reference {
    private static final double EPSILON = 0x1p-23;

    private final Weights w;
    private final Map<String, Object> config;
    private final boolean partial;
    private final boolean decays;
    private final boolean linear;
    private final boolean rotatesProducts;
    private double[][] cos;
    private double[][] sin;

    /**
     * @param variant suffix of the official file: full, partialrope, partialrope-decay, linearattn
     * @param rotatesProducts true for the official files T6_ropek and T6_kvonly_ropek: RoPE of q and k, not of factors
     */
    public T6Reference(Weights w, Map<String, Object> config, String variant, boolean rotatesProducts) {
        this.w = w;
        this.config = config;
        partial = !variant.equals("full");
        linear = variant.equals("linearattn");
        decays = linear || variant.equals("partialrope-decay");
        this.rotatesProducts = rotatesProducts;
    }

    @Override
    public double[][] logits(int... ids) {
        return Float64.times(hiddenStates(size("n_layer", 0), ids), embedding(), null);
    }

    private double[] embedding() {
        return w.get(w.has("lm_head.weight") ? "lm_head.weight" : "transformer.wte.weight");
    }

    @Override
    public double[][] hiddenStates(int layers, int... ids) {
        double[] embedding = embedding();
        int width = size("n_embd", 0);
        double[][] x = new double[ids.length][];
        for (int t = 0; t < ids.length; t++) {
            x[t] = java.util.Arrays.copyOfRange(embedding, ids[t] * width, (ids[t] + 1) * width);
        }
        for (int layer = 0; layer < layers; layer++) {
            String block = "transformer.h." + layer + ".";
            double[][] y = attention(block + "attn.", rms(x, width, null, EPSILON, 1));
            Float64.add(x, w.times(y, block + "attn.c_proj.weight"));
            double[][] h = rms(x, width, null, EPSILON, 1);
            double[][] hidden =
                    Float64.gated(w.times(h, block + "mlp.c_fc1.weight"), w.times(h, block + "mlp.c_fc2.weight"));
            Float64.add(x, w.times(hidden, block + "mlp.c_proj.weight"));
        }
        return layers < size("n_layer", 0) ? x : rms(x, width, null, EPSILON, 1);
    }

    private double[][] attention(String attn, double[][] h) {
        int heads = size("n_head", 0);
        double[][] q;
        double[][] k;
        double[][] v;
        int keyHeads = heads;
        if (w.has(attn + "q_a_proj.weight")) {
            double[][][] qkv = latent(attn, h, heads);
            q = qkv[0];
            k = qkv[1];
            v = qkv[2];
        } else if (w.has(attn + "c_qkv.W_A_k.weight")) {
            int headDim = size("head_dim", 64);
            tables(h.length, headDim);
            boolean wholeQueries = w.has(attn + "c_qkv.c_q.weight");
            q = wholeQueries
                    ? turned(w.times(h, attn + "c_qkv.c_q.weight"), headDim)
                    : product(attn, "q", h, heads, headDim, true);
            k = product(attn, "k", h, heads, headDim, true);
            v = product(attn, "v", h, heads, headDim, false);
        } else {
            int headDim = w.size(attn + "c_q.weight", 0) / heads;
            tables(h.length, headDim);
            keyHeads = w.size(attn + "c_k.weight", 0) / headDim;
            q = turned(w.times(h, attn + "c_q.weight"), headDim);
            k = turned(w.times(h, attn + "c_k.weight"), headDim);
            v = w.times(h, attn + "c_v.weight");
        }
        double scale = 1 / Math.sqrt(q[0].length / heads);
        double[][] y = linear
                ? Float64.attendLinearly(q, k, v, heads, keyHeads)
                : Float64.attend(q, k, v, heads, keyHeads, scale, h.length);
        return w.has(attn + "subln.weight")
                ? rms(y, y[0].length / heads, w.get(attn + "subln.weight"), 1e-5, 1)
                : y;
    }

    /** Mean over r of A[head][r] · B[r]; A is row head · R + r, B row r · headDim + d. */
    private double[][] product(String attn, String of, double[][] h, int heads, int headDim, boolean turns) {
        double[][] a = w.times(h, attn + "c_qkv.W_A_" + of + ".weight");
        double[][] b = w.times(h, attn + "c_qkv.W_B_" + of + ".weight");
        if (turns && !rotatesProducts) {
            b = turned(b, headDim);
        }
        int rank = a[0].length / heads;
        double[][] product = new double[h.length][heads * headDim];
        for (int t = 0; t < h.length; t++) {
            for (int head = 0; head < heads; head++) {
                for (int r = 0; r < rank; r++) {
                    for (int d = 0; d < headDim; d++) {
                        product[t][head * headDim + d] += a[t][head * rank + r] * b[t][r * headDim + d] / rank;
                    }
                }
            }
        }
        return turns && rotatesProducts ? turned(product, headDim) : product;
    }

    /** MLA: q [nope | rope] of each head, one rotated key for all heads, last in each key. */
    private double[][][] latent(String attn, double[][] h, int heads) {
        int nope = size("head_dim", 64);
        int rope = size("qk_rope_head_dim", 32);
        int valueDim = size("v_head_dim", 64);
        tables(h.length, rope);
        double[][] down = w.times(h, attn + "q_a_proj.weight");
        double[] queryGain = w.get(attn + "q_a_layernorm.weight");
        double[][] q = w.times(rms(down, queryGain.length, queryGain, 1e-6, 1), attn + "q_b_proj.weight");
        double[][] both = w.times(h, attn + "kv_a_proj_with_mqa.weight");
        int rank = both[0].length - rope;
        double[][] shared = rotate(Float64.columns(both, rank, rope), rope, 0, cos, sin);
        double[] gain = w.get(attn + "kv_a_layernorm.weight");
        double[][] up = w.times(rms(Float64.columns(both, 0, rank), rank, gain, 1e-6, 1), attn + "kv_b_proj.weight");
        double[][] k = new double[h.length][heads * (nope + rope)];
        double[][] v = new double[h.length][heads * valueDim];
        for (int t = 0; t < h.length; t++) {
            for (int head = 0; head < heads; head++) {
                int from = head * (nope + valueDim);
                System.arraycopy(up[t], from, k[t], head * (nope + rope), nope);
                System.arraycopy(shared[t], 0, k[t], head * (nope + rope) + nope, rope);
                System.arraycopy(up[t], from + nope, v[t], head * valueDim, valueDim);
            }
        }
        return new double[][][] {rotate(q, nope + rope, nope, cos, sin), k, v};
    }

    private double[][] turned(double[][] x, int headDim) {
        return rotate(x, headDim, 0, cos, sin);
    }

    /** T6 turns clockwise; its tables are rounded to bf16, or not rounded and shrink with the angle. */
    private void tables(int length, int headDim) {
        Object factor = config.getOrDefault("rope_partial_factor", 1.0 / 3);
        Object decayBase = config.getOrDefault("rope_decay_base", 0.999);
        int rotated = partial ? (int) (headDim * ((Number) factor).doubleValue()) / 2 * 2 : headDim;
        float[][] angles = Float64.angles(length, Float64.frequencies(rotated, 10000));
        cos = new double[length][rotated / 2];
        sin = new double[length][rotated / 2];
        for (int t = 0; t < length; t++) {
            for (int i = 0; i < rotated / 2; i++) {
                float c = (float) Math.cos(angles[t][i]);
                float s = (float) Math.sin(angles[t][i]);
                float base = (float) Math.log(((Number) decayBase).floatValue());
                double decay = decays ? (float) Math.exp(angles[t][i] * base) : 1;
                cos[t][i] = (decays ? c : bf16(c)) * decay;
                sin[t][i] = -(decays ? s : bf16(s)) * decay;
            }
        }
    }

    /** The nearest bf16, to even between two. */
    static float bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return Float.intBitsToFloat(bits + 0x7FFF + (bits >>> 16 & 1) & 0xFFFF0000);
    }

    private int size(String key, int absent) {
        return ((Number) config.getOrDefault(key, (long) absent)).intValue();
    }
}
