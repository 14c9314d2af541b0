package io.github.t6j.cli.schedule;

/**
 * What a scheduler takes on.
 *
 * @param running generations and scorings at once, at most {@link #MOST_RUNNING}
 * @param queued those that may wait
 * @param cacheBytes of all caches, those kept for their prefixes included
 * @param contextLength ids of a prompt and its continuation
 */
public record Limits(int running, int queued, long cacheBytes, int contextLength) {
    /** So many single ids and the largest part of a prompt are one pass. */
    public static final int MOST_RUNNING = 128;

    /** @throws IllegalArgumentException if one allows nothing, or more than a pass takes */
    public Limits {
        if (running < 1 || running > MOST_RUNNING) {
            throw new IllegalArgumentException("running: expected 1 to " + MOST_RUNNING + ", found " + running);
        }
        if (queued < 0 || cacheBytes < 1 || contextLength < 1) {
            throw new IllegalArgumentException("queued, cacheBytes, contextLength: expected 0, 1 and 1 or more, found "
                    + queued + ", " + cacheBytes + ", " + contextLength);
        }
    }
}
