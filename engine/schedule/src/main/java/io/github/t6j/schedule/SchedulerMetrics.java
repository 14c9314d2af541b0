package io.github.t6j.schedule;

/**
 * Counts of a scheduler.
 *
 * @param waiting generations and scorings in the queue
 * @param running generations and scorings that read their prompts or continue
 * @param cacheBytes maximum number of bytes of the caches of running generations and scorings
 * @param keptBytes bytes of the caches kept for their prefixes; shared pages count for each
 * @param allocatedBytes bytes currently allocated for all these caches and the caches of texts to embed
 * @param promptIds prompt ids fed so far, and all ids of scorings
 * @param cachedIds prompt ids found in caches, so not fed
 * @param generatedIds ids generated so far
 * @param passes passes through the weights so far
 * @param rows rows of these passes
 * @param ended generations and scorings that have ended so far, after they had begun
 * @param refused submissions refused so far
 */
public record SchedulerMetrics(
        int waiting, int running, long cacheBytes, long keptBytes, long allocatedBytes,
        long promptIds, long cachedIds, long generatedIds,
        long passes, long rows, long ended, long refused) {
    /** Returns these counts with the queue and the refusals of another moment. */
    SchedulerMetrics with(int nowWaiting, long nowRefused) {
        return new SchedulerMetrics(nowWaiting, running, cacheBytes, keptBytes, allocatedBytes, promptIds, cachedIds,
                generatedIds, passes, rows, ended, nowRefused);
    }
}
