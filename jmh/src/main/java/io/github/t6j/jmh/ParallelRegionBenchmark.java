package io.github.t6j.jmh;

import io.github.t6j.kernels.Workers;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Overhead of a parallel region: one item per thread, and one region immediately after another, as in decoding. Compare
 * with {@code threads} 1 and the same {@code spin}. In sample mode ({@code -bm sample}) the median is more reliable
 * than the mean, which a descheduled thread distorts.
 */
public class ParallelRegionBenchmark extends TimeBenchmark {
    /** Number of threads. */
    @Param({"1", "2"})
    public int threads;

    /** Processor pauses in an item: none, or about the ten microseconds of a small product. */
    @Param({"0", "250"})
    public int spin;

    private Workers workers;
    final int[] done = new int[64 * 16]; // count of each item, one per cache line

    /** Starts the threads. */
    @Setup
    public void start() {
        workers = new Workers(threads);
    }

    /** Stops the threads. */
    @TearDown
    public void end() {
        workers.close();
    }

    /** Runs one region. */
    @Benchmark
    public void region() {
        workers.run(threads, this::item);
    }

    private void item(int item, int worker) {
        for (int i = 0; i < spin; i++) {
            Thread.onSpinWait();
        }
        done[item * 16]++;
    }
}
