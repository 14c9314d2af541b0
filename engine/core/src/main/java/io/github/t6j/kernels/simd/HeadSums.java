package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.lanes.Lanes.D1;
import static io.github.t6j.kernels.simd.lanes.Lanes.D2;
import static io.github.t6j.kernels.simd.lanes.Lanes.D3;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOAT_VECTOR;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;

import io.github.t6j.kernels.Kernels.HeadFactors;
import io.github.t6j.kernels.scalar.ScalarHeadFactors;
import io.github.t6j.kernels.scalar.ScalarKernels;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Scores and values of a head whose keys and values are sums of features. A head is rebuilt in an array, two terms at a
 * time, and multiplied by four queries at a time. C2 compiles neither loops over terms within these loops nor stores to
 * segments well.
 */
final class HeadSums {
    private static final int LINES = 4;

    private HeadSums() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#headScores}; lanes are tokens. */
    static void scores(HeadFactors f, float[] a, float[] q, int qAt, int lines, float[] y, int yAt) {
        int step = f.dim() * PANEL;
        Arrays.fill(a, f.head(), f.head() + step, 0f);
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            int r = 0;
            int features = f.keys() + lane;
            for (; r + 1 < f.terms(); r += 2, features += 2 * step) {
                addTwoKeys(a, r * PANEL + lane, features, step, f.head() + lane);
            }
            if (r < f.terms()) {
                addKeys(a, r * PANEL + lane, features, step, f.head() + lane);
            }
        }
        for (int t = 0; t < PANEL; t += LENGTH) {
            int line = 0;
            for (; line + LINES <= lines; line += LINES) {
                fourScores(a, f.head() + t, f.dim(), q, qAt + line * f.dim(), y, yAt + line * PANEL + t);
            }
            for (; line < lines; line++) {
                oneScore(a, f.head() + t, f.dim(), q, qAt + line * f.dim(), y, yAt + line * PANEL + t);
            }
        }
    }

    /** Adds two terms to four vectors of each element of the keys. */
    private static void addTwoKeys(float[] a, int at, int features, int step, int head) {
        FloatVector a0 = FloatVector.fromArray(FLOATS, a, at);
        FloatVector a1 = FloatVector.fromArray(FLOATS, a, at + D1);
        FloatVector a2 = FloatVector.fromArray(FLOATS, a, at + D2);
        FloatVector a3 = FloatVector.fromArray(FLOATS, a, at + D3);
        FloatVector b0 = FloatVector.fromArray(FLOATS, a, at + PANEL);
        FloatVector b1 = FloatVector.fromArray(FLOATS, a, at + PANEL + D1);
        FloatVector b2 = FloatVector.fromArray(FLOATS, a, at + PANEL + D2);
        FloatVector b3 = FloatVector.fromArray(FLOATS, a, at + PANEL + D3);
        for (int d = 0; d < step; d += PANEL) {
            int x = features + d;
            int next = x + step;
            int to = head + d;
            FloatVector k0 = a0.fma(FloatVector.fromArray(FLOATS, a, x), FloatVector.fromArray(FLOATS, a, to));
            FloatVector k1 =
                    a1.fma(FloatVector.fromArray(FLOATS, a, x + D1), FloatVector.fromArray(FLOATS, a, to + D1));
            FloatVector k2 =
                    a2.fma(FloatVector.fromArray(FLOATS, a, x + D2), FloatVector.fromArray(FLOATS, a, to + D2));
            FloatVector k3 =
                    a3.fma(FloatVector.fromArray(FLOATS, a, x + D3), FloatVector.fromArray(FLOATS, a, to + D3));
            b0.fma(FloatVector.fromArray(FLOATS, a, next), k0).intoArray(a, to);
            b1.fma(FloatVector.fromArray(FLOATS, a, next + D1), k1).intoArray(a, to + D1);
            b2.fma(FloatVector.fromArray(FLOATS, a, next + D2), k2).intoArray(a, to + D2);
            b3.fma(FloatVector.fromArray(FLOATS, a, next + D3), k3).intoArray(a, to + D3);
        }
    }

    /** Adds a term to four vectors of each element of the keys. */
    private static void addKeys(float[] a, int at, int features, int step, int head) {
        FloatVector a0 = FloatVector.fromArray(FLOATS, a, at);
        FloatVector a1 = FloatVector.fromArray(FLOATS, a, at + D1);
        FloatVector a2 = FloatVector.fromArray(FLOATS, a, at + D2);
        FloatVector a3 = FloatVector.fromArray(FLOATS, a, at + D3);
        for (int d = 0; d < step; d += PANEL) {
            int x = features + d;
            int to = head + d;
            a0.fma(FloatVector.fromArray(FLOATS, a, x), FloatVector.fromArray(FLOATS, a, to)).intoArray(a, to);
            a1.fma(FloatVector.fromArray(FLOATS, a, x + D1), FloatVector.fromArray(FLOATS, a, to + D1))
                    .intoArray(a, to + D1);
            a2.fma(FloatVector.fromArray(FLOATS, a, x + D2), FloatVector.fromArray(FLOATS, a, to + D2))
                    .intoArray(a, to + D2);
            a3.fma(FloatVector.fromArray(FLOATS, a, x + D3), FloatVector.fromArray(FLOATS, a, to + D3))
                    .intoArray(a, to + D3);
        }
    }

    private static void fourScores(float[] a, int head, int dim, float[] q, int qAt, float[] y, int yAt) {
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector y0 = zero, y1 = zero, y2 = zero, y3 = zero;
        for (int d = 0; d < dim; d++) {
            FloatVector k = FloatVector.fromArray(FLOATS, a, head + d * PANEL);
            y0 = FloatVector.broadcast(FLOATS, q[qAt + d]).fma(k, FLOAT_VECTOR.cast(y0));
            y1 = FloatVector.broadcast(FLOATS, q[qAt + dim + d]).fma(k, FLOAT_VECTOR.cast(y1));
            y2 = FloatVector.broadcast(FLOATS, q[qAt + 2 * dim + d]).fma(k, FLOAT_VECTOR.cast(y2));
            y3 = FloatVector.broadcast(FLOATS, q[qAt + 3 * dim + d]).fma(k, FLOAT_VECTOR.cast(y3));
        }
        FLOAT_VECTOR.cast(y0).intoArray(y, yAt);
        FLOAT_VECTOR.cast(y1).intoArray(y, yAt + PANEL);
        FLOAT_VECTOR.cast(y2).intoArray(y, yAt + 2 * PANEL);
        FLOAT_VECTOR.cast(y3).intoArray(y, yAt + 3 * PANEL);
    }

    private static void oneScore(float[] a, int head, int dim, float[] q, int qAt, float[] y, int yAt) {
        FloatVector sum = FloatVector.zero(FLOATS);
        for (int d = 0; d < dim; d++) {
            sum = FloatVector.broadcast(FLOATS, q[qAt + d])
                    .fma(FloatVector.fromArray(FLOATS, a, head + d * PANEL), FLOAT_VECTOR.cast(sum));
        }
        FLOAT_VECTOR.cast(sum).intoArray(y, yAt);
    }

    /** Implements {@link io.github.t6j.kernels.Kernels#headValues}; lanes are elements, and the twin computes the tail. */
    static void values(
            HeadFactors f, float[] a, float[] p, int pAt, int lines, int count, float[] y, int yAt, int yPanel,
            ScalarKernels scalar) {
        int dim = f.dim();
        int whole = dim - dim % LENGTH;
        Arrays.fill(a, f.head(), f.head() + count * dim, 0f);
        for (int t = 0; t < count; t++) {
            int row = t * dim;
            int r = 0;
            for (; r + 1 < f.terms(); r += 2) {
                addTwoValues(a, r * PANEL + t, f.values(r) + row, f.values(r + 1) + row, f.head() + row, whole);
            }
            if (r < f.terms()) {
                addValue(a, r * PANEL + t, f.values(r) + row, f.head() + row, whole);
            }
        }
        for (int d = 0; d < whole; d += LENGTH) {
            int to = yAt + d / PANEL * yPanel + d % PANEL;
            int line = 0;
            for (; line + LINES <= lines; line += LINES) {
                fourValues(a, f.head() + d, dim, count, p, pAt + line * PANEL, y, to + line * PANEL);
            }
            for (; line < lines; line++) {
                oneValue(a, f.head() + d, dim, count, p, pAt + line * PANEL, y, to + line * PANEL);
            }
        }
        if (whole < dim) {
            ScalarHeadFactors.values(scalar, f, a, p, pAt, lines, count, whole, y, yAt, yPanel);
        }
    }

    /** Adds two terms to a value. */
    private static void addTwoValues(float[] a, int at, int features, int next, int head, int whole) {
        FloatVector a0 = FloatVector.broadcast(FLOATS, a[at]);
        FloatVector a1 = FloatVector.broadcast(FLOATS, a[at + PANEL]);
        for (int d = 0; d < whole; d += LENGTH) {
            FloatVector v = a0.fma(
                    FloatVector.fromArray(FLOATS, a, features + d), FloatVector.fromArray(FLOATS, a, head + d));
            a1.fma(FloatVector.fromArray(FLOATS, a, next + d), v).intoArray(a, head + d);
        }
    }

    /** Adds a term to a value. */
    private static void addValue(float[] a, int at, int features, int head, int whole) {
        FloatVector v = FloatVector.broadcast(FLOATS, a[at]);
        for (int d = 0; d < whole; d += LENGTH) {
            v.fma(FloatVector.fromArray(FLOATS, a, features + d), FloatVector.fromArray(FLOATS, a, head + d))
                    .intoArray(a, head + d);
        }
    }

    private static void fourValues(
            float[] a, int head, int dim, int count, float[] p, int pAt, float[] y, int yAt) {
        FloatVector y0 = FloatVector.fromArray(FLOATS, y, yAt);
        FloatVector y1 = FloatVector.fromArray(FLOATS, y, yAt + PANEL);
        FloatVector y2 = FloatVector.fromArray(FLOATS, y, yAt + 2 * PANEL);
        FloatVector y3 = FloatVector.fromArray(FLOATS, y, yAt + 3 * PANEL);
        for (int t = 0; t < count; t++) {
            FloatVector v = FloatVector.fromArray(FLOATS, a, head + t * dim);
            y0 = FloatVector.broadcast(FLOATS, p[pAt + t]).fma(v, FLOAT_VECTOR.cast(y0));
            y1 = FloatVector.broadcast(FLOATS, p[pAt + PANEL + t]).fma(v, FLOAT_VECTOR.cast(y1));
            y2 = FloatVector.broadcast(FLOATS, p[pAt + 2 * PANEL + t]).fma(v, FLOAT_VECTOR.cast(y2));
            y3 = FloatVector.broadcast(FLOATS, p[pAt + 3 * PANEL + t]).fma(v, FLOAT_VECTOR.cast(y3));
        }
        FLOAT_VECTOR.cast(y0).intoArray(y, yAt);
        FLOAT_VECTOR.cast(y1).intoArray(y, yAt + PANEL);
        FLOAT_VECTOR.cast(y2).intoArray(y, yAt + 2 * PANEL);
        FLOAT_VECTOR.cast(y3).intoArray(y, yAt + 3 * PANEL);
    }

    private static void oneValue(float[] a, int head, int dim, int count, float[] p, int pAt, float[] y, int yAt) {
        FloatVector sum = FloatVector.fromArray(FLOATS, y, yAt);
        for (int t = 0; t < count; t++) {
            sum = FloatVector.broadcast(FLOATS, p[pAt + t])
                    .fma(FloatVector.fromArray(FLOATS, a, head + t * dim), FLOAT_VECTOR.cast(sum));
        }
        FLOAT_VECTOR.cast(sum).intoArray(y, yAt);
    }
}
