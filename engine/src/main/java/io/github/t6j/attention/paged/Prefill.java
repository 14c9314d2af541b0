package io.github.t6j.attention.paged;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.cache.PagedCache;

/** Algorithm of {@link PagedAttention} for several rows of a pass at once. */
public interface Prefill {
    /** Returns whether this algorithm attends passes of {@code rows} rows; other passes are attended row by row. */
    boolean takes(int rows);

    /** Attends the rows of a pass, which are already in {@code cache}. */
    void attend(AttentionPass pass, PagedCache cache);

    /** See {@code AttentionStep.release}. */
    default void release() {}
}
