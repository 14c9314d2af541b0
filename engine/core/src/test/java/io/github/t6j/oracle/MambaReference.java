package io.github.t6j.oracle;

import java.util.Arrays;

/** Mamba-3 mixers of Olala models in double: whole sequences, with S itself as the state. */
public final class MambaReference {
    private final Weights w;
    private final OlalaReference model;
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

    MambaReference(Weights w, OlalaReference model) {
        this.w = w;
        this.model = model;
        headDim = model.size("mamba_headdim");
        stateDim = model.size("mamba_d_state");
        ranks = model.size("mamba_mimo_dim");
        heads = 2 * model.size("hidden_size") / headDim;
    }

    public int heads() {
        return heads;
    }

    /** The definition of a layer's mixer; {@code states}, one per head, receive the states after the last token. */
    public double[][] mixer(int layer, double[][] u, State[] states) {
        String name = "model.layers." + layer + ".mixer.";
        double[][] own = w.times(u, name + "in_proj.weight");
        double[][] shared = w.times(u, name + "in_proj_dyn.weight");
        double[][] b = Float64.rms(Float64.columns(shared, 0, ranks * stateDim), stateDim,
                model.gain(name + "B_norm.norm.weight"), model.epsilon(), 1);
        double[][] c = Float64.rms(Float64.columns(shared, ranks * stateDim, ranks * stateDim), stateDim,
                model.gain(name + "C_norm.norm.weight"), model.epsilon(), 1);
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
                ? Float64.rms(y, y[0].length, model.gain(name + "output_norm.norm.weight"), model.epsilon(), 1)
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
                double o = Float64.dot(state.s[p], q[r]) + w.get(name + "D")[head] * state.v[r][p];
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
}
