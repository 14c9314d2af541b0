package io.github.t6j.attention;

import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PagedCache;

/** What is kept of a token in the pages of a cache. */
public interface PagedTokens {
    /** What a page keeps. */
    PageLayout layout();

    /** Keeps what later positions need of the row at {@code at} in the page's {@code slot}. */
    void append(float[] projections, int at, Page page, int slot);

    /** Keeps all rows of a pass, the tokens from {@code pass.position}. */
    default void append(AttentionPass pass, PagedCache cache) {
        append(pass, 0, pass.rows, cache);
    }

    /** Keeps the rows from {@code first} to {@code end}, exclusive. */
    default void append(AttentionPass pass, int first, int end, PagedCache cache) {
        for (int row = first; row < end; row++) {
            int token = pass.position + row;
            append(pass.projections, pass.at(row), cache.pageOf(pass.layer, token), PagedCache.slot(token));
        }
    }
}
