package io.github.t6j.attention;

import io.github.t6j.cache.PagedCache;

/** A way to compute attention over a cache: {@link PagedAttention}, or the oracle {@link MaterializedAttention}. */
public interface AttentionPath {
    /**
     * Causal attention of {@code rows} consecutive positions, whose own keys and values are in the cache already.
     *
     * @param attention the layer's
     * @param projections [rows][stride]
     * @param position the first row's position: row r sees the tokens 0 … position + r
     * @param y [rows][heads · valueDim], written
     */
    void attend(
            Attention attention, float[] projections, int rows, int stride, PagedCache cache, int layer, int position,
            float[] y);
}
