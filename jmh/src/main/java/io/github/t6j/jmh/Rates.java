package io.github.t6j.jmh;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;

/** What was read and computed, of benchmarks whose own score is a time. */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.EVENTS)
public class Rates {
    private final Counter bytes = new Counter();
    private final Counter flops = new Counter();

    /** Begins to count. */
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

    /** Takes work between operations, which JMH does not measure, out of the time. */
    void leaveOut(long nanos) {
        bytes.leaveOut(nanos);
        flops.leaveOut(nanos);
    }

    /** Ends to count. */
    @TearDown(Level.Iteration)
    public void end() {
        bytes.end();
        flops.end();
    }

    /** Bytes of what is to be read: a cache, weights. */
    public double bytesPerSecond() {
        return bytes.perSecond();
    }

    /** Multiplications and additions. */
    public double flopsPerSecond() {
        return flops.perSecond();
    }
}
