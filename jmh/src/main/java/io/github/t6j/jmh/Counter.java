package io.github.t6j.jmh;

import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;

/**
 * Counts something per second. JMH adds up event counters over iterations and forks, so each iteration gives its share of
 * their mean.
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

    /** Takes work between operations out of the iteration's time. */
    void leaveOut(long nanos) {
        leftOut += nanos;
    }

    /** Ends an iteration: JMH asks for counters later, the last time after everything is torn down. */
    void end() {
        seconds = (System.nanoTime() - start - leftOut) * 1e-9;
    }

    double perSecond() {
        return count / seconds / shares;
    }
}
