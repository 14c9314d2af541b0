package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.lanes.Lanes.C1;
import static io.github.t6j.kernels.simd.lanes.Lanes.C2;
import static io.github.t6j.kernels.simd.lanes.Lanes.C3;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOAT_VECTOR;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.github.t6j.kernels.Processor;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Scores of a row and a page from the factors of both, some heads at once; lanes are tokens. */
final class TensorScores {
    private TensorScores() {}

    /**
     * Number of heads in a tile: three use twelve products, twelve scores, four of g and a broadcast; one on 16
     * registers.
     */
    private static final int MAX_HEADS = Processor.FEW_REGISTERS ? 1 : 3;

    /** Implements {@link io.github.t6j.kernels.Kernels#tensorScores}. */
    static void row(
            float[] aQ, int aQAt, int heads, int queryRank, float[] g, int gAt, int gStep, int keyRank,
            MemorySegment page, long aKAt, float[] s, int sAt, int sStep) {
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            for (int h = 0; h < heads;) {
                int a = aQAt + h * queryRank;
                int from = gAt + lane;
                long at = aKAt + 4L * (h * keyRank * PANEL + lane);
                int to = sAt + h * sStep + lane;
                int tiles = (heads - h + MAX_HEADS - 1) / MAX_HEADS;
                int n = (heads - h + tiles - 1) / tiles; // as even as possible: a tile of one takes as long as two
                switch (n) {
                    case 1 -> tile1(aQ, a, queryRank, g, from, gStep, keyRank, page, at, s, to);
                    case 2 -> tile2(aQ, a, queryRank, g, from, gStep, keyRank, page, at, s, to, sStep);
                    default -> tile3(aQ, a, queryRank, g, from, gStep, keyRank, page, at, s, to, sStep);
                }
                h += n;
            }
        }
    }

    private static void tile1(
            float[] aQ, int aQAt, int queryRank, float[] g, int gAt, int gStep, int keyRank, MemorySegment page,
            long aKAt, float[] s, int sAt) {
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        for (int k = 0; k < keyRank; k++) {
            FloatVector g00 = zero, g01 = zero, g02 = zero, g03 = zero;
            for (int q = 0; q < queryRank; q++) {
                int from = gAt + q * PANEL;
                FloatVector p0 = FloatVector.fromArray(FLOATS, g, from);
                FloatVector p1 = FloatVector.fromArray(FLOATS, g, from + C1);
                FloatVector p2 = FloatVector.fromArray(FLOATS, g, from + C2);
                FloatVector p3 = FloatVector.fromArray(FLOATS, g, from + C3);
                FloatVector f0 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, aQ[aQAt + q]));
                g00 = f0.fma(p0, FLOAT_VECTOR.cast(g00));
                g01 = f0.fma(p1, FLOAT_VECTOR.cast(g01));
                g02 = f0.fma(p2, FLOAT_VECTOR.cast(g02));
                g03 = f0.fma(p3, FLOAT_VECTOR.cast(g03));
            }
            s00 = FloatVector.fromMemorySegment(FLOATS, page, aKAt, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g00), FLOAT_VECTOR.cast(s00));
            s01 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + 4 * C1, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g01), FLOAT_VECTOR.cast(s01));
            s02 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + 4 * C2, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g02), FLOAT_VECTOR.cast(s02));
            s03 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + 4 * C3, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g03), FLOAT_VECTOR.cast(s03));
            gAt += gStep;
            aKAt += 4 * PANEL;
        }
        FLOAT_VECTOR.cast(s00).intoArray(s, sAt);
        FLOAT_VECTOR.cast(s01).intoArray(s, sAt + C1);
        FLOAT_VECTOR.cast(s02).intoArray(s, sAt + C2);
        FLOAT_VECTOR.cast(s03).intoArray(s, sAt + C3);
    }

    private static void tile2(
            float[] aQ, int aQAt, int queryRank, float[] g, int gAt, int gStep, int keyRank, MemorySegment page,
            long aKAt, float[] s, int sAt, int sStep) {
        long head = 4L * keyRank * PANEL;
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        FloatVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        for (int k = 0; k < keyRank; k++) {
            FloatVector g00 = zero, g01 = zero, g02 = zero, g03 = zero;
            FloatVector g10 = zero, g11 = zero, g12 = zero, g13 = zero;
            for (int q = 0; q < queryRank; q++) {
                int from = gAt + q * PANEL;
                FloatVector p0 = FloatVector.fromArray(FLOATS, g, from);
                FloatVector p1 = FloatVector.fromArray(FLOATS, g, from + C1);
                FloatVector p2 = FloatVector.fromArray(FLOATS, g, from + C2);
                FloatVector p3 = FloatVector.fromArray(FLOATS, g, from + C3);
                FloatVector f0 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, aQ[aQAt + q]));
                g00 = f0.fma(p0, FLOAT_VECTOR.cast(g00));
                g01 = f0.fma(p1, FLOAT_VECTOR.cast(g01));
                g02 = f0.fma(p2, FLOAT_VECTOR.cast(g02));
                g03 = f0.fma(p3, FLOAT_VECTOR.cast(g03));
                FloatVector f1 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, aQ[aQAt + queryRank + q]));
                g10 = f1.fma(p0, FLOAT_VECTOR.cast(g10));
                g11 = f1.fma(p1, FLOAT_VECTOR.cast(g11));
                g12 = f1.fma(p2, FLOAT_VECTOR.cast(g12));
                g13 = f1.fma(p3, FLOAT_VECTOR.cast(g13));
            }
            s00 = FloatVector.fromMemorySegment(FLOATS, page, aKAt, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g00), FLOAT_VECTOR.cast(s00));
            s01 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + 4 * C1, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g01), FLOAT_VECTOR.cast(s01));
            s02 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + 4 * C2, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g02), FLOAT_VECTOR.cast(s02));
            s03 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + 4 * C3, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g03), FLOAT_VECTOR.cast(s03));
            s10 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + head, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g10), FLOAT_VECTOR.cast(s10));
            s11 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + head + 4 * C1, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g11), FLOAT_VECTOR.cast(s11));
            s12 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + head + 4 * C2, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g12), FLOAT_VECTOR.cast(s12));
            s13 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + head + 4 * C3, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g13), FLOAT_VECTOR.cast(s13));
            gAt += gStep;
            aKAt += 4 * PANEL;
        }
        FLOAT_VECTOR.cast(s00).intoArray(s, sAt);
        FLOAT_VECTOR.cast(s01).intoArray(s, sAt + C1);
        FLOAT_VECTOR.cast(s02).intoArray(s, sAt + C2);
        FLOAT_VECTOR.cast(s03).intoArray(s, sAt + C3);
        FLOAT_VECTOR.cast(s10).intoArray(s, sAt + sStep);
        FLOAT_VECTOR.cast(s11).intoArray(s, sAt + sStep + C1);
        FLOAT_VECTOR.cast(s12).intoArray(s, sAt + sStep + C2);
        FLOAT_VECTOR.cast(s13).intoArray(s, sAt + sStep + C3);
    }

    private static void tile3(
            float[] aQ, int aQAt, int queryRank, float[] g, int gAt, int gStep, int keyRank, MemorySegment page,
            long aKAt, float[] s, int sAt, int sStep) {
        long head = 4L * keyRank * PANEL;
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        FloatVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        FloatVector s20 = zero, s21 = zero, s22 = zero, s23 = zero;
        for (int k = 0; k < keyRank; k++) {
            FloatVector g00 = zero, g01 = zero, g02 = zero, g03 = zero;
            FloatVector g10 = zero, g11 = zero, g12 = zero, g13 = zero;
            FloatVector g20 = zero, g21 = zero, g22 = zero, g23 = zero;
            for (int q = 0; q < queryRank; q++) {
                int from = gAt + q * PANEL;
                FloatVector p0 = FloatVector.fromArray(FLOATS, g, from);
                FloatVector p1 = FloatVector.fromArray(FLOATS, g, from + C1);
                FloatVector p2 = FloatVector.fromArray(FLOATS, g, from + C2);
                FloatVector p3 = FloatVector.fromArray(FLOATS, g, from + C3);
                FloatVector f0 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, aQ[aQAt + q]));
                g00 = f0.fma(p0, FLOAT_VECTOR.cast(g00));
                g01 = f0.fma(p1, FLOAT_VECTOR.cast(g01));
                g02 = f0.fma(p2, FLOAT_VECTOR.cast(g02));
                g03 = f0.fma(p3, FLOAT_VECTOR.cast(g03));
                FloatVector f1 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, aQ[aQAt + queryRank + q]));
                g10 = f1.fma(p0, FLOAT_VECTOR.cast(g10));
                g11 = f1.fma(p1, FLOAT_VECTOR.cast(g11));
                g12 = f1.fma(p2, FLOAT_VECTOR.cast(g12));
                g13 = f1.fma(p3, FLOAT_VECTOR.cast(g13));
                FloatVector f2 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, aQ[aQAt + 2 * queryRank + q]));
                g20 = f2.fma(p0, FLOAT_VECTOR.cast(g20));
                g21 = f2.fma(p1, FLOAT_VECTOR.cast(g21));
                g22 = f2.fma(p2, FLOAT_VECTOR.cast(g22));
                g23 = f2.fma(p3, FLOAT_VECTOR.cast(g23));
            }
            s00 = FloatVector.fromMemorySegment(FLOATS, page, aKAt, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g00), FLOAT_VECTOR.cast(s00));
            s01 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + 4 * C1, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g01), FLOAT_VECTOR.cast(s01));
            s02 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + 4 * C2, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g02), FLOAT_VECTOR.cast(s02));
            s03 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + 4 * C3, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g03), FLOAT_VECTOR.cast(s03));
            s10 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + head, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g10), FLOAT_VECTOR.cast(s10));
            s11 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + head + 4 * C1, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g11), FLOAT_VECTOR.cast(s11));
            s12 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + head + 4 * C2, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g12), FLOAT_VECTOR.cast(s12));
            s13 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + head + 4 * C3, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g13), FLOAT_VECTOR.cast(s13));
            s20 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + 2 * head, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g20), FLOAT_VECTOR.cast(s20));
            s21 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + 2 * head + 4 * C1, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g21), FLOAT_VECTOR.cast(s21));
            s22 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + 2 * head + 4 * C2, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g22), FLOAT_VECTOR.cast(s22));
            s23 = FloatVector.fromMemorySegment(FLOATS, page, aKAt + 2 * head + 4 * C3, LITTLE_ENDIAN)
                    .fma(FLOAT_VECTOR.cast(g23), FLOAT_VECTOR.cast(s23));
            gAt += gStep;
            aKAt += 4 * PANEL;
        }
        FLOAT_VECTOR.cast(s00).intoArray(s, sAt);
        FLOAT_VECTOR.cast(s01).intoArray(s, sAt + C1);
        FLOAT_VECTOR.cast(s02).intoArray(s, sAt + C2);
        FLOAT_VECTOR.cast(s03).intoArray(s, sAt + C3);
        FLOAT_VECTOR.cast(s10).intoArray(s, sAt + sStep);
        FLOAT_VECTOR.cast(s11).intoArray(s, sAt + sStep + C1);
        FLOAT_VECTOR.cast(s12).intoArray(s, sAt + sStep + C2);
        FLOAT_VECTOR.cast(s13).intoArray(s, sAt + sStep + C3);
        FLOAT_VECTOR.cast(s20).intoArray(s, sAt + 2 * sStep);
        FLOAT_VECTOR.cast(s21).intoArray(s, sAt + 2 * sStep + C1);
        FLOAT_VECTOR.cast(s22).intoArray(s, sAt + 2 * sStep + C2);
        FLOAT_VECTOR.cast(s23).intoArray(s, sAt + 2 * sStep + C3);
    }
}
