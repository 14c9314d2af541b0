package io.github.t6j.training.kernels;

import static io.github.t6j.kernels.Kernels.PANEL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestNumbers;
import io.github.t6j.kernels.Exp2;
import io.github.t6j.kernels.scalar.ScalarKernels;
import io.github.t6j.training.kernels.scalar.ScalarGradientKernels;
import io.github.t6j.training.kernels.simd.SimdGradientKernels;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests the operations of training: the scalar twin against float64, and the SIMD kernels against the twin, bit for
 * bit.
 */
@Tag("width")
class TrainingKernelsTest {
    private static final float HIDDEN = Float.NEGATIVE_INFINITY;

    private final GradientKernels scalar = new ScalarGradientKernels(new ScalarKernels(true));
    private final GradientKernels simd = new SimdGradientKernels();

    /** Tests tiles of one to five rows, and tiles of half a panel: multiples of eight rows, 32 columns or fewer. */
    @ParameterizedTest
    @CsvSource({"1, 1, 64", "2, 7, 64", "3, 64, 33", "4, 5, 64", "5, 257, 64", "6, 3, 1", "7, 64, 40", "9, 33, 64",
        "11, 2, 64", "32, 65, 64", "64, 64, 64", "8, 64, 32", "16, 31, 7", "64, 1, 32", "40, 130, 1", "12, 9, 32",
        "5, 0, 64", "8, 0, 32"})
    void multiplyTransposedIsASumOverRows(int rows, int inner, int columns) {
        long seed = 100L * rows + inner;
        Random random = new Random(seed);
        int xAt = 3 + PANEL - rows; // the last columns of the panel
        float[] x = TestNumbers.normal(random, 3 + inner * PANEL + PANEL, 1);
        float[] w = TestNumbers.normal(random, 2 + inner * PANEL, 1);
        float[] before = TestNumbers.normal(random, 1 + rows * PANEL + 5, 1);
        for (boolean accumulate : new boolean[] {false, true}) {
            String what = rows + " × " + columns + ", inner " + inner + ", " + accumulate + ", seed " + seed;
            float[] y = before.clone();
            float[] z = before.clone();
            scalar.multiplyTransposed(x, xAt, rows, inner, w, 2, columns, y, 1, accumulate);
            simd.multiplyTransposed(x, xAt, rows, inner, w, 2, columns, z, 1, accumulate);
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < columns; c++) {
                    int at = 1 + r * PANEL + c;
                    double sum = accumulate ? before[at] : 0;
                    double magnitude = Math.abs(sum);
                    for (int k = 0; k < inner; k++) {
                        double product = (double) x[xAt + k * PANEL + r] * w[2 + k * PANEL + c];
                        sum += product;
                        magnitude += Math.abs(product);
                    }
                    assertThat((double) y[at]).as(what).isCloseTo(sum, within(1e-6 * magnitude));
                    assertThat(z[at]).as("SIMD, " + what).isEqualTo(y[at]);
                }
            }
            int end = 1 + rows * PANEL;
            assertThat(Arrays.copyOfRange(z, end, z.length)).as("behind, " + what)
                    .isEqualTo(Arrays.copyOfRange(before, end, z.length));
            assertThat(z[0]).isEqualTo(before[0]);
        }
    }

    /** Tests three tiles of growing scores, so that maxima rise, in some columns more than in others. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 64})
    void softmaxColumnsIsASoftmaxOfAllRowsSoFar(int rows) {
        Random random = new Random(rows);
        float[][] tiles = new float[3][];
        for (int tile = 0; tile < 3; tile++) {
            tiles[tile] = TestNumbers.normal(random, rows * PANEL, 1);
            for (int i = 0; i < tiles[tile].length; i++) {
                tiles[tile][i] *= tile * tile * (i % PANEL);
                tiles[tile][i] = tile > 0 && i % 11 == 0 ? HIDDEN : tiles[tile][i];
            }
        }
        float[][] found = softmaxOfColumns(scalar, rows, tiles);
        for (int c = 0; c < PANEL; c++) {
            double largest = HIDDEN;
            for (float[] tile : tiles) {
                for (int r = 0; r < rows; r++) {
                    largest = Math.max(largest, tile[r * PANEL + c]);
                }
            }
            double sum = 0;
            for (float[] tile : tiles) {
                for (int r = 0; r < rows; r++) {
                    sum += Math.pow(2, tile[r * PANEL + c] - largest);
                }
            }
            float max = found[0][c];
            String what = "column " + c + ", seed " + rows;
            assertThat(largest - max).as(what).isLessThanOrEqualTo(Exp2.LAZY_MAX);
            assertThat(found[1][c] * Math.pow(2, max - largest)).as(what).isCloseTo(sum, within(1e-5 * sum));
            for (int r = 0; r < rows; r++) {
                double p = Math.pow(2, tiles[2][r * PANEL + c] - max);
                assertThat((double) found[2][r * PANEL + c]).as(what).isCloseTo(p, within(1e-6 * p + 1e-30));
            }
        }
        assertThat(softmaxOfColumns(simd, rows, tiles)).as("SIMD, seed " + rows).isDeepEqualTo(found);
    }

    /** Returns max, sum and the probabilities of the last tile. */
    private static float[][] softmaxOfColumns(GradientKernels kernels, int rows, float[][] tiles) {
        float[] max = new float[PANEL];
        Arrays.fill(max, HIDDEN);
        float[] sum = new float[PANEL];
        float[] factors = new float[PANEL];
        float[] p = null;
        for (float[] tile : tiles) {
            float[] before = max.clone();
            p = tile.clone();
            boolean raised = kernels.softmaxColumns(p, rows, max, sum, factors);
            assertThat(raised).isEqualTo(!Arrays.equals(max, before));
            for (int c = 0; c < PANEL; c++) {
                double factor = Math.pow(2, before[c] - max[c]);
                assertThat((double) factors[c]).isCloseTo(factor, within(1e-6 * factor + 1e-30));
            }
        }
        return new float[][] {max, sum, p};
    }

    @Test
    void softmaxColumnsKeepsNaN() {
        for (GradientKernels kernels : new GradientKernels[] {scalar, simd}) {
            float[] s = new float[2 * PANEL];
            s[PANEL + 17] = Float.NaN;
            float[] max = new float[PANEL];
            Arrays.fill(max, HIDDEN);
            float[] sum = new float[PANEL];
            kernels.softmaxColumns(s, 2, max, sum, new float[PANEL]);
            assertThat(sum[17]).as(kernels.getClass().getSimpleName()).isNaN();
            assertThat(s[PANEL + 17]).isNaN();
            assertThat(sum[16]).isEqualTo(2f);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 64})
    void softmaxGradientsAreProbabilitiesTimesDistancesFromTheMean(int rows) {
        Random random = new Random(rows);
        float[] scores = TestNumbers.normal(random, rows * PANEL + 1, 4);
        float[] d = TestNumbers.normal(random, rows * PANEL + 1, 1);
        float[] lse = new float[rows];
        float[] mean = TestNumbers.normal(random, rows + 2, 1);
        for (int r = 0; r < rows; r++) {
            scores[r * PANEL + r] = HIDDEN;
            lse[r] = 20 + random.nextFloat();
        }
        float[] p = scores.clone();
        float[] ds = d.clone();
        scalar.softmaxGradients(p, ds, rows, lse, mean, 2);
        for (int i = 0; i < rows * PANEL; i++) {
            double expected = Math.pow(2, scores[i] - lse[i / PANEL]);
            double gradient = expected * (d[i] - mean[2 + i / PANEL]);
            assertThat((double) p[i]).as("seed " + rows).isCloseTo(expected, within(1e-6 * expected + 1e-30));
            assertThat((double) ds[i]).as("seed " + rows).isCloseTo(gradient, within(1e-5 * expected + 1e-30));
        }
        float[] simdP = scores.clone();
        float[] simdDs = d.clone();
        simd.softmaxGradients(simdP, simdDs, rows, lse, mean, 2);
        assertThat(simdP).as("SIMD, seed " + rows).isEqualTo(p);
        assertThat(simdDs).as("SIMD, seed " + rows).isEqualTo(ds);
    }
}
