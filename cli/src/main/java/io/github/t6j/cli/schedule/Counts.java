package io.github.t6j.cli.schedule;

/**
 * What a scheduler does and did.
 *
 * @param waiting generations in the queue
 * @param running generations that read their prompts or go on
 * @param cacheBytes of the caches of those that run
 * @param keptBytes of the caches kept for their prefixes
 * @param promptIds fed so far
 * @param cachedIds of prompts that need not be fed
 * @param generatedIds chosen so far
 * @param passes through the weights so far
 * @param rows in these passes
 * @param ended generations so far
 */
public record Counts(
        int waiting, int running, long cacheBytes, long keptBytes, long promptIds, long cachedIds, long generatedIds,
        long passes, long rows, long ended) {}
