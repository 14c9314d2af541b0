package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.ScalarKernels.C1;
import static io.github.t6j.kernels.ScalarKernels.C2;
import static io.github.t6j.kernels.ScalarKernels.C3;
import static io.github.t6j.kernels.ScalarKernels.C4;
import static io.github.t6j.kernels.ScalarKernels.C5;
import static io.github.t6j.kernels.ScalarKernels.C6;
import static io.github.t6j.kernels.ScalarKernels.EXP2_MIN;
import static io.github.t6j.kernels.ScalarKernels.ROUNDING;
import static io.github.t6j.kernels.simd.Lanes.F;
import static io.github.t6j.kernels.simd.Lanes.I;
import static io.github.t6j.kernels.simd.Lanes.L;
import static io.github.t6j.kernels.simd.Strip.BYTE_EXPONENT;
import static io.github.t6j.kernels.simd.Strip.BYTE_ZERO;
import static io.github.t6j.kernels.simd.Strip.HIGH_HALF;
import static io.github.t6j.kernels.simd.Strip.LOW_BYTE;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.MAX;

import io.github.t6j.kernels.Format;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/** From logits to weights, a page at a time; lanes are tokens. */
final class PageSoftmax {
    private PageSoftmax() {}

    /** {@link io.github.t6j.kernels.Kernels#softmaxWeights}; {@code largest} is [L]. */
    static int weights(
            float[] s, int heads, Format format, MemorySegment page, long aVAt, int valueRank, float[] max, float[] sum,
            float[] w, int one) {
        IntVector largest = IntVector.broadcast(I, Integer.MIN_VALUE);
        for (int h = 0; h < heads; h += one) {
            FloatVector top = FloatVector.broadcast(F, max[h]);
            int out = h * (valueRank == 0 ? 1 : valueRank) * PANEL;
            for (int t = 0; t < PANEL; t += L) {
                FloatVector x = FloatVector.fromArray(F, s, h * PANEL + t).sub(top);
                largest = largest.max(x.reinterpretAsInts());
                // 2^x as ScalarKernels.exp2 has it, written out: a helper that returns a vector may not be inlined
                VectorMask<Float> small = x.compare(LT, EXP2_MIN);
                FloatVector z = x.add(ROUNDING);
                FloatVector r = x.sub(z.sub(ROUNDING));
                FloatVector e = FloatVector.broadcast(F, C6).fma(r, FloatVector.broadcast(F, C5));
                e = e.fma(r, FloatVector.broadcast(F, C4));
                e = e.fma(r, FloatVector.broadcast(F, C3));
                e = e.fma(r, FloatVector.broadcast(F, C2));
                e = e.fma(r, FloatVector.broadcast(F, C1));
                e = e.fma(r, FloatVector.broadcast(F, 1f));
                e = e.reinterpretAsInts().add(z.reinterpretAsInts().lanewise(LSHL, 23)).reinterpretAsFloats();
                e = e.blend(0f, small);
                int lane = h * LANES + t % LANES;
                FloatVector.fromArray(F, sum, lane).add(e).intoArray(sum, lane);
                e.intoArray(w, out + t);
            }
        }
        factors(heads, valueRank, format, page, aVAt, w);
        return largest.reduceLanes(MAX);
    }

    /** Multiplies the weights of each head, which stand in its first row, with its factors; the first row last. */
    private static void factors(
            int heads, int valueRank, Format format, MemorySegment page, long aVAt, float[] w) {
        Strip strip = Strip.of(format);
        int o1 = strip.o1, o2 = strip.o2, o3 = strip.o3;
        long step = format.bytes(PANEL);
        for (int i = 0; i < PANEL / (4 * L); i++) {
            long at = aVAt + strip.byteAt(i) + (heads * valueRank - 1) * step;
            for (int h = heads - 1; h >= 0; h--) {
                int first = h * valueRank * PANEL + strip.column(i);
                FloatVector e0 = FloatVector.fromArray(F, w, first);
                FloatVector e1 = FloatVector.fromArray(F, w, first + o1);
                FloatVector e2 = FloatVector.fromArray(F, w, first + o2);
                FloatVector e3 = FloatVector.fromArray(F, w, first + o3);
                for (int to = first + (valueRank - 1) * PANEL; to >= first; to -= PANEL) {
                    FloatVector w0, w1, w2, w3;
                    if (strip == Strip.F32) {
                        w0 = FloatVector.fromMemorySegment(F, page, at, LITTLE_ENDIAN);
                        w1 = FloatVector.fromMemorySegment(F, page, at + 4 * L, LITTLE_ENDIAN);
                        w2 = FloatVector.fromMemorySegment(F, page, at + 8 * L, LITTLE_ENDIAN);
                        w3 = FloatVector.fromMemorySegment(F, page, at + 12 * L, LITTLE_ENDIAN);
                    } else if (strip == Strip.BF16) {
                        IntVector i0 = IntVector.fromMemorySegment(I, page, at, LITTLE_ENDIAN);
                        IntVector i1 = IntVector.fromMemorySegment(I, page, at + 4 * L, LITTLE_ENDIAN);
                        w0 = i0.lanewise(LSHL, 16).reinterpretAsFloats();
                        w1 = i0.and(HIGH_HALF).reinterpretAsFloats();
                        w2 = i1.lanewise(LSHL, 16).reinterpretAsFloats();
                        w3 = i1.and(HIGH_HALF).reinterpretAsFloats();
                    } else {
                        IntVector b = IntVector.fromMemorySegment(I, page, at, LITTLE_ENDIAN);
                        w0 = b.and(LOW_BYTE).or(BYTE_EXPONENT).reinterpretAsFloats().sub(BYTE_ZERO);
                        w1 = b.lanewise(LSHR, 8).and(LOW_BYTE).or(BYTE_EXPONENT).reinterpretAsFloats().sub(BYTE_ZERO);
                        w2 = b.lanewise(LSHR, 16).and(LOW_BYTE).or(BYTE_EXPONENT).reinterpretAsFloats().sub(BYTE_ZERO);
                        w3 = b.lanewise(LSHR, 24).or(BYTE_EXPONENT).reinterpretAsFloats().sub(BYTE_ZERO);
                    }
                    e0.mul(w0).intoArray(w, to);
                    e1.mul(w1).intoArray(w, to + o1);
                    e2.mul(w2).intoArray(w, to + o2);
                    e3.mul(w3).intoArray(w, to + o3);
                    at -= step;
                }
            }
        }
    }

    /** {@link io.github.t6j.kernels.Kernels#rowMaxima}. */
    static void maxima(float[] s, int rows, float[] into) {
        for (int r = 0; r < rows; r++) {
            FloatVector max = FloatVector.fromArray(F, s, r * PANEL);
            for (int t = L; t < PANEL; t += L) {
                max = max.max(FloatVector.fromArray(F, s, r * PANEL + t));
            }
            into[r] = max.reduceLanes(MAX);
        }
    }
}
