package io.github.t6j.kernels;

import static io.github.t6j.kernels.Kernels.PANEL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestNumbers;
import io.github.t6j.kernels.Kernels.HeadFactors;
import io.github.t6j.kernels.scalar.ScalarKernels;
import io.github.t6j.kernels.simd.SimdKernels;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the kernels of heads that are sums of features: the twin against float64, SIMD against the twin's bits. */
@Tag("width")
class HeadFactorsTest {
    private final ScalarKernels scalar = new ScalarKernels(true);
    private final Kernels simd = new SimdKernels();

    /** A head with random features and coefficients. */
    private record Head(HeadFactors factors, float[] a) {
        static Head of(int rank, boolean shift, int dim, Random random) {
            HeadFactors factors = new HeadFactors(rank, shift ? 2 * rank : rank, dim);
            return new Head(factors, TestNumbers.normal(random, factors.floats(), 1));
        }

        double key(int d, int t) {
            double key = 0;
            for (int r = 0; r < factors.terms(); r++) {
                key += (double) a[r * PANEL + t] * a[factors.keys() + (r * factors.dim() + d) * PANEL + t];
            }
            return key;
        }

        double value(int t, int d) {
            double value = 0;
            for (int r = 0; r < factors.terms(); r++) {
                int row = r % factors.rank() * (PANEL + 1) + t + (r < factors.rank() ? 1 : 0);
                value += (double) a[r * PANEL + t] * a[factors.values() + row * factors.dim() + d];
            }
            return value;
        }
    }

    @ParameterizedTest
    @CsvSource({"4, true, 128, 4", "4, true, 26, 5", "1, false, 7, 1", "3, true, 45, 9", "2, false, 130, 3"})
    void scoresAreSumsOverKeys(int rank, boolean shift, int dim, int lines) {
        Random random = new Random(100L * dim + lines);
        Head head = Head.of(rank, shift, dim, random);
        float[] q = TestNumbers.normal(random, lines * dim + 3, 1);
        float[] scores = new float[lines * PANEL + 2];
        scalar.headScores(head.factors(), head.a(), q, 3, lines, scores, 1);
        for (int line = 0; line < lines; line++) {
            for (int t = 0; t < PANEL; t++) {
                double expected = 0;
                for (int d = 0; d < dim; d++) {
                    expected += q[3 + line * dim + d] * head.key(d, t);
                }
                assertThat((double) scores[1 + line * PANEL + t]).as("line " + line + ", token " + t)
                        .isCloseTo(expected, within(1e-5 * dim * rank));
            }
        }
        float[] found = new float[scores.length];
        simd.headScores(head.factors(), head.a(), q, 3, lines, found, 1);
        assertThat(found).isEqualTo(scores);
    }

    @ParameterizedTest
    @CsvSource({"4, true, 128, 4, 64", "4, true, 26, 5, 63", "1, false, 7, 1, 1", "3, true, 45, 9, 17",
        "2, false, 130, 3, 40"})
    void valuesAreAddedByTheirProbabilities(int rank, boolean shift, int dim, int lines, int count) {
        Random random = new Random(100L * dim + lines);
        Head head = Head.of(rank, shift, dim, random);
        float[] p = TestNumbers.normal(random, lines * PANEL + 1, 1);
        float[] before = TestNumbers.normal(random, Kernels.padded(dim) * (lines + 1), 1);
        int panel = (lines + 1) * PANEL;
        float[] sums = before.clone();
        scalar.headValues(head.factors(), head.a(), p, 1, lines, count, sums, 0, panel);
        for (int line = 0; line < lines; line++) {
            for (int d = 0; d < dim; d++) {
                int at = d / PANEL * panel + line * PANEL + d % PANEL;
                double expected = before[at];
                for (int t = 0; t < count; t++) {
                    expected += p[1 + line * PANEL + t] * head.value(t, d);
                }
                assertThat((double) sums[at]).as("line " + line + ", element " + d)
                        .isCloseTo(expected, within(1e-5 * count * rank + 1e-5));
            }
        }
        float[] found = before.clone();
        simd.headValues(head.factors(), head.a(), p, 1, lines, count, found, 0, panel);
        assertThat(found).isEqualTo(sums);
    }
}
