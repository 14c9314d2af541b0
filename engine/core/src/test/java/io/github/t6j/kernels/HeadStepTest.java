package io.github.t6j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestNumbers;
import io.github.t6j.kernels.scalar.ScalarKernels;
import io.github.t6j.kernels.simd.SimdKernels;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the kernels of Mamba-3's state: the scalar twin against float64, the SIMD kernels against the twin's bits. */
@Tag("width")
class HeadStepTest {
    private static final int COLUMNS = HeadStep.COLUMNS;

    private final ScalarKernels scalar = new ScalarKernels(true);
    private final Kernels simd = new SimdKernels();

    /** Fills the first rows of an array [RANKS][stride]; the elements beyond {@code size} stay zero. */
    private static void fill(float[] to, int stride, int size, int ranks, Random random) {
        for (int r = 0; r < ranks; r++) {
            System.arraycopy(TestNumbers.normal(random, size, 1), 0, to, r * stride, size);
        }
    }

    /** Returns operands of head 1 of 3. */
    private static HeadStep step(int headDim, int stateDim, int ranks, Random random) {
        HeadStep step = new HeadStep(headDim, stateDim, ranks);
        for (float[] keys : new float[][] {step.lastKeys, step.pendingKeys}) {
            fill(keys, step.stride, stateDim, ranks, random);
        }
        for (float[] values : new float[][] {step.lastValues, step.pendingValues}) {
            fill(values, step.columns, headDim, ranks, random);
        }
        int keys = 3 * ranks * stateDim;
        int values = 3 * ranks * headDim;
        step.weights = new HeadStep.Weights(
                TestNumbers.normal(random, keys, 1), TestNumbers.normal(random, keys, 1),
                TestNumbers.normal(random, values, 1), TestNumbers.normal(random, values, 1),
                TestNumbers.normal(random, values, 1));
        step.head = 1;
        step.gatesAt = 3;
        step.keysAt = step.gatesAt + 2 * headDim + 5;
        step.row = TestNumbers.normal(random, step.keysAt + 2 * ranks * stateDim + step.angles, 1);
        System.arraycopy(TestNumbers.uniform(random, step.angles, 0.5f), 0, step.phases, 0, step.angles);
        step.turns = 0.7f;
        step.pendingDecay = 0.9f;
        step.decay = 0.8f;
        step.lastCoefficient = 0.7f;
        step.coefficient = -0.6f;
        step.skip = 0.5f;
        for (int p = 0; p < headDim; p++) {
            for (int n = 0; n < stateDim; n++) {
                step.state[at(step, n, p)] = (float) random.nextGaussian();
            }
        }
        return step;
    }

    private static int at(HeadStep step, int n, int p) {
        return p / COLUMNS * COLUMNS * step.stateDim + n * COLUMNS + p % COLUMNS;
    }

    @ParameterizedTest
    @CsvSource({"64, 128, 4", "10, 8, 2", "13, 20, 3", "33, 37, 4", "100, 5, 1", "1, 4, 4", "32, 64, 1"})
    void aStepComputesItsFormulas(int headDim, int stateDim, int ranks) {
        long seed = 100L * headDim + stateDim;
        String what = headDim + " × " + stateDim + " × " + ranks + ", seed " + seed;
        HeadStep step = step(headDim, stateDim, ranks, new Random(seed));
        float[] state = step.state.clone();
        float[] phases = step.phases.clone();
        float[] output = new float[headDim + 2];

        scalar.advance(step, output, 1);

        double[][] k = keys(step, phases, step.keysAt, step.weights.keyBias());
        double[][] q = keys(step, phases, step.keysAt + ranks * stateDim, step.weights.queryBias());
        double[][] x = matrix(step, state);
        for (int n = 0; n < stateDim; n++) {
            for (int p = 0; p < headDim; p++) {
                assertThat((double) step.state[at(step, n, p)]).as(what)
                        .isCloseTo(x[n][p], within(1e-5 * (1 + Math.abs(x[n][p]))));
            }
        }
        for (int p = 0; p < headDim; p++) {
            assertThat((double) output[1 + p]).as(what + " element " + p)
                    .isCloseTo(output(step, x, k, q, p), within(2e-5 * stateDim * ranks * ranks));
        }
        assertThat(new float[] {output[0], output[headDim + 1]}).as(what).containsOnly(0f);

        HeadStep other = step(headDim, stateDim, ranks, new Random(seed));
        float[] found = new float[headDim + 2];
        simd.advance(other, found, 1);
        assertThat(found).as(what).isEqualTo(output);
        assertThat(other.phases).as(what).isEqualTo(step.phases);
        assertThat(other.keys).as(what).isEqualTo(step.keys);
        assertThat(other.values).as(what).isEqualTo(step.values);
        assertThat(other.state).as(what).isEqualTo(step.state);
    }

    private static double[][] keys(HeadStep step, float[] phases, int at, float[] biases) {
        int n = step.stateDim;
        double[][] keys = new double[step.ranks][n];
        for (int r = 0; r < step.ranks; r++) {
            for (int i = 0; i < n; i++) {
                keys[r][i] = (double) step.row[at + r * n + i] + biases[(step.head * step.ranks + r) * n + i];
            }
            for (int f = 0; f < n / 4; f++) {
                double angle = 2 * Math.PI
                        * (phases[f] + (double) step.turns * step.row[step.keysAt + 2 * step.ranks * n + f]);
                double a = keys[r][f];
                double b = keys[r][n / 2 + f];
                keys[r][f] = a * Math.cos(angle) - b * Math.sin(angle);
                keys[r][n / 2 + f] = a * Math.sin(angle) + b * Math.cos(angle);
            }
        }
        return keys;
    }

    private static double[][] matrix(HeadStep step, float[] state) {
        double[][] x = new double[step.stateDim][step.headDim];
        for (int n = 0; n < step.stateDim; n++) {
            for (int p = 0; p < step.headDim; p++) {
                x[n][p] = step.pendingDecay * (double) state[at(step, n, p)];
                for (int r = 0; r < step.ranks; r++) {
                    x[n][p] += (double) step.pendingKeys[r * step.stride + n]
                            * step.pendingValues[r * step.columns + p];
                }
            }
        }
        return x;
    }

    private static double output(HeadStep step, double[][] x, double[][] k, double[][] q, int p) {
        double output = 0;
        for (int r = 0; r < step.ranks; r++) {
            double y = step.skip * value(step, r, p);
            for (int n = 0; n < step.stateDim; n++) {
                y += step.decay * q[r][n] * x[n][p];
                for (int i = 0; i < step.ranks; i++) {
                    y += step.lastCoefficient * step.lastKeys[i * step.stride + n] * q[r][n]
                            * step.lastValues[i * step.columns + p];
                    y += step.coefficient * k[i][n] * q[r][n] * value(step, i, p);
                }
            }
            int factor = (step.head * step.ranks + r) * step.headDim + p;
            double z = (double) step.row[step.gatesAt + p] * step.weights.gates()[factor];
            output += y * z / (1 + Math.exp(-z)) * step.weights.outputs()[factor];
        }
        return output;
    }

    private static double value(HeadStep step, int r, int p) {
        return (double) step.row[step.gatesAt + step.headDim + p]
                * step.weights.values()[(step.head * step.ranks + r) * step.headDim + p];
    }

    @Test
    void aShiftedTokenIsTheLastAndThenPending() {
        HeadStep step = step(5, 6, 4, new Random(1));
        fill(step.keys, step.stride, 6, 4, new Random(2));
        fill(step.values, step.columns, 5, 4, new Random(3));
        float[] keys = step.keys.clone();
        float[] values = step.values.clone();
        float[] lastKeys = step.lastKeys.clone();
        float[] lastValues = step.lastValues.clone();
        step.shift();
        assertThat(step.lastKeys).isEqualTo(keys);
        assertThat(step.lastValues).isEqualTo(values);
        assertThat(step.pendingKeys).isEqualTo(lastKeys);
        assertThat(step.pendingValues[3]).isEqualTo(0.7f * lastValues[3]);
        assertThat(step.pendingDecay).isEqualTo(0.8f);
        assertThat(step.keys).isNotSameAs(step.lastKeys).isNotSameAs(step.pendingKeys);
        assertThat(step.values).isNotSameAs(step.lastValues);
    }

    @ParameterizedTest
    @CsvSource({"128, 0.3", "30, 0.01", "132, 900", "4, 0", "64, 1900000"})
    void phasesStayWithinHalfATurn(int stateDim, float turns) {
        HeadStep step = step(1, stateDim, 1, new Random(stateDim));
        float[] before = step.phases.clone();
        step.turns = turns;
        scalar.advance(step, new float[1], 0);
        for (int i = 0; i < step.angles; i++) {
            String what = stateDim + " × " + turns + " at " + i;
            double turn = before[i] + (double) step.row[step.keysAt + 2 * stateDim + i] * turns;
            assertThat(Math.abs(step.phases[i])).as(what).isLessThanOrEqualTo(0.5f);
            assertThat(Math.IEEEremainder(step.phases[i] - turn, 1)).as(what)
                    .isCloseTo(0, within((double) Math.ulp((float) turn)));
            double angle = 2 * Math.PI * step.phases[i];
            assertThat((double) step.cos[i]).as(what).isCloseTo(Math.cos(angle), within(5e-7));
            assertThat((double) step.sin[i]).as(what).isCloseTo(Math.sin(angle), within(5e-7));
        }
    }
}
