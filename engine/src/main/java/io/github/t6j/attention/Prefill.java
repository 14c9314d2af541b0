package io.github.t6j.attention;

import io.github.t6j.cache.PagedCache;

/** Attention of several rows of a pass at once, for {@link PagedAttention}. */
interface Prefill {
    /** Whether it takes passes of {@code rows} rows; the others are attended row by row. */
    boolean takes(int rows);

    /** Attention of rows that {@code cache} has already. */
    void attend(AttentionPass pass, PagedCache cache);

    /** See {@link AttentionStep#release}. */
    default void release() {}
}
