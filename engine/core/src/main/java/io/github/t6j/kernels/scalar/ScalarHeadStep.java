package io.github.t6j.kernels.scalar;

import static io.github.t6j.kernels.Exp2.ROUNDING;
import static io.github.t6j.kernels.HeadStep.COLUMNS;
import static io.github.t6j.kernels.HeadStep.RANKS;
import static io.github.t6j.kernels.Kernels.LANES;

import io.github.t6j.kernels.HeadStep;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Scalar kernels of state-space mixers. */
public final class ScalarHeadStep {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private ScalarHeadStep() {}

    /** Computes elements {@code from} to {@code n} of {@link io.github.t6j.kernels.Kernels#advancePhases}. */
    public static void phases(
            ScalarKernels k, float[] turns, int at, float[] rates, int ratesAt, float step, int from, int n,
            float[] cos, float[] sin) {
        for (int i = from; i < n; i++) {
            float t = k.fma(rates[ratesAt + i], step, turns[at + i]);
            t -= (t + ROUNDING) - ROUNDING;
            turns[at + i] = t;
            float u = t * t;
            float s = k.fma(Circle.S5, u, Circle.S4);
            s = k.fma(s, u, Circle.S3);
            s = k.fma(s, u, Circle.S2);
            s = k.fma(s, u, Circle.S1);
            s = k.fma(s, u, Circle.S0) * t;
            float c = k.fma(Circle.C5, u, Circle.C4);
            c = k.fma(c, u, Circle.C3);
            c = k.fma(c, u, Circle.C2);
            c = k.fma(c, u, Circle.C1);
            c = k.fma(c, u, 1f);
            cos[i] = (c - s) * (c + s);
            sin[i] = (s + s) * c;
        }
    }

    /** Implements {@link io.github.t6j.kernels.Kernels#advance}. */
    static void advance(
            ScalarKernels k, HeadStep step, MemorySegment from, long fromAt, MemorySegment to, long toAt) {
        Arrays.fill(step.y, 0, RANKS * step.columns, 0f);
        float[] row = new float[COLUMNS];
        for (int panel = 0; panel < step.columns; panel += COLUMNS) {
            for (int n = 0; n < step.stateDim; n++) {
                long element = 4L * (panel * step.stateDim + n * COLUMNS);
                MemorySegment.copy(from, FLOAT, fromAt + element, row, 0, COLUMNS);
                for (int p = 0; p < COLUMNS; p++) {
                    row[p] *= step.pendingDecay;
                }
                for (int r = 0; r < RANKS; r++) {
                    add(k, step.pendingKeys[r * step.stride + n], step.pendingValues, r * step.columns + panel, row, 0,
                            COLUMNS);
                }
                MemorySegment.copy(row, 0, to, FLOAT, toAt + element, COLUMNS);
                for (int r = 0; r < RANKS; r++) {
                    add(k, step.queries[r * step.stride + n], row, 0, step.y, r * step.columns + panel, COLUMNS);
                }
            }
        }
        for (int r = 0; r < RANKS; r++) {
            int y = r * step.columns;
            for (int p = y; p < y + step.columns; p++) {
                step.y[p] *= step.decay;
            }
            for (int i = 0; i < RANKS; i++) {
                float weight = product(k, step, step.lastKeys, i, r) * step.lastCoefficient;
                add(k, weight, step.lastValues, i * step.columns, step.y, y, step.columns);
            }
            for (int i = 0; i < RANKS; i++) {
                float weight = product(k, step, step.keys, i, r) * step.coefficient;
                weight = i == r ? weight + step.skip : weight;
                add(k, weight, step.values, i * step.columns, step.y, y, step.columns);
            }
        }
    }

    /** Returns the product of key {@code i} and query {@code r}, summed over lanes. */
    private static float product(ScalarKernels k, HeadStep step, float[] keys, int i, int r) {
        Arrays.fill(step.sums, 0, LANES, 0f);
        for (int n = 0; n < step.stride; n++) {
            int lane = n % LANES;
            step.sums[lane] = k.fma(keys[i * step.stride + n], step.queries[r * step.stride + n], step.sums[lane]);
        }
        return ScalarKernels.sum(step.sums, 0);
    }

    /** Adds y[p] += a · x[p] for {@code count} elements. */
    private static void add(ScalarKernels k, float a, float[] x, int xAt, float[] y, int yAt, int count) {
        for (int p = 0; p < count; p++) {
            y[yAt + p] = k.fma(a, x[xAt + p], y[yAt + p]);
        }
    }
}
