package io.github.t6j.jmh;

import io.github.t6j.kernels.Kernels;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** Causal attention of one layer in training, for all heads of a micro-batch. Masked pairs are not counted. */
public class TrainingAttentionBenchmark extends KernelBenchmark {
    /** Sequences × tokens × heads × elements of a head, for the smallest and the small T6. */
    @Param({"8x512x11x32", "2x1024x34x64"})
    public String shape;

    TrainingHeads work;
    float[] q; // [sequences][tokens][heads][elements], as the others
    float[] k;
    float[] v;
    float[] dy;

    /** Fills the heads with seeded numbers, computes y, which the backward pass needs, and warms up the kernels. */
    @Setup
    public void prepare() {
        fill();
        Outputs.keep(outputs());
        BenchmarkSupport.warm(() -> {
            work.forward();
            work.backward();
        });
    }

    /** Returns y, dq, dk and dv of the first step; later steps add to dk and dv. */
    float[][] outputs() {
        float[] y = work.forward();
        float[][] gradients = work.backward();
        return new float[][] {y, gradients[0], gradients[1], gradients[2]};
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
        Kernels chosen = BenchmarkSupport.kernels(kernels);
        Outputs.useForm(chosen, tiles -> Forms.training(tiles, dim));
        work = new TrainingHeads(chosen, threads, q, k, v, dy, heads, dim, tokens);
    }

    /** Computes y. */
    @Benchmark
    public float[] forward(Rates rates) {
        rates.add(0, work.flops());
        return work.forward();
    }

    /** Computes dq, dk and dv: the scores again, and four more products. */
    @Benchmark
    public float[][] backward(Rates rates) {
        rates.add(0, work.flops() * 5 / 2);
        return work.backward();
    }

    /** Stops the threads. */
    @TearDown
    public void close() {
        work.close();
    }
}
