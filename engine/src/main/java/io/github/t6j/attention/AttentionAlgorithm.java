package io.github.t6j.attention;

import io.github.t6j.cache.SequenceCache;

/**
 * An algorithm that computes attention for one sequence, over the cache that it keeps: {@link PagedAttention}, for
 * latents {@link LatentAlgorithm}, without a softmax {@link LinearRecurrence}, and the oracle {@link
 * MaterializedAttention}. The rows of a pass are consecutive positions of the sequence.
 */
public interface AttentionAlgorithm extends AttentionStep {
    /** What is kept of the sequence. */
    SequenceCache cache();

    /**
     * Begins the attention of a pass of one row in parts, which threads can share with those of other sequences: what
     * {@link #attend} does is done by this, all parts in any order, and {@link #end}.
     *
     * @param threads how many this sequence may count on
     * @return how many parts
     */
    default int begin(AttentionPass pass, int threads) {
        return 1;
    }

    /** Computes a part, on any thread. */
    default void part(AttentionPass pass, int part, int worker) {
        attend(pass);
    }

    /** Makes pass.output of the parts, on one thread. */
    default void end(AttentionPass pass) {
        // the only part wrote it
    }
}
