package io.github.t6j.kernels.scalar;

import static io.github.t6j.kernels.Exp2.ROUNDING;
import static io.github.t6j.kernels.HeadStep.COLUMNS;
import static io.github.t6j.kernels.HeadStep.RANKS;
import static io.github.t6j.kernels.Kernels.LANES;

import io.github.t6j.kernels.HeadStep;
import java.util.Arrays;

/** Scalar kernel of a Mamba-3 head. Parts that begin at an element also compute the tails of the SIMD kernel. */
public final class ScalarHeadStep {
    private ScalarHeadStep() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#advance}. */
    static void advance(ScalarKernels k, HeadStep s, float[] output, int outputAt) {
        phases(k, s, 0);
        for (int r = 0; r < s.ranks; r++) {
            int key = r * s.stateDim;
            rotate(s, s.keysAt + key, s.weights.keyBias(), s.keys, r, 0, 0);
            rotate(s, s.keysAt + s.ranks * s.stateDim + key, s.weights.queryBias(), s.queries, r, 0, 0);
        }
        multiply(s, s.gatesAt + s.headDim, s.weights.values(), s.values, 0, 0);
        advanceState(k, s);
        addProducts(k, s);
        int gates = RANKS * s.columns;
        multiply(s, s.gatesAt, s.weights.gates(), s.y, gates, 0);
        k.swiGlu(s.y, gates, 0, s.ranks * s.columns, s.gated, 0);
        sum(k, s, 0, output, outputAt);
    }

    /** Advances the phases from {@code first} on, and computes their cosines and sines. */
    public static void phases(ScalarKernels k, HeadStep step, int first) {
        int rates = step.keysAt + 2 * step.ranks * step.stateDim;
        for (int i = first; i < step.angles; i++) {
            float t = k.fma(step.row[rates + i], step.turns, step.phases[i]);
            t -= (t + ROUNDING) - ROUNDING;
            step.phases[i] = t;
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
            step.cos[i] = (c - s) * (c + s);
            step.sin[i] = (s + s) * c;
        }
    }

    /**
     * Adds the biases to a key or query and rotates it: pairs from {@code firstPair}, and others from {@code first} on in
     * each half.
     */
    public static void rotate(
            HeadStep s, int rowAt, float[] biases, float[] to, int r, int firstPair, int first) {
        int half = s.stateDim / 2;
        int bias = (s.head * s.ranks + r) * s.stateDim;
        int at = r * s.stride;
        for (int f = firstPair; f < s.angles; f++) {
            float a = s.row[rowAt + f] + biases[bias + f];
            float b = s.row[rowAt + half + f] + biases[bias + half + f];
            to[at + f] = a * s.cos[f] - b * s.sin[f];
            to[at + half + f] = a * s.sin[f] + b * s.cos[f];
        }
        for (int i = Math.max(first, s.angles); i < half; i++) {
            to[at + i] = s.row[rowAt + i] + biases[bias + i];
        }
        for (int i = half + Math.max(first, s.angles); i < s.stateDim; i++) {
            to[at + i] = s.row[rowAt + i] + biases[bias + i];
        }
    }

    /** Multiplies elements of the row, from {@code first} on, by the factors of each rank. */
    public static void multiply(HeadStep s, int rowAt, float[] factors, float[] to, int toAt, int first) {
        for (int r = 0; r < s.ranks; r++) {
            int factor = (s.head * s.ranks + r) * s.headDim;
            int at = toAt + r * s.columns;
            for (int p = first; p < s.headDim; p++) {
                to[at + p] = s.row[rowAt + p] * factors[factor + p];
            }
        }
    }

    /** Sums the gated products of all ranks, from element {@code first} on. */
    public static void sum(ScalarKernels k, HeadStep s, int first, float[] output, int outputAt) {
        for (int p = first; p < s.headDim; p++) {
            float sum = 0f;
            for (int r = 0; r < s.ranks; r++) {
                sum = k.fma(s.gated[r * s.columns + p],
                        s.weights.outputs()[(s.head * s.ranks + r) * s.headDim + p], sum);
            }
            output[outputAt + p] = sum;
        }
    }

    private static void advanceState(ScalarKernels k, HeadStep s) {
        Arrays.fill(s.y, 0, RANKS * s.columns, 0f);
        for (int panel = 0; panel < s.columns; panel += COLUMNS) {
            for (int n = 0; n < s.stateDim; n++) {
                int row = panel * s.stateDim + n * COLUMNS;
                for (int p = row; p < row + COLUMNS; p++) {
                    s.state[p] *= s.pendingDecay;
                }
                for (int r = 0; r < RANKS; r++) {
                    int values = r * s.columns + panel;
                    add(k, s.pendingKeys[r * s.stride + n], s.pendingValues, values, s.state, row, COLUMNS);
                }
                for (int r = 0; r < RANKS; r++) {
                    add(k, s.queries[r * s.stride + n], s.state, row, s.y, r * s.columns + panel, COLUMNS);
                }
            }
        }
    }

    private static void addProducts(ScalarKernels k, HeadStep s) {
        for (int r = 0; r < RANKS; r++) {
            int y = r * s.columns;
            for (int p = y; p < y + s.columns; p++) {
                s.y[p] *= s.decay;
            }
            for (int i = 0; i < RANKS; i++) {
                float weight = product(k, s, s.lastKeys, i, r) * s.lastCoefficient;
                add(k, weight, s.lastValues, i * s.columns, s.y, y, s.columns);
            }
            for (int i = 0; i < RANKS; i++) {
                float weight = product(k, s, s.keys, i, r) * s.coefficient;
                add(k, i == r ? weight + s.skip : weight, s.values, i * s.columns, s.y, y, s.columns);
            }
        }
    }

    /** Returns the product of key {@code i} and query {@code r}, summed over lanes. */
    private static float product(ScalarKernels k, HeadStep s, float[] keys, int i, int r) {
        Arrays.fill(s.sums, 0, LANES, 0f);
        for (int n = 0; n < s.stride; n++) {
            int lane = n % LANES;
            s.sums[lane] = k.fma(keys[i * s.stride + n], s.queries[r * s.stride + n], s.sums[lane]);
        }
        return ScalarKernels.sum(s.sums, 0);
    }

    /** Adds y[p] += a · x[p] for {@code count} elements. */
    private static void add(ScalarKernels k, float a, float[] x, int xAt, float[] y, int yAt, int count) {
        for (int p = 0; p < count; p++) {
            y[yAt + p] = k.fma(a, x[xAt + p], y[yAt + p]);
        }
    }
}
