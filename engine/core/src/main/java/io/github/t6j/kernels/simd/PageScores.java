package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
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

import io.github.t6j.kernels.Format;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** Scores of a page from its head factors; lanes are tokens. */
final class PageScores {
    private PageScores() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#factorScores}. */
    static void scores(
            float[] g, int gAt, int heads, int keyRank, Format format, MemorySegment page, long aKAt, float[] s,
            int one) {
        long step = format.bytes(PANEL);
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            long at = aKAt + 4 * lane;
            for (int h = 0; h < heads; h += one) {
                FloatVector s0 = FloatVector.zero(FLOATS), s1 = s0, s2 = s0, s3 = s0;
                int row = gAt + h * PANEL + lane;
                for (int k = 0; k < keyRank; k += one) {
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
                    s0 = FLOAT_VECTOR.cast(w0).fma(FLOAT_VECTOR.cast(FloatVector.fromArray(FLOATS, g, row)),
                            FLOAT_VECTOR.cast(s0));
                    s1 = FLOAT_VECTOR.cast(w1).fma(FLOAT_VECTOR.cast(FloatVector.fromArray(FLOATS, g, row + C1)),
                            FLOAT_VECTOR.cast(s1));
                    s2 = FLOAT_VECTOR.cast(w2).fma(FLOAT_VECTOR.cast(FloatVector.fromArray(FLOATS, g, row + C2)),
                            FLOAT_VECTOR.cast(s2));
                    s3 = FLOAT_VECTOR.cast(w3).fma(FLOAT_VECTOR.cast(FloatVector.fromArray(FLOATS, g, row + C3)),
                            FLOAT_VECTOR.cast(s3));
                    row += heads * PANEL;
                    at += step;
                }
                int out = h * PANEL + lane;
                FLOAT_VECTOR.cast(s0).intoArray(s, out);
                FLOAT_VECTOR.cast(s1).intoArray(s, out + C1);
                FLOAT_VECTOR.cast(s2).intoArray(s, out + C2);
                FLOAT_VECTOR.cast(s3).intoArray(s, out + C3);
            }
        }
    }
}
