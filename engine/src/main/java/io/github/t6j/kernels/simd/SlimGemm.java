package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.Lanes.C1;
import static io.github.t6j.kernels.simd.Lanes.C2;
import static io.github.t6j.kernels.simd.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.Lanes.FLOAT_VECTOR;
import static io.github.t6j.kernels.simd.Lanes.HIGH_HALF;
import static io.github.t6j.kernels.simd.Lanes.INTS;
import static io.github.t6j.kernels.simd.Lanes.INT_VECTOR;
import static io.github.t6j.kernels.simd.Lanes.LENGTH;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;

import io.github.t6j.kernels.Format;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Products of many rows on machines with 16 registers, in tiles of five or six rows × two vectors: twelve sums, two
 * weights and a broadcast. The tiles of {@link Gemm}, two rows × four vectors, read weights three times as often and
 * wait for L2. Few rows stay with {@code Gemm}: it reads weights in their order in memory, which matters if they come
 * from there.
 */
final class SlimGemm {
    private SlimGemm() {}

    /** Number of rows in a tile; a tile has one less if rows do not split evenly. */
    private static final int MAX_ROWS = 6;

    /** Implements {@link io.github.t6j.kernels.Kernels#multiply}. */
    static void rows(
            float[] x, int xAt, int xStride, int rows, int inner, Format format, MemorySegment w, long wAt, int wStride,
            int columns, float[] y, int yAt, int yPanel, boolean accumulate) {
        long wStep = format.bytes(wStride);
        for (int c = 0; c < columns; c += PANEL, yAt += yPanel) {
            for (int r = 0; r < rows;) {
                int n = Gemm.tileRows(rows - r, MAX_ROWS);
                tiles(
                        n, x, xAt + r * xStride, xStride, inner, format, w, wAt + format.bytes(c), wStep, y,
                        yAt + r * PANEL, accumulate);
                r += n;
            }
        }
    }

    /**
     * Computes some rows of a panel: two vectors {@value Lanes#C1} columns apart, then those that share their cache
     * lines.
     */
    private static void tiles(
            int rows, float[] x, int xAt, int xStride, int inner, Format format, MemorySegment w, long wAt, long wStep,
            float[] y, int yAt, boolean accumulate) {
        for (int half = 0; half < PANEL; half += C2) {
            for (int lane = 0; lane < LANES; lane += LENGTH) {
                int to = yAt + half + lane;
                long from = wAt + format.bytes(half) + 4 * lane;
                if (rows == 5) {
                    tile5(x, xAt, xStride, inner, format, w, from, wStep, y, to, accumulate);
                } else {
                    tile6(x, xAt, xStride, inner, format, w, from, wStep, y, to, accumulate);
                }
            }
        }
    }

    private static void tile5(
            float[] x, int xAt, int xStride, int inner, Format format, MemorySegment w, long wAt, long wStep, float[] y,
            int yAt, boolean accumulate) {
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector s00 = zero, s01 = zero;
        FloatVector s10 = zero, s11 = zero;
        FloatVector s20 = zero, s21 = zero;
        FloatVector s30 = zero, s31 = zero;
        FloatVector s40 = zero, s41 = zero;
        if (accumulate) {
            s00 = FloatVector.fromArray(FLOATS, y, yAt);
            s01 = FloatVector.fromArray(FLOATS, y, yAt + C1);
            s10 = FloatVector.fromArray(FLOATS, y, yAt + PANEL);
            s11 = FloatVector.fromArray(FLOATS, y, yAt + PANEL + C1);
            s20 = FloatVector.fromArray(FLOATS, y, yAt + 2 * PANEL);
            s21 = FloatVector.fromArray(FLOATS, y, yAt + 2 * PANEL + C1);
            s30 = FloatVector.fromArray(FLOATS, y, yAt + 3 * PANEL);
            s31 = FloatVector.fromArray(FLOATS, y, yAt + 3 * PANEL + C1);
            s40 = FloatVector.fromArray(FLOATS, y, yAt + 4 * PANEL);
            s41 = FloatVector.fromArray(FLOATS, y, yAt + 4 * PANEL + C1);
        }
        int xStride2 = 2 * xStride;
        int xStride3 = 3 * xStride;
        int xStride4 = 4 * xStride;
        for (int k = 0; k < inner; k++) {
            FloatVector w0, w1;
            if (format == Format.F32) {
                w0 = FloatVector.fromMemorySegment(FLOATS, w, wAt, LITTLE_ENDIAN);
                w1 = FloatVector.fromMemorySegment(FLOATS, w, wAt + 4 * C1, LITTLE_ENDIAN);
            } else {
                IntVector i = INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, w, wAt, LITTLE_ENDIAN));
                w0 = INT_VECTOR.cast(i.lanewise(LSHL, 16)).reinterpretAsFloats();
                w1 = INT_VECTOR.cast(i.and(HIGH_HALF)).reinterpretAsFloats();
            }
            w0 = FLOAT_VECTOR.cast(w0);
            w1 = FLOAT_VECTOR.cast(w1);
            FloatVector f0 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt]));
            s00 = f0.fma(w0, FLOAT_VECTOR.cast(s00));
            s01 = f0.fma(w1, FLOAT_VECTOR.cast(s01));
            FloatVector f1 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + xStride]));
            s10 = f1.fma(w0, FLOAT_VECTOR.cast(s10));
            s11 = f1.fma(w1, FLOAT_VECTOR.cast(s11));
            FloatVector f2 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + xStride2]));
            s20 = f2.fma(w0, FLOAT_VECTOR.cast(s20));
            s21 = f2.fma(w1, FLOAT_VECTOR.cast(s21));
            FloatVector f3 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + xStride3]));
            s30 = f3.fma(w0, FLOAT_VECTOR.cast(s30));
            s31 = f3.fma(w1, FLOAT_VECTOR.cast(s31));
            FloatVector f4 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + xStride4]));
            s40 = f4.fma(w0, FLOAT_VECTOR.cast(s40));
            s41 = f4.fma(w1, FLOAT_VECTOR.cast(s41));
            xAt++;
            wAt += wStep;
        }
        FLOAT_VECTOR.cast(s00).intoArray(y, yAt);
        FLOAT_VECTOR.cast(s01).intoArray(y, yAt + C1);
        FLOAT_VECTOR.cast(s10).intoArray(y, yAt + PANEL);
        FLOAT_VECTOR.cast(s11).intoArray(y, yAt + PANEL + C1);
        FLOAT_VECTOR.cast(s20).intoArray(y, yAt + 2 * PANEL);
        FLOAT_VECTOR.cast(s21).intoArray(y, yAt + 2 * PANEL + C1);
        FLOAT_VECTOR.cast(s30).intoArray(y, yAt + 3 * PANEL);
        FLOAT_VECTOR.cast(s31).intoArray(y, yAt + 3 * PANEL + C1);
        FLOAT_VECTOR.cast(s40).intoArray(y, yAt + 4 * PANEL);
        FLOAT_VECTOR.cast(s41).intoArray(y, yAt + 4 * PANEL + C1);
    }

    private static void tile6(
            float[] x, int xAt, int xStride, int inner, Format format, MemorySegment w, long wAt, long wStep, float[] y,
            int yAt, boolean accumulate) {
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector s00 = zero, s01 = zero;
        FloatVector s10 = zero, s11 = zero;
        FloatVector s20 = zero, s21 = zero;
        FloatVector s30 = zero, s31 = zero;
        FloatVector s40 = zero, s41 = zero;
        FloatVector s50 = zero, s51 = zero;
        if (accumulate) {
            s00 = FloatVector.fromArray(FLOATS, y, yAt);
            s01 = FloatVector.fromArray(FLOATS, y, yAt + C1);
            s10 = FloatVector.fromArray(FLOATS, y, yAt + PANEL);
            s11 = FloatVector.fromArray(FLOATS, y, yAt + PANEL + C1);
            s20 = FloatVector.fromArray(FLOATS, y, yAt + 2 * PANEL);
            s21 = FloatVector.fromArray(FLOATS, y, yAt + 2 * PANEL + C1);
            s30 = FloatVector.fromArray(FLOATS, y, yAt + 3 * PANEL);
            s31 = FloatVector.fromArray(FLOATS, y, yAt + 3 * PANEL + C1);
            s40 = FloatVector.fromArray(FLOATS, y, yAt + 4 * PANEL);
            s41 = FloatVector.fromArray(FLOATS, y, yAt + 4 * PANEL + C1);
            s50 = FloatVector.fromArray(FLOATS, y, yAt + 5 * PANEL);
            s51 = FloatVector.fromArray(FLOATS, y, yAt + 5 * PANEL + C1);
        }
        int xStride2 = 2 * xStride;
        int xStride3 = 3 * xStride;
        int xStride4 = 4 * xStride;
        int xStride5 = 5 * xStride;
        for (int k = 0; k < inner; k++) {
            FloatVector w0, w1;
            if (format == Format.F32) {
                w0 = FloatVector.fromMemorySegment(FLOATS, w, wAt, LITTLE_ENDIAN);
                w1 = FloatVector.fromMemorySegment(FLOATS, w, wAt + 4 * C1, LITTLE_ENDIAN);
            } else {
                IntVector i = INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, w, wAt, LITTLE_ENDIAN));
                w0 = INT_VECTOR.cast(i.lanewise(LSHL, 16)).reinterpretAsFloats();
                w1 = INT_VECTOR.cast(i.and(HIGH_HALF)).reinterpretAsFloats();
            }
            w0 = FLOAT_VECTOR.cast(w0);
            w1 = FLOAT_VECTOR.cast(w1);
            FloatVector f0 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt]));
            s00 = f0.fma(w0, FLOAT_VECTOR.cast(s00));
            s01 = f0.fma(w1, FLOAT_VECTOR.cast(s01));
            FloatVector f1 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + xStride]));
            s10 = f1.fma(w0, FLOAT_VECTOR.cast(s10));
            s11 = f1.fma(w1, FLOAT_VECTOR.cast(s11));
            FloatVector f2 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + xStride2]));
            s20 = f2.fma(w0, FLOAT_VECTOR.cast(s20));
            s21 = f2.fma(w1, FLOAT_VECTOR.cast(s21));
            FloatVector f3 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + xStride3]));
            s30 = f3.fma(w0, FLOAT_VECTOR.cast(s30));
            s31 = f3.fma(w1, FLOAT_VECTOR.cast(s31));
            FloatVector f4 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + xStride4]));
            s40 = f4.fma(w0, FLOAT_VECTOR.cast(s40));
            s41 = f4.fma(w1, FLOAT_VECTOR.cast(s41));
            FloatVector f5 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + xStride5]));
            s50 = f5.fma(w0, FLOAT_VECTOR.cast(s50));
            s51 = f5.fma(w1, FLOAT_VECTOR.cast(s51));
            xAt++;
            wAt += wStep;
        }
        FLOAT_VECTOR.cast(s00).intoArray(y, yAt);
        FLOAT_VECTOR.cast(s01).intoArray(y, yAt + C1);
        FLOAT_VECTOR.cast(s10).intoArray(y, yAt + PANEL);
        FLOAT_VECTOR.cast(s11).intoArray(y, yAt + PANEL + C1);
        FLOAT_VECTOR.cast(s20).intoArray(y, yAt + 2 * PANEL);
        FLOAT_VECTOR.cast(s21).intoArray(y, yAt + 2 * PANEL + C1);
        FLOAT_VECTOR.cast(s30).intoArray(y, yAt + 3 * PANEL);
        FLOAT_VECTOR.cast(s31).intoArray(y, yAt + 3 * PANEL + C1);
        FLOAT_VECTOR.cast(s40).intoArray(y, yAt + 4 * PANEL);
        FLOAT_VECTOR.cast(s41).intoArray(y, yAt + 4 * PANEL + C1);
        FLOAT_VECTOR.cast(s50).intoArray(y, yAt + 5 * PANEL);
        FLOAT_VECTOR.cast(s51).intoArray(y, yAt + 5 * PANEL + C1);
    }
}
