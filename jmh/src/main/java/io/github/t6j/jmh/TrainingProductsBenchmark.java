package io.github.t6j.jmh;

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

/**
 * The three products of a linear layer in training. Compare their operations per second with {@link
 * PeakBenchmark#multiplyAdd}.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsPrepend = {BenchmarkSupport.VECTORS, BenchmarkSupport.HUGE_PAGES})
@State(Scope.Benchmark)
public class TrainingProductsBenchmark {
    /**
     * Rows × outputs × inputs: the smallest T6's query factors, one half of its gated layer, its down projection, and
     * some rows of its vocabulary; the small T6's gate and down projection.
     */
    @Param({"4096x192x192", "4096x512x192", "4096x192x512", "512x4096x192", "2048x2048x768", "2048x768x2048"})
    public String shape;

    /** Number of threads. */
    @Param("1")
    public int threads;

    /** Kernels: simd or scalar. */
    @Param("simd")
    public String kernels;

    LayerWork layer;

    /** Fills the layer with seeded numbers and warms up the kernels. */
    @Setup
    public void prepare() {
        fill();
        BenchmarkSupport.warm(() -> {
            layer.forward();
            layer.inputGradient();
            layer.weightGradient();
        });
    }

    void fill() {
        String[] sizes = shape.split("x");
        int rows = Integer.parseInt(sizes[0]);
        int outputs = Integer.parseInt(sizes[1]);
        int inputs = Integer.parseInt(sizes[2]);
        SplittableRandom random = new SplittableRandom(1);
        layer = new LayerWork(
                BenchmarkSupport.kernels(kernels), threads, BenchmarkSupport.floats(rows * inputs, random),
                BenchmarkSupport.floats(outputs * inputs, random), BenchmarkSupport.floats(rows * outputs, random),
                rows);
    }

    /** Computes y = W·x. */
    @Benchmark
    public float[] forward(Rates rates) {
        rates.add(0, layer.flops());
        return layer.forward();
    }

    /** Computes dx = Wᵀ·dy. */
    @Benchmark
    public float[] inputGradient(Rates rates) {
        rates.add(0, layer.flops());
        return layer.inputGradient();
    }

    /** Computes dW += dyᵀ·x. */
    @Benchmark
    public float[] weightGradient(Rates rates) {
        rates.add(0, layer.flops());
        return layer.weightGradient();
    }

    /** Stops the threads. */
    @TearDown
    public void close() {
        layer.close();
    }
}
