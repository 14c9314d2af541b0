package io.github.t6j.jmh;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;

/** Packed matrix × vector, as in decoding. Compare its bytes per second with {@link PeakBenchmark#read}. */
public class MatrixVectorBenchmark extends RateBenchmark {
    /** Fills the vector and warms up the kernels. */
    @Setup
    public void prepare(Matrices matrices) {
        matrices.rows(1);
        matrices.warm(1);
    }

    /** Computes one product. */
    @Benchmark
    public float[] multiply(Matrices matrices, Matrices.Traffic traffic) {
        return matrices.multiply(1, traffic);
    }
}
