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
}
