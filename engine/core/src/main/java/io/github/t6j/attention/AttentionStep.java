package io.github.t6j.attention;

/** Steps of a block that use the cache, for the rows of a pass, which may belong to one sequence or to several. */
public interface AttentionStep {
    /** Appends the pass's rows to the cache. */
    void append(AttentionPass pass);

    /** Computes the causal attention of the pass's rows into pass.output; {@link #append} must have cached them. */
    void attend(AttentionPass pass);
}
