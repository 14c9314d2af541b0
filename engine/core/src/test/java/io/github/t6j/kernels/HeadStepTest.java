package io.github.t6j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestNumbers;
import io.github.t6j.kernels.scalar.ScalarKernels;
import io.github.t6j.kernels.simd.SimdKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the kernels of Mamba-3's state: the scalar twin against float64, the SIMD kernels against the twin's bits. */
@Tag("width")
class HeadStepTest {
    private static final int RANKS = HeadStep.RANKS;
    private static final int COLUMNS = HeadStep.COLUMNS;

    private final ScalarKernels scalar = new ScalarKernels(true);
    private final Kernels simd = new SimdKernels();
    private final Arena arena = Arena.ofShared();

    @AfterEach
    void free() {
        arena.close();
    }

    /** Fills the rows of an array [ranks][stride]; the elements beyond {@code size} stay zero. */
    private static void fill(float[] to, int stride, int size, Random random) {
        for (int r = 0; r < RANKS; r++) {
            System.arraycopy(TestNumbers.normal(random, size, 1), 0, to, r * stride, size);
        }
    }

    private static HeadStep step(int headDim, int stateDim, Random random) {
        HeadStep step = new HeadStep(headDim, stateDim);
        for (float[] keys : new float[][] {step.keys, step.lastKeys, step.pendingKeys, step.queries}) {
            fill(keys, step.stride, stateDim, random);
        }
        for (float[] values : new float[][] {step.values, step.lastValues, step.pendingValues}) {
            fill(values, step.columns, headDim, random);
        }
        step.pendingDecay = 0.9f;
        step.decay = 0.8f;
        step.lastCoefficient = 0.7f;
        step.coefficient = -0.6f;
        step.skip = 0.5f;
        return step;
    }

    private MemorySegment state(HeadStep step, int headDim, Random random) {
        MemorySegment state = arena.allocate(4L * step.columns * step.stateDim + 64, 64);
        for (int p = 0; p < headDim; p++) {
            for (int n = 0; n < step.stateDim; n++) {
                state.set(ValueLayout.JAVA_FLOAT, 64 + at(step, n, p), (float) random.nextGaussian());
            }
        }
        return state;
    }

    private static long at(HeadStep step, int n, int p) {
        return 4L * (p / COLUMNS * COLUMNS * step.stateDim + n * COLUMNS + p % COLUMNS);
    }

    @ParameterizedTest
    @CsvSource({"64, 128", "10, 8", "13, 20", "33, 37", "100, 3", "1, 1", "32, 16"})
    void aStepIsAnUpdateAndProducts(int headDim, int stateDim) {
        long seed = 100L * headDim + stateDim;
        String what = headDim + " × " + stateDim + ", seed " + seed;
        HeadStep step = step(headDim, stateDim, new Random(seed));
        MemorySegment from = state(step, headDim, new Random(seed));
        MemorySegment to = arena.allocate(from.byteSize(), 64);

        scalar.advance(step, from, 64, to, 0);

        double[][] x = new double[stateDim][headDim];
        for (int n = 0; n < stateDim; n++) {
            for (int p = 0; p < headDim; p++) {
                x[n][p] = step.pendingDecay * (double) from.get(ValueLayout.JAVA_FLOAT, 64 + at(step, n, p));
                for (int r = 0; r < RANKS; r++) {
                    x[n][p] += (double) step.pendingKeys[r * step.stride + n]
                            * step.pendingValues[r * step.columns + p];
                }
                assertThat((double) to.get(ValueLayout.JAVA_FLOAT, at(step, n, p))).as(what)
                        .isCloseTo(x[n][p], within(1e-5 * (1 + Math.abs(x[n][p]))));
            }
        }
        for (int r = 0; r < RANKS; r++) {
            for (int p = 0; p < headDim; p++) {
                assertThat((double) step.y[r * step.columns + p]).as(what + " rank " + r + " column " + p)
                        .isCloseTo(expected(step, x, r, p), within(1e-5 * stateDim * RANKS));
            }
        }

        float[] y = step.y.clone();
        MemorySegment same = arena.allocate(from.byteSize(), 64);
        simd.advance(step, from, 64, same, 0);
        assertThat(step.y).as(what).isEqualTo(y);
        assertThat(same.mismatch(to)).as(what).isEqualTo(-1);
        simd.advance(step, from, 64, from, 64);
        assertThat(from.asSlice(64).mismatch(to.asSlice(0, to.byteSize() - 64))).as(what + " in place").isEqualTo(-1);
        assertThat(step.y).as(what + " in place").isEqualTo(y);
    }

    private static double expected(HeadStep step, double[][] x, int r, int p) {
        double y = 0;
        double[][] products = new double[2][RANKS];
        for (int n = 0; n < x.length; n++) {
            double query = step.queries[r * step.stride + n];
            y += step.decay * query * x[n][p];
            for (int i = 0; i < RANKS; i++) {
                products[0][i] += step.lastKeys[i * step.stride + n] * query;
                products[1][i] += step.keys[i * step.stride + n] * query;
            }
        }
        for (int i = 0; i < RANKS; i++) {
            y += step.lastCoefficient * products[0][i] * step.lastValues[i * step.columns + p];
            y += step.coefficient * products[1][i] * step.values[i * step.columns + p];
        }
        return y + step.skip * (double) step.values[r * step.columns + p];
    }

    @Test
    void aShiftedTokenIsTheLastAndThenPending() {
        Random random = new Random(1);
        HeadStep step = step(5, 6, random);
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
    @CsvSource({"32, 0.3", "7, 0.01", "33, 900", "1, 0", "16, 1900000"})
    void phasesAdvanceAndStayWithinHalfATurn(int n, float step) {
        Random random = new Random(n);
        float[] turns = TestNumbers.uniform(random, n + 3, 0.5f);
        float[] rates = TestNumbers.uniform(random, n + 2);
        float[] before = turns.clone();
        float[] twin = turns.clone();
        float[] cos = new float[n];
        float[] sin = new float[n];
        scalar.advancePhases(twin, 3, rates, 2, step, n, cos, sin);
        for (int i = 0; i < n; i++) {
            String what = n + " × " + step + " at " + i + ", seed " + n;
            double turn = before[3 + i] + (double) rates[2 + i] * step;
            double error = Math.ulp((float) turn); // of the sum in float
            assertThat(Math.abs(twin[3 + i])).as(what).isLessThanOrEqualTo(0.5f);
            assertThat(Math.IEEEremainder(twin[3 + i] - turn, 1)).as(what).isCloseTo(0, within(error));
            assertThat((double) cos[i]).as(what).isCloseTo(Math.cos(2 * Math.PI * twin[3 + i]), within(5e-7));
            assertThat((double) sin[i]).as(what).isCloseTo(Math.sin(2 * Math.PI * twin[3 + i]), within(5e-7));
        }
        float[] simdCos = new float[n];
        float[] simdSin = new float[n];
        simd.advancePhases(turns, 3, rates, 2, step, n, simdCos, simdSin);
        assertThat(turns).isEqualTo(twin);
        assertThat(simdCos).isEqualTo(cos);
        assertThat(simdSin).isEqualTo(sin);
    }
}
