package io.github.t6j.jmh;

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
import org.openjdk.jmh.annotations.Warmup;

/**
 * Packed matrix × rows of a prompt, as in prefill. Compare its operations per second with {@link
 * PeakBenchmark#multiplyAdd}.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsPrepend = {BenchmarkSupport.VECTORS, BenchmarkSupport.HUGE_PAGES})
@State(Scope.Benchmark)
public class MatrixMatrixBenchmark {
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
