package io.github.t6j.jmh;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.training.StepWork;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A whole training step of a T6 with f32 weights, in three parts, whose times add up to the step's. {@link StepWork}
 * counts the operations, without exponentials of the softmax, norms and activations.
 */
@Fork(value = 1, jvmArgsPrepend = {
    BenchmarkSupport.VECTORS, BenchmarkSupport.HUGE_PAGES, TrainingStepBenchmark.MEMORY})
public class TrainingStepBenchmark extends KernelBenchmark {
    /**
     * JVM option for the heap, which holds parameters and activations; Java's default, a quarter of the memory, holds
     * no small T6.
     */
    static final String MEMORY = "-XX:MaxRAMPercentage=60";

    /**
     * Duration of the warm-up. Whole steps always allocate some objects, so {@link BenchmarkSupport#warm} would never
     * end.
     */
    private static final long WARM_UP_NANOS = 10_000_000_000L;

    /** Preset, and sequences × tokens. */
    @Param({"t6-micro/8x512", "t6-small/2x1024", "tiny/8x512"})
    public String shape;

    StepWork work;

    /** Builds a model of seeded numbers, and steps until C2 has compiled the code of a step. */
    @Setup
    public void prepare() {
        fill();
        Outputs.keep(work.firstStep());
        long start = System.nanoTime();
        while (System.nanoTime() - start < WARM_UP_NANOS) {
            work.forward();
            work.backward();
            work.optimizer();
        }
    }

    /** @throws SkippedException if the heap is too small */
    void fill() {
        String preset = shape.substring(0, shape.indexOf('/'));
        String[] sizes = shape.substring(shape.indexOf('/') + 1).split("x");
        int sequences = Integer.parseInt(sizes[0]);
        int tokens = Integer.parseInt(sizes[1]);
        BenchmarkSupport.checkHeap("training " + shape, StepWork.bytes(preset, sequences, tokens));
        Kernels chosen = BenchmarkSupport.kernels(kernels);
        work = new StepWork(chosen, threads, preset, sequences, tokens);
        Outputs.useForm(chosen, tiles -> Forms.training(tiles, work.headDim()));
    }

    /** Forward pass before each backward pass, which overwrites its results; not measured. */
    @State(Scope.Thread)
    public static class Before {
        private long nanos;

        /** Runs the forward pass. */
        @Setup(Level.Invocation)
        public void forward(TrainingStepBenchmark benchmark) {
            long start = System.nanoTime();
            benchmark.work.forward();
            nanos = System.nanoTime() - start;
        }
    }

    /** Computes the last activations from ids. */
    @Benchmark
    public void forward(Rates rates) {
        rates.add(0, work.forwardFlops());
        work.forward();
    }

    /** Computes logits, the loss, and all gradients from these. */
    @Benchmark
    public double backward(Before before, Rates rates) {
        rates.leaveOut(before.nanos);
        rates.add(0, work.backwardFlops());
        return work.backward();
    }

    /** Computes the norm of the gradients, and updates with AdamW. */
    @Benchmark
    public double optimizer(Rates rates) {
        rates.add(work.optimizerBytes(), work.optimizerFlops());
        return work.optimizer();
    }

    /** Stops the threads. */
    @TearDown
    public void close() {
        work.close();
    }
}
