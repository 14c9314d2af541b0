package io.github.t6j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestData;
import io.github.t6j.kernels.choice.KernelChoice;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests norms against outputs of the official code, also on inputs so small that the epsilon matters. */
class RmsNormUnitsTest {
    private static final String UNITS = "golden/units/units.safetensors";

    @ParameterizedTest
    @CsvSource({"1.1920929e-7, y_implicit_eps, false", "1e-6, y_module_1e-06, true", "1e-5, y_module_1e-05, true"})
    void normsEqualTheOfficialOnes(float epsilon, String output, boolean weighted) {
        double[] x = TestData.doubles(UNITS, "rms/x");
        double[] w = TestData.doubles(UNITS, "rms/w");
        double[] expected = TestData.doubles(UNITS, "rms/" + output);
        assertThat(expected).hasSameSizeAs(x);
        int n = w.length;
        float[] row = new float[n];
        float[] weight = new float[n];
        float[] y = new float[n];
        for (int i = 0; i < n; i++) {
            weight[i] = (float) w[i];
        }
        for (int from = 0; from < x.length; from += n) {
            for (int i = 0; i < n; i++) {
                row[i] = (float) x[from + i];
            }
            KernelChoice.kernels()
                    .rmsNorm(row, 0, n, epsilon, weighted ? weight : null, y, 0, new float[Kernels.LANES]);
            for (int i = 0; i < n; i++) {
                double bound = 1e-6 * Math.abs(expected[from + i]);
                assertThat((double) y[i]).as("number " + (from + i)).isCloseTo(expected[from + i], within(bound));
            }
        }
    }
}
