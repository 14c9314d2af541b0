package io.github.t6j.attention;

import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PagedCache;

/** Elements of a token that an attention caches. */
public interface CachedHeads {
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

    /**
     * Completes the rows of a pass from {@code first} to {@code end}, exclusive, after all of its rows were appended:
     * elements that depend on the predecessor as it is cached.
     */
    default void complete(AttentionPass pass, int first, int end, PagedCache cache) {}

    /** Returns true if an attention reads a token's predecessor: {@link #complete}, and the page before a page. */
    default boolean readsPredecessors() {
        return false;
    }
}
