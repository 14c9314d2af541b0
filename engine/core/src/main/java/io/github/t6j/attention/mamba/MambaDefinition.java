package io.github.t6j.attention.mamba;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.cache.StateCache;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Definition of {@link MambaMixer} in float64, term by term: the oracle of {@link MambaRecurrence}. The state of a head
 * is doubles, each in the place of two floats:
 *
 * <pre>
 *   S [headDim][stateDim] | rotated keys [ranks][stateDim] | values [ranks][headDim] | phases in radians [angles]
 * </pre>
 */
final class MambaDefinition implements AttentionAlgorithm {
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;

    private final MambaConfig config;
    private final Workers workers;
    private final Workers.Work headWork = this::computeHead;
    private StateCache cache;
    private MambaWeights weights; // of the current pass
    private AttentionPass pass;

    MambaDefinition(MambaConfig config, Workers workers) {
        this.config = config;
        this.workers = workers;
    }

    /** Returns the floats of a head's state. */
    static int stateFloats(MambaConfig config) {
        return doubles(config) * Double.BYTES / Float.BYTES;
    }

    private static int doubles(MambaConfig config) {
        return config.headDim() * config.stateDim() + config.keyRow() + config.ranks() * config.headDim()
                + config.angles();
    }

    @Override
    public StateCache cache() {
        return cache;
    }

    @Override
    public void bind(SequenceCache newCache) {
        cache = (StateCache) newCache;
    }

    /** Does nothing, see {@link MambaRecurrence#append}. */
    @Override
    public void append(AttentionPass newPass) {}

    @Override
    public void attend(AttentionPass newPass) {
        pass = newPass;
        weights = ((MambaMixer) newPass.attention).weights();
        workers.run(config.heads(), headWork);
        int width = config.heads() * config.headDim();
        for (int row = 0; weights.outputNorm() != null && row < pass.rows; row++) {
            double[] y = normed(pass.output, row * width, width, weights.outputNorm());
            for (int i = 0; i < width; i++) {
                pass.output[row * width + i] = (float) y[i];
            }
        }
    }

    private void computeHead(int head, int worker) {
        double[] state = new double[doubles(config)];
        long at = cache.at(pass.layer, head * stateFloats(config));
        MemorySegment.copy(cache.before(), DOUBLE, at, state, 0, state.length);
        for (int row = 0; row < pass.rows; row++) {
            computeToken(head, row, state);
        }
        MemorySegment.copy(state, 0, cache.after(), DOUBLE, at, state.length);
    }

    private void computeToken(int head, int row, double[] state) {
        float[] x = pass.projections;
        int gates = pass.at(row) + head * config.headRow();
        int values = gates + config.headDim();
        int shared = pass.at(row) + config.heads() * config.headRow();
        double delta = softplus(x[values + config.headDim()] + (double) weights.stepBias()[head]);
        double decay = Math.min(-softplus(x[values + config.headDim() + 1]), -1e-4);
        double tau = 1 / (1 + StrictMath.exp(-x[values + config.headDim() + 2]));
        int keysAt = config.headDim() * config.stateDim();
        int valuesAt = keysAt + config.keyRow();
        int phasesAt = valuesAt + config.ranks() * config.headDim();
        for (int f = 0; f < config.angles(); f++) {
            double phase = state[phasesAt + f]
                    + StrictMath.tanh(x[shared + 2 * config.keyRow() + f]) * delta * Math.PI;
            state[phasesAt + f] = Math.IEEEremainder(phase, 2 * Math.PI);
        }
        double alpha = StrictMath.exp(decay * delta);
        add(state, alpha, (1 - tau) * delta * alpha, keysAt, valuesAt);
        double[] queries = new double[config.keyRow()];
        rotate(x, shared, weights.keyNorm(), weights.heads().keyBias(), head, state, phasesAt, state, keysAt);
        rotate(x, shared + config.keyRow(), weights.queryNorm(), weights.heads().queryBias(), head, state, phasesAt,
                queries,
                0);
        for (int i = 0; i < config.ranks() * config.headDim(); i++) {
            state[valuesAt + i] = (double) x[values + i % config.headDim()]
                    * weights.heads().values()[head * config.ranks() * config.headDim() + i];
        }
        add(state, 1, tau * delta, keysAt, valuesAt);
        for (int p = 0; p < config.headDim(); p++) {
            pass.output[(row * config.heads() + head) * config.headDim() + p] =
                    (float) output(head, p, x[gates + p], state, valuesAt, queries);
        }
    }

    /** Adds a token: S = alpha · S + factor · Σ_r v_r k_rᵀ. */
    private void add(double[] state, double alpha, double factor, int keysAt, int valuesAt) {
        int n = config.stateDim();
        for (int p = 0; p < config.headDim(); p++) {
            for (int i = 0; i < n; i++) {
                double sum = 0;
                for (int r = 0; r < config.ranks(); r++) {
                    sum += state[valuesAt + r * config.headDim() + p] * state[keysAt + r * n + i];
                }
                state[p * n + i] = alpha * state[p * n + i] + factor * sum;
            }
        }
    }

    /** Norms keys or queries, adds their biases, and rotates them by the phases. */
    private void rotate(
            float[] x, int at, float[] gain, float[] biases, int head, double[] phases, int phasesAt, double[] to,
            int toAt) {
        int n = config.stateDim();
        for (int r = 0; r < config.ranks(); r++) {
            double[] y = normed(x, at + r * n, n, gain);
            int key = toAt + r * n;
            for (int i = 0; i < n; i++) {
                to[key + i] = y[i] + biases[(head * config.ranks() + r) * n + i];
            }
            for (int f = 0; f < config.angles(); f++) {
                double cos = StrictMath.cos(phases[phasesAt + f]);
                double sin = StrictMath.sin(phases[phasesAt + f]);
                double a = to[key + f];
                double b = to[key + n / 2 + f];
                to[key + f] = a * cos - b * sin;
                to[key + n / 2 + f] = a * sin + b * cos;
            }
        }
    }

    private double[] normed(float[] x, int at, int n, float[] gain) {
        double squares = 0;
        for (int i = at; i < at + n; i++) {
            squares += (double) x[i] * x[i];
        }
        double scale = 1 / Math.sqrt(squares / n + config.epsilon());
        double[] y = new double[n];
        for (int i = 0; i < n; i++) {
            y[i] = x[at + i] * scale * gain[i];
        }
        return y;
    }

    private double output(int head, int p, double gate, double[] state, int valuesAt, double[] queries) {
        int n = config.stateDim();
        double y = 0;
        for (int r = 0; r < config.ranks(); r++) {
            double sum = weights.skip()[head] * state[valuesAt + r * config.headDim() + p];
            for (int i = 0; i < n; i++) {
                sum += state[p * n + i] * queries[r * n + i];
            }
            int factor = (head * config.ranks() + r) * config.headDim() + p;
            double z = gate * weights.heads().gates()[factor];
            y += sum * z / (1 + StrictMath.exp(-z)) * weights.heads().outputs()[factor];
        }
        return y;
    }

    private static double softplus(double x) {
        return x > 20 ? x : StrictMath.log1p(StrictMath.exp(x));
    }
}
