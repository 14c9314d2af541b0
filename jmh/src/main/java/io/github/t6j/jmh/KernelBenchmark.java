package io.github.t6j.jmh;

import org.openjdk.jmh.annotations.Param;

/** Parameters of benchmarks of kernels that threads share. */
public abstract class KernelBenchmark extends TimeBenchmark {
    /** Number of threads. */
    @Param("1")
    public int threads;

    /** Kernels: simd or scalar. */
    @Param("simd")
    public String kernels;

    KernelBenchmark() {}
}
