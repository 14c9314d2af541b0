package io.github.t6j.attention;

/** The two steps of a block that meet the cache, for the rows of a pass, whichever sequences they are of. */
public interface AttentionStep {
    /** Keeps what later positions need of the pass's rows. */
    void append(AttentionPass pass);

    /** Computes the causal attention of the pass's rows, which {@link #append} has kept: pass.output is written. */
    void attend(AttentionPass pass);

    /** Gives back what only passes of many rows need of the heap. */
    default void release() {}
}
