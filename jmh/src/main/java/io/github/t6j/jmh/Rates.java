package io.github.t6j.jmh;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;

/**
 * What was read and computed, per second, of benchmarks whose own score is a time. JMH adds up such counters over
 * iterations and forks, so each gives its share of a mean.
 */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.EVENTS)
public class Rates {
    private double shares;
    private long bytes;
    private long flops;
    private long start;

    /** Begins to count. */
    @Setup(Level.Iteration)
    public void start(BenchmarkParams benchmark, IterationParams iteration) {
        begin(Math.max(1, benchmark.getForks()) * iteration.getCount());
    }

    void begin(int iterations) {
        shares = iterations;
        bytes = 0;
        flops = 0;
        start = System.nanoTime();
    }

    void add(long moreBytes, long moreFlops) {
        bytes += moreBytes;
        flops += moreFlops;
    }

    double share(double value) {
        return value / shares;
    }

    double perSecond(long count) {
        return share(count / ((System.nanoTime() - start) * 1e-9));
    }

    /** Bytes of what is to be read: a cache, weights. */
    public double bytesPerSecond() {
        return perSecond(bytes);
    }

    /** Multiplications and additions. */
    public double flopsPerSecond() {
        return perSecond(flops);
    }
}
