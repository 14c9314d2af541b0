package io.github.t6j.training.products;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestNumbers;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Tensor;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tests products against sums in double and checks that elements outside the results stay unchanged. The scalar twin
 * and any number of threads give the same bits.
 */
@Isolated
@Tag("width")
class ProductsTest {
    private static final int X_AT = 3;
    private static final int Y_AT = 5;
    private static final int GAP = 4; // between rows

    /** One linear layer: rows of x and y with a gap after each, which must stay unchanged. */
    private record Layer(int rows, int outputs, int inputs, float[] x, float[] w, float[] y) {
        static Layer of(int rows, int outputs, int inputs, Random random) {
            return new Layer(
                    rows, outputs, inputs, TestNumbers.normal(random, X_AT + rows * (inputs + GAP), 1),
                    TestNumbers.normal(random, outputs * inputs, 1),
                    TestNumbers.normal(random, Y_AT + rows * (outputs + GAP), 1));
        }

        int xAt(int r) {
            return X_AT + r * (inputs + GAP);
        }

        int yAt(int r) {
            return Y_AT + r * (outputs + GAP);
        }

        Rows xRows(float[] array) {
            return new Rows(array, X_AT, inputs + GAP);
        }

        Rows yRows(float[] array) {
            return new Rows(array, Y_AT, outputs + GAP);
        }

        float[] forward(Products products, boolean accumulate, float[]... matrices) {
            float[] result = y.clone();
            products.forward(
                    xRows(x), rows, Matrix.Dense.of(inputs, matrices), yRows(result), accumulate);
            return result;
        }

        float[] inputGradient(Products products, float[]... matrices) {
            float[] result = x.clone();
            products.inputGradient(
                    yRows(y), rows, Matrix.Dense.of(inputs, matrices), xRows(result), false);
            return result;
        }

        float[] weightGradient(Products products) {
            float[] result = w.clone();
            products.weightGradient(yRows(y), xRows(x), rows, Matrix.Dense.of(inputs, result));
            return result;
        }

        /** Results of all products, y with accumulation or without. */
        float[][] all(Products products, boolean accumulate) {
            return new float[][] {
                forward(products, accumulate, w), inputGradient(products, w), weightGradient(products)};
        }
    }

    /** Sum of products, with the sum of their magnitudes, which bounds the rounding error. */
    private static final class Sum {
        private double sum;
        private double magnitude;

        Sum(float before) {
            sum = before;
            magnitude = Math.abs(before);
        }

        void add(float a, float b) {
            sum += (double) a * b;
            magnitude += Math.abs((double) a * b);
        }

        /** Checks the element at {@code at}, and sets it in {@code found} to its value before. */
        void check(float[] found, int at, float[] before, String what) {
            assertThat((double) found[at]).as(what).isCloseTo(sum, within(2e-6 * magnitude + 1e-12));
            found[at] = before[at];
        }
    }

    // a panel has 64 columns, a block 128 rows and 256 terms, a group of a weight gradient 1024 tokens
    @ParameterizedTest
    @CsvSource({
        "1, 1, 1", "1, 64, 65", "2, 3, 1", "63, 1, 7", "64, 64, 64", "65, 65, 63", "5, 127, 129", "128, 22, 192",
        "129, 32, 255", "256, 33, 257", "257, 31, 256", "40, 96, 16", "1025, 34, 30", "16, 8, 513", "130, 130, 130"
    })
    void productsMatchSumsInDouble(int rows, int outputs, int inputs) {
        long seed = 1_000_003L * rows + 1009L * outputs + inputs;
        Layer l = Layer.of(rows, outputs, inputs, new Random(seed));
        String what = rows + " rows, " + outputs + " outputs, " + inputs + " inputs, seed " + seed;
        try (Workers workers = new Workers(2); Products products = new Products(KernelChoice.kernels(), workers)) {
            for (boolean accumulate : new boolean[] {false, true}) {
                checkForward(l, l.forward(products, accumulate, l.w), accumulate, "y, " + what);
            }
            checkInputGradient(l, l.inputGradient(products, l.w), "dx, " + what);
            checkWeightGradient(l, l.weightGradient(products), "dw, " + what);
        }
    }

    private static void checkForward(Layer l, float[] found, boolean accumulate, String what) {
        for (int r = 0; r < l.rows; r++) {
            for (int o = 0; o < l.outputs; o++) {
                Sum sum = new Sum(accumulate ? l.y[l.yAt(r) + o] : 0);
                for (int i = 0; i < l.inputs; i++) {
                    sum.add(l.w[o * l.inputs + i], l.x[l.xAt(r) + i]);
                }
                sum.check(found, l.yAt(r) + o, l.y, what);
            }
        }
        assertThat(found).as("nothing else, " + what).isEqualTo(l.y);
    }

    private static void checkInputGradient(Layer l, float[] found, String what) {
        for (int r = 0; r < l.rows; r++) {
            for (int i = 0; i < l.inputs; i++) {
                Sum sum = new Sum(0);
                for (int o = 0; o < l.outputs; o++) {
                    sum.add(l.w[o * l.inputs + i], l.y[l.yAt(r) + o]);
                }
                sum.check(found, l.xAt(r) + i, l.x, what);
            }
        }
        assertThat(found).as("nothing else, " + what).isEqualTo(l.x);
    }

    private static void checkWeightGradient(Layer l, float[] found, String what) {
        for (int o = 0; o < l.outputs; o++) {
            for (int i = 0; i < l.inputs; i++) {
                int at = o * l.inputs + i;
                Sum sum = new Sum(l.w[at]);
                for (int r = 0; r < l.rows; r++) {
                    sum.add(l.y[l.yAt(r) + o], l.x[l.xAt(r) + i]);
                }
                sum.check(found, at, l.w, what);
            }
        }
        assertThat(found).as("nothing else, " + what).isEqualTo(l.w);
    }

    /** The scalar kernels on one thread define the bits. */
    @ParameterizedTest
    @CsvSource({"70, 65, 130", "300, 192, 96", "129, 22, 33"})
    void bitsMatchTheScalarTwinForAnyThreads(int rows, int outputs, int inputs) {
        Layer l = Layer.of(rows, outputs, inputs, new Random(rows));
        float[][] expected = results(l, KernelChoice.scalar(), 1);
        for (int threads : new int[] {1, 2, 4}) {
            String what = rows + " rows, " + threads + " threads, seed " + rows;
            assertThat(results(l, KernelChoice.kernels(), threads)).as(what).isDeepEqualTo(expected);
            assertThat(results(l, KernelChoice.scalar(), threads)).as("twin, " + what).isDeepEqualTo(expected);
        }
    }

    private static float[][] results(Layer l, Kernels kernels, int threads) {
        try (Workers workers = new Workers(threads); Products products = new Products(kernels, workers)) {
            return l.all(products, true);
        }
    }

    /** A matrix is split by its outputs at and near the ends of panels. */
    @Test
    void stackedMatricesGiveTheBitsOfOneMatrix() {
        int[] outputs = {22, 42, 66, 1, 64};
        Layer whole = Layer.of(140, Arrays.stream(outputs).sum(), 70, new Random(14));
        float[][] w = new float[outputs.length][];
        for (int part = 0, from = 0; part < w.length; from += w[part++].length) {
            w[part] = Arrays.copyOfRange(whole.w, from, from + outputs[part] * 70);
        }
        try (Workers workers = new Workers(2); Products products = new Products(KernelChoice.kernels(), workers)) {
            assertThat(whole.forward(products, true, w)).as("seed 14")
                    .isEqualTo(whole.forward(products, true, whole.w));
            assertThat(whole.inputGradient(products, w)).as("seed 14")
                    .isEqualTo(whole.inputGradient(products, whole.w));
            products.weightGradient(
                    whole.yRows(whole.y), whole.xRows(whole.x), 140, Matrix.Dense.of(70, w));
            float[] dw = whole.weightGradient(products);
            for (int part = 0, from = 0; part < w.length; from += w[part++].length) {
                assertThat(w[part]).as("seed 14").isEqualTo(Arrays.copyOfRange(dw, from, from + w[part].length));
            }
        }
    }

    /** Matrices in the types of files give the bits of their unpacked elements. */
    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_K", "Q6_K"})
    void frozenMatricesGiveTheBitsOfTheirElements(DType dtype) {
        int[] outputs = {130, 23};
        int inputs = 590;
        Layer l = Layer.of(70, 153, inputs, new Random(21));
        Matrix[] frozen = new Matrix[2];
        float[][] unpacked = new float[2][];
        for (int part = 0; part < 2; part++) {
            float[] elements = Arrays.copyOfRange(l.w, part * 130 * inputs, (part * 130 + outputs[part]) * inputs);
            Tensor tensor = Tensor.of("w", dtype, elements, outputs[part], inputs);
            frozen[part] = new FrozenMatrix(tensor);
            unpacked[part] = tensor.toFloats();
        }
        try (Workers workers = new Workers(2); Products products = new Products(KernelChoice.kernels(), workers)) {
            float[] y = l.y.clone();
            products.forward(l.xRows(l.x), l.rows, frozen, l.yRows(y), true);
            assertThat(y).as("seed 21").isEqualTo(l.forward(products, true, unpacked));
            float[] dx = l.x.clone();
            products.inputGradient(l.yRows(l.y), l.rows, frozen, l.xRows(dx), false);
            assertThat(dx).as("seed 21").isEqualTo(l.inputGradient(products, unpacked));
            float[] row = new float[inputs];
            frozen[1].read(22, row, 0);
            assertThat(row).isEqualTo(Arrays.copyOfRange(unpacked[1], 22 * inputs, 23 * inputs));
        }
    }

    @Test
    void inputGradientsAccumulate() {
        Layer l = Layer.of(131, 5, 70, new Random(22));
        try (Workers workers = new Workers(2); Products products = new Products(KernelChoice.kernels(), workers)) {
            float[] sum = l.x.clone();
            products.inputGradient(l.yRows(l.y), l.rows, Matrix.Dense.of(70, l.w), l.xRows(sum), true);
            float[] dx = l.inputGradient(products, l.w);
            for (int r = 0; r < l.rows; r++) {
                for (int i = l.xAt(r); i < l.xAt(r) + 70; i++) {
                    assertThat(sum[i]).as("seed 22").isEqualTo(l.x[i] + dx[i]);
                }
            }
        }
    }

    /** A matrix of that many rows is packed in groups of four panels; the last group's columns have their bits, too. */
    @Test
    void groupsOfPanelsGiveTheBitsOfOneMatrix() {
        int outputs = 33_000;
        Layer l = Layer.of(3, outputs, 300, new Random(23));
        float[] last = new float[outputs * 44];
        for (int o = 0; o < outputs; o++) {
            System.arraycopy(l.w, o * 300 + 256, last, o * 44, 44);
        }
        try (Workers workers = new Workers(2); Products products = new Products(KernelChoice.kernels(), workers)) {
            float[] dx = l.inputGradient(products, l.w);
            float[] part = new float[3 * 44];
            products.inputGradient(l.yRows(l.y), 3, Matrix.Dense.of(44, last), new Rows(part, 0, 44), false);
            for (int r = 0; r < 3; r++) {
                assertThat(Arrays.copyOfRange(dx, l.xAt(r) + 256, l.xAt(r) + 300)).as("seed 23")
                        .isEqualTo(Arrays.copyOfRange(part, r * 44, (r + 1) * 44));
            }
        }
    }

    /** Larger and smaller products alternate: values left in the panels have no effect. */
    @Test
    void anObjectCanBeReusedForAllSizes() {
        Random random = new Random(11);
        try (Workers workers = new Workers(2); Products products = new Products(KernelChoice.kernels(), workers)) {
            Layer nan = Layer.of(150, 150, 300, random);
            Arrays.fill(nan.x, Float.NaN);
            Arrays.fill(nan.w, Float.NaN);
            Arrays.fill(nan.y, Float.NaN);
            nan.all(products, false);
            Layer small = Layer.of(3, 5, 7, random);
            try (Products fresh = new Products(KernelChoice.kernels(), workers)) {
                assertThat(small.all(products, false)).as("seed 11").isDeepEqualTo(small.all(fresh, false));
            }
        }
    }

    @Test
    void closingFreesTheMemory() {
        long before = NativeMemory.allocatedBytes();
        try (Workers workers = new Workers(1); Products products = new Products(KernelChoice.kernels(), workers)) {
            Layer.of(4, 70, 80, new Random(12)).all(products, false);
            assertThat(NativeMemory.allocatedBytes()).isGreaterThan(before);
        }
        assertThat(NativeMemory.allocatedBytes()).isEqualTo(before);
    }
}
