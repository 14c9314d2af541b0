package io.github.t6j.schedule;

/**
 * Limits of a scheduler.
 *
 * @param running most generations and scorings at once, up to {@link #MOST_RUNNING}
 * @param queued most that may wait
 * @param cacheBytes bytes of all caches, including those kept for their prefixes
 * @param contextLength ids of a prompt and its continuation
 */
public record SchedulerLimits(int running, int queued, long cacheBytes, int contextLength) {
    /** Largest number of single ids that fit in one pass with the largest part of a prompt. */
    public static final int MOST_RUNNING = 128;

    /** @throws IllegalArgumentException if a limit allows nothing, or more than a pass */
    public SchedulerLimits {
        if (running < 1 || running > MOST_RUNNING) {
            throw new IllegalArgumentException("running: expected 1 to " + MOST_RUNNING + ", found " + running);
        }
        if (queued < 0 || cacheBytes < 1 || contextLength < 1) {
            throw new IllegalArgumentException("queued, cacheBytes, contextLength: expected at least 0, 1 and 1, found "
                    + queued + ", " + cacheBytes + ", " + contextLength);
        }
    }
}
