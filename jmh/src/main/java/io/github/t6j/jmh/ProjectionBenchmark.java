package io.github.t6j.jmh;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.DenseHeads;
import io.github.t6j.attention.Rope;
import io.github.t6j.kernels.PackedMatMul;
import io.github.t6j.kernels.PackedMatrix;
import io.github.t6j.kernels.Workers;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Tensor;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * From the normed x of a position to the input of attention, with RoPE: projected factors of TPA; the same with Q, K
 * and V of every head rebuilt from them (tensor products, as linear attention needs them); and MHA's projected Q, K, V.
 */
public class ProjectionBenchmark extends KernelBenchmark {
    /** Form of the result: factored, materialised, or mha for its whole heads. */
    @Param({"factored", "materialised", "mha"})
    public String form;

    /** Shape of the attention: see {@link AttentionShape}. */
    @Param({"paper", "small"})
    public String shape;

    /** Positions at once: 1 for decoding; the engine takes up to 128 of a prompt. */
    @Param({"1", "128"})
    public int rows;

    /** Place of the weights before a product: memory or cached. */
    @Param("memory")
    public String residency;

    DenseHeads attention;
    Tensor weights; // [projections][width]
    float[] x; //      [rows][width]
    AttentionPass pass;
    float[][] heads; //     [rows · heads] of [3][headDim]: q, k, v
    Rope rope;
    private int width;
    private PackedMatrix[] copies;
    private PackedMatMul product;
    private Workers workers;
    private NativeMemory memory;
    private int next;

    /** Fills the weights and warms up the kernels. */
    @Setup
    public void prepare() {
        fill();
        BenchmarkSupport.warm(this::projectNext);
        Outputs.keep(outputs());
        Outputs.useForm(product.kernels(), tiles -> Forms.product(tiles, "f32", width, rows));
    }

    /** Fills the weights with seeded numbers, and copies them. */
    void fill() {
        AttentionShape sizes = AttentionShape.of(shape, switch (form) {
            case "factored", "materialised" -> "tpa";
            case "mha" -> "mha";
            default -> throw BenchmarkSupport.unknown("form", "factored, materialised or mha", form);
        });
        memory = NativeMemory.shared();
        attention = (DenseHeads) sizes.build(memory);
        width = sizes.width();
        SplittableRandom random = new SplittableRandom(1);
        int outputs = attention.projections();
        weights = Tensor.of("weights", BenchmarkSupport.floats(outputs * width, random), outputs, width);
        x = BenchmarkSupport.floats(rows * width, random);
        workers = new Workers(threads);
        product = new PackedMatMul(BenchmarkSupport.kernels(kernels), workers, residency.equals("memory"));
        int count = BenchmarkSupport.copies(residency, (long) outputs * width * Float.BYTES);
        copies = BenchmarkSupport.pack(weights, count, memory, workers);
        rope = new Rope(sizes.sizes().headDim(), 0f);
        pass = AttentionPass.of(attention, rows, rope.pairs());
        pass.setLayer(attention, 0);
        pass.rows = rows;
        heads = new float[form.equals("materialised") ? 3 * rows * attention.heads() : 0][attention.headDim()];
    }

    /** Projects all rows. */
    @Benchmark
    public float[] project(Rates rates) {
        PackedMatrix matrix = projectNext();
        rates.add(matrix.bytes(), 2L * rows * matrix.outputs() * matrix.inputs());
        return pass.projections;
    }

    /** Returns the inputs of attention of the last projection. */
    float[][] outputs() {
        return heads.length > 0 ? heads : new float[][] {pass.projections};
    }

    private PackedMatrix projectNext() {
        PackedMatrix matrix = copies[next];
        next = (next + 1) % copies.length;
        product.multiply(matrix, x, width, rows, pass.projections, pass.stride);
        for (int row = 0; row < rows; row++) {
            rope.table(row, pass.cos, pass.sin, pass.tableAt(row));
            attention.rotateAndActivate(rope, pass, row);
        }
        if (heads.length > 0) {
            workers.run(rows, (row, worker) -> rebuild(row));
        }
        return matrix;
    }

    private void rebuild(int row) {
        for (int h = 0; h < attention.heads(); h++) {
            int to = 3 * (row * attention.heads() + h);
            attention.query(pass.projections, pass.at(row), h, heads[to], 0);
            attention.key(pass.projections, pass.at(row), h, heads[to + 1]);
            attention.value(pass.projections, pass.at(row), h, heads[to + 2]);
        }
    }

    /** Frees the memory. */
    @TearDown
    public void close() {
        workers.close();
        memory.close();
    }
}
