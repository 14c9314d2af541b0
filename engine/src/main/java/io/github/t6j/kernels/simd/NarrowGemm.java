package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.NARROW_ROWS;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.Lanes.C1;
import static io.github.t6j.kernels.simd.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.Lanes.FLOAT_VECTOR;
import static io.github.t6j.kernels.simd.Lanes.LENGTH;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.github.t6j.kernels.Machine;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Matrix × matrix for at most half a panel of columns, such as heads of 32 elements, in tiles of eight rows × two
 * vectors. The tiles of {@link Gemm} compute whole panels, half of them for nothing.
 */
final class NarrowGemm {
    /** True if the registers suffice for sixteen sums. */
    static final boolean AVAILABLE = !Machine.FEW_REGISTERS;

    private NarrowGemm() {}

    static void rows(
            float[] x, int xAt, int rows, int inner, MemorySegment w, long wAt, int wStride, float[] y,
            int yAt, boolean accumulate) {
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            for (int r = 0; r < rows; r += NARROW_ROWS) {
                tile(
                        x, xAt + r * PANEL, inner, w, wAt + 4 * lane, 4L * wStride, y,
                        yAt + r * PANEL + lane,
                        accumulate);
            }
        }
    }

    private static void tile(
            float[] x, int xAt, int inner, MemorySegment w, long wAt, long wStep, float[] y, int yAt,
            boolean accumulate) {
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector s00 = zero, s01 = zero;
        FloatVector s10 = zero, s11 = zero;
        FloatVector s20 = zero, s21 = zero;
        FloatVector s30 = zero, s31 = zero;
        FloatVector s40 = zero, s41 = zero;
        FloatVector s50 = zero, s51 = zero;
        FloatVector s60 = zero, s61 = zero;
        FloatVector s70 = zero, s71 = zero;
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
            s60 = FloatVector.fromArray(FLOATS, y, yAt + 6 * PANEL);
            s61 = FloatVector.fromArray(FLOATS, y, yAt + 6 * PANEL + C1);
            s70 = FloatVector.fromArray(FLOATS, y, yAt + 7 * PANEL);
            s71 = FloatVector.fromArray(FLOATS, y, yAt + 7 * PANEL + C1);
        }
        for (int k = 0; k < inner; k++) {
            FloatVector w0 =
                    FLOAT_VECTOR.cast(FloatVector.fromMemorySegment(FLOATS, w, wAt, LITTLE_ENDIAN));
            FloatVector w1 =
                    FLOAT_VECTOR.cast(FloatVector.fromMemorySegment(FLOATS, w, wAt + 4 * C1, LITTLE_ENDIAN));
            FloatVector f0 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt]));
            s00 = f0.fma(w0, FLOAT_VECTOR.cast(s00));
            s01 = f0.fma(w1, FLOAT_VECTOR.cast(s01));
            FloatVector f1 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + PANEL]));
            s10 = f1.fma(w0, FLOAT_VECTOR.cast(s10));
            s11 = f1.fma(w1, FLOAT_VECTOR.cast(s11));
            FloatVector f2 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 2 * PANEL]));
            s20 = f2.fma(w0, FLOAT_VECTOR.cast(s20));
            s21 = f2.fma(w1, FLOAT_VECTOR.cast(s21));
            FloatVector f3 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 3 * PANEL]));
            s30 = f3.fma(w0, FLOAT_VECTOR.cast(s30));
            s31 = f3.fma(w1, FLOAT_VECTOR.cast(s31));
            FloatVector f4 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 4 * PANEL]));
            s40 = f4.fma(w0, FLOAT_VECTOR.cast(s40));
            s41 = f4.fma(w1, FLOAT_VECTOR.cast(s41));
            FloatVector f5 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 5 * PANEL]));
            s50 = f5.fma(w0, FLOAT_VECTOR.cast(s50));
            s51 = f5.fma(w1, FLOAT_VECTOR.cast(s51));
            FloatVector f6 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 6 * PANEL]));
            s60 = f6.fma(w0, FLOAT_VECTOR.cast(s60));
            s61 = f6.fma(w1, FLOAT_VECTOR.cast(s61));
            FloatVector f7 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 7 * PANEL]));
            s70 = f7.fma(w0, FLOAT_VECTOR.cast(s70));
            s71 = f7.fma(w1, FLOAT_VECTOR.cast(s71));
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
        FLOAT_VECTOR.cast(s60).intoArray(y, yAt + 6 * PANEL);
        FLOAT_VECTOR.cast(s61).intoArray(y, yAt + 6 * PANEL + C1);
        FLOAT_VECTOR.cast(s70).intoArray(y, yAt + 7 * PANEL);
        FLOAT_VECTOR.cast(s71).intoArray(y, yAt + 7 * PANEL + C1);
    }
}
