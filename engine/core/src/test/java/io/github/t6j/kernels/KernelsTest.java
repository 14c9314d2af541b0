package io.github.t6j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestNumbers;
import io.github.t6j.kernels.scalar.ScalarKernels;
import io.github.t6j.kernels.simd.SimdKernels;
import io.github.t6j.weights.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests the scalar twin against float64, and the SIMD kernels against the twin, bit for bit, on odd sizes. */
@Tag("width")
class KernelsTest {
    /** NaN of both signs, also with low bits that a shift would keep. */
    private static final float[] NANS = {
        Float.NaN, Float.intBitsToFloat(0xFFC00000), Float.intBitsToFloat(0x7FC00001), Float.intBitsToFloat(0xFFFFFFFF)
    };

    private static final int PANEL = Kernels.PANEL;
    private static final int LANES = Kernels.LANES;
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final ScalarKernels scalar = new ScalarKernels(true);
    private final Kernels simd = new SimdKernels();
    private final Arena arena = Arena.ofShared();

    @AfterEach
    void free() {
        arena.close();
    }

    static List<Format> formats() {
        return List.of(Format.F32, Format.BF16, Format.Q8);
    }

    @ParameterizedTest
    @MethodSource("formats")
    void multiplyIsAChainOfFusedMultiplyAddsPerOutput(Format format) {
        int[][] sizes = {{1, 1, 64}, {1, 768, 64}, {2, 33, 64}, {3, 7, 64}, {4, 64, 64}, {5, 257, 64}, {6, 64, 128},
            {7, 5, 20}, {8, 20, 15}, {9, 31, 1}, {11, 64, 80}, {16, 3, 100}, {34, 128, 64}, {13, 0, 64}, {37, 19, 33},
            {5, 9, 32}, {10, 6, 96}, {3, 4, 48}};
        for (int[] size : sizes) {
            for (boolean accumulate : new boolean[] {false, true}) {
                multiply(format, size[0], size[1], size[2], accumulate);
            }
        }
    }

    private void multiply(Format format, int rows, int inner, int columns, boolean accumulate) {
        long seed = 31L * rows + 7L * inner + columns;
        String what = format + " rows " + rows + " inner " + inner + " columns " + columns + " accumulate " + accumulate
                + " seed " + seed;
        Random random = new Random(seed);
        int xAt = 3;
        int xStride = inner + 5;
        int yAt = 1;
        int yPanel = rows * PANEL + 2;
        int wStride = format.padded(columns);
        float[] x = normal(random, xAt + rows * xStride);
        MemorySegment w = segment(random, format, inner, columns, wStride);
        float[] before = normal(random, yAt + (columns + PANEL - 1) / PANEL * yPanel);
        float[] y = before.clone();
        float[] z = before.clone();
        scalar.multiply(x, xAt, xStride, rows, inner, format, w, 4, wStride, columns, y, yAt, yPanel, accumulate);
        simd.multiply(x, xAt, xStride, rows, inner, format, w, 4, wStride, columns, z, yAt, yPanel, accumulate);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                int at = yAt + c / PANEL * yPanel + r * PANEL + c % PANEL;
                double sum = accumulate ? before[at] : 0;
                double bound = Math.abs(sum);
                for (int k = 0; k < inner; k++) {
                    double product = (double) x[xAt + r * xStride + k] * number(w, format, k, wStride, c);
                    sum += product;
                    bound += Math.abs(product);
                }
                assertThat((double) y[at]).as(what).isCloseTo(sum, rounding(bound));
                assertThat(z[at]).as("SIMD, " + what).isEqualTo(y[at]);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("formats")
    void factorScoresAreTheProductOfTheFactors(Format format) {
        for (int keyRank = 1; keyRank <= 4; keyRank++) {
            int heads = 3 + keyRank;
            Random random = new Random(keyRank);
            float[] g = normal(random, 7 + keyRank * heads * PANEL);
            MemorySegment page = segment(random, format, heads * keyRank, PANEL, PANEL);
            float[] s = new float[heads * PANEL];
            float[] z = new float[heads * PANEL];
            scalar.factorScores(g, 7, heads, keyRank, format, page, 4, s);
            simd.factorScores(g, 7, heads, keyRank, format, page, 4, z);
            for (int i = 0; i < s.length; i++) {
                double sum = 0;
                double bound = 0;
                for (int k = 0; k < keyRank; k++) {
                    int h = i / PANEL;
                    int t = i % PANEL;
                    double product = (double) g[7 + (k * heads + h) * PANEL + t]
                            * number(page, format, h * keyRank + k, PANEL, t);
                    sum += product;
                    bound += Math.abs(product);
                }
                assertThat((double) s[i]).isCloseTo(sum, rounding(bound));
            }
            assertThat(z).as("SIMD, keyRank " + keyRank).isEqualTo(s);
        }
    }

    @ParameterizedTest
    @MethodSource("formats")
    void probabilitiesArePowersOfTwoTimesTheHeadFactors(Format format) {
        for (int valueRank = 0; valueRank <= 3; valueRank++) {
            int heads = 5;
            Random random = new Random(valueRank);
            float[] s = normal(random, heads * PANEL);
            for (int i = 0; i < s.length; i++) {
                s[i] = i % 11 == 0 ? Float.NEGATIVE_INFINITY : s[i] * 40;
            }
            float[] max = new float[heads];
            scalar.rowMaxima(s, heads, max);
            float[] simdMax = new float[heads];
            simd.rowMaxima(s, heads, simdMax);
            assertThat(simdMax).isEqualTo(max);
            MemorySegment page = segment(random, format, heads * Math.max(1, valueRank), PANEL, PANEL);
            float[] sum = normal(random, heads * LANES);
            float[] simdSum = sum.clone();
            float[] before = sum.clone();
            float[] w = new float[heads * Math.max(1, valueRank) * PANEL];
            float[] z = new float[w.length];
            int largest = scalar.softmax(s, heads, format, page, 4, valueRank, max, sum, w);
            int simdLargest = simd.softmax(s, heads, format, page, 4, valueRank, max, simdSum, z);
            assertThat(Float.intBitsToFloat(largest)).isZero();
            assertThat(simdLargest).isEqualTo(largest);
            for (int h = 0; h < heads; h++) {
                double[] sums = new double[LANES];
                for (int t = 0; t < PANEL; t++) {
                    double e = Math.pow(2, s[h * PANEL + t] - max[h]);
                    sums[t % LANES] += e;
                    for (int u = 0; u < Math.max(1, valueRank); u++) {
                        int at = (h * Math.max(1, valueRank) + u) * PANEL + t;
                        double factor = valueRank == 0 ? 1 : number(page, format, at / PANEL, PANEL, t);
                        assertThat((double) w[at]).isCloseTo(e * factor, rounding(Math.abs(e * factor) + 1e-30));
                    }
                }
                for (int lane = 0; lane < LANES; lane++) {
                    double expected = before[h * LANES + lane] + sums[lane];
                    assertThat((double) sum[h * LANES + lane]).isCloseTo(expected, rounding(Math.abs(expected) + 4));
                }
            }
            assertThat(z).as("SIMD, valueRank " + valueRank).isEqualTo(w);
            assertThat(simdSum).isEqualTo(sum);
        }
    }

    @Test
    void softmaxReportsScoresAboveTheMaximumAndKeepsNaN() {
        for (Kernels kernels : new Kernels[] {scalar, simd}) {
            float[] s = new float[PANEL];
            s[17] = 13f;
            int above = kernels.softmax(
                    s, 1, Format.F32, MemorySegment.NULL, 0, 0, new float[1], new float[LANES], new float[PANEL]);
            assertThat(Float.intBitsToFloat(above)).isEqualTo(13f);
            for (float nan : NANS) {
                s[17] = nan;
                float[] sum = new float[LANES];
                float[] w = new float[PANEL];
                kernels.softmax(s, 1, Format.F32, MemorySegment.NULL, 0, 0, new float[1], sum, w);
                assertThat(w[17]).as(kernels.description()).isNaN();
                assertThat(sum[1]).isNaN();
                assertThat(w[16]).isEqualTo(1f);
                float[] max = new float[1];
                kernels.rowMaxima(s, 1, max);
                assertThat(max[0]).isNaN();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Format.class)
    void widenGivesTheNumbersOfTheFormat(Format format) {
        for (Kernels kernels : new Kernels[] {scalar, simd}) {
            Random random = new Random(5);
            MemorySegment row = segment(random, format, 1, 640, 640);
            long scales = 4 + format.bytes(192);
            for (int i = 0; format == Format.Q8 && i < PANEL; i++) {
                row.set(FLOAT, scales + 4L * i, random.nextFloat());
            }
            MemorySegment to = arena.allocate(4 * 200, 64);
            for (int step = 0; step <= 1; step++) {
                kernels.widen(format, row, 4, 192, scales, step, to, 4);
                for (int i = 0; i < 192; i++) {
                    float scale = format == Format.Q8 ? row.get(FLOAT, scales + 4L * step * (i % PANEL)) : 1;
                    assertThat(to.get(FLOAT, 4 + 4L * i)).as("seed 5, step " + step + ", number " + i)
                            .isEqualTo((float) number(row, format, 0, 640, i) * scale);
                }
            }
            assertThat(to.get(FLOAT, 0)).isZero();
            assertThat(to.get(FLOAT, 4 + 4 * 192)).isZero();
        }
    }

    @Test
    void scaleMultipliesEachTokenOfEachRow() {
        Random random = new Random(6);
        MemorySegment scales = segment(random, Format.F32, 1, PANEL, PANEL);
        for (Kernels kernels : new Kernels[] {scalar, simd}) {
            float[] y = normal(random, 3 + 5 * 150);
            float[] expected = y.clone();
            for (int i = 0; i < 5 * PANEL; i++) {
                expected[3 + i / PANEL * 150 + i % PANEL] *= scales.get(FLOAT, 4 + 4L * (i % PANEL));
            }
            kernels.scale(y, 3, 5, 150, scales, 4);
            assertThat(y).as("seed 6").isEqualTo(expected);
        }
    }

    @Test
    void addScaledScalesBothSumsOfARow() {
        Random random = new Random(7);
        for (int width : new int[] {LANES, PANEL}) {
            float[] x = normal(random, 5 + 3 * width);
            float[] y = normal(random, 5 + 3 * width);
            float[] xFactors = {1f, 0.25f, Float.NaN};
            float[] yFactors = {0f, 0.7f, 1f};
            float[] expected = y.clone();
            for (int i = 0; i < 3 * width; i++) {
                expected[4 + i] = y[4 + i] * yFactors[i / width] + x[4 + i] * xFactors[i / width];
            }
            for (Kernels kernels : new Kernels[] {scalar, simd}) {
                float[] sum = y.clone();
                kernels.addScaled(x, xFactors, sum, yFactors, 4, 0, 3, width);
                assertThat(sum).as("width " + width + ", seed 7").isEqualTo(expected);
            }
        }
    }

    @Test
    void addOuterAddsEachProductAndTouchesNothingElse() {
        for (int[] size : new int[][] {{1, 1}, {3, 5}, {12, 12}, {16, 64}, {7, 33}}) {
            Random random = new Random(size[1]);
            int n = size[0] * size[1];
            float[] k = normal(random, size[0]);
            float[] v = normal(random, size[1]);
            MemorySegment from = segment(random, Format.F32, 1, n + 2 + LANES, n + 2 + LANES);
            MemorySegment to = arena.allocate(from.byteSize(), 64);
            MemorySegment both = arena.allocate(from.byteSize(), 64).copyFrom(from);
            scalar.addOuter(k, size[0], v, size[1], from, to, 8);
            simd.addOuter(k, size[0], v, size[1], both, both, 8);
            for (int i = 0; i < n; i++) {
                double before = from.get(FLOAT, 8 + 4L * i);
                double product = (double) k[i / size[1]] * v[i % size[1]];
                assertThat((double) to.get(FLOAT, 8 + 4L * i))
                        .isCloseTo(before + product, rounding(Math.abs(before) + Math.abs(product)));
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
        for (float nan : NANS) {
            assertThat(scalar.exp2(nan)).isNaN();
        }
    }

    @Test
    void rmsNormAndSwiGluAgreeWithTheirDefinition() {
        for (int n : new int[] {1, 4, 15, 16, 17, 50, 192, 255, 768}) {
            Random random = new Random(n);
            float[] x = normal(random, 2 * n + 3);
            float[] weight = normal(random, n);
            for (float[] w : new float[][] {null, weight}) {
                both(n, out -> scalar.rmsNorm(x, 1, n, 1e-5f, w, out, 2, new float[LANES]),
                        out -> simd.rmsNorm(x, 1, n, 1e-5f, w, out, 2, new float[LANES]), out -> {
                            double squares = 0;
                            for (int i = 0; i < n; i++) {
                                squares += (double) x[1 + i] * x[1 + i];
                            }
                            for (int i = 0; i < n; i++) {
                                double y = x[1 + i] / Math.sqrt(squares / n + 1e-5) * (w == null ? 1 : w[i]);
                                assertThat((double) out[2 + i]).isCloseTo(y, rounding(Math.abs(y)));
                            }
                        });
            }
            both(n, out -> scalar.swiGlu(x, 1, 1 + n, n, out, 2), out -> simd.swiGlu(x, 1, 1 + n, n, out, 2), out -> {
                for (int i = 0; i < n; i++) {
                    double y = x[1 + i] / (1 + Math.exp(-x[1 + i])) * x[1 + n + i];
                    assertThat((double) out[2 + i]).isCloseTo(y, rounding(Math.abs(y)));
                }
            });
        }
    }

    /** GeGLU: Kernels.geGlu states the bound, in units of the exponent 2u = ln((1 − g/x) / (g/x)). */
    @Test
    void geGluAndSoftCapAgreeWithTheirDefinition() {
        for (int n : new int[] {1, 4, 15, 16, 17, 50, 192, 255, 768}) {
            Random random = new Random(n);
            float[] x = normal(random, 2 * n + 3);
            for (int i = 0; i < x.length; i += 2) {
                x[i] *= 4;
            }
            both(n, out -> scalar.geGlu(x, 1, 1 + n, n, out, 2), out -> simd.geGlu(x, 1, 1 + n, n, out, 2), out -> {
                for (int i = 0; i < n; i++) {
                    double g = x[1 + i];
                    double twice = 2 * Math.sqrt(2 / Math.PI) * (g + 0.044715 * g * g * g);
                    double y = g / (1 + Math.exp(-twice)) * x[1 + n + i];
                    assertThat((double) out[2 + i]).as("seed " + n + ", gate " + g).isCloseTo(y,
                            within(Math.abs(y) * (4e-7 + 1.2e-7 * Math.abs(twice)) + 1e-35));
                }
            });
            for (float cap : new float[] {0.7f, 4f, 50f, 50f * 1.44269504f}) {
                both(n, out -> {
                    System.arraycopy(x, 1, out, 2, n);
                    scalar.softCap(out, 2, n, cap);
                }, out -> {
                    System.arraycopy(x, 1, out, 2, n);
                    simd.softCap(out, 2, n, cap);
                }, out -> {
                    for (int i = 0; i < n; i++) {
                        double y = cap * Math.tanh(x[1 + i] / (double) cap);
                        assertThat((double) out[2 + i]).as("seed " + n + ", cap " + cap).isCloseTo(y,
                                within(6e-7 * Math.abs(y)));
                    }
                });
            }
        }
    }

    @Test
    void geGluAndSoftCapHandleExtremeValues() {
        float[] x = {-200f, -13f, -0f, 1e-30f, 200f, -1e30f, 1e30f, Float.NaN, 1f, 1f, 1f, 1f, 1f, 1f, 1f, 1f};
        float[] y = new float[8];
        float[] z = new float[8];
        scalar.geGlu(x, 0, 8, 8, y, 0);
        simd.geGlu(x, 0, 8, 8, z, 0);
        assertThat(z).isEqualTo(y);
        assertThat(y[0]).isCloseTo(0f, org.assertj.core.api.Assertions.offset(1e-30f));
        assertThat(y[2]).isZero();
        assertThat(y[4]).isEqualTo(200f);
        assertThat(y[6]).isEqualTo(1e30f);
        assertThat(y[7]).isNaN();
        float[] capped = {-200f, Float.NEGATIVE_INFINITY, 0f, 1e-30f, 200f, Float.POSITIVE_INFINITY, 1e30f, Float.NaN};
        float[] other = capped.clone();
        scalar.softCap(capped, 0, 8, 3f);
        simd.softCap(other, 0, 8, 3f);
        assertThat(other).isEqualTo(capped);
        assertThat(capped).containsExactly(-3f, -3f, 0f, capped[3], 3f, 3f, 3f, Float.NaN);
        assertThat((double) capped[3]).isCloseTo(1e-30, within(1e-36));
    }

    @Test
    void swiGluHandlesExtremeValues() {
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

    @Test
    void logSumExpAgreesWithItsDefinition() {
        float[] lanes = new float[LANES];
        for (int n : new int[] {1, 2, 15, 16, 17, 1023, 1024, 1025, 1040, 4096, 5003, 50304}) {
            Random random = new Random(n);
            float[] x = normal(random, n + 3);
            for (int i = 0; i < x.length; i++) {
                x[i] = 12 * x[i] + 100;
            }
            x[n / 2] = Float.NEGATIVE_INFINITY;
            x[n / 3] = 103;
            x[n] = 1000; // beyond the n elements
            double sum = 0;
            for (int i = 0; i < n; i++) {
                sum += Math.exp(x[i] - 100.0);
            }
            double found = scalar.logSumExp(x, n, lanes);
            assertThat(found).as("n " + n).isCloseTo(100 + Math.log(sum), offset(1e-6));
            Arrays.fill(lanes, 7f);
            assertThat(simd.logSumExp(x, n, lanes)).as("n " + n).isEqualTo(found);
        }
        for (float odd : new float[] {NANS[0], NANS[1], NANS[2], NANS[3], Float.NEGATIVE_INFINITY}) {
            for (int at : new int[] {3, 17}) {
                float[] x = new float[20];
                Arrays.fill(x, odd < 0 ? odd : 1f);
                x[at] = odd;
                assertThat(scalar.logSumExp(x, 20, lanes)).isNaN();
                assertThat(simd.logSumExp(x, 20, lanes)).isNaN();
            }
        }
    }

    @Test
    void readAllReadsAll() {
        int[] ints = new Random(3).ints(640).toArray();
        MemorySegment data = MemorySegment.ofArray(new byte[4 * 640 + 8]);
        MemorySegment.copy(ints, 0, data, ValueLayout.JAVA_INT_UNALIGNED, 8, 640);
        int sum = Arrays.stream(ints).sum();
        assertThat(ScalarKernels.readAll(data, 8, 640)).isEqualTo(sum);
        assertThat(SimdKernels.readAll(data, 8, 640)).isEqualTo(sum);
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

    private static org.assertj.core.data.Offset<Double> rounding(double magnitude) {
        return org.assertj.core.api.Assertions.within(1e-5 * magnitude + 1e-30);
    }

    private static float[] normal(Random random, int n) {
        return TestNumbers.normal(random, n, 1);
    }

    /**
     * Returns random elements [rows][columns] from byte 4; in Q8 integers from −127 to 127, which the caller scales.
     */
    private MemorySegment segment(Random random, Format format, int rows, int columns, int stride) {
        MemorySegment segment = arena.allocate(4 + format.bytes((long) rows * stride + PANEL), 64);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                float number = format == Format.Q8 ? random.nextInt(-127, 128) : (float) random.nextGaussian();
                format.set(segment, 4 + format.bytes((long) r * stride), c, number);
            }
        }
        return segment;
    }

    /** Returns an element of {@link #segment}, by the layout in Format's javadoc instead of its code. */
    private static double number(MemorySegment segment, Format format, int row, int stride, int c) {
        return switch (format) {
            case F32 -> segment.get(FLOAT, 4 + 4L * (row * stride + c));
            case BF16 -> {
                int pair = segment.get(INT, 4 + 2L * row * stride + 64L * (c / 32) + 4L * (c % 16));
                yield Float.intBitsToFloat(c % 32 < 16 ? pair << 16 : pair & 0xFFFF0000);
            }
            case F16 -> Float.float16ToFloat(segment.get(SHORT, 4 + 2L * (row * stride + c)));
            case Q8 -> {
                int four = segment.get(INT, 4 + (long) row * stride + 64L * (c / 64) + 4L * (c % 16));
                yield (four >>> 8 * (c % 64 / 16) & 255) - 128;
            }
        };
    }

    @Test
    void formatsStoreTheNearestNumber() {
        MemorySegment row = arena.allocate(4 * 128, 64);
        for (Format format : Format.values()) {
            for (int i = 0; i < 128; i++) {
                format.set(row, 0, i, format == Format.Q8 ? i * 1.4f - 90 : i * 0.1003f - 6);
            }
            for (int i = 0; i < 128; i++) {
                float exact = i * 0.1003f - 6;
                float expected = switch (format) {
                    case F32 -> exact;
                    case F16 -> Float.float16ToFloat(Float.floatToFloat16(exact));
                    case BF16 -> DType.bf16ToFloat(DType.floatToBf16(exact));
                    case Q8 -> Math.round(i * 1.4f - 90);
                };
                assertThat(format.get(row, 0, i)).as(format + " " + i).isEqualTo(expected);
            }
        }
    }

    @Test
    void noKernelReadsF16() {
        assertThatThrownBy(() -> simd.multiply(
                new float[1], 0, 1, 1, 1, Format.F16, arena.allocate(128), 0, PANEL, PANEL, new float[PANEL], 0, 0,
                false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected F32, BF16 or Q8, found F16");
    }
}
