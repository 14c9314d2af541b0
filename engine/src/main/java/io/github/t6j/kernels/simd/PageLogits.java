package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.Lanes.BYTE_EXPONENT;
import static io.github.t6j.kernels.simd.Lanes.BYTE_ZERO;
import static io.github.t6j.kernels.simd.Lanes.C1;
import static io.github.t6j.kernels.simd.Lanes.C2;
import static io.github.t6j.kernels.simd.Lanes.C3;
import static io.github.t6j.kernels.simd.Lanes.F;
import static io.github.t6j.kernels.simd.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.Lanes.HIGH_HALF;
import static io.github.t6j.kernels.simd.Lanes.I;
import static io.github.t6j.kernels.simd.Lanes.INTS;
import static io.github.t6j.kernels.simd.Lanes.L;
import static io.github.t6j.kernels.simd.Lanes.LOW_BYTE;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.github.t6j.kernels.Format;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** Logits of a page from its head factors; lanes are tokens. */
final class PageLogits {
    private PageLogits() {}

    /** {@link io.github.t6j.kernels.Kernels#factorLogits}. */
    static void logits(
            float[] g, int gAt, int heads, int keyRank, Format format, MemorySegment page, long aKAt, float[] s,
            int one) {
        long step = format.bytes(PANEL);
        for (int lane = 0; lane < LANES; lane += L) {
            long at = aKAt + 4 * lane;
            for (int h = 0; h < heads; h += one) {
                FloatVector s0 = FloatVector.zero(F), s1 = s0, s2 = s0, s3 = s0;
                int row = gAt + h * PANEL + lane;
                for (int k = 0; k < keyRank; k += one) {
                    FloatVector w0, w1, w2, w3;
                    if (format == Format.F32) {
                        w0 = FloatVector.fromMemorySegment(F, page, at, LITTLE_ENDIAN);
                        w1 = FloatVector.fromMemorySegment(F, page, at + 4 * C1, LITTLE_ENDIAN);
                        w2 = FloatVector.fromMemorySegment(F, page, at + 4 * C2, LITTLE_ENDIAN);
                        w3 = FloatVector.fromMemorySegment(F, page, at + 4 * C3, LITTLE_ENDIAN);
                    } else if (format == Format.BF16) {
                        IntVector i0 = INTS.cast(IntVector.fromMemorySegment(I, page, at, LITTLE_ENDIAN));
                        IntVector i1 = INTS.cast(IntVector.fromMemorySegment(I, page, at + 2 * C2, LITTLE_ENDIAN));
                        w0 = INTS.cast(i0.lanewise(LSHL, 16)).reinterpretAsFloats();
                        w1 = INTS.cast(i0.and(HIGH_HALF)).reinterpretAsFloats();
                        w2 = INTS.cast(i1.lanewise(LSHL, 16)).reinterpretAsFloats();
                        w3 = INTS.cast(i1.and(HIGH_HALF)).reinterpretAsFloats();
                    } else {
                        IntVector b = INTS.cast(IntVector.fromMemorySegment(I, page, at, LITTLE_ENDIAN));
                        w0 = FLOATS.cast(INTS.cast(INTS.cast(b.and(LOW_BYTE)).or(BYTE_EXPONENT)).reinterpretAsFloats())
                                .sub(BYTE_ZERO);
                        w1 = FLOATS.cast(
                                INTS.cast(INTS.cast(INTS.cast(b.lanewise(LSHR, 8)).and(LOW_BYTE)).or(BYTE_EXPONENT))
                                        .reinterpretAsFloats())
                                .sub(BYTE_ZERO);
                        w2 = FLOATS.cast(
                                INTS.cast(INTS.cast(INTS.cast(b.lanewise(LSHR, 16)).and(LOW_BYTE)).or(BYTE_EXPONENT))
                                        .reinterpretAsFloats())
                                .sub(BYTE_ZERO);
                        w3 = FLOATS.cast(
                                INTS.cast(INTS.cast(b.lanewise(LSHR, 24)).or(BYTE_EXPONENT)).reinterpretAsFloats())
                                .sub(BYTE_ZERO);
                    }
                    s0 = FLOATS.cast(w0).fma(FLOATS.cast(FloatVector.fromArray(F, g, row)), FLOATS.cast(s0));
                    s1 = FLOATS.cast(w1).fma(FLOATS.cast(FloatVector.fromArray(F, g, row + C1)), FLOATS.cast(s1));
                    s2 = FLOATS.cast(w2).fma(FLOATS.cast(FloatVector.fromArray(F, g, row + C2)), FLOATS.cast(s2));
                    s3 = FLOATS.cast(w3).fma(FLOATS.cast(FloatVector.fromArray(F, g, row + C3)), FLOATS.cast(s3));
                    row += heads * PANEL;
                    at += step;
                }
                int out = h * PANEL + lane;
                FLOATS.cast(s0).intoArray(s, out);
                FLOATS.cast(s1).intoArray(s, out + C1);
                FLOATS.cast(s2).intoArray(s, out + C2);
                FLOATS.cast(s3).intoArray(s, out + C3);
            }
        }
    }
}
