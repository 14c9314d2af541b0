package io.github.t6j.jmh;

import io.github.t6j.training.StepWork;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A whole training step of a T6 of f32 weights, in its three parts, whose times add up to it. The operations are those of
 * {@link StepWork}; the softmax's exponentials, norms and activations are not counted.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsPrepend = {
    BenchmarkSupport.VECTORS, BenchmarkSupport.HUGE_PAGES, TrainingStepBenchmark.MEMORY})
@State(Scope.Benchmark)
public class TrainingStepBenchmark {
    /** Parameters and activations are arrays; a quarter of the memory, Java's default, holds no small T6. */
    static final String MEMORY = "-XX:MaxRAMPercentage=60";

    /** Whole steps make objects of their own, so that {@link BenchmarkSupport#warm} would never see them end. */
    private static final long WARM_UP_NANOS = 10_000_000_000L;

    /** A preset, and sequences × tokens. */
    @Param({"t6-micro/8x512", "t6-small/2x1024", "tiny/8x512"})
    public String shape;

    /** Threads that compute. */
    @Param("1")
    public int threads;

    /** What computes: simd or scalar. */
    @Param("simd")
    public String kernels;

    StepWork work;

    /** Makes the model of seeded numbers and steps until C2 has compiled what a step uses. */
    @Setup
    public void prepare() {
        fill();
        long start = System.nanoTime();
        while (System.nanoTime() - start < WARM_UP_NANOS) {
            work.forward();
            work.backward();
            work.optimizer();
        }
    }

    /** @throws Skipped if the heap is too small for it */
    void fill() {
        String preset = shape.substring(0, shape.indexOf('/'));
        String[] sizes = shape.substring(shape.indexOf('/') + 1).split("x");
        int sequences = Integer.parseInt(sizes[0]);
        int tokens = Integer.parseInt(sizes[1]);
        BenchmarkSupport.checkHeap("training " + shape, StepWork.bytes(preset, sequences, tokens));
        work = new StepWork(BenchmarkSupport.kernels(kernels), threads, preset, sequences, tokens);
    }

    /** What the way back needs before each time, as it writes over what is kept; not measured. */
    @State(Scope.Thread)
    public static class Before {
        private long nanos;

        /** Goes forward. */
        @Setup(Level.Invocation)
        public void forward(TrainingStepBenchmark benchmark) {
            long start = System.nanoTime();
            benchmark.work.forward();
            nanos = System.nanoTime() - start;
        }
    }

    /** From ids to the last activations. */
    @Benchmark
    public void forward(Rates rates) {
        rates.add(0, work.forwardFlops());
        work.forward();
    }

    /** From those to logits, the loss, and all gradients. */
    @Benchmark
    public double backward(Before before, Rates rates) {
        rates.leaveOut(before.nanos);
        rates.add(0, work.backwardFlops());
        return work.backward();
    }

    /** The gradients' norm, and AdamW. */
    @Benchmark
    public double optimizer(Rates rates) {
        rates.add(work.optimizerBytes(), work.optimizerFlops());
        return work.optimizer();
    }

    /** Ends the threads. */
    @TearDown
    public void close() {
        work.close();
    }
}
