package io.github.t6j.jmh;

import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;

/**
 * Counter of a rate per second. JMH adds event counters over iterations and forks, so each iteration returns its share
 * of their mean.
 */
final class Counter {
    private double shares;
    private long count;
    private long start;
    private long leftOut;
    private double seconds;

    /** Begins an iteration. */
    void begin(BenchmarkParams benchmark, IterationParams iteration) {
        begin(Math.max(1, benchmark.getForks()) * iteration.getCount());
    }

    void begin(int iterations) {
        shares = iterations;
        count = 0;
        leftOut = 0;
        start = System.nanoTime();
    }

    void add(long more) {
        count += more;
    }

    /** Excludes time between operations from the iteration. */
    void leaveOut(long nanos) {
        leftOut += nanos;
    }

    /** Ends an iteration; JMH reads counters later, the last time after everything is torn down. */
    void end() {
        seconds = (System.nanoTime() - start - leftOut) * 1e-9;
    }

    double perSecond() {
        return count / seconds / shares;
    }
}
