package io.github.t6j.attention;

import io.github.t6j.cache.Page;

/**
 * An attention's definition: whole queries, keys and values in float64, rebuilt from what is kept. Of several branches
 * ({@link Attention#branches}), head h of branch b has the keys and values of head b · heads + h.
 */
public interface MaterializedHeads extends PagedTokens {
    /** The whole query of {@code head}, to {@code q} [headDim]. */
    void materializeQuery(float[] projections, int at, int head, double[] q);

    /** The whole key of a cached token as {@code head} sees it, to {@code k} [headDim]. */
    void materializeKey(Page page, int slot, int position, int head, double[] k);

    /** The whole value of a cached token as {@code head} sees it, to {@code v} [valueDim]. */
    void materializeValue(Page page, int slot, int position, int head, double[] v);
}
