package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.lanes.Lanes.D1;
import static io.github.t6j.kernels.simd.lanes.Lanes.D2;
import static io.github.t6j.kernels.simd.lanes.Lanes.D3;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOAT_VECTOR;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.github.t6j.kernels.scalar.ScalarKernels;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Rebuilding of a head's keys and values of a page from their factors, values two ranks at a time. The results are sums
 * over ranks.
 */
final class Rebuild {
    private Rebuild() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#rebuildColumns}; lanes are tokens. */
    static void columns(
            float[] a, int aAt, int rank, MemorySegment b, long bAt, int count, MemorySegment to, long toAt) {
        long step = 4L * count * PANEL;
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            for (int r = 0; r < rank; r++) {
                oneOfColumns(
                        a, aAt + r * PANEL + lane, b, bAt + r * step + 4 * lane, count, to, toAt + 4 * lane, r > 0);
            }
        }
    }

    private static void oneOfColumns(
            float[] a, int aAt, MemorySegment b, long bAt, int count, MemorySegment to, long toAt, boolean accumulate) {
        FloatVector a0 = FloatVector.fromArray(FLOATS, a, aAt);
        FloatVector a1 = FloatVector.fromArray(FLOATS, a, aAt + D1);
        FloatVector a2 = FloatVector.fromArray(FLOATS, a, aAt + D2);
        FloatVector a3 = FloatVector.fromArray(FLOATS, a, aAt + D3);
        for (int c = 0; c < count; c++) {
            long at = 4L * PANEL * c;
            FloatVector s0 = FloatVector.zero(FLOATS), s1 = s0, s2 = s0, s3 = s0;
            if (accumulate) {
                s0 = FloatVector.fromMemorySegment(FLOATS, to, toAt + at, LITTLE_ENDIAN);
                s1 = FloatVector.fromMemorySegment(FLOATS, to, toAt + at + 4 * D1, LITTLE_ENDIAN);
                s2 = FloatVector.fromMemorySegment(FLOATS, to, toAt + at + 4 * D2, LITTLE_ENDIAN);
                s3 = FloatVector.fromMemorySegment(FLOATS, to, toAt + at + 4 * D3, LITTLE_ENDIAN);
            }
            s0 = FloatVector.fromMemorySegment(FLOATS, b, bAt + at, LITTLE_ENDIAN).fma(FLOAT_VECTOR.cast(a0),
                    FLOAT_VECTOR.cast(s0));
            s1 = FloatVector.fromMemorySegment(FLOATS, b, bAt + at + 4 * D1, LITTLE_ENDIAN).fma(FLOAT_VECTOR.cast(a1),
                    FLOAT_VECTOR.cast(s1));
            s2 = FloatVector.fromMemorySegment(FLOATS, b, bAt + at + 4 * D2, LITTLE_ENDIAN).fma(FLOAT_VECTOR.cast(a2),
                    FLOAT_VECTOR.cast(s2));
            s3 = FloatVector.fromMemorySegment(FLOATS, b, bAt + at + 4 * D3, LITTLE_ENDIAN).fma(FLOAT_VECTOR.cast(a3),
                    FLOAT_VECTOR.cast(s3));
            s0.intoMemorySegment(to, toAt + at, LITTLE_ENDIAN);
            s1.intoMemorySegment(to, toAt + at + 4 * D1, LITTLE_ENDIAN);
            s2.intoMemorySegment(to, toAt + at + 4 * D2, LITTLE_ENDIAN);
            s3.intoMemorySegment(to, toAt + at + 4 * D3, LITTLE_ENDIAN);
        }
    }

    /**
     * Implements {@link io.github.t6j.kernels.Kernels#rebuildRows}; lanes are elements, and the twin computes the tail.
     */
    static void rows(
            float[] a, int aAt, int rank, MemorySegment b, long bAt, int width, MemorySegment to, long toAt,
            int toStride, ScalarKernels scalar) {
        long step = 4L * width * PANEL;
        int whole = width - width % (4 * LENGTH);
        for (int i = 0; i < whole; i += 4 * LENGTH) {
            for (int r = 0; r < rank; r += 2) {
                long at = bAt + r * step + 4L * i;
                if (r + 1 < rank) {
                    twoOfRows(a, aAt + r * PANEL, b, at, at + step, 4L * width, to, toAt + 4L * i, 4L * toStride,
                            r > 0);
                } else {
                    oneOfRows(a, aAt + r * PANEL, b, at, 4L * width, to, toAt + 4L * i, 4L * toStride, r > 0);
                }
            }
        }
        if (whole < width) {
            for (int t = 0; t < PANEL; t++) {
                scalar.rebuildRow(a, aAt, rank, b, bAt, width, t, whole, to, toAt + 4L * t * toStride);
            }
        }
    }

    private static void oneOfRows(
            float[] a, int aAt, MemorySegment b, long bAt, long bStep, MemorySegment to, long toAt, long toStep,
            boolean accumulate) {
        for (int t = 0; t < PANEL; t++) {
            FloatVector s0 = FloatVector.zero(FLOATS), s1 = s0, s2 = s0, s3 = s0;
            if (accumulate) {
                s0 = FloatVector.fromMemorySegment(FLOATS, to, toAt, LITTLE_ENDIAN);
                s1 = FloatVector.fromMemorySegment(FLOATS, to, toAt + 4 * LENGTH, LITTLE_ENDIAN);
                s2 = FloatVector.fromMemorySegment(FLOATS, to, toAt + 8 * LENGTH, LITTLE_ENDIAN);
                s3 = FloatVector.fromMemorySegment(FLOATS, to, toAt + 12 * LENGTH, LITTLE_ENDIAN);
            }
            FloatVector f = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, a[aAt + t]));
            s0 = f.fma(FloatVector.fromMemorySegment(FLOATS, b, bAt, LITTLE_ENDIAN), FLOAT_VECTOR.cast(s0));
            s1 = f.fma(FloatVector.fromMemorySegment(FLOATS, b, bAt + 4 * LENGTH, LITTLE_ENDIAN),
                    FLOAT_VECTOR.cast(s1));
            s2 = f.fma(FloatVector.fromMemorySegment(FLOATS, b, bAt + 8 * LENGTH, LITTLE_ENDIAN),
                    FLOAT_VECTOR.cast(s2));
            s3 = f.fma(FloatVector.fromMemorySegment(FLOATS, b, bAt + 12 * LENGTH, LITTLE_ENDIAN),
                    FLOAT_VECTOR.cast(s3));
            s0.intoMemorySegment(to, toAt, LITTLE_ENDIAN);
            s1.intoMemorySegment(to, toAt + 4 * LENGTH, LITTLE_ENDIAN);
            s2.intoMemorySegment(to, toAt + 8 * LENGTH, LITTLE_ENDIAN);
            s3.intoMemorySegment(to, toAt + 12 * LENGTH, LITTLE_ENDIAN);
            bAt += bStep;
            toAt += toStep;
        }
    }

    private static void twoOfRows(
            float[] a, int aAt, MemorySegment b, long bAt, long b2At, long bStep, MemorySegment to, long toAt,
            long toStep, boolean accumulate) {
        for (int t = 0; t < PANEL; t++) {
            FloatVector s0 = FloatVector.zero(FLOATS), s1 = s0, s2 = s0, s3 = s0;
            if (accumulate) {
                s0 = FloatVector.fromMemorySegment(FLOATS, to, toAt, LITTLE_ENDIAN);
                s1 = FloatVector.fromMemorySegment(FLOATS, to, toAt + 4 * LENGTH, LITTLE_ENDIAN);
                s2 = FloatVector.fromMemorySegment(FLOATS, to, toAt + 8 * LENGTH, LITTLE_ENDIAN);
                s3 = FloatVector.fromMemorySegment(FLOATS, to, toAt + 12 * LENGTH, LITTLE_ENDIAN);
            }
            FloatVector f = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, a[aAt + t]));
            s0 = f.fma(FloatVector.fromMemorySegment(FLOATS, b, bAt, LITTLE_ENDIAN), FLOAT_VECTOR.cast(s0));
            s1 = f.fma(FloatVector.fromMemorySegment(FLOATS, b, bAt + 4 * LENGTH, LITTLE_ENDIAN),
                    FLOAT_VECTOR.cast(s1));
            s2 = f.fma(FloatVector.fromMemorySegment(FLOATS, b, bAt + 8 * LENGTH, LITTLE_ENDIAN),
                    FLOAT_VECTOR.cast(s2));
            s3 = f.fma(FloatVector.fromMemorySegment(FLOATS, b, bAt + 12 * LENGTH, LITTLE_ENDIAN),
                    FLOAT_VECTOR.cast(s3));
            f = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, a[aAt + t + PANEL]));
            s0 = f.fma(FloatVector.fromMemorySegment(FLOATS, b, b2At, LITTLE_ENDIAN), s0);
            s1 = f.fma(FloatVector.fromMemorySegment(FLOATS, b, b2At + 4 * LENGTH, LITTLE_ENDIAN), s1);
            s2 = f.fma(FloatVector.fromMemorySegment(FLOATS, b, b2At + 8 * LENGTH, LITTLE_ENDIAN), s2);
            s3 = f.fma(FloatVector.fromMemorySegment(FLOATS, b, b2At + 12 * LENGTH, LITTLE_ENDIAN), s3);
            s0.intoMemorySegment(to, toAt, LITTLE_ENDIAN);
            s1.intoMemorySegment(to, toAt + 4 * LENGTH, LITTLE_ENDIAN);
            s2.intoMemorySegment(to, toAt + 8 * LENGTH, LITTLE_ENDIAN);
            s3.intoMemorySegment(to, toAt + 12 * LENGTH, LITTLE_ENDIAN);
            bAt += bStep;
            b2At += bStep;
            toAt += toStep;
        }
    }
}
