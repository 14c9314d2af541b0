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
    final float[] tail;
    private final int scalars; // where γ is in the tail
    private final int lastX;
    private final int pendingX;
    private final int lastKeys;
    private final int pendingKeys;

    MambaHead(MambaConfig config, Kernels kernels) {
        this.config = config;
        this.kernels = kernels;
        step = new HeadStep(config.headDim(), config.stateDim(), config.ranks());
        tail = new float[tailFloats(config)];
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

    /** Reads the tail of a head from a cache. */
    void load(MambaWeights weights, HeadStates cache, int layer, int head) {
        MemorySegment.copy(cache.before(), FLOAT, cache.tailAt(layer, head), tail, 0, tail.length);
        step.weights = weights.heads();
        step.head = head;
        step.skip = weights.skip()[head];
        System.arraycopy(tail, 0, step.phases, 0, step.phases.length);
        step.coefficient = tail[scalars];
        step.pendingDecay = tail[scalars + 1];
        copyKeys(tail, lastKeys, config.stateDim(), step.lastKeys, 0, step.stride);
        copyKeys(tail, pendingKeys, config.stateDim(), step.pendingKeys, 0, step.stride);
        values(lastX, 1f, step.lastValues);
        values(pendingX, tail[scalars + 2], step.pendingValues);
    }

    /** Rebuilds the values of all ranks, x ∘ factors, times a coefficient. */
    private void values(int x, float coefficient, float[] to) {
        int factor = step.head * config.ranks() * config.headDim();
        for (int r = 0; r < config.ranks(); r++) {
            for (int p = 0; p < config.headDim(); p++, factor++) {
                to[r * step.columns + p] = coefficient * (tail[x + p] * step.weights.values()[factor]);
            }
        }
    }

    /** Writes the tail of a head to a cache. */
    void store(HeadStates cache, int layer, int head) {
        System.arraycopy(step.phases, 0, tail, 0, step.phases.length);
        tail[scalars] = step.coefficient;
        tail[scalars + 1] = step.pendingDecay;
        tail[scalars + 2] = step.lastCoefficient;
        copyKeys(step.lastKeys, 0, step.stride, tail, lastKeys, config.stateDim());
        copyKeys(step.pendingKeys, 0, step.stride, tail, pendingKeys, config.stateDim());
        MemorySegment.copy(tail, 0, cache.after(), FLOAT, cache.tailAt(layer, head), tail.length);
        if (cache.inPlace()) { // the matrix contains the pending token: α = 1 and c = 0 do not change it
            long at = cache.tailAt(layer, head) + (long) (scalars + 1) * Float.BYTES;
            cache.before().set(FLOAT, at, 1f);
            cache.before().set(FLOAT, at + Float.BYTES, 0f);
        }
    }

    private void copyKeys(float[] from, int fromAt, int fromStride, float[] to, int toAt, int toStride) {
        for (int r = 0; r < config.ranks(); r++) {
            System.arraycopy(from, fromAt + r * fromStride, to, toAt + r * toStride, config.stateDim());
        }
    }

    /**
     * Computes the output of one token.
     *
     * @param row normed keys and queries, and hyperbolic tangents of the angles, in a row of projections from {@code at}
     * @param from matrix before the token
     * @param to matrix after it, at the same byte
     * @param y [headDim], from {@code yAt}
     */
    void compute(
            MambaWeights weights, float[] row, int at, MemorySegment from, MemorySegment to, long matrixAt, float[] y,
            int yAt) {
        step.row = row;
        step.gatesAt = at + step.head * config.headRow();
        step.keysAt = at + config.heads() * config.headRow();
        int x = step.gatesAt + config.headDim();
        int scalar = x + config.headDim();
        coefficients(row[scalar] + (double) weights.stepBias()[step.head], row[scalar + 1], row[scalar + 2]);
        kernels.advance(step, from, matrixAt, to, matrixAt, y, yAt);
        step.shift();
        System.arraycopy(tail, lastX, tail, pendingX, config.headDim());
        System.arraycopy(row, x, tail, lastX, config.headDim());
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
