package io.github.t6j.jmh;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;

/** Counters of bytes and operations, for benchmarks whose score is a time. */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.EVENTS)
public class Rates {
    private final Counter bytes = new Counter();
    private final Counter flops = new Counter();

    /** Begins counting. */
    @Setup(Level.Iteration)
    public void begin(BenchmarkParams benchmark, IterationParams iteration) {
        bytes.begin(benchmark, iteration);
        flops.begin(benchmark, iteration);
    }

    void begin() {
        bytes.begin(1);
        flops.begin(1);
    }

    void add(long moreBytes, long moreFlops) {
        bytes.add(moreBytes);
        flops.add(moreFlops);
    }

    /** Excludes time between operations, which JMH does not measure. */
    void leaveOut(long nanos) {
        bytes.leaveOut(nanos);
        flops.leaveOut(nanos);
    }

    /** Ends counting. */
    @TearDown(Level.Iteration)
    public void end() {
        bytes.end();
        flops.end();
    }

    /** Returns the bytes read per second, of a cache or weights. */
    public double bytesPerSecond() {
        return bytes.perSecond();
    }

    /** Returns multiplications and additions per second. */
    public double flopsPerSecond() {
        return flops.perSecond();
    }
}
