package io.github.t6j.attention;

import io.github.t6j.cache.Page;
import io.github.t6j.cache.PagedCache;

/**
 * Definition of an attention: whole queries, keys and values in float64, rebuilt from the cached elements. With several
 * branches ({@link Attention#branches}), head i of branch b has the keys and values of head b · heads + i.
 */
public interface MaterializedHeads extends CachedHeads {
    /** Writes the whole query of {@code head} to {@code q} [headDim]. */
    void materializeQuery(float[] projections, int at, int head, double[] q);

    /** Writes the whole key of a cached token for {@code head} to {@code k} [headDim]. */
    void materializeKey(Page page, int slot, int position, int head, double[] k);

    /** Writes the whole key of a token; overridden if a key depends on its predecessor. */
    default void materializeKey(PagedCache cache, int layer, int token, int head, double[] k) {
        materializeKey(cache.pageOf(layer, token), PagedCache.slot(token), token, head, k);
    }

    /** Writes the whole value of a token; overridden if a value depends on its predecessor. */
    default void materializeValue(PagedCache cache, int layer, int token, int head, double[] v) {
        materializeValue(cache.pageOf(layer, token), PagedCache.slot(token), token, head, v);
    }

    /** Writes the whole value of a cached token for {@code head} to {@code v} [valueDim]. */
    void materializeValue(Page page, int slot, int position, int head, double[] v);
}
