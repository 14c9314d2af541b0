package io.github.t6j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.TestNumbers;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.kernels.simd.SimdKernels;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.TensorReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests that each row of a grouped product has the bits of a product of its matrix and that row alone. */
@Tag("width")
class GroupedMatMulTest {
    private static final long SEED = 43;
    private static final int MATRICES = 7;

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "Q8_0", "Q4_0", "Q4_K", "Q6_K"})
    void everyRowHasTheBitsOfASeparateProduct(DType type) {
        Random random = new Random(SEED);
        for (int[] size : new int[][] {{203, 71}, {64, 32}, {129, 300}, {1, 5}}) {
            for (Kernels kernels : List.of(
                    new SimdKernels(false), new SimdKernels(true), KernelChoice.scalar())) {
                for (int threads : new int[] {1, 3}) {
                    try (Workers workers = new Workers(threads); Arena arena = Arena.ofShared()) {
                        check(type, size[0], size[1], kernels, workers, arena, random);
                    }
                }
            }
        }
    }

    private static void check(
            DType type, int outputs, int inputs, Kernels kernels, Workers workers, Arena arena, Random random) {
        List<List<Tensor>> parts = IntStream.range(0, MATRICES).mapToObj(m -> List.of(Tensor.of(
                "w" + m, type, TestNumbers.uniform(random, outputs * inputs), outputs, inputs))).toList();
        PackedMatrix[] matrices = parts.stream()
                .map(matrix -> PackedMatrix.pack(matrix, TensorReader.IN_MEMORY, arena, workers))
                .toArray(PackedMatrix[]::new);
        GroupedMatMul grouped = new GroupedMatMul(kernels, workers, true);
        PackedMatMul single = new PackedMatMul(kernels, workers, true);
        for (int most : new int[] {2, 6, 40}) {
            int[] firsts = new int[MATRICES + 1];
            for (int m = 0; m < MATRICES; m++) { // some have no rows
                firsts[m + 1] = firsts[m] + Math.max(0, random.nextInt(most + 1) - 1);
            }
            int rows = firsts[MATRICES];
            int stride = inputs + 3;
            float[] x = TestNumbers.uniform(random, (rows + 1) * stride);
            int[] sources = random.ints(rows, 0, rows + 1).toArray();
            int from = random.nextInt(MATRICES - 1);
            int to = from + 1 + random.nextInt(MATRICES - from);
            int outputStride = matrices[0].stride();
            float[] y = new float[(firsts[to] - firsts[from] + 1) * outputStride];
            float[] expected = new float[outputStride];
            for (boolean direct : new boolean[] {false, true}) {
                grouped.multiply(matrices, from, to, firsts, direct ? null : sources, x, stride, y);
                for (int m = from; m < to; m++) {
                    for (int row = firsts[m]; row < firsts[m + 1]; row++) {
                        int source = (direct ? row - firsts[from] : sources[row]) * stride;
                        single.multiply(matrices[m], Arrays.copyOfRange(x, source, source + inputs), inputs, 1,
                                expected);
                        int at = (row - firsts[from]) * outputStride;
                        assertThat(Arrays.copyOfRange(y, at, at + outputs))
                                .as("seed %d, %s, %d x %d, matrix %d, row %d of %d, %d threads", SEED, type, outputs,
                                        inputs, m, row, rows, workers.threads())
                                .isEqualTo(Arrays.copyOf(expected, outputs));
                    }
                }
            }
        }
    }

    /** Matrices take the memory that was counted before packing, so that all of a model fill one piece exactly. */
    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "Q8_0", "Q4_0", "Q4_K", "Q6_K"})
    void matricesArePackedOneAfterTheOther(DType type) {
        try (Workers workers = new Workers(1); Arena arena = Arena.ofConfined()) {
            List<List<Tensor>> parts = IntStream.range(0, 3).mapToObj(m -> List.of(
                    Tensor.of("gate", type, TestNumbers.uniform(new Random(m), 70 * 64), 70, 64),
                    Tensor.of("up", type, TestNumbers.uniform(new Random(9 + m), 70 * 64), 70, 64))).toList();
            long bytes = parts.stream().mapToLong(matrix -> PackedMatrix.packedBytes(matrix, TensorReader.IN_MEMORY))
                    .sum();
            MemorySegment memory = arena.allocate(bytes, PackedMatrix.ALIGNMENT);
            SegmentAllocator exact = SegmentAllocator.slicingAllocator(memory);
            PackedMatrix[] matrices = parts.stream()
                    .map(matrix -> PackedMatrix.pack(matrix, TensorReader.IN_MEMORY, exact, workers))
                    .toArray(PackedMatrix[]::new);
            for (int m = 0; m < 3; m++) {
                assertThat(matrices[m].data.address() - memory.address()).isEqualTo(m * bytes / 3);
                float[] row = new float[64];
                matrices[m].row(71, row, 0);
                assertThat(row).isEqualTo(Arrays.copyOfRange(parts.get(m).get(1).toFloats(), 64, 128));
            }
            assertThatThrownBy(() -> exact.allocate(1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }
}
