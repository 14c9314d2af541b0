package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.Lanes.F;
import static io.github.t6j.kernels.simd.Lanes.L;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Logits of a page from its head factors; lanes are tokens, four vectors of them at a time. */
final class PageLogits {
    private PageLogits() {}

    /** {@link io.github.t6j.kernels.Kernels#tensorLogits}. */
    static void tensor(
            float[] aQ, int heads, int queryRank, int keyRank, float[] p, MemorySegment page, long aKAt, float[] s,
            int one) {
        for (int h = 0; h < heads; h += one) {
            for (int t = 0; t < PANEL; t += 4 * L) {
                FloatVector s0 = FloatVector.zero(F), s1 = s0, s2 = s0, s3 = s0;
                long at = aKAt + 4L * (h * keyRank * PANEL + t);
                int row = t;
                for (int k = 0; k < keyRank; k += one) {
                    FloatVector g0 = FloatVector.zero(F), g1 = g0, g2 = g0, g3 = g0;
                    for (int q = h * queryRank, end = q + queryRank; q < end; q += one) {
                        FloatVector a = FloatVector.broadcast(F, aQ[q]);
                        g0 = a.fma(FloatVector.fromArray(F, p, row), g0);
                        g1 = a.fma(FloatVector.fromArray(F, p, row + L), g1);
                        g2 = a.fma(FloatVector.fromArray(F, p, row + 2 * L), g2);
                        g3 = a.fma(FloatVector.fromArray(F, p, row + 3 * L), g3);
                        row += PANEL;
                    }
                    s0 = g0.fma(FloatVector.fromMemorySegment(F, page, at, LITTLE_ENDIAN), s0);
                    s1 = g1.fma(FloatVector.fromMemorySegment(F, page, at + 4 * L, LITTLE_ENDIAN), s1);
                    s2 = g2.fma(FloatVector.fromMemorySegment(F, page, at + 8 * L, LITTLE_ENDIAN), s2);
                    s3 = g3.fma(FloatVector.fromMemorySegment(F, page, at + 12 * L, LITTLE_ENDIAN), s3);
                    at += 4L * PANEL;
                }
                int out = h * PANEL + t;
                s0.intoArray(s, out);
                s1.intoArray(s, out + L);
                s2.intoArray(s, out + 2 * L);
                s3.intoArray(s, out + 3 * L);
            }
        }
    }

    /** {@link io.github.t6j.kernels.Kernels#factorLogits}. */
    static void factor(float[] g, int heads, int keyRank, MemorySegment page, long aKAt, float[] s, int one) {
        for (int h = 0; h < heads; h += one) {
            for (int t = 0; t < PANEL; t += L) {
                FloatVector sum = FloatVector.zero(F);
                for (int k = 0; k < keyRank; k += one) {
                    long at = aKAt + 4L * ((h * keyRank + k) * PANEL + t);
                    sum = FloatVector.fromArray(F, g, (k * heads + h) * PANEL + t)
                            .fma(FloatVector.fromMemorySegment(F, page, at, LITTLE_ENDIAN), sum);
                }
                sum.intoArray(s, h * PANEL + t);
            }
        }
    }
}
