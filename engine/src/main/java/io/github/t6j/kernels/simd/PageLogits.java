package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.PANEL;
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

import io.github.t6j.kernels.Format;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** Logits of a page from its head factors; lanes are tokens, a {@link Strip} of them at a time. */
final class PageLogits {
    private PageLogits() {}

    /**
     * {@link io.github.t6j.kernels.Kernels#tensorLogits}; with query rank 0, {@link
     * io.github.t6j.kernels.Kernels#factorLogits}: {@code p} then has a row for every head.
     */
    static void logits(
            float[] aQ, int heads, int queryRank, int keyRank, float[] p, Format format, MemorySegment page, long aKAt,
            float[] s, int one) {
        Strip strip = Strip.of(format);
        int o1 = strip.o1, o2 = strip.o2, o3 = strip.o3;
        long wStep = format.bytes(PANEL);
        for (int h = 0; h < heads; h += one) {
            for (int i = 0; i < PANEL / (4 * L); i++) {
                FloatVector s0 = FloatVector.zero(F), s1 = s0, s2 = s0, s3 = s0;
                int t = strip.column(i);
                long at = aKAt + h * keyRank * wStep + strip.byteAt(i);
                int row = queryRank == 0 ? h * PANEL + t : t;
                for (int k = 0; k < keyRank; k += one) {
                    FloatVector g0 = FloatVector.zero(F), g1 = g0, g2 = g0, g3 = g0;
                    for (int q = h * queryRank, end = q + queryRank; q < end; q += one) {
                        FloatVector a = FloatVector.broadcast(F, aQ[q]);
                        g0 = a.fma(FloatVector.fromArray(F, p, row), g0);
                        g1 = a.fma(FloatVector.fromArray(F, p, row + o1), g1);
                        g2 = a.fma(FloatVector.fromArray(F, p, row + o2), g2);
                        g3 = a.fma(FloatVector.fromArray(F, p, row + o3), g3);
                        row += PANEL;
                    }
                    if (queryRank == 0) {
                        g0 = FloatVector.fromArray(F, p, row);
                        g1 = FloatVector.fromArray(F, p, row + o1);
                        g2 = FloatVector.fromArray(F, p, row + o2);
                        g3 = FloatVector.fromArray(F, p, row + o3);
                        row += heads * PANEL;
                    }
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
                    at += wStep;
                    s0 = g0.fma(w0, s0);
                    s1 = g1.fma(w1, s1);
                    s2 = g2.fma(w2, s2);
                    s3 = g3.fma(w3, s3);
                }
                int out = h * PANEL + t;
                s0.intoArray(s, out);
                s1.intoArray(s, out + o1);
                s2.intoArray(s, out + o2);
                s3.intoArray(s, out + o3);
            }
        }
    }
}
