package io.github.t6j.jmh;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * Packed matrix × rows of a prompt, as in prefill. Compare its operations per second with {@link
 * PeakBenchmark#multiplyAdd}.
 */
public class MatrixMatrixBenchmark extends RateBenchmark {
    /** Rows of a product; the engine takes up to 128. */
    @Param({"8", "128"})
    public int rows;

    /** Fills the rows and warms up the kernels. */
    @Setup
    public void prepare(Matrices matrices) {
        matrices.rows(rows);
        matrices.warm(rows);
    }

    /** Computes one product. */
    @Benchmark
    public float[] multiply(Matrices matrices, Matrices.Traffic traffic) {
        return matrices.multiply(rows, traffic);
    }
}
