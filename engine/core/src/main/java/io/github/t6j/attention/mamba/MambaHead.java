package io.github.t6j.attention.mamba;

import io.github.t6j.cache.HeadStates;
import io.github.t6j.kernels.HeadStep;
import io.github.t6j.kernels.Kernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Tail of a head's state, and the computation of its tokens; scratch of one thread.
 *
 * <p>The matrix in the cache is H = S − γ k vᵀ of the last token but one. H_t = α_t H_{t−1} + c_t k_{t−1} v_{t−1}ᵀ with
 * c_t = α_t γ_{t−1} + β_t needs one product of keys and values per token where S needs two, and S_t q_t is the sum of
 * three terms without S_t: α_t H_{t−1} q_t, and two products of keys, queries and values.
 *
 * <pre>
 *   phases [angles] | γ of the last token | α and c of the pending one | values x of both | keys of both [ranks][stateDim]
 * </pre>
 */
final class MambaHead {
    /** Limit of half a time step: beyond it, the float of a phase keeps no digits of a turn. */
    private static final double MAX_TURNS = 1 << 20;

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

    private final MambaConfig config;
    private final Kernels kernels;
    final HeadStep step;
    final float[] tails; // before the pass and after it, in the cache's order
    int tail; //            offset of the one before, which the pass updates
    private final int scalars; // where γ is in the tail
    private final int lastX;
    private final int pendingX;
    private final int lastKeys;
    private final int pendingKeys;

    MambaHead(MambaConfig config, Kernels kernels) {
        this.config = config;
        this.kernels = kernels;
        step = new HeadStep(config.headDim(), config.stateDim(), config.ranks());
        tails = new float[2 * tailFloats(config)];
        scalars = config.angles();
        lastX = scalars + 3;
        pendingX = lastX + config.headDim();
        lastKeys = pendingX + config.headDim();
        pendingKeys = lastKeys + config.keyRow();
    }

    /** Returns the number of floats of a tail. */
    static int tailFloats(MambaConfig config) {
        return config.angles() + 3 + 2 * config.headDim() + 2 * config.keyRow();
    }

    /** Reads the state of a head from a cache: its matrix, and both tails. */
    void load(MambaWeights weights, HeadStates cache, int layer, int head) {
        MemorySegment.copy(
                cache.matrices(), FLOAT, cache.matrixAt(layer, head), step.state, 0, step.state.length);
        MemorySegment.copy(cache.tails(), FLOAT, cache.tailsAt(layer, head), tails, 0, tails.length);
        step.weights = weights.heads();
        step.head = head;
        step.skip = weights.skip()[head];
        tail = cache.current() * tails.length / 2;
        System.arraycopy(tails, tail, step.phases, 0, step.phases.length);
        step.coefficient = tails[tail + scalars];
        step.pendingDecay = tails[tail + scalars + 1];
        for (int r = 0; r < config.ranks(); r++) {
            int n = config.stateDim();
            System.arraycopy(tails, tail + lastKeys + r * n, step.lastKeys, r * step.stride, n);
            System.arraycopy(tails, tail + pendingKeys + r * n, step.pendingKeys, r * step.stride, n);
        }
        values(tail + lastX, 1f, step.lastValues);
        values(tail + pendingX, tails[tail + scalars + 2], step.pendingValues);
    }

    /** Rebuilds the values of all ranks, x ∘ factors, times a coefficient. */
    private void values(int x, float coefficient, float[] to) {
        int factor = step.head * config.ranks() * config.headDim();
        for (int r = 0; r < config.ranks(); r++) {
            for (int p = 0; p < config.headDim(); p++, factor++) {
                to[r * step.columns + p] = coefficient * (tails[x + p] * step.weights.values()[factor]);
            }
        }
    }

    /** Writes the state of a head to a cache. */
    void store(HeadStates cache, int layer, int head) {
        MemorySegment.copy(
                step.state, 0, cache.advanced(), FLOAT, cache.matrixAt(layer, head), step.state.length);
        int half = tails.length / 2;
        System.arraycopy(step.phases, 0, tails, tail, step.phases.length);
        tails[tail + scalars] = step.coefficient;
        tails[tail + scalars + 1] = step.pendingDecay;
        tails[tail + scalars + 2] = step.lastCoefficient;
        for (int r = 0; r < config.ranks(); r++) {
            int n = config.stateDim();
            System.arraycopy(step.lastKeys, r * step.stride, tails, tail + lastKeys + r * n, n);
            System.arraycopy(step.pendingKeys, r * step.stride, tails, tail + pendingKeys + r * n, n);
        }
        long at = cache.tailsAt(layer, head);
        long other = at + (long) (half - tail) * Float.BYTES;
        MemorySegment.copy(tails, tail, cache.tails(), FLOAT, other, half);
        if (cache.inPlace()) { // the matrix contains the pending token: α = 1 and c = 0 do not change it
            long pending = at + (long) (tail + scalars + 1) * Float.BYTES;
            cache.tails().set(FLOAT, pending, 1f);
            cache.tails().set(FLOAT, pending + Float.BYTES, 0f);
        }
    }

    /**
     * Computes the output of one token.
     *
     * @param row normed keys and queries, and hyperbolic tangents of the angles, in a row of projections from {@code at}
     * @param y [headDim], from {@code yAt}
     */
    void compute(MambaWeights weights, float[] row, int at, float[] y, int yAt) {
        step.row = row;
        step.gatesAt = at + step.head * config.headRow();
        step.keysAt = at + config.heads() * config.headRow();
        int x = step.gatesAt + config.headDim();
        int scalar = x + config.headDim();
        coefficients(row[scalar] + (double) weights.stepBias()[step.head], row[scalar + 1], row[scalar + 2]);
        kernels.advance(step, y, yAt);
        step.shift();
        System.arraycopy(tails, tail + lastX, tails, tail + pendingX, config.headDim());
        System.arraycopy(row, x, tails, tail + lastX, config.headDim());
    }

    /** Sets the coefficients of the token. */
    private void coefficients(double time, double decay, double trapezoid) {
        double delta = softplus(time);
        double tau = 1 / (1 + StrictMath.exp(-trapezoid));
        double alpha = StrictMath.exp(Math.min(-softplus(decay), -1e-4) * delta);
        step.turns = (float) Math.min(delta / 2, MAX_TURNS);
        step.decay = (float) alpha;
        step.lastCoefficient = (float) (alpha * (step.coefficient + (1 - tau) * delta));
        step.coefficient = (float) (tau * delta);
    }

    private static double softplus(double x) {
        return x > 20 ? x : StrictMath.log1p(StrictMath.exp(x));
    }
}
