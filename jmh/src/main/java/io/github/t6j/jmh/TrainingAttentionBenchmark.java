package io.github.t6j.jmh;

import io.github.t6j.training.HeadsWork;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** One layer's causal attention in training, all heads of a micro-batch. What is masked does not count as computed. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsPrepend = {BenchmarkSupport.VECTORS, BenchmarkSupport.HUGE_PAGES})
@State(Scope.Benchmark)
public class TrainingAttentionBenchmark {
    /** Sequences × tokens × heads × elements of a head: those of the smallest and of the small T6. */
    @Param({"8x512x11x32", "2x1024x34x64"})
    public String shape;

    /** Threads that compute. */
    @Param("1")
    public int threads;

    /** What computes: simd or scalar. */
    @Param("simd")
    public String kernels;

    HeadsWork work;
    float[] q; // [sequences][tokens][heads][elements], as the others
    float[] k;
    float[] v;
    float[] dy;

    /** Makes the heads of seeded numbers and warms what computes; y is there then, which the way back needs. */
    @Setup
    public void prepare() {
        fill();
        BenchmarkSupport.warm(() -> {
            work.forward();
            work.backward();
        });
    }

    void fill() {
        String[] sizes = shape.split("x");
        int tokens = Integer.parseInt(sizes[1]);
        int heads = Integer.parseInt(sizes[2]);
        int dim = Integer.parseInt(sizes[3]);
        int count = Integer.parseInt(sizes[0]) * tokens * heads * dim;
        SplittableRandom random = new SplittableRandom(1);
        q = BenchmarkSupport.floats(count, random);
        k = BenchmarkSupport.floats(count, random);
        v = BenchmarkSupport.floats(count, random);
        dy = BenchmarkSupport.floats(count, random);
        work = new HeadsWork(BenchmarkSupport.kernels(kernels), threads, q, k, v, dy, heads, dim, tokens);
    }

    /** y. */
    @Benchmark
    public float[] forward(Rates rates) {
        rates.add(0, work.flops());
        return work.forward();
    }

    /** dq, dk and dv: the scores again, and four products more. */
    @Benchmark
    public float[][] backward(Rates rates) {
        rates.add(0, work.flops() * 5 / 2);
        return work.backward();
    }

    /** Ends the threads. */
    @TearDown
    public void close() {
        work.close();
    }
}
