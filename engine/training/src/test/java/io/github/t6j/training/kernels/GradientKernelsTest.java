package io.github.t6j.training.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestNumbers;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.scalar.ScalarKernels;
import io.github.t6j.training.kernels.choice.GradientChoice;
import io.github.t6j.training.kernels.scalar.ScalarGradientKernels;
import io.github.t6j.training.kernels.simd.SimdGradientKernels;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the scalar twin against float64, and the SIMD kernels against the twin, bit for bit, on odd sizes. */
@Tag("width")
class GradientKernelsTest {
    private final ScalarKernels plain = new ScalarKernels(true);
    private final GradientKernels scalar = new ScalarGradientKernels(plain);
    private final GradientKernels simd = new SimdGradientKernels();
    private final float[] lanes = TestNumbers.normal(new Random(0), Kernels.LANES, 1); // leftovers of another use

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,2,32", "11,6,32", "5,3,7", "2,5,33", "4,1,64", "7,2,16", "3,4,100"})
    void factorMeansAndTheirDerivatives(int heads, int rank, int size) {
        int aAt = rank * size + 7;
        int bAt = 3;
        Random random = new Random(heads * 1000L + rank * 100L + size);
        float[] f = TestNumbers.normal(random, aAt + heads * rank, 1);
        float[] dx = TestNumbers.normal(random, 5 + heads * size, 1);
        float[] x = new float[1 + heads * size];
        float[] d = new float[f.length];
        scalar.factorMeans(f, aAt, bAt, heads, rank, size, x, 1);
        scalar.factorGradients(f, aAt, bAt, heads, rank, size, dx, 5, d, lanes);

        double[] da = new double[heads * rank];
        double[] db = new double[rank * size];
        for (int h = 0; h < heads; h++) {
            for (int i = 0; i < size; i++) {
                double mean = 0;
                for (int r = 0; r < rank; r++) {
                    double a = f[aAt + h * rank + r];
                    double b = f[bAt + r * size + i];
                    mean += a * b / rank;
                    da[h * rank + r] += dx[5 + h * size + i] * b / rank;
                    db[r * size + i] += dx[5 + h * size + i] * a / rank;
                }
                assertThat((double) x[1 + h * size + i]).as("x[%d][%d]", h, i).isCloseTo(mean, within(1e-5));
            }
        }
        for (int i = 0; i < da.length; i++) {
            assertThat((double) d[aAt + i]).as("da[%d]", i).isCloseTo(da[i], within(3e-5));
        }
        for (int i = 0; i < db.length; i++) {
            assertThat((double) d[bAt + i]).as("db[%d]", i).isCloseTo(db[i], within(3e-5));
        }

        float[] y = new float[x.length];
        float[] e = new float[f.length];
        simd.factorMeans(f, aAt, bAt, heads, rank, size, y, 1);
        simd.factorGradients(f, aAt, bAt, heads, rank, size, dx, 5, e, lanes);
        assertThat(y).isEqualTo(x);
        assertThat(e).isEqualTo(d);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 15, 16, 64, 101})
    void swiGluGradient(int n) {
        Random random = new Random(n);
        float[] x = TestNumbers.normal(random, 5 + 2 * n, 3);
        x[2] = -200; // its exponential overflows
        float[] da = TestNumbers.normal(random, 1 + n, 1);
        float[] y = x.clone();
        float[] a = da.clone();
        scalar.swiGluGradient(y, 2, 5 + n, n, a, 1);
        for (int i = 0; i < n; i++) {
            double g = x[2 + i];
            double u = x[5 + n + i];
            double sigmoid = 1 / (1 + Math.exp(-g));
            double slope = sigmoid * (1 + g * (1 - sigmoid));
            assertThat((double) a[1 + i]).as("a[%d]", i).isCloseTo(g * sigmoid * u, within(1e-5));
            assertThat((double) y[2 + i]).as("dg[%d]", i).isCloseTo(da[1 + i] * u * slope, within(2e-5));
            assertThat((double) y[5 + n + i]).as("du[%d]", i).isCloseTo(da[1 + i] * g * sigmoid, within(1e-5));
        }
        float[] z = x.clone();
        float[] b = da.clone();
        simd.swiGluGradient(z, 2, 5 + n, n, b, 1);
        assertThat(z).isEqualTo(y);
        assertThat(b).isEqualTo(a);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 15, 16, 257})
    void softmax(int n) {
        float[] x = TestNumbers.normal(new Random(n), 3 + n, 20);
        float[] y = x.clone();
        scalar.softmax(y, 2, n, 30.5f, 0.125f);
        for (int i = 2; i < 2 + n; i++) {
            double expected = Math.exp(x[i] - 30.5) / 8;
            double tolerance = 1e-7 * (4 + Math.abs(x[i] - 30.5)) * expected; // the exponent's rounding grows with it
            assertThat((double) y[i]).as("x[%d]", i).isCloseTo(expected, within(tolerance + 1e-38));
        }
        assertThat(y[0]).isEqualTo(x[0]);
        assertThat(y[2 + n]).isEqualTo(x[2 + n]);
        float[] z = x.clone();
        simd.softmax(z, 2, n, 30.5f, 0.125f);
        assertThat(z).isEqualTo(y);
    }

    @Test
    void theTwinGoesWithTheTwin() {
        assertThat(GradientChoice.matching(plain)).isInstanceOf(ScalarGradientKernels.class);
    }
}
