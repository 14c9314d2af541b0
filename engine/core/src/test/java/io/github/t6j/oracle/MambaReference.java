package io.github.t6j.oracle;

import java.util.Arrays;
import java.util.Map;

/**
 * Olala models that have Mamba-3 mixers and dense feed-forward parts only, in double: whole sequences, with S itself as
 * the state. It shares nothing with the engine but the reader of weights.
 */
public final class MambaReference {
    private static final double MAX_ANGLE = Math.PI / 4;

    private final Weights w;
    private final Map<String, Object> config;
    private final int heads;
    private final int headDim;
    private final int stateDim;
    private final int ranks;

    /** State of a head: S [headDim][stateDim], rotated keys [ranks][stateDim], values [ranks][headDim], phases. */
    public record State(double[][] s, double[][] k, double[][] v, double[] phase) {}

    /** Mixer of a layer: from its input [T][width] to its output [T][2 · width]. */
    public interface Mixer {
        double[][] mix(int layer, double[][] u);
    }

    public MambaReference(Weights w, Map<String, Object> config) {
        this.w = w;
        this.config = config;
        headDim = size("mamba_headdim");
        stateDim = size("mamba_d_state");
        ranks = size("mamba_mimo_dim");
        heads = 2 * size("hidden_size") / headDim;
    }

    public int size(String key) {
        return ((Number) config.get(key)).intValue();
    }

    public int heads() {
        return heads;
    }

    public double epsilon() {
        return ((Number) config.get("norm_epsilon")).doubleValue();
    }

    public boolean is(String key) {
        return (Boolean) config.get(key);
    }

    /** Logits with this mixer in every layer. */
    public double[][] logits(int[] ids, Mixer mixer) {
        double[][] x = new double[ids.length][];
        int width = size("hidden_size");
        for (int t = 0; t < ids.length; t++) {
            x[t] = Arrays.copyOfRange(w.get("model.embedding.weight"), ids[t] * width, (ids[t] + 1) * width);
            double length = Math.max(Math.sqrt(dot(x[t], x[t])), 1e-12);
            if (is("normalize_embeddings_ngpt") || is("normalize_embeddings")) {
                x[t] = scaled(x[t], (is("normalize_embeddings_ngpt") ? 1 : Math.sqrt(width)) / length);
            }
        }
        for (int layer = 0; layer < size("num_hidden_layers"); layer++) {
            String block = "model.layers." + layer + ".";
            double[][] m = w.times(
                    mixer.mix(layer, norm(x, block + "input_norm.norm.weight")), block + "mixer_proj.weight");
            add(x, m, block + "geodesic_mixer.", layer);
            double[][] hidden = w.times(norm(x, block + "postmixer_norm.norm.weight"), block + "mlp.fc_1.weight");
            for (double[] row : hidden) {
                Arrays.setAll(row, i -> Math.max(row[i], 0) * Math.max(row[i], 0));
            }
            add(x, w.times(hidden, block + "mlp.fc_2.weight"), block + "geodesic_mlp.", layer);
        }
        return w.times(norm(x, "model.final_norm.norm.weight"), "lm_head.weight");
    }

    /** Norms the rows if the model has the gain. */
    private double[][] norm(double[][] x, String gain) {
        return w.has(gain) ? Float64.rms(x, x[0].length, gain(gain), epsilon(), 1) : x;
    }

    private double[] gain(String name) {
        double[] gain = w.get(name).clone();
        Arrays.setAll(gain, i -> gain[i] + (is("zero_centered_gamma") ? 1 : 0));
        return gain;
    }

    private void add(double[][] x, double[][] g, String geodesic, int layer) {
        double a = is("use_completed_p")
                ? Math.pow((double) size("num_hidden_layers") / size("base_depth"),
                        -((Number) config.get("completed_p_alpha")).doubleValue())
                : 1;
        for (int t = 0; t < x.length; t++) {
            double[] from = x[t];
            double[] update = g[t];
            if (!is("geodesic_update")) {
                Arrays.setAll(from, i -> from[i] + a * update[i]);
                continue;
            }
            double along = dot(from, update) / Math.max(dot(from, from), 1e-12);
            double[] across = update.clone();
            Arrays.setAll(across, i -> update[i] - along * from[i]);
            double omega = Math.max(Math.sqrt(dot(across, across)), 1e-8);
            double length = Math.max(Math.sqrt(dot(from, from)), 1e-6);
            double raw = Math.min(omega / length, MAX_ANGLE);
            double angle = Math.min(
                    (w.get(geodesic + "scale")[0] * raw + w.get(geodesic + "bias")[0]) / (layer + 1), MAX_ANGLE);
            Arrays.setAll(from, i -> from[i] * Math.cos(angle) + across[i] / omega * length * Math.sin(angle));
        }
    }

    /** The definition of a layer's mixer; {@code states}, one per head, receive the states after the last token. */
    public double[][] mixer(int layer, double[][] u, State[] states) {
        String name = "model.layers." + layer + ".mixer.";
        double[][] own = w.times(u, name + "in_proj.weight");
        double[][] shared = w.times(u, name + "in_proj_dyn.weight");
        double[][] b = Float64.rms(Float64.columns(shared, 0, ranks * stateDim), stateDim,
                gain(name + "B_norm.norm.weight"), epsilon(), 1);
        double[][] c = Float64.rms(Float64.columns(shared, ranks * stateDim, ranks * stateDim), stateDim,
                gain(name + "C_norm.norm.weight"), epsilon(), 1);
        double[][] y = new double[u.length][heads * headDim];
        for (int head = 0; head < heads; head++) {
            int angles = shared[0].length - 2 * ranks * stateDim;
            State state = new State(
                    new double[headDim][stateDim], new double[ranks][stateDim], new double[ranks][headDim],
                    new double[angles]);
            for (int t = 0; t < u.length; t++) {
                double[] row = Arrays.copyOfRange(own[t], head * (2 * headDim + 3), (head + 1) * (2 * headDim + 3));
                double[] rates = Arrays.copyOfRange(shared[t], 2 * ranks * stateDim, shared[t].length);
                step(name, head, row, b[t], c[t], rates, state, y[t]);
            }
            states[head] = state;
        }
        return w.has(name + "output_norm.norm.weight")
                ? Float64.rms(y, y[0].length, gain(name + "output_norm.norm.weight"), epsilon(), 1)
                : y;
    }

    private void step(
            String name, int head, double[] row, double[] b, double[] c, double[] rates, State state, double[] y) {
        double delta = softplus(row[2 * headDim] + w.get(name + "dt_bias")[head]);
        double decay = Math.min(-softplus(row[2 * headDim + 1]), -1e-4);
        double tau = 1 / (1 + Math.exp(-row[2 * headDim + 2]));
        for (int f = 0; f < rates.length; f++) {
            state.phase[f] += Math.tanh(rates[f]) * delta * Math.PI;
        }
        double alpha = Math.exp(decay * delta);
        add(state.s, alpha, (1 - tau) * delta * alpha, state.v, state.k);
        double[][] q = new double[ranks][];
        for (int r = 0; r < ranks; r++) {
            state.k[r] = rotated(b, r, w.get(name + "B_bias"), head, state.phase);
            q[r] = rotated(c, r, w.get(name + "C_bias"), head, state.phase);
            for (int p = 0; p < headDim; p++) {
                state.v[r][p] = row[headDim + p] * factor(name + "in_proj_mimo_x", head, r, p);
            }
        }
        add(state.s, 1, tau * delta, state.v, state.k);
        for (int r = 0; r < ranks; r++) {
            for (int p = 0; p < headDim; p++) {
                double z = row[p] * factor(name + "in_proj_mimo_z", head, r, p);
                double o = dot(state.s[p], q[r]) + w.get(name + "D")[head] * state.v[r][p];
                y[head * headDim + p] += o * z / (1 + Math.exp(-z)) * factor(name + "out_proj_mimo", head, r, p);
            }
        }
    }

    /** s = alpha · s + factor · Σ_r v_r ⊗ k_r. */
    private static void add(double[][] s, double alpha, double factor, double[][] v, double[][] k) {
        for (int p = 0; p < s.length; p++) {
            for (int n = 0; n < s[p].length; n++) {
                s[p][n] *= alpha;
                for (int r = 0; r < v.length; r++) {
                    s[p][n] += factor * v[r][p] * k[r][n];
                }
            }
        }
    }

    private double factor(String name, int head, int r, int p) {
        return w.get(name)[(head * ranks + r) * headDim + p];
    }

    private double[] rotated(double[] x, int r, double[] bias, int head, double[] phase) {
        double[] y = new double[stateDim];
        Arrays.setAll(y, n -> x[r * stateDim + n] + bias[(head * ranks + r) * stateDim + n]);
        for (int f = 0; f < phase.length; f++) {
            double a = y[f];
            double b = y[stateDim / 2 + f];
            y[f] = a * Math.cos(phase[f]) - b * Math.sin(phase[f]);
            y[stateDim / 2 + f] = a * Math.sin(phase[f]) + b * Math.cos(phase[f]);
        }
        return y;
    }

    private static double softplus(double x) {
        return x > 20 ? x : Math.log1p(Math.exp(x));
    }

    private static double[] scaled(double[] x, double factor) {
        return Arrays.stream(x).map(value -> value * factor).toArray();
    }

    private static double dot(double[] x, double[] y) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += x[i] * y[i];
        }
        return sum;
    }
}
