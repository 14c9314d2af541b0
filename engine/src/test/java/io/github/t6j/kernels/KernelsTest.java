package io.github.t6j.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.kernels.simd.SimdKernels;
import io.github.t6j.weights.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The scalar twin against float64, and the SIMD kernels against the scalar twin, bit for bit, on odd sizes. */
@Tag("width")
class KernelsTest {
    private static final int PANEL = Kernels.PANEL;
    private static final int LANES = Kernels.LANES;
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final ScalarKernels scalar = new ScalarKernels(true);
    private final Kernels simd = new SimdKernels();
    private final Arena arena = Arena.ofShared();

    @AfterEach
    void free() {
        arena.close();
    }

    @Test
    void multiplyIsAChainOfFusedMultiplyAddsPerOutput() {
        int[][] sizes = {{1, 1, 64}, {1, 768, 64}, {2, 33, 64}, {3, 7, 64}, {4, 64, 64}, {5, 257, 64}, {6, 64, 128},
            {7, 5, 20}, {8, 20, 15}, {9, 31, 1}, {11, 64, 80}, {16, 3, 100}, {34, 128, 64}, {13, 0, 64}, {37, 19, 33}};
        for (int[] size : sizes) {
            for (boolean accumulate : new boolean[] {false, true}) {
                multiply(size[0], size[1], size[2], accumulate);
            }
        }
    }

    private void multiply(int rows, int inner, int columns, boolean accumulate) {
        long seed = 31L * rows + 7L * inner + columns;
        String what = "rows " + rows + " inner " + inner + " columns " + columns + " accumulate " + accumulate
                + " seed " + seed;
        Random random = new Random(seed);
        int xAt = 3;
        int xStride = inner + 5;
        int yAt = 1;
        int yStride = (columns + LANES - 1) / LANES * LANES + 2;
        float[] x = floats(random, xAt + rows * xStride);
        MemorySegment w = segment(random, inner * columns + LANES + 1);
        float[] before = floats(random, yAt + rows * yStride + LANES);
        float[] y = before.clone();
        float[] z = before.clone();
        scalar.multiply(x, xAt, xStride, rows, inner, w, 4, columns, columns, y, yAt, yStride, accumulate);
        simd.multiply(x, xAt, xStride, rows, inner, w, 4, columns, columns, z, yAt, yStride, accumulate);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                int at = yAt + r * yStride + c;
                double sum = accumulate ? before[at] : 0;
                double bound = Math.abs(sum);
                for (int k = 0; k < inner; k++) {
                    double product = (double) x[xAt + r * xStride + k] * w.get(FLOAT, 4 + 4L * (k * columns + c));
                    sum += product;
                    bound += Math.abs(product);
                }
                assertThat((double) y[at]).as(what).isCloseTo(sum, within(bound));
                assertThat(z[at]).as("SIMD, " + what).isEqualTo(y[at]);
            }
        }
    }

    @Test
    void multiplyBf16UsesTheWeightsAsTheyAreRounded() {
        for (int rows : new int[] {1, 2, 3, 4, 5, 6, 7, 11, 16}) {
            for (boolean accumulate : new boolean[] {false, true}) {
                long seed = 1000 + rows;
                Random random = new Random(seed);
                int inner = 77;
                float[] x = floats(random, rows * inner);
                MemorySegment w = arena.allocate(inner * PANEL * 2, 64);
                float[][] weights = new float[inner][PANEL];
                for (int k = 0; k < inner; k++) {
                    for (int c = 0; c < PANEL; c++) {
                        float value = (float) random.nextGaussian();
                        short rounded = DType.floatToBf16(value);
                        weights[k][c] = DType.bf16ToFloat(rounded);
                        w.set(SHORT, 2L * (k * PANEL + Bf16.slot(c)), rounded);
                    }
                }
                float[] y = floats(random, rows * PANEL);
                float[] z = y.clone();
                float[] before = y.clone();
                scalar.multiplyBf16(x, 0, inner, rows, inner, w, 0, y, 0, PANEL, accumulate);
                simd.multiplyBf16(x, 0, inner, rows, inner, w, 0, z, 0, PANEL, accumulate);
                for (int i = 0; i < y.length; i++) {
                    double sum = accumulate ? before[i] : 0;
                    double bound = Math.abs(sum);
                    for (int k = 0; k < inner; k++) {
                        double product = (double) x[i / PANEL * inner + k] * weights[k][i % PANEL];
                        sum += product;
                        bound += Math.abs(product);
                    }
                    assertThat((double) y[i]).as("seed " + seed).isCloseTo(sum, within(bound));
                }
                assertThat(z).as("SIMD, rows " + rows + " seed " + seed).isEqualTo(y);
            }
        }
    }

    @Test
    void tensorLogitsAreTheProductOfTheFactors() {
        int[][] shapes = {{34, 6, 2}, {32, 16, 1}, {1, 1, 1}, {5, 3, 4}, {7, 2, 3}};
        for (int[] shape : shapes) {
            int heads = shape[0];
            int queryRank = shape[1];
            int keyRank = shape[2];
            Random random = new Random(heads);
            float[] aQ = floats(random, heads * queryRank);
            float[] p = floats(random, keyRank * queryRank * PANEL);
            MemorySegment page = segment(random, heads * keyRank * PANEL + 1);
            float[] s = new float[heads * PANEL];
            float[] z = new float[heads * PANEL];
            scalar.tensorLogits(aQ, heads, queryRank, keyRank, p, page, 4, s);
            simd.tensorLogits(aQ, heads, queryRank, keyRank, p, page, 4, z);
            for (int h = 0; h < heads; h++) {
                for (int t = 0; t < PANEL; t++) {
                    double sum = 0;
                    double bound = 0;
                    for (int k = 0; k < keyRank; k++) {
                        for (int q = 0; q < queryRank; q++) {
                            double product = (double) aQ[h * queryRank + q] * p[(k * queryRank + q) * PANEL + t]
                                    * page.get(FLOAT, 4 + 4L * ((h * keyRank + k) * PANEL + t));
                            sum += product;
                            bound += Math.abs(product);
                        }
                    }
                    assertThat((double) s[h * PANEL + t]).isCloseTo(sum, within(bound));
                }
            }
            assertThat(z).as("SIMD, heads " + heads).isEqualTo(s);
        }
    }

    @Test
    void factorLogitsAreTheProductOfTheFactors() {
        for (int keyRank = 1; keyRank <= 4; keyRank++) {
            int heads = 3 + keyRank;
            Random random = new Random(keyRank);
            float[] g = floats(random, keyRank * heads * PANEL);
            MemorySegment page = segment(random, heads * keyRank * PANEL + 1);
            float[] s = new float[heads * PANEL];
            float[] z = new float[heads * PANEL];
            scalar.factorLogits(g, heads, keyRank, page, 4, s);
            simd.factorLogits(g, heads, keyRank, page, 4, z);
            for (int i = 0; i < s.length; i++) {
                double sum = 0;
                double bound = 0;
                for (int k = 0; k < keyRank; k++) {
                    int h = i / PANEL;
                    int t = i % PANEL;
                    double product = (double) g[(k * heads + h) * PANEL + t]
                            * page.get(FLOAT, 4 + 4L * ((h * keyRank + k) * PANEL + t));
                    sum += product;
                    bound += Math.abs(product);
                }
                assertThat((double) s[i]).isCloseTo(sum, within(bound));
            }
            assertThat(z).as("SIMD, keyRank " + keyRank).isEqualTo(s);
        }
    }

    @Test
    void softmaxWeightsArePowersOfTwoTimesTheHeadFactors() {
        for (int valueRank = 0; valueRank <= 3; valueRank++) {
            int heads = 5;
            Random random = new Random(valueRank);
            float[] s = floats(random, heads * PANEL);
            for (int i = 0; i < s.length; i++) {
                s[i] = i % 11 == 0 ? Float.NEGATIVE_INFINITY : s[i] * 40;
            }
            float[] max = new float[heads];
            scalar.rowMaxima(s, heads, max);
            float[] simdMax = new float[heads];
            simd.rowMaxima(s, heads, simdMax);
            assertThat(simdMax).isEqualTo(max);
            MemorySegment page = segment(random, heads * Math.max(1, valueRank) * PANEL + 1);
            float[] sum = floats(random, heads * LANES);
            float[] simdSum = sum.clone();
            float[] before = sum.clone();
            float[] w = new float[heads * Math.max(1, valueRank) * PANEL];
            float[] z = new float[w.length];
            int largest = scalar.softmaxWeights(s, heads, page, 4, valueRank, max, sum, w);
            int simdLargest = simd.softmaxWeights(s, heads, page, 4, valueRank, max, simdSum, z);
            assertThat(Float.intBitsToFloat(largest)).isZero();
            assertThat(simdLargest).isEqualTo(largest);
            for (int h = 0; h < heads; h++) {
                double[] sums = new double[LANES];
                for (int t = 0; t < PANEL; t++) {
                    double e = Math.pow(2, s[h * PANEL + t] - max[h]);
                    sums[t % LANES] += e;
                    for (int u = 0; u < Math.max(1, valueRank); u++) {
                        int at = (h * Math.max(1, valueRank) + u) * PANEL + t;
                        double factor = valueRank == 0 ? 1 : page.get(FLOAT, 4 + 4L * at);
                        assertThat((double) w[at]).isCloseTo(e * factor, within(Math.abs(e * factor) + 1e-30));
                    }
                }
                for (int lane = 0; lane < LANES; lane++) {
                    double expected = before[h * LANES + lane] + sums[lane];
                    assertThat((double) sum[h * LANES + lane]).isCloseTo(expected, within(Math.abs(expected) + 4));
                }
            }
            assertThat(z).as("SIMD, valueRank " + valueRank).isEqualTo(w);
            assertThat(simdSum).isEqualTo(sum);
        }
    }

    @Test
    void softmaxWeightsTellOfLogitsAboveTheMaximumAndKeepNaN() {
        for (Kernels kernels : new Kernels[] {scalar, simd}) {
            float[] s = new float[PANEL];
            s[17] = 13f;
            int above = kernels.softmaxWeights(
                    s, 1, MemorySegment.NULL, 0, 0, new float[1], new float[LANES], new float[PANEL]);
            assertThat(Float.intBitsToFloat(above)).isEqualTo(13f);
            for (float nan : new float[] {Float.NaN, Float.intBitsToFloat(0xFFC00000)}) {
                s[17] = nan;
                float[] sum = new float[LANES];
                float[] w = new float[PANEL];
                kernels.softmaxWeights(s, 1, MemorySegment.NULL, 0, 0, new float[1], sum, w);
                assertThat(w[17]).as(kernels.description()).isNaN();
                assertThat(sum[1]).isNaN();
                assertThat(w[16]).isEqualTo(1f);
                float[] max = new float[1];
                kernels.rowMaxima(s, 1, max);
                assertThat(max[0]).isNaN();
            }
        }
    }

    @Test
    void transposeMovesEachNumberToItsRow() {
        for (int count : new int[] {1, 3, 4, 14, 33, 256}) {
            for (Kernels kernels : new Kernels[] {scalar, simd}) {
                MemorySegment from = segment(new Random(count), count * PANEL + 1);
                int stride = count + 3;
                MemorySegment to = arena.allocate(4L * PANEL * stride, 64);
                kernels.transpose(from, 4, count, to, stride);
                for (int t = 0; t < PANEL; t++) {
                    for (int c = 0; c < stride; c++) {
                        float expected = c < count ? from.get(FLOAT, 4 + 4L * (c * PANEL + t)) : 0;
                        assertThat(to.get(FLOAT, 4L * (t * stride + c))).as("count " + count).isEqualTo(expected);
                    }
                }
            }
        }
    }

    @Test
    void addOuterAddsEachProductAndTouchesNothingElse() {
        for (int[] size : new int[][] {{1, 1}, {3, 5}, {12, 12}, {16, 64}, {7, 33}}) {
            Random random = new Random(size[1]);
            int n = size[0] * size[1];
            float[] k = floats(random, size[0]);
            float[] v = floats(random, size[1]);
            MemorySegment from = segment(random, n + 2 + LANES);
            MemorySegment to = arena.allocate(from.byteSize(), 64);
            MemorySegment both = arena.allocate(from.byteSize(), 64).copyFrom(from);
            scalar.addOuter(k, size[0], v, size[1], from, to, 8);
            simd.addOuter(k, size[0], v, size[1], both, both, 8);
            for (int i = 0; i < n; i++) {
                double before = from.get(FLOAT, 8 + 4L * i);
                double product = (double) k[i / size[1]] * v[i % size[1]];
                assertThat((double) to.get(FLOAT, 8 + 4L * i))
                        .isCloseTo(before + product, within(Math.abs(before) + Math.abs(product)));
            }
            assertThat(both.asSlice(8, 4L * n).mismatch(to.asSlice(8, 4L * n))).as("SIMD, columns " + size[1])
                    .isEqualTo(-1);
            assertThat(both.asSlice(8 + 4L * n).mismatch(from.asSlice(8 + 4L * n))).isEqualTo(-1);
        }
    }

    @Test
    void exp2IsAccurateToAboutOneUlp() {
        double worst = 0;
        for (float x = -126f; x <= 126f; x += 0.00037f) {
            double expected = Math.pow(2, x);
            worst = Math.max(worst, Math.abs(scalar.exp2(x) - expected) / Math.ulp((float) expected));
        }
        assertThat(worst).isLessThan(1.1);
        assertThat(scalar.exp2(0f)).isEqualTo(1f);
        assertThat(scalar.exp2(Float.NEGATIVE_INFINITY)).isZero();
        assertThat(scalar.exp2(-127f)).isZero();
        assertThat(scalar.exp2(1000f)).isEqualTo(0x1p126f);
        assertThat(scalar.exp2(Float.NaN)).isNaN();
    }

    @Test
    void rmsNormAndSwiGluAgreeWithTheirDefinition() {
        for (int n : new int[] {1, 4, 15, 16, 17, 50, 192, 255, 768}) {
            Random random = new Random(n);
            float[] x = floats(random, 2 * n + 3);
            float[] weight = floats(random, n);
            for (float[] w : new float[][] {null, weight}) {
                both(n, out -> scalar.rmsNorm(x, 1, n, 1e-5f, w, out, 2, new float[LANES]),
                        out -> simd.rmsNorm(x, 1, n, 1e-5f, w, out, 2, new float[LANES]), out -> {
                            double squares = 0;
                            for (int i = 0; i < n; i++) {
                                squares += (double) x[1 + i] * x[1 + i];
                            }
                            for (int i = 0; i < n; i++) {
                                double y = x[1 + i] / Math.sqrt(squares / n + 1e-5) * (w == null ? 1 : w[i]);
                                assertThat((double) out[2 + i]).isCloseTo(y, within(Math.abs(y)));
                            }
                        });
            }
            both(n, out -> scalar.swiGlu(x, 1, 1 + n, n, out, 2), out -> simd.swiGlu(x, 1, 1 + n, n, out, 2), out -> {
                for (int i = 0; i < n; i++) {
                    double y = x[1 + i] / (1 + Math.exp(-x[1 + i])) * x[1 + n + i];
                    assertThat((double) out[2 + i]).isCloseTo(y, within(Math.abs(y)));
                }
            });
        }
    }

    @Test
    void swiGluHasNoTroubleAtTheEnds() {
        float[] x = {-200f, -88f, 0f, 88f, 200f, -1e30f, 1e30f, Float.NaN, 1f, 1f, 1f, 1f, 1f, 1f, 1f, 1f};
        float[] y = new float[8];
        float[] z = new float[8];
        scalar.swiGlu(x, 0, 8, 8, y, 0);
        simd.swiGlu(x, 0, 8, 8, z, 0);
        assertThat(z).isEqualTo(y);
        assertThat(y[0]).isCloseTo(0f, org.assertj.core.api.Assertions.offset(1e-30f));
        assertThat(y[2]).isZero();
        assertThat(y[4]).isEqualTo(200f);
        assertThat(y[6]).isEqualTo(1e30f);
        assertThat(y[7]).isNaN();
    }

    private static void both(
            int n, Consumer<float[]> scalar, Consumer<float[]> simd, Consumer<float[]> check) {
        float[] y = new float[n + 2 + LANES];
        float[] z = new float[n + 2 + LANES];
        scalar.accept(y);
        simd.accept(z);
        check.accept(y);
        assertThat(Arrays.copyOfRange(z, 2, 2 + n)).as("SIMD, n " + n).isEqualTo(Arrays.copyOfRange(y, 2, 2 + n));
    }

    private static org.assertj.core.data.Offset<Double> within(double magnitude) {
        return org.assertj.core.api.Assertions.within(1e-5 * magnitude + 1e-30);
    }

    private static float[] floats(Random random, int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    private MemorySegment segment(Random random, int n) {
        MemorySegment segment = arena.allocate(4L * n, 64);
        for (int i = 0; i < n; i++) {
            segment.set(FLOAT, 4L * i, (float) random.nextGaussian());
        }
        return segment;
    }
}
