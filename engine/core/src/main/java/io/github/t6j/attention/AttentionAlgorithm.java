package io.github.t6j.attention;

import io.github.t6j.cache.SequenceCache;
import java.util.List;

/**
 * Algorithm that computes attention for one sequence at a time over its cache: {@code PagedAlgorithm}, {@code
 * LatentAlgorithm} for latents, {@code LinearRecurrence} without a softmax, and the oracle {@code
 * MaterializedAttention}. The rows of a pass are consecutive positions of the sequence.
 */
public interface AttentionAlgorithm extends AttentionStep {
    SequenceCache cache();

    /** Sets the cache of the sequence that the following passes read; null for none. */
    void bind(SequenceCache cache);

    /**
     * Splits the attention of a pass of one row into tasks, so that threads can share the tasks of several sequences.
     * This method, {@link #computeTask} for all tasks in any order, and {@link #endRow} together do the work of
     * {@link #attend}.
     *
     * @param threads number of threads available to this sequence
     * @return number of tasks
     */
    default int beginRow(AttentionPass pass, int threads) {
        return 1;
    }

    /** Computes a task, on any thread. */
    default void computeTask(AttentionPass pass, int task, int worker) {
        attend(pass);
    }

    /**
     * Adds a row of the last pass with drafts to the state of the sequence; caches without a state have it already.
     *
     * @param layers layers of the algorithm
     */
    default void keep(int row, List<Attention> layers) {}

    /** Merges the results of the tasks into pass.output, on one thread. */
    default void endRow(AttentionPass pass) {}
}
