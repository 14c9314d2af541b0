package io.github.t6j.jmh;

import io.github.t6j.kernels.Kernels;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The three products of a linear layer in training. Compare their operations per second with {@link
 * PeakBenchmark#multiplyAdd}.
 */
public class TrainingProductsBenchmark extends KernelBenchmark {
    /**
     * Rows × outputs × inputs: the smallest T6's query factors, one half of its gated layer, its down projection, and
     * some rows of its vocabulary; the small T6's gate and down projection.
     */
    @Param({"4096x192x192", "4096x512x192", "4096x192x512", "512x4096x192", "2048x2048x768", "2048x768x2048"})
    public String shape;

    LinearLayer layer;

    /** Fills the layer with seeded numbers and warms up the kernels. */
    @Setup
    public void prepare() {
        fill();
        float[] gradient = layer.weightGradient().clone(); // grows with each step
        BenchmarkSupport.warm(() -> {
            layer.forward();
            layer.inputGradient();
            layer.weightGradient();
        });
        Outputs.keep(layer.forward(), layer.inputGradient(), gradient);
    }

    void fill() {
        String[] sizes = shape.split("x");
        int rows = Integer.parseInt(sizes[0]);
        int outputs = Integer.parseInt(sizes[1]);
        int inputs = Integer.parseInt(sizes[2]);
        SplittableRandom random = new SplittableRandom(1);
        Kernels chosen = BenchmarkSupport.kernels(kernels);
        Outputs.useForm(chosen, tiles -> Forms.training(tiles, Math.min(outputs, inputs)));
        layer = new LinearLayer(
                chosen, threads, BenchmarkSupport.floats(rows * inputs, random),
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
