package io.github.t6j.jmh;

import io.github.t6j.kernels.PackedMatMul;
import io.github.t6j.kernels.PackedMatrix;
import io.github.t6j.kernels.Workers;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Tensor;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Packed matrices for {@link MatrixVectorBenchmark} and {@link MatrixMatrixBenchmark}, and their inputs. */
@State(Scope.Benchmark)
public class Matrices {
    /**
     * Outputs × inputs: the small T6's fused projections, fused attention output, gate and up, down, and vocabulary;
     * and a square matrix.
     */
    @Param({"980x768", "768x2176", "4096x768", "768x2048", "50304x768", "2048x2048"})
    public String shape;

    /** Type of the weights: f32, bf16, q8_0, q4_0, q4_k, q5_k or q6_k. */
    @Param({"f32", "bf16", "q8_0", "q4_0"})
    public String type;

    /** Largest magnitude of the weights. Below 0.0078 the scales of q8_0, below 0.0005 those of q4_0 are subnormal. */
    @Param("1")
    public float magnitude;

    /** Number of threads. */
    @Param("1")
    public int threads;

    /** Place of the weights before a product: memory or cached. */
    @Param("memory")
    public String residency;

    /** Kernels: native, simd or scalar. */
    @Param("simd")
    public String kernels;

    Tensor weights; // [outputs][inputs]
    float[] x; //      [rows][inputs]
    private PackedMatrix[] copies;
    private PackedMatMul product;
    private Workers workers;
    private NativeMemory memory;
    private float[] y;
    private int next;

    /** Fills the matrix with seeded numbers, and copies it. */
    @Setup
    public void fill() {
        DType dtype = dtype(type);
        String[] sizes = shape.split("x");
        int outputs = Integer.parseInt(sizes[0]);
        int inputs = Integer.parseInt(sizes[1]);
        SplittableRandom random = new SplittableRandom(1);
        weights = Tensor.of("weights", dtype, floats(outputs * inputs, magnitude, random), outputs, inputs);
        workers = new Workers(threads);
        product = new PackedMatMul(BenchmarkSupport.kernels(kernels), workers, residency.equals("memory"));
        memory = NativeMemory.shared();
        long bytes = dtype.bytes(weights.shape());
        copies = BenchmarkSupport.pack(weights, BenchmarkSupport.copies(residency, bytes), memory, workers);
    }

    static DType dtype(String type) {
        return switch (type) {
            case "f32" -> DType.F32;
            case "bf16" -> DType.BF16;
            case "q8_0" -> DType.Q8_0;
            case "q4_0" -> DType.Q4_0;
            case "q4_k" -> DType.Q4_K;
            case "q5_k" -> DType.Q5_K;
            case "q6_k" -> DType.Q6_K;
            default -> throw BenchmarkSupport.unknown("type", "f32, bf16, q8_0, q4_0, q4_k, q5_k or q6_k", type);
        };
    }

    /** Fills the rows that the matrices are multiplied with. */
    void rows(int rows) {
        x = floats(rows * copies[0].inputs(), 1, new SplittableRandom(2));
        y = new float[rows * copies[0].stride()];
    }

    private static float[] floats(int count, float magnitude, SplittableRandom random) {
        float[] floats = new float[count];
        for (int i = 0; i < count; i++) {
            floats[i] = magnitude * (float) random.nextDouble(-1, 1);
        }
        return floats;
    }

    /** Multiplies the next copy with all rows: [rows][stride]. */
    float[] multiply(int rows, Traffic traffic) {
        PackedMatrix matrix = multiplyNext(rows);
        traffic.bytes += matrix.bytes();
        traffic.flops += 2L * rows * matrix.outputs() * matrix.inputs();
        return y;
    }

    private PackedMatrix multiplyNext(int rows) {
        PackedMatrix matrix = copies[next];
        next = (next + 1) % copies.length;
        product.multiply(matrix, x, matrix.inputs(), rows, y);
        return matrix;
    }

    /** Steps until products of {@code rows} rows are compiled. */
    void warm(int rows) {
        BenchmarkSupport.warm(() -> multiplyNext(rows));
        Outputs.keep(y);
        Outputs.useForm(product.kernels(), tiles -> Forms.product(tiles, type, copies[0].inputs(), rows));
    }

    int stride() {
        return copies[0].stride();
    }

    /** Frees the memory. */
    @TearDown
    public void close() {
        workers.close();
        memory.close();
    }

    /** Counters, per second. */
    @State(Scope.Thread)
    @AuxCounters
    public static class Traffic {
        /** Bytes of weights. */
        public long bytes;

        /** Multiplications and additions. */
        public long flops;
    }
}
