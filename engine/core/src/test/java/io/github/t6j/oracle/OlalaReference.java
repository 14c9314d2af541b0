package io.github.t6j.oracle;

import io.github.t6j.oracle.MambaReference.State;
import java.util.Arrays;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/**
 * Olala models in double: whole sequences, keys and values of every head. It shares nothing with the engine but the
 * reader of weights. Letters as in the model: H query heads, K key heads, D elements a head, R ranks.
 */
public final class OlalaReference {
    private static final double MAX_ANGLE = Math.PI / 4;

    private final Weights w;
    private final Map<String, Object> config;

    /** Mixer of a layer: from its input [T][width] to its output. */
    public interface Mixer {
        double[][] mix(int layer, double[][] u);
    }

    public OlalaReference(Weights w, Map<String, Object> config) {
        this.w = w;
        this.config = config;
    }

    public int size(String key) {
        return config.get(key) instanceof Number number ? number.intValue() : 0;
    }

    private double number(String key) {
        return config.get(key) instanceof Number number ? number.doubleValue() : 0;
    }

    public double epsilon() {
        return number("norm_epsilon");
    }

    public boolean is(String key) {
        return (Boolean) config.getOrDefault(key, false);
    }

    private boolean is(String key, String value) {
        return value.equals(config.get(key));
    }

    public MambaReference mamba() {
        return new MambaReference(w, this);
    }

    /** Logits [T][vocabulary]. */
    public double[][] logits(int[] ids) {
        return head(states(ids));
    }

    /** Logits with another Mamba-3 mixer. */
    public double[][] logits(int[] ids, Mixer mamba) {
        return head(states(ids, mamba));
    }

    /** States [T][width] before the head. */
    public double[][] states(int[] ids) {
        return states(ids, (layer, u) -> mamba().mixer(layer, u, new State[mamba().heads()]));
    }

    private double[][] states(int[] ids, Mixer mamba) {
        double[][] x = embed(ids);
        String letters = (String) config.get("layers_config");
        for (int layer = 0; layer < letters.length(); layer++) {
            String block = "model.layers." + layer + ".";
            double[][] u = norm(x, block + "input_norm.norm.weight", layer);
            double[][] mixed = letters.charAt(layer) == 'M'
                    ? mamba.mix(layer, u)
                    : gated(u, attend(block + "mixer.", u), block);
            add(x, w.times(mixed, block + "mixer_proj.weight"), block + "geodesic_mixer.", layer);
            u = norm(x, block + "postmixer_norm.norm.weight", layer);
            add(x, feedForward(u, block + "mlp."), block + "geodesic_mlp.", layer);
        }
        return w.has("model.final_norm.norm.weight") ? norm(x, "model.final_norm.norm.weight", 0) : x;
    }

    private double[][] embed(int[] ids) {
        int width = size("hidden_size");
        double[][] x = new double[ids.length][];
        for (int t = 0; t < ids.length; t++) {
            double[] row = Arrays.copyOfRange(w.get("model.embedding.weight"), ids[t] * width, (ids[t] + 1) * width);
            double length = Math.max(Math.sqrt(Float64.dot(row, row)), 1e-12);
            double factor = is("normalize_embeddings_ngpt")
                    ? 1 / length
                    : is("normalize_embeddings") ? Math.sqrt(width) / length : 1;
            Arrays.setAll(row, i -> row[i] * factor);
            x[t] = row;
        }
        return x;
    }

    private double[][] head(double[][] x) {
        String matrix = w.has("lm_head.weight") ? "lm_head.weight" : "model.embedding.weight";
        double[][] logits = w.times(x, matrix);
        if (!is("normalize_lm_head")) {
            return logits;
        }
        int width = x[0].length;
        for (int t = 0; t < x.length; t++) {
            double length = Math.max(Math.sqrt(Float64.dot(x[t], x[t])), 1e-12);
            for (int id = 0; id < logits[t].length; id++) {
                double[] row = Arrays.copyOfRange(w.get(matrix), id * width, (id + 1) * width);
                double product = length * Math.max(Math.sqrt(Float64.dot(row, row)), 1e-12);
                logits[t][id] *= Math.exp(w.get("temperature")[0]) / product;
            }
        }
        return logits;
    }

    /** Norms the rows if the model has the gain, and scales them by 1/√(layer + 1) if it does. */
    private double[][] norm(double[][] x, String gain, int layer) {
        double factor = is("layer_norm_scaling") ? 1 / Math.sqrt(layer + 1) : 1;
        return w.has(gain) ? Float64.rms(x, x[0].length, gain(gain), epsilon(), factor) : map(x, v -> v * factor);
    }

    double[] gain(String name) {
        double[] gain = w.get(name).clone();
        Arrays.setAll(gain, i -> gain[i] + (is("zero_centered_gamma") ? 1 : 0));
        return gain;
    }

    private void add(double[][] x, double[][] g, String geodesic, int layer) {
        double a = is("use_completed_p")
                ? Math.pow((double) size("num_hidden_layers") / size("base_depth"), -number("completed_p_alpha"))
                : 1;
        for (int t = 0; t < x.length; t++) {
            double[] from = x[t];
            double[] update = g[t];
            if (!is("geodesic_update")) {
                Arrays.setAll(from, i -> from[i] + a * update[i]);
                continue;
            }
            double along = Float64.dot(from, update) / Math.max(Float64.dot(from, from), 1e-12);
            double[] across = update.clone();
            Arrays.setAll(across, i -> update[i] - along * from[i]);
            double omega = Math.max(Math.sqrt(Float64.dot(across, across)), 1e-8);
            double length = Math.max(Math.sqrt(Float64.dot(from, from)), 1e-6);
            double raw = Math.min(omega / length, MAX_ANGLE);
            double angle = Math.min(
                    (w.get(geodesic + "scale")[0] * raw + w.get(geodesic + "bias")[0]) / (layer + 1), MAX_ANGLE);
            Arrays.setAll(from, i -> from[i] * Math.cos(angle) + across[i] / omega * length * Math.sin(angle));
        }
    }

    /** Differential TPA: [T][signal heads · D]. */
    private double[][] attend(String name, double[][] u) {
        int headDim = size("head_dim");
        int heads = size("num_attention_heads");
        int signals = size("num_signal_heads_diff");
        int keyHeads = heads - (signals > 0 ? signals : heads / 2);
        double[][] q = w.times(u, name + "c_q.weight");
        double[][] k = shifted(factored(name, "k", u, keyHeads), name + "shift_proj_k.weight", u, keyHeads);
        double[][] v = shifted(factored(name, "v", u, keyHeads), name + "shift_proj_v.weight", u, keyHeads);
        if (is("qk_norm")) {
            q = Float64.rms(q, headDim, gain(name + "q_norm.norm.weight"), epsilon(), 1);
            k = Float64.rms(k, headDim, gain(name + "k_norm.norm.weight"), epsilon(), 1);
        }
        int window = size("slw_wsize");
        for (int t = 0; is("scalable_softmax") && t < q.length; t++) {
            double logarithm = Math.log(window > 0 ? Math.min(t + 1, window) : t + 1);
            for (int i = 0; i < q[t].length; i++) {
                q[t][i] *= w.get(name + "softmax_scaler")[i / headDim] * logarithm;
            }
        }
        double[][] lambda = map(w.times(u, name + "lambda_proj.weight"), OlalaReference::sigmoid);
        int group = heads / keyHeads;
        double[][] y = new double[u.length][(heads - keyHeads) * headDim];
        for (int t = 0; t < u.length; t++) {
            for (int g = 0; g < keyHeads; g++) {
                double[] noise = attend(q[t], g * group + group - 1, k, v, g, t);
                for (int e = 0; e < group - 1; e++) {
                    double[] signal = attend(q[t], g * group + e, k, v, g, t);
                    for (int d = 0; d < headDim; d++) {
                        y[t][(g * (group - 1) + e) * headDim + d] = signal[d] - lambda[t][g] * noise[d];
                    }
                }
            }
        }
        return y;
    }

    /** Σ_r a[g][r] · b[r] / R: [T][K · D]. */
    private double[][] factored(String name, String letter, double[][] u, int keyHeads) {
        int ranks = size("tpa_rank");
        int headDim = size("head_dim");
        double[][] a = w.times(u, name + "W_A_" + letter + ".weight");
        double[][] b = w.times(u, name + "W_B_" + letter + ".weight");
        double[][] x = new double[u.length][keyHeads * headDim];
        for (int t = 0; t < u.length; t++) {
            for (int i = 0; i < x[t].length; i++) {
                for (int r = 0; r < ranks; r++) {
                    x[t][i] += a[t][i / headDim * ranks + r] * b[t][r * headDim + i % headDim] / ranks;
                }
            }
        }
        return x;
    }

    /** α · the predecessor's + (1 − α) · the token's own; the first token has no predecessor. */
    private double[][] shifted(double[][] x, String matrix, double[][] u, int keyHeads) {
        if (!is("token_shift_attn")) {
            return x;
        }
        double[][] alpha = map(w.times(u, matrix), OlalaReference::sigmoid);
        double[][] y = new double[x.length][];
        y[0] = x[0];
        int headDim = x[0].length / keyHeads;
        for (int t = 1; t < x.length; t++) {
            y[t] = x[t].clone();
            for (int i = 0; i < x[t].length; i++) {
                double part = alpha[t][i / headDim];
                y[t][i] = part * x[t - 1][i] + (1 - part) * x[t][i];
            }
        }
        return y;
    }

    /** Output of a query head of token t. */
    private double[] attend(double[] q, int head, double[][] k, double[][] v, int keyHead, int t) {
        int headDim = size("head_dim");
        double scale = is("use_completed_p") ? 1.0 / headDim : 1 / Math.sqrt(headDim);
        double cap = number("softcap_attn");
        int window = size("slw_wsize");
        int first = window > 0 ? Math.max(0, t - window) : 0;
        double[] p = new double[t + 1];
        for (int s = first; s <= t; s++) {
            double score = scale * Float64.dot(q, head * headDim, k[s], keyHead * headDim, headDim);
            p[s] = cap > 0 ? cap * Math.tanh(score / cap) : score;
        }
        double max = Arrays.stream(p, first, t + 1).max().orElseThrow();
        for (int s = first; s <= t; s++) {
            p[s] = Math.exp(p[s] - max);
        }
        double sum = Arrays.stream(p, first, t + 1).sum();
        double[] y = new double[headDim];
        for (int s = first; s <= t; s++) {
            for (int d = 0; d < headDim; d++) {
                y[d] += p[s] / sum * v[s][keyHead * headDim + d];
            }
        }
        return y;
    }

    /** The gate of the attention's output, with the norm of each head before or after it. */
    private double[][] gated(double[][] u, double[][] attended, String block) {
        boolean first = is("gate_before_norm");
        double[][] y = is("mixer_gn") && !first ? headNorm(attended, block) : attended;
        if (is("gate_attn")) {
            double offset = is("zero_centered_gate") ? 1.15 : 0;
            boolean silu = is("gate_act", "silu");
            double[][] gate = map(
                    w.times(u, block + "gate_proj.weight"), v -> sigmoid(v + offset) * (silu ? v + offset : 1));
            int each = is("gate_type", "headwise") ? size("head_dim") : 1;
            for (int t = 0; t < y.length; t++) {
                for (int i = 0; i < y[t].length; i++) {
                    y[t][i] *= gate[t][i / each];
                }
            }
        }
        return is("mixer_gn") && first ? headNorm(y, block) : y;
    }

    private double[][] headNorm(double[][] x, String block) {
        double[] gain = gain(block + "mixer_group_norm.weight");
        double[][] y = Float64.rms(x, size("head_dim"), null, epsilon(), 1);
        for (double[] row : y) {
            Arrays.setAll(row, i -> row[i] * gain[i]);
        }
        return y;
    }

    private double[][] feedForward(double[][] u, String name) {
        return w.has(name + "moe_gate.weight") ? experts(u, name) : dense(u, name);
    }

    private double[][] dense(double[][] u, String name) {
        double[][] hidden = map(w.times(u, name + "fc_1.weight"), OlalaReference::squaredRelu);
        return w.times(hidden, name + "fc_2.weight");
    }

    private double[][] experts(double[][] u, String name) {
        double[][] scores = map(w.times(u, name + "moe_gate.weight"), OlalaReference::sigmoid);
        double[][] latent = w.has(name + "down_proj.weight") ? w.times(u, name + "down_proj.weight") : u;
        double[][] routed = new double[u.length][];
        for (int t = 0; t < u.length; t++) {
            routed[t] = routed(scores[t], latent[t], name);
        }
        double[][] y = w.has(name + "up_proj.weight") ? w.times(routed, name + "up_proj.weight") : routed;
        if (w.has(name + "shared_experts.fc_1.weight")) {
            double[][] shared = dense(u, name + "shared_experts.");
            if (w.has(name + "shared_gate.weight")) {
                double[][] gate = map(w.times(u, name + "shared_gate.weight"), OlalaReference::sigmoid);
                for (int t = 0; t < u.length; t++) {
                    double factor = gate[t][0];
                    double[] row = shared[t];
                    Arrays.setAll(row, i -> factor * row[i]);
                }
            }
            Float64.add(y, shared);
        }
        return y;
    }

    /** Sum of the best experts' outputs, chosen with the bias and weighted without it. */
    private double[] routed(double[] scores, double[] x, String name) {
        double[] bias = w.get(name + "expert_bias");
        int active = size("moe_num_active_experts");
        int[] best = IntStream.range(0, scores.length).boxed()
                .sorted((a, b) -> Double.compare(scores[b] + bias[b], scores[a] + bias[a])).limit(active)
                .mapToInt(Integer::intValue).toArray();
        double sum = active > 1 ? Arrays.stream(best).mapToDouble(e -> scores[e]).sum() + 1e-20 : 1;
        double[] y = new double[x.length];
        for (int expert : best) {
            double[] hidden = times(name + "experts.experts", expert, x);
            Arrays.setAll(hidden, i -> squaredRelu(hidden[i]));
            double[] output = times(name + "experts.output_experts", expert, hidden);
            double weight = scores[expert] / sum * number("moe_routed_scaling_factor");
            Arrays.setAll(y, i -> y[i] + weight * output[i]);
        }
        return y;
    }

    /** Product with an expert's matrix, which has a tensor of its own or is a part of one. */
    private double[] times(String name, int expert, double[] x) {
        double[][] row = {x};
        if (w.has(name + "." + expert + ".weight")) {
            return w.times(row, name + "." + expert + ".weight")[0];
        }
        int elements = w.size(name + ".weight", 1) * w.size(name + ".weight", 2);
        double[] all = w.get(name + ".weight");
        return Float64.times(row, Arrays.copyOfRange(all, expert * elements, (expert + 1) * elements), null)[0];
    }

    private static double[][] map(double[][] x, DoubleUnaryOperator function) {
        return Arrays.stream(x).map(row -> Arrays.stream(row).map(function).toArray()).toArray(double[][]::new);
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static double squaredRelu(double x) {
        return Math.max(x, 0) * Math.max(x, 0);
    }
}
