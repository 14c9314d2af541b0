package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.scalar.ScalarKernels.EXP2_MIN;
import static io.github.t6j.kernels.scalar.ScalarKernels.EXP2_ROUNDING;
import static io.github.t6j.kernels.scalar.ScalarKernels.P1;
import static io.github.t6j.kernels.scalar.ScalarKernels.P2;
import static io.github.t6j.kernels.scalar.ScalarKernels.P3;
import static io.github.t6j.kernels.scalar.ScalarKernels.P4;
import static io.github.t6j.kernels.scalar.ScalarKernels.P5;
import static io.github.t6j.kernels.scalar.ScalarKernels.P6;
import static io.github.t6j.kernels.simd.lanes.Lanes.BYTE_EXPONENT;
import static io.github.t6j.kernels.simd.lanes.Lanes.BYTE_ZERO;
import static io.github.t6j.kernels.simd.lanes.Lanes.C1;
import static io.github.t6j.kernels.simd.lanes.Lanes.C2;
import static io.github.t6j.kernels.simd.lanes.Lanes.C3;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOAT_VECTOR;
import static io.github.t6j.kernels.simd.lanes.Lanes.HIGH_HALF;
import static io.github.t6j.kernels.simd.lanes.Lanes.INTS;
import static io.github.t6j.kernels.simd.lanes.Lanes.INT_VECTOR;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static io.github.t6j.kernels.simd.lanes.Lanes.LOW_BYTE;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.MAX;

import io.github.t6j.kernels.Format;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** Softmax of the scores of one page; lanes are tokens. */
final class PageSoftmax {
    private PageSoftmax() {}

    /**
     * Implements {@link io.github.t6j.kernels.Kernels#softmax}. 2^x is computed as in ScalarKernels.exp2 and written
     * out four times: C2 may not inline a helper that returns a vector, and four chains hide each other's latency.
     */
    static int probabilities(
            float[] s, int heads, Format format, MemorySegment page, long aVAt, int valueRank, float[] max, float[] sum,
            float[] p, int one) {
        IntVector largest = IntVector.broadcast(INTS, Integer.MIN_VALUE);
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            int to = lane;
            for (int h = 0; h < heads; h += one) {
                FloatVector top = FloatVector.broadcast(FLOATS, max[h]);
                int from = h * PANEL + lane;
                FloatVector x0 = FloatVector.fromArray(FLOATS, s, from).sub(top);
                FloatVector x1 = FloatVector.fromArray(FLOATS, s, from + C1).sub(top);
                FloatVector x2 = FloatVector.fromArray(FLOATS, s, from + C2).sub(top);
                FloatVector x3 = FloatVector.fromArray(FLOATS, s, from + C3).sub(top);
                largest = largest.max(x0.reinterpretAsInts()).max(x1.reinterpretAsInts());
                largest = largest.max(x2.reinterpretAsInts()).max(x3.reinterpretAsInts());
                FloatVector z0 = x0.add(EXP2_ROUNDING);
                FloatVector z1 = x1.add(EXP2_ROUNDING);
                FloatVector z2 = x2.add(EXP2_ROUNDING);
                FloatVector z3 = x3.add(EXP2_ROUNDING);
                FloatVector r0 = x0.sub(z0.sub(EXP2_ROUNDING));
                FloatVector r1 = x1.sub(z1.sub(EXP2_ROUNDING));
                FloatVector r2 = x2.sub(z2.sub(EXP2_ROUNDING));
                FloatVector r3 = x3.sub(z3.sub(EXP2_ROUNDING));
                FloatVector e0 = FloatVector.broadcast(FLOATS, P6).fma(r0, FloatVector.broadcast(FLOATS, P5));
                FloatVector e1 = FloatVector.broadcast(FLOATS, P6).fma(r1, FloatVector.broadcast(FLOATS, P5));
                FloatVector e2 = FloatVector.broadcast(FLOATS, P6).fma(r2, FloatVector.broadcast(FLOATS, P5));
                FloatVector e3 = FloatVector.broadcast(FLOATS, P6).fma(r3, FloatVector.broadcast(FLOATS, P5));
                e0 = e0.fma(r0, FloatVector.broadcast(FLOATS, P4));
                e1 = e1.fma(r1, FloatVector.broadcast(FLOATS, P4));
                e2 = e2.fma(r2, FloatVector.broadcast(FLOATS, P4));
                e3 = e3.fma(r3, FloatVector.broadcast(FLOATS, P4));
                e0 = e0.fma(r0, FloatVector.broadcast(FLOATS, P3));
                e1 = e1.fma(r1, FloatVector.broadcast(FLOATS, P3));
                e2 = e2.fma(r2, FloatVector.broadcast(FLOATS, P3));
                e3 = e3.fma(r3, FloatVector.broadcast(FLOATS, P3));
                e0 = e0.fma(r0, FloatVector.broadcast(FLOATS, P2));
                e1 = e1.fma(r1, FloatVector.broadcast(FLOATS, P2));
                e2 = e2.fma(r2, FloatVector.broadcast(FLOATS, P2));
                e3 = e3.fma(r3, FloatVector.broadcast(FLOATS, P2));
                e0 = e0.fma(r0, FloatVector.broadcast(FLOATS, P1));
                e1 = e1.fma(r1, FloatVector.broadcast(FLOATS, P1));
                e2 = e2.fma(r2, FloatVector.broadcast(FLOATS, P1));
                e3 = e3.fma(r3, FloatVector.broadcast(FLOATS, P1));
                e0 = e0.fma(r0, FloatVector.broadcast(FLOATS, 1f));
                e1 = e1.fma(r1, FloatVector.broadcast(FLOATS, 1f));
                e2 = e2.fma(r2, FloatVector.broadcast(FLOATS, 1f));
                e3 = e3.fma(r3, FloatVector.broadcast(FLOATS, 1f));
                e0 = e0.mul(z0.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats());
                e1 = e1.mul(z1.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats());
                e2 = e2.mul(z2.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats());
                e3 = e3.mul(z3.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats());
                e0 = e0.blend(0f, x0.compare(LT, EXP2_MIN));
                e1 = e1.blend(0f, x1.compare(LT, EXP2_MIN));
                e2 = e2.blend(0f, x2.compare(LT, EXP2_MIN));
                e3 = e3.blend(0f, x3.compare(LT, EXP2_MIN));
                int sumAt = h * LANES + lane;
                FloatVector.fromArray(FLOATS, sum, sumAt).add(e0).add(e1).add(e2).add(e3).intoArray(sum, sumAt);
                e0.intoArray(p, to);
                e1.intoArray(p, to + C1);
                e2.intoArray(p, to + C2);
                e3.intoArray(p, to + C3);
                to += Math.max(1, valueRank) * PANEL;
            }
        }
        if (valueRank > 0) {
            factors(heads, valueRank, format, page, aVAt, p, one);
        }
        return largest.reduceLanes(MAX);
    }

    /**
     * Multiplies the probabilities of each head, which are in its first row, with its factors; the first row comes
     * last. This is a separate loop: in one method with the powers, C2 gives up on some of them after several formats
     * and allocates vectors as objects.
     */
    private static void factors(
            int heads, int valueRank, Format format, MemorySegment page, long aVAt, float[] p, int one) {
        long step = format.bytes(PANEL);
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            long at = aVAt + 4 * lane + (heads * valueRank - 1) * step;
            for (int h = heads - 1; h >= 0; h -= one) {
                int first = h * valueRank * PANEL + lane;
                FloatVector e0 = FLOAT_VECTOR.cast(FloatVector.fromArray(FLOATS, p, first));
                FloatVector e1 = FLOAT_VECTOR.cast(FloatVector.fromArray(FLOATS, p, first + C1));
                FloatVector e2 = FLOAT_VECTOR.cast(FloatVector.fromArray(FLOATS, p, first + C2));
                FloatVector e3 = FLOAT_VECTOR.cast(FloatVector.fromArray(FLOATS, p, first + C3));
                for (int to = first + (valueRank - 1) * PANEL; to >= first; to -= PANEL) {
                    FloatVector w0, w1, w2, w3;
                    if (format == Format.F32) {
                        w0 = FloatVector.fromMemorySegment(FLOATS, page, at, LITTLE_ENDIAN);
                        w1 = FloatVector.fromMemorySegment(FLOATS, page, at + 4 * C1, LITTLE_ENDIAN);
                        w2 = FloatVector.fromMemorySegment(FLOATS, page, at + 4 * C2, LITTLE_ENDIAN);
                        w3 = FloatVector.fromMemorySegment(FLOATS, page, at + 4 * C3, LITTLE_ENDIAN);
                    } else if (format == Format.BF16) {
                        IntVector i0 = INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, page, at, LITTLE_ENDIAN));
                        IntVector i1 =
                                INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, page, at + 2 * C2, LITTLE_ENDIAN));
                        w0 = INT_VECTOR.cast(i0.lanewise(LSHL, 16)).reinterpretAsFloats();
                        w1 = INT_VECTOR.cast(i0.and(HIGH_HALF)).reinterpretAsFloats();
                        w2 = INT_VECTOR.cast(i1.lanewise(LSHL, 16)).reinterpretAsFloats();
                        w3 = INT_VECTOR.cast(i1.and(HIGH_HALF)).reinterpretAsFloats();
                    } else {
                        IntVector b = INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, page, at, LITTLE_ENDIAN));
                        w0 = FLOAT_VECTOR
                                .cast(INT_VECTOR.cast(INT_VECTOR.cast(b.and(LOW_BYTE)).or(BYTE_EXPONENT))
                                        .reinterpretAsFloats())
                                .sub(BYTE_ZERO);
                        w1 = FLOAT_VECTOR.cast(
                                INT_VECTOR
                                        .cast(INT_VECTOR.cast(INT_VECTOR.cast(b.lanewise(LSHR, 8)).and(LOW_BYTE))
                                                .or(BYTE_EXPONENT))
                                        .reinterpretAsFloats())
                                .sub(BYTE_ZERO);
                        w2 = FLOAT_VECTOR.cast(
                                INT_VECTOR
                                        .cast(INT_VECTOR.cast(INT_VECTOR.cast(b.lanewise(LSHR, 16)).and(LOW_BYTE))
                                                .or(BYTE_EXPONENT))
                                        .reinterpretAsFloats())
                                .sub(BYTE_ZERO);
                        w3 = FLOAT_VECTOR.cast(
                                INT_VECTOR.cast(INT_VECTOR.cast(b.lanewise(LSHR, 24)).or(BYTE_EXPONENT))
                                        .reinterpretAsFloats())
                                .sub(BYTE_ZERO);
                    }
                    FLOAT_VECTOR.cast(e0.mul(FLOAT_VECTOR.cast(w0))).intoArray(p, to);
                    FLOAT_VECTOR.cast(e1.mul(FLOAT_VECTOR.cast(w1))).intoArray(p, to + C1);
                    FLOAT_VECTOR.cast(e2.mul(FLOAT_VECTOR.cast(w2))).intoArray(p, to + C2);
                    FLOAT_VECTOR.cast(e3.mul(FLOAT_VECTOR.cast(w3))).intoArray(p, to + C3);
                    at -= step;
                }
            }
        }
    }

    /** Implements {@link io.github.t6j.kernels.Kernels#rowMaxima}. */
    static void maxima(float[] s, int rows, float[] into) {
        for (int r = 0; r < rows; r++) {
            FloatVector max = FLOAT_VECTOR.cast(FloatVector.fromArray(FLOATS, s, r * PANEL));
            for (int t = LENGTH; t < PANEL; t += LENGTH) {
                max = FLOAT_VECTOR.cast(max.max(FLOAT_VECTOR.cast(FloatVector.fromArray(FLOATS, s, r * PANEL + t))));
            }
            into[r] = max.reduceLanes(MAX);
        }
    }
}
