package io.github.t6j.cli.schedule;

/**
 * What a scheduler does and did.
 *
 * @param waiting generations and scorings in the queue
 * @param running those that read their prompts or go on
 * @param cacheBytes of the caches of those that run
 * @param keptBytes of the caches kept for their prefixes
 * @param promptIds fed so far, of scorings all
 * @param cachedIds of prompts that need not be fed
 * @param generatedIds chosen so far
 * @param passes through the weights so far
 * @param rows in these passes
 * @param ended so far
 */
public record Counts(
        int waiting, int running, long cacheBytes, long keptBytes, long promptIds, long cachedIds, long generatedIds,
        long passes, long rows, long ended) {}
