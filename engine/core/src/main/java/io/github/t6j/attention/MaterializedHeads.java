package io.github.t6j.attention;

import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PagedCache;

/**
 * Definition of an attention: the elements of a token that are cached, and whole queries, keys and values in float64,
 * rebuilt from the cache. With several branches
 * ({@link Attention#branches}), head i of branch b has the keys and values of head b · heads + i.
 */
public interface MaterializedHeads {
    /** Returns the layout of a page. */
    PageLayout layout();

    /** Writes the cached elements of the row at {@code at} to {@code slot} of a page. */
    void append(float[] projections, int at, Page page, int slot);

    /** Appends the rows of a pass from {@code first} to {@code end}, exclusive. */
    default void append(AttentionPass pass, int first, int end, PagedCache cache) {
        for (int row = first; row < end; row++) {
            int token = pass.position + row;
            append(pass.projections, pass.at(row), cache.pageOf(pass.layer, token), PagedCache.slot(token));
        }
    }

    /** Writes the whole query of {@code head} to {@code q} [headDim]. */
    void materializeQuery(float[] projections, int at, int head, double[] q);

    /** Writes the whole key of a cached token for {@code head} to {@code k} [headDim]. */
    void materializeKey(Page page, int slot, int position, int head, double[] k);

    /** Writes the whole value of a cached token for {@code head} to {@code v} [valueDim]. */
    void materializeValue(Page page, int slot, int position, int head, double[] v);
}
