package io.github.t6j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.ModelFormatException;
import io.github.t6j.TestData;
import io.github.t6j.TestNumbers;
import io.github.t6j.kernels.processor.Processor;
import io.github.t6j.kernels.scalar.ScalarKernels;
import io.github.t6j.kernels.simd.SimdKernels;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.TensorReader;
import io.github.t6j.weights.safetensors.Safetensors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tests products with packed weights: the scalar twin against float64, and the SIMD kernels against the twin, bit
 * for bit.
 */
@Tag("width")
class PackedMatMulTest {
    private final Arena arena = Arena.ofShared();
    private final Workers workers = new Workers(2);
    private final Kernels scalar = new ScalarKernels(true);
    private Kernels simd;
    private Kernels intel;

    @BeforeEach
    void choose() {
        simd = kernels(false);
        intel = kernels(true);
    }

    /** Returns kernels that are compared with the twin: with or without the forms for Intel. */
    Kernels kernels(boolean forIntel) {
        return new SimdKernels(forIntel);
    }

    @AfterEach
    void free() {
        workers.close();
        arena.close();
    }

    final PackedMatrix pack(Tensor... parts) {
        return PackedMatrix.pack(List.of(parts), TensorReader.IN_MEMORY, arena, workers);
    }

    final float[] multiply(Kernels kernels, PackedMatrix matrix, float[] x, int rows) {
        float[] y = new float[rows * matrix.stride()];
        new PackedMatMul(kernels, workers, true).multiply(matrix, x, matrix.inputs(), rows, y);
        return y;
    }

    /** Returns rounded activations by the definition: integer multiples of 1/127 of the block's largest magnitude. */
    private static double[] rounded(float[] x, int row, int inputs) {
        double[] rounded = new double[inputs];
        for (int block = 0; block < inputs; block += 32) {
            int end = Math.min(block + 32, inputs);
            float largest = 0;
            for (int k = block; k < end; k++) {
                largest = Math.max(largest, Math.abs(x[row * inputs + k]));
            }
            for (int k = block; k < end; k++) {
                rounded[k] = Math.rint(x[row * inputs + k] * (127 / largest)) * largest / 127;
            }
        }
        return rounded;
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0", "Q4_K", "Q5_K", "Q6_K"})
    void eachOutputIsTheSumOverBlocks(DType dtype) {
        for (int inputs : new int[] {1, 31, 32, 33, 64, 100, 257, 600}) {
            for (int outputs : new int[] {1, 63, 65, 130}) {
                int seed = 1000 * inputs + outputs;
                Random random = new Random(seed);
                float[] weights = TestNumbers.normal(random, outputs * inputs, 0.02f);
                PackedMatrix matrix = pack(Tensor.of("w", dtype, weights, outputs, inputs));
                float[] stored = Tensor.of("w", dtype, weights, outputs, inputs).toFloats();
                for (int rows = 1; rows <= 11; rows++) {
                    String what =
                            dtype + " inputs " + inputs + " outputs " + outputs + " rows " + rows + " seed " + seed;
                    float[] x = TestNumbers.normal(random, rows * inputs, 1);
                    float[] y = multiply(scalar, matrix, x, rows);
                    assertThat(multiply(simd, matrix, x, rows)).as("SIMD, " + what).isEqualTo(y);
                    check(what, matrix, stored, x, rows, y);
                }
            }
        }
    }

    private static void check(String what, PackedMatrix matrix, float[] weights, float[] x, int rows, float[] y) {
        int inputs = matrix.inputs();
        for (int r = 0; r < rows; r++) {
            double[] row = rounded(x, r, inputs);
            for (int o = 0; o < matrix.outputs(); o++) {
                double sum = 0;
                double bound = 0;
                for (int k = 0; k < inputs; k++) {
                    sum += row[k] * weights[o * inputs + k];
                    bound += Math.abs(row[k]) * largest(weights, o * inputs, k, inputs);
                }
                double error = Math.abs(y[r * matrix.stride() + o] - sum);
                if (!(error <= 1e-6 * bound + 1e-30)) {
                    assertThat(error).as(what + " row " + r + " output " + o).isLessThanOrEqualTo(1e-6 * bound);
                }
            }
        }
    }

    /** Returns the largest weight of a block: products with K-quants add the middle of a block's range separately. */
    private static float largest(float[] weights, int row, int input, int inputs) {
        float largest = 0;
        for (int k = input / 32 * 32; k < Math.min(inputs, input / 32 * 32 + 32); k++) {
            largest = Math.max(largest, Math.abs(weights[row + k]));
        }
        return largest;
    }

    /** Blocks of every type that ggml encoded: values equal ggml's, and sums are compared with float64. */
    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"})
    void multipliesGgmlsBlocks(DType dtype) {
        Map<String, Tensor> golden = Safetensors.read(
                TestData.path("golden_llama/ggml_blocks/q" + dtype.name().substring(1) + ".safetensors"),
                arena).tensors();
        int outputs = Math.toIntExact(golden.get("x").shape().get(0));
        int inputs = Math.toIntExact(golden.get("x").shape().get(1));
        PackedMatrix matrix = pack(new Tensor("w", dtype, golden.get("x").shape(), golden.get("blocks").data()));
        float[] ggml = golden.get("y").toFloats();
        float[] row = new float[inputs];
        for (int output = 0; output < outputs; output++) {
            matrix.row(output, row, 0);
            assertThat(row).as("output %d", output)
                    .containsExactly(Arrays.copyOfRange(ggml, output * inputs, (output + 1) * inputs), within(0f));
        }
        for (int rows : new int[] {1, 3, 4, 7}) {
            float[] x = TestNumbers.normal(new Random(rows), rows * inputs, 1);
            float[] y = multiply(scalar, matrix, x, rows);
            assertThat(multiply(simd, matrix, x, rows)).as("rows %d", rows).isEqualTo(y);
            check(dtype + " rows " + rows, matrix, ggml, x, rows, y);
        }
    }

    /** All bits random, subnormal and negative scales among them: every integer, scale and min meets every other. */
    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"})
    void twinAndSimdAgreeOnAnyBits(DType dtype) {
        int outputs = 330; // enough panels for pairs of them on each thread
        int inputs = 544; // two super-blocks and a block
        for (int seed = 0; seed < 5; seed++) {
            int exponents = new int[] {1, 10, 20, 25, 31}[seed]; // 0 makes a scale subnormal
            Random random = new Random(seed);
            byte[] bytes = new byte[Math.toIntExact(dtype.bytes(List.of((long) outputs, (long) inputs)))];
            random.nextBytes(bytes);
            for (int block = 0; block < bytes.length; block += dtype.bytes()) {
                for (int place : dtype.scalePlaces()) {
                    int exponent = random.nextInt(3) == 0 ? 0 : random.nextInt(exponents);
                    bytes[block + place + 1] = (byte) (random.nextInt(4) | exponent << 2 | random.nextInt(2) << 7);
                }
            }
            Tensor tensor = new Tensor(
                    "w", dtype, List.of((long) outputs, (long) inputs), MemorySegment.ofArray(bytes));
            PackedMatrix matrix = pack(tensor);
            float[] weights = tensor.toFloats();
            float[] row = new float[inputs];
            for (int output = 0; output < outputs; output += 43) {
                matrix.row(output, row, 0);
                assertThat(row).as("seed %d, output %d", seed, output).containsExactly(
                        Arrays.copyOfRange(weights, output * inputs, (output + 1) * inputs), within(0f));
            }
            for (int rows : new int[] {1, 6, 23}) {
                float[] x = TestNumbers.normal(random, rows * inputs, 1);
                float[] y = multiply(scalar, matrix, x, rows);
                assertThat(multiply(simd, matrix, x, rows)).as("seed %d, rows %d", seed, rows).isEqualTo(y);
                assertThat(multiply(intel, matrix, x, rows)).as("Intel, seed %d, rows %d", seed, rows).isEqualTo(y);
            }
        }
    }

    /**
     * Many rows, which the forms for Intel multiply in tiles of six and five rows, inputs that fill no block, and so many
     * inputs that native products take two calls for 131 rows.
     */
    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "Q8_0", "Q4_0", "Q4_K", "Q5_K", "Q6_K"})
    void everyNumberOfRowsHasTheBitsOfTheTwin(DType dtype) {
        assertThat(intel.denseRows().prefersCopies(20)).isTrue();
        assertThat(simd.denseRows().prefersCopies(131)).isEqualTo(Processor.FEW_REGISTERS);
        int outputs = 203;
        for (int inputs : new int[] {33, 161, 643, 2112}) {
            Random random = new Random(inputs);
            PackedMatrix matrix = pack(
                    Tensor.of("w", dtype, TestNumbers.normal(random, outputs * inputs, 0.02f), outputs, inputs));
            float[] x = TestNumbers.normal(random, 131 * inputs, 1);
            float[] y = multiply(scalar, matrix, x, 131);
            for (int rows : new int[] {1, 19, 20, 22, 24, 65, 131}) { // the same rows have the same bits
                float[] expected = Arrays.copyOf(y, rows * matrix.stride());
                String what = dtype + ", inputs " + inputs + ", rows " + rows + ", seed " + inputs;
                assertThat(multiply(simd, matrix, x, rows)).as(what).isEqualTo(expected);
                assertThat(multiply(intel, matrix, x, rows)).as("Intel, " + what).isEqualTo(expected);
            }
        }
    }

    /** Sums that 16 bits just hold: the smallest and largest integers, with activations of ±127. */
    @ParameterizedTest
    @EnumSource(names = {"Q4_K", "Q5_K", "Q6_K"})
    void noSumOfKQuantsOverflows(DType dtype) {
        byte[] data = new byte[64 * dtype.bytes()];
        for (int output = 0; output < 64; output++) {
            int block = output * dtype.bytes();
            int integers = dtype == DType.Q6_K ? 0 : 16;
            int end = block + (dtype == DType.Q6_K ? 192 : dtype.bytes());
            Arrays.fill(data, block + integers, end, (byte) (output % 3 == 0 ? 0xFF : 0));
            if (dtype == DType.Q6_K) {
                Arrays.fill(data, block + 192, block + 208, (byte) 1);
            } else { // scales of 1 and mins of 0
                Arrays.fill(data, block + 4, block + 8, (byte) 1);
                Arrays.fill(data, block + 12, block + 16, (byte) 1);
            }
            data[block + dtype.scalePlaces().getFirst() + 1] = 0x3c; // 1
        }
        Tensor tensor = new Tensor("w", dtype, List.of(64L, 256L), MemorySegment.ofArray(data));
        PackedMatrix matrix = pack(tensor);
        float[] weights = tensor.toFloats();
        for (int rows : new int[] {1, 4, 5, 21}) {
            float[] x = new float[rows * 256];
            for (int i = 0; i < x.length; i++) {
                x[i] = i / 256 % 2 == 0 || i % 5 == 0 ? 127 : -127;
            }
            float[] y = multiply(scalar, matrix, x, rows);
            for (int i = 0; i < y.length; i++) {
                float sum = 0;
                for (int k = 0; k < 256; k++) {
                    sum += x[i / 64 * 256 + k] * weights[i % 64 * 256 + k];
                }
                assertThat(y[i]).isEqualTo(sum);
            }
            assertThat(multiply(simd, matrix, x, rows)).isEqualTo(y);
            assertThat(multiply(intel, matrix, x, rows)).isEqualTo(y);
        }
    }

    /** A model's weights are announced before the first product, perhaps to kernels that are compiled already. */
    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F32", "BF16", "Q8_0", "Q4_0", "Q4_K", "Q5_K", "Q6_K"})
    void announcingWeightsComputesNothing(DType dtype) {
        List<Tensor> parts = List.of(Tensor.of("w", dtype, new float[300], 1, 300));
        for (Kernels kernels : new Kernels[] {scalar, simd, intel}) {
            assertThatCode(() -> PackedMatrix.announce(parts, TensorReader.IN_MEMORY, kernels))
                    .as("%s by %s", dtype, kernels.description())
                    .doesNotThrowAnyException();
        }
    }

    /**
     * Matrices of different types keep them if all but the last have whole panels; each has the bits that it has alone.
     */
    @Test
    void quantisedMatricesOfDifferentTypesAreJoined() {
        Random random = new Random(8);
        List<Tensor> parts = new ArrayList<>();
        for (DType dtype : List.of(DType.Q4_K, DType.Q6_K, DType.Q8_0, DType.Q4_0, DType.Q5_K)) {
            int outputs = dtype == DType.Q5_K ? 70 : 128;
            parts.add(Tensor.of("w" + dtype, dtype, TestNumbers.normal(random, outputs * 300, 0.1f), outputs, 300));
        }
        PackedMatrix joined = PackedMatrix.pack(parts, TensorReader.IN_MEMORY, arena, workers);
        assertThat(joined.bytes()).isEqualTo(PackedMatrix.packedBytes(parts, TensorReader.IN_MEMORY));
        assertThat(joined.outputs()).isEqualTo(4 * 128 + 70);
        for (int rows : new int[] {1, 5, 21}) {
            float[] x = TestNumbers.normal(random, rows * 300, 1);
            for (Kernels kernels : new Kernels[] {scalar, simd, intel}) {
                float[] y = multiply(kernels, joined, x, rows);
                int first = 0;
                for (Tensor part : parts) {
                    PackedMatrix alone = pack(part);
                    float[] expected = multiply(kernels, alone, x, rows);
                    float[] row = new float[300];
                    float[] rowOfJoined = new float[300];
                    for (int r = 0; r < rows; r++) {
                        for (int c = 0; c < alone.outputs(); c++) {
                            assertThat(y[r * joined.stride() + first + c]).as(part.name())
                                    .isEqualTo(expected[r * alone.stride() + c]);
                        }
                    }
                    alone.row(67, row, 0);
                    joined.row(first + 67, rowOfJoined, 0);
                    assertThat(rowOfJoined).isEqualTo(row);
                    first += alone.outputs();
                }
            }
        }
    }

    /** Tests the largest sums that a block can have: weights of −128 and −8 with activations of ±127. */
    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0"})
    void noSumOverflows(DType dtype) {
        int bytes = dtype.bytes();
        byte[] data = new byte[64 * 2 * bytes];
        for (int block = 0; block < 128; block++) {
            byte number = (byte) (dtype == DType.Q4_0 ? block % 3 == 0 ? 0xFF : 0 : block % 3 == 0 ? 127 : -128);
            Arrays.fill(data, block * bytes, (block + 1) * bytes, number);
            data[block * bytes] = 0;
            data[block * bytes + 1] = 0x3c; // 1
        }
        Tensor tensor = new Tensor("w", dtype, List.of(64L, 64L), MemorySegment.ofArray(data));
        PackedMatrix matrix = pack(tensor);
        float[] weights = tensor.toFloats();
        for (int rows : new int[] {1, 4, 5, 21}) {
            float[] x = new float[rows * 64];
            for (int i = 0; i < x.length; i++) {
                x[i] = i / 64 % 2 == 0 || i % 5 == 0 ? 127 : -127;
            }
            float[] y = multiply(scalar, matrix, x, rows);
            for (int i = 0; i < y.length; i++) {
                float sum = 0;
                for (int k = 0; k < 64; k++) {
                    sum += x[i / 64 * 64 + k] * weights[i % 64 * 64 + k];
                }
                assertThat(y[i]).isEqualTo(sum);
            }
            assertThat(multiply(simd, matrix, x, rows)).isEqualTo(y);
            assertThat(multiply(intel, matrix, x, rows)).isEqualTo(y);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0", "Q4_K", "Q5_K", "Q6_K"})
    void nonFiniteValuesShowOnlyInTheirRow(DType dtype) {
        PackedMatrix matrix = pack(Tensor.of("w", dtype, TestNumbers.normal(new Random(3), 65 * 70, 1), 65, 70));
        for (float bad : new float[] {Float.NaN, Float.intBitsToFloat(0xFFC00001), Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY}) {
            for (int place : new int[] {0, 40, 69}) {
                for (int rows : new int[] {1, 6, 22}) {
                    float[] x = TestNumbers.normal(new Random(4), rows * 70, 1);
                    x[place] = bad;
                    for (Kernels kernels : new Kernels[] {scalar, simd, intel}) {
                        float[] y = multiply(kernels, matrix, x, rows);
                        for (int i = 0; i < y.length; i++) {
                            boolean shows = Float.isNaN(y[i]);
                            assertThat(shows || i % matrix.stride() >= 65).as(bad + " output " + i)
                                    .isEqualTo(i < matrix.stride() || i % matrix.stride() >= 65);
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0", "Q4_K", "Q5_K", "Q6_K"})
    void zerosAndTinyAndHugeActivationsAgree(DType dtype) {
        float[] weights = TestNumbers.normal(new Random(5), 64 * 96, 1e-4f); // includes subnormal f16 scales
        Arrays.fill(weights, 32, 64, 0f);
        PackedMatrix matrix = pack(Tensor.of("w", dtype, weights, 64, 96));
        for (float size : new float[] {0, 1e-45f, 1e-30f, 1e-15f, 1, 1e9f, 1e36f}) {
            for (int rows : new int[] {1, 4, 20}) {
                float[] x = TestNumbers.normal(new Random(6), rows * 96, size);
                Arrays.fill(x, 0, 32, 0f);
                float[] y = multiply(scalar, matrix, x, rows);
                assertThat(multiply(simd, matrix, x, rows)).as("size " + size).isEqualTo(y);
                assertThat(multiply(intel, matrix, x, rows)).as("Intel, size " + size).isEqualTo(y);
                if (size < 1e-25f) {
                    assertThat(y).containsOnly(0f);
                } else {
                    assertThat(y[0]).isNotZero().isFinite();
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0"})
    void rowsEqualTheTensorsRowsInOrder(DType dtype) {
        Tensor first = Tensor.of("a", dtype, TestNumbers.normal(new Random(1), 70 * 40, 1), 70, 40);
        Tensor second = Tensor.of("b", dtype, TestNumbers.normal(new Random(2), 5 * 40, 1), 5, 40);
        PackedMatrix matrix = pack(first, second);

        assertThat(matrix.outputs()).isEqualTo(75);
        assertThat(matrix.bytes()).isEqualTo(128L * 2 * dtype.bytes());
        float[] row = new float[42];
        for (int output = 0; output < 75; output++) {
            matrix.row(output, row, 1);
            float[] expected = new float[42];
            (output < 70 ? first : second).read((output < 70 ? output : output - 70) * 40L, expected, 1, 40);
            assertThat(row).as("row " + output).isEqualTo(expected);
        }
    }

    @Test
    void differentTypesWithoutWholePanelsArePackedAsF32() {
        Tensor first = Tensor.of("a", DType.Q8_0, TestNumbers.normal(new Random(1), 3 * 40, 1), 3, 40);
        Tensor second = Tensor.of("b", DType.Q4_0, TestNumbers.normal(new Random(2), 3 * 40, 1), 3, 40);

        PackedMatrix matrix = pack(first, second);

        assertThat(matrix.bytes()).isEqualTo(64L * 40 * Float.BYTES);
        float[] row = new float[40];
        matrix.row(4, row, 0);
        assertThat(row).isEqualTo(Arrays.copyOfRange(second.toFloats(), 40, 80));
    }

    @ParameterizedTest
    @EnumSource(names = {"Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"})
    void aScaleOrMinThatIsNotFiniteIsAnError(DType dtype) {
        int blocks = dtype.blockSize() == 32 ? 8 : 1;
        for (int place : dtype.scalePlaces()) {
            for (byte high : new byte[] {0x7c, 0x7e, (byte) 0xfc}) { // infinite, NaN, −infinite
                byte[] data = new byte[3 * blocks * dtype.bytes()];
                data[2 * blocks * dtype.bytes() + place + 1] = high;
                Tensor tensor = new Tensor("w", dtype, List.of(3L, 256L), MemorySegment.ofArray(data));
                assertThatThrownBy(() -> pack(tensor)).isInstanceOf(ModelFormatException.class)
                        .hasMessageContaining("tensor w: expected finite " + (place == 2 ? "mins" : "scales"))
                        .hasMessageContaining("in block 0 of row 2");
            }
        }
    }

    @Test
    void aScaleThatIsNotFiniteIsAnError() {
        Tensor tensor = Tensor.of("w", DType.Q8_0, new float[] {1, 2, Float.NaN, 3}, 2, 2);

        assertThatThrownBy(() -> pack(tensor)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("tensor w: expected finite scales, found NaN in block 0 of row 1");
    }
}
