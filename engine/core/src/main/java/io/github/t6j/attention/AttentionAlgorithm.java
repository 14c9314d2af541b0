package io.github.t6j.attention;

import io.github.t6j.cache.SequenceCache;

/**
 * Algorithm that computes attention for one sequence at a time over its cache: {@code PagedAttention}, {@code
 * LatentAlgorithm} for latents, {@code LinearRecurrence} without a softmax, and the oracle {@code
 * MaterializedAttention}. The rows of a pass are consecutive positions of the sequence.
 */
public interface AttentionAlgorithm extends AttentionStep {
    SequenceCache cache();

    /** Sets the cache of the sequence that the following passes read; null for none. */
    void bind(SequenceCache cache);

    /**
     * Begins the attention of a pass of one row in parts, so that threads can work on the parts of several sequences.
     * This method, {@link #part} for all parts in any order, and {@link #end} together do the work of {@link #attend}.
     *
     * @param threads number of threads available to this sequence
     * @return number of parts
     */
    default int begin(AttentionPass pass, int threads) {
        return 1;
    }

    /** Computes a part. May run on any thread. */
    default void part(AttentionPass pass, int part, int worker) {
        attend(pass);
    }

    /** Combines the parts into pass.output, on one thread; a single part has already written it. */
    default void end(AttentionPass pass) {}
}
