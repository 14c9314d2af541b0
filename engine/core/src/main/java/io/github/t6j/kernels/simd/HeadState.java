package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.HeadStep.COLUMNS;
import static io.github.t6j.kernels.HeadStep.RANKS;
import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOAT_VECTOR;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;

import io.github.t6j.kernels.HeadStep;
import io.github.t6j.kernels.processor.Processor;
import io.github.t6j.kernels.scalar.ScalarKernels;
import jdk.incubator.vector.FloatVector;

/** State of a head of a Mamba-3 mixer; lanes are columns, in products of keys and queries they are rows. */
final class HeadState {
    private HeadState() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#advance}. */
    static void advance(HeadStep s, float[] output, int outputAt, ScalarKernels scalar) {
        HeadRows.phases(s, scalar);
        HeadRows.rotate(s, s.keysAt, s.weights.keyBias(), s.keys);
        HeadRows.rotate(s, s.keysAt + s.ranks * s.stateDim, s.weights.queryBias(), s.queries);
        HeadRows.multiply(s, s.gatesAt + s.headDim, s.weights.values(), s.values, 0);
        // Every other token goes backwards: the panels that it meets first are still in L1.
        s.backwards = !s.backwards;
        int panels = s.columns / COLUMNS;
        for (int i = 0; i < panels; i++) {
            int panel = s.backwards ? panels - 1 - i : i;
            for (int c = 0; c < COLUMNS; c += Processor.FEW_REGISTERS ? LENGTH : 2 * LENGTH) {
                int at = panel * COLUMNS * s.stateDim + c;
                if (Processor.FEW_REGISTERS) {
                    column(s, at, panel * COLUMNS + c);
                } else {
                    columns(s, at, panel * COLUMNS + c);
                }
            }
        }
        weigh(s, s.lastKeys, s.lastCoefficient, 0f, 0);
        weigh(s, s.keys, s.coefficient, s.skip, RANKS * RANKS);
        addValues(s);
        int gates = RANKS * s.columns;
        HeadRows.multiply(s, s.gatesAt, s.weights.gates(), s.y, gates);
        ElementWise.swiGlu(s.y, gates, 0, s.ranks * s.columns, s.gated, 0, scalar);
        HeadRows.sum(s, output, outputAt, scalar);
    }

    /** Advances two vectors of columns, from {@code c}: eight sums, eight values, and two vectors of the state. */
    private static void columns(HeadStep s, int at, int c) {
        float[] v = s.pendingValues;
        int next = s.columns;
        FloatVector v00 = FloatVector.fromArray(FLOATS, v, c);
        FloatVector v01 = FloatVector.fromArray(FLOATS, v, c + LENGTH);
        FloatVector v10 = FloatVector.fromArray(FLOATS, v, c + next);
        FloatVector v11 = FloatVector.fromArray(FLOATS, v, c + next + LENGTH);
        FloatVector v20 = FloatVector.fromArray(FLOATS, v, c + 2 * next);
        FloatVector v21 = FloatVector.fromArray(FLOATS, v, c + 2 * next + LENGTH);
        FloatVector v30 = FloatVector.fromArray(FLOATS, v, c + 3 * next);
        FloatVector v31 = FloatVector.fromArray(FLOATS, v, c + 3 * next + LENGTH);
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector y00 = zero, y01 = zero;
        FloatVector y10 = zero, y11 = zero;
        FloatVector y20 = zero, y21 = zero;
        FloatVector y30 = zero, y31 = zero;
        FloatVector decay = FloatVector.broadcast(FLOATS, s.pendingDecay);
        float[] x = s.state;
        float[] k = s.pendingKeys;
        float[] q = s.queries;
        int stride = s.stride;
        int stride2 = 2 * stride;
        int stride3 = 3 * stride;
        for (int n = 0; n < s.stateDim; n++) {
            int row = at + COLUMNS * n;
            FloatVector x0 = FloatVector.fromArray(FLOATS, x, row).mul(decay);
            FloatVector x1 = FloatVector.fromArray(FLOATS, x, row + LENGTH).mul(decay);
            FloatVector k0 = FloatVector.broadcast(FLOATS, k[n]);
            x0 = k0.fma(v00, x0);
            x1 = k0.fma(v01, x1);
            FloatVector k1 = FloatVector.broadcast(FLOATS, k[stride + n]);
            x0 = k1.fma(v10, x0);
            x1 = k1.fma(v11, x1);
            FloatVector k2 = FloatVector.broadcast(FLOATS, k[stride2 + n]);
            x0 = k2.fma(v20, x0);
            x1 = k2.fma(v21, x1);
            FloatVector k3 = FloatVector.broadcast(FLOATS, k[stride3 + n]);
            x0 = k3.fma(v30, x0);
            x1 = k3.fma(v31, x1);
            x0.intoArray(x, row);
            x1.intoArray(x, row + LENGTH);
            FloatVector q0 = FloatVector.broadcast(FLOATS, q[n]);
            y00 = q0.fma(x0, FLOAT_VECTOR.cast(y00));
            y01 = q0.fma(x1, FLOAT_VECTOR.cast(y01));
            FloatVector q1 = FloatVector.broadcast(FLOATS, q[stride + n]);
            y10 = q1.fma(x0, FLOAT_VECTOR.cast(y10));
            y11 = q1.fma(x1, FLOAT_VECTOR.cast(y11));
            FloatVector q2 = FloatVector.broadcast(FLOATS, q[stride2 + n]);
            y20 = q2.fma(x0, FLOAT_VECTOR.cast(y20));
            y21 = q2.fma(x1, FLOAT_VECTOR.cast(y21));
            FloatVector q3 = FloatVector.broadcast(FLOATS, q[stride3 + n]);
            y30 = q3.fma(x0, FLOAT_VECTOR.cast(y30));
            y31 = q3.fma(x1, FLOAT_VECTOR.cast(y31));
        }
        FLOAT_VECTOR.cast(y00).intoArray(s.y, c);
        FLOAT_VECTOR.cast(y01).intoArray(s.y, c + LENGTH);
        FLOAT_VECTOR.cast(y10).intoArray(s.y, c + next);
        FLOAT_VECTOR.cast(y11).intoArray(s.y, c + next + LENGTH);
        FLOAT_VECTOR.cast(y20).intoArray(s.y, c + 2 * next);
        FLOAT_VECTOR.cast(y21).intoArray(s.y, c + 2 * next + LENGTH);
        FLOAT_VECTOR.cast(y30).intoArray(s.y, c + 3 * next);
        FLOAT_VECTOR.cast(y31).intoArray(s.y, c + 3 * next + LENGTH);
    }

    /** Advances one vector of columns, on 16 registers. */
    private static void column(HeadStep s, int at, int c) {
        int next = s.columns;
        FloatVector v0 = FloatVector.fromArray(FLOATS, s.pendingValues, c);
        FloatVector v1 = FloatVector.fromArray(FLOATS, s.pendingValues, c + next);
        FloatVector v2 = FloatVector.fromArray(FLOATS, s.pendingValues, c + 2 * next);
        FloatVector v3 = FloatVector.fromArray(FLOATS, s.pendingValues, c + 3 * next);
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector y0 = zero, y1 = zero, y2 = zero, y3 = zero;
        FloatVector decay = FloatVector.broadcast(FLOATS, s.pendingDecay);
        float[] x = s.state;
        float[] k = s.pendingKeys;
        float[] q = s.queries;
        int stride = s.stride;
        for (int n = 0; n < s.stateDim; n++) {
            int row = at + COLUMNS * n;
            FloatVector x0 = FloatVector.fromArray(FLOATS, x, row).mul(decay);
            x0 = FloatVector.broadcast(FLOATS, k[n]).fma(v0, x0);
            x0 = FloatVector.broadcast(FLOATS, k[stride + n]).fma(v1, x0);
            x0 = FloatVector.broadcast(FLOATS, k[2 * stride + n]).fma(v2, x0);
            x0 = FloatVector.broadcast(FLOATS, k[3 * stride + n]).fma(v3, x0);
            x0.intoArray(x, row);
            y0 = FloatVector.broadcast(FLOATS, q[n]).fma(x0, FLOAT_VECTOR.cast(y0));
            y1 = FloatVector.broadcast(FLOATS, q[stride + n]).fma(x0, FLOAT_VECTOR.cast(y1));
            y2 = FloatVector.broadcast(FLOATS, q[2 * stride + n]).fma(x0, FLOAT_VECTOR.cast(y2));
            y3 = FloatVector.broadcast(FLOATS, q[3 * stride + n]).fma(x0, FLOAT_VECTOR.cast(y3));
        }
        FLOAT_VECTOR.cast(y0).intoArray(s.y, c);
        FLOAT_VECTOR.cast(y1).intoArray(s.y, c + next);
        FLOAT_VECTOR.cast(y2).intoArray(s.y, c + 2 * next);
        FLOAT_VECTOR.cast(y3).intoArray(s.y, c + 3 * next);
    }

    /** Computes weights[at + 4r + i] = coefficient · (keys[i] · queries[r]) + (i = r ? skip : 0). */
    private static void weigh(HeadStep s, float[] keys, float coefficient, float skip, int at) {
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            multiplyPair(s, keys, 0, lane);
            multiplyPair(s, keys, 2, lane);
        }
        for (int i = 0; i < RANKS * RANKS; i++) {
            s.products[at + i] = sumLanes(s.sums, i * LANES) * coefficient;
        }
        for (int r = 0; r < RANKS; r++) {
            s.products[at + r * RANKS + r] += skip;
        }
    }

    /** Computes y = decay · y, plus the last values and the token's, each times its weight. */
    private static void addValues(HeadStep s) {
        float[] w = s.products;
        int next = s.columns;
        FloatVector decay = FloatVector.broadcast(FLOATS, s.decay);
        for (int c = 0; c < next; c += LENGTH) {
            FloatVector y0 = FloatVector.fromArray(FLOATS, s.y, c).mul(decay);
            FloatVector y1 = FloatVector.fromArray(FLOATS, s.y, c + next).mul(decay);
            FloatVector y2 = FloatVector.fromArray(FLOATS, s.y, c + 2 * next).mul(decay);
            FloatVector y3 = FloatVector.fromArray(FLOATS, s.y, c + 3 * next).mul(decay);
            for (int i = 0, at = c; i < RANKS; i++, at += next) {
                FloatVector v = FloatVector.fromArray(FLOATS, s.lastValues, at);
                y0 = v.fma(FloatVector.broadcast(FLOATS, w[i]), FLOAT_VECTOR.cast(y0));
                y1 = v.fma(FloatVector.broadcast(FLOATS, w[RANKS + i]), FLOAT_VECTOR.cast(y1));
                y2 = v.fma(FloatVector.broadcast(FLOATS, w[2 * RANKS + i]), FLOAT_VECTOR.cast(y2));
                y3 = v.fma(FloatVector.broadcast(FLOATS, w[3 * RANKS + i]), FLOAT_VECTOR.cast(y3));
            }
            for (int i = 0, at = c; i < RANKS; i++, at += next) {
                FloatVector v = FloatVector.fromArray(FLOATS, s.values, at);
                y0 = v.fma(FloatVector.broadcast(FLOATS, w[4 * RANKS + i]), FLOAT_VECTOR.cast(y0));
                y1 = v.fma(FloatVector.broadcast(FLOATS, w[5 * RANKS + i]), FLOAT_VECTOR.cast(y1));
                y2 = v.fma(FloatVector.broadcast(FLOATS, w[6 * RANKS + i]), FLOAT_VECTOR.cast(y2));
                y3 = v.fma(FloatVector.broadcast(FLOATS, w[7 * RANKS + i]), FLOAT_VECTOR.cast(y3));
            }
            FLOAT_VECTOR.cast(y0).intoArray(s.y, c);
            FLOAT_VECTOR.cast(y1).intoArray(s.y, c + next);
            FLOAT_VECTOR.cast(y2).intoArray(s.y, c + 2 * next);
            FLOAT_VECTOR.cast(y3).intoArray(s.y, c + 3 * next);
        }
    }

    /** Multiplies two queries by all keys, in the lanes from {@code lane}. */
    private static void multiplyPair(HeadStep s, float[] keys, int query, int lane) {
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        FloatVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        int stride = s.stride;
        for (int n = lane; n < stride; n += LANES) {
            FloatVector k0 = FloatVector.fromArray(FLOATS, keys, n);
            FloatVector k1 = FloatVector.fromArray(FLOATS, keys, stride + n);
            FloatVector k2 = FloatVector.fromArray(FLOATS, keys, 2 * stride + n);
            FloatVector k3 = FloatVector.fromArray(FLOATS, keys, 3 * stride + n);
            FloatVector q0 = FloatVector.fromArray(FLOATS, s.queries, query * stride + n);
            FloatVector q1 = FloatVector.fromArray(FLOATS, s.queries, (query + 1) * stride + n);
            s00 = k0.fma(q0, FLOAT_VECTOR.cast(s00));
            s01 = k1.fma(q0, FLOAT_VECTOR.cast(s01));
            s02 = k2.fma(q0, FLOAT_VECTOR.cast(s02));
            s03 = k3.fma(q0, FLOAT_VECTOR.cast(s03));
            s10 = k0.fma(q1, FLOAT_VECTOR.cast(s10));
            s11 = k1.fma(q1, FLOAT_VECTOR.cast(s11));
            s12 = k2.fma(q1, FLOAT_VECTOR.cast(s12));
            s13 = k3.fma(q1, FLOAT_VECTOR.cast(s13));
        }
        int to = query * RANKS * LANES + lane;
        FLOAT_VECTOR.cast(s00).intoArray(s.sums, to);
        FLOAT_VECTOR.cast(s01).intoArray(s.sums, to + LANES);
        FLOAT_VECTOR.cast(s02).intoArray(s.sums, to + 2 * LANES);
        FLOAT_VECTOR.cast(s03).intoArray(s.sums, to + 3 * LANES);
        FLOAT_VECTOR.cast(s10).intoArray(s.sums, to + 4 * LANES);
        FLOAT_VECTOR.cast(s11).intoArray(s.sums, to + 5 * LANES);
        FLOAT_VECTOR.cast(s12).intoArray(s.sums, to + 6 * LANES);
        FLOAT_VECTOR.cast(s13).intoArray(s.sums, to + 7 * LANES);
    }

    /** Returns the sum of 16 lanes in halves, which is {@link ScalarKernels#sum}; C2 does not unroll that loop. */
    private static float sumLanes(float[] s, int at) {
        float a = (s[at] + s[at + 8]) + (s[at + 4] + s[at + 12]);
        float b = (s[at + 1] + s[at + 9]) + (s[at + 5] + s[at + 13]);
        float c = (s[at + 2] + s[at + 10]) + (s[at + 6] + s[at + 14]);
        float d = (s[at + 3] + s[at + 11]) + (s[at + 7] + s[at + 15]);
        return (a + c) + (b + d);
    }
}
