package io.github.t6j.attention;

import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PagedCache;

/** Layout of tokens in the pages of a cache, and appending them. */
public interface PagedTokens {
    /** Returns the layout of a page. */
    PageLayout layout();

    /** Writes the cached elements of the row at {@code at} to {@code slot} of a page. */
    void append(float[] projections, int at, Page page, int slot);

    /** Appends all rows of a pass, the tokens from {@code pass.position} on. */
    default void append(AttentionPass pass, PagedCache cache) {
        append(pass, 0, pass.rows, cache);
    }

    /** Appends the rows from {@code first} to {@code end}, exclusive. */
    default void append(AttentionPass pass, int first, int end, PagedCache cache) {
        for (int row = first; row < end; row++) {
            int token = pass.position + row;
            append(pass.projections, pass.at(row), cache.pageOf(pass.layer, token), PagedCache.slot(token));
        }
    }
}
