package io.github.t6j.attention;

import io.github.t6j.cache.SequenceCache;

/**
 * A way to compute attention for one sequence, and what it keeps of the sequence for it: {@link PagedAttention}, for
 * latents {@link LatentAlgorithm}, without a softmax {@link LinearAttention}, and the oracle {@link MaterializedAttention}.
 */
public interface AttentionAlgorithm {
    /** What is kept of the sequence. */
    SequenceCache cache();

    /**
     * Keeps {@code rows} consecutive positions and computes their causal attention.
     *
     * @param attention the layer's
     * @param projections [rows][stride]
     * @param position the first row's position: row r sees the tokens 0 … position + r
     * @param y [rows][heads · valueDim], written
     */
    void attend(
            Attention attention, float[] projections, int rows, int stride, int layer, int position, float[] y);
}
