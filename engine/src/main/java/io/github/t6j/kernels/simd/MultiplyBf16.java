package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.Lanes.F;
import static io.github.t6j.kernels.simd.Lanes.I;
import static io.github.t6j.kernels.simd.Lanes.L;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * {@link Multiply} for one panel of bf16 weights: a vector of ints holds two vectors of weights, sixteen columns apart
 * (see {@link io.github.t6j.kernels.Bf16}); a shift and a mask cost nothing beside the multiply-adds.
 */
final class MultiplyBf16 {
    private MultiplyBf16() {}

    private static final int PANEL = 64;

    /** Where the columns of a step's second int vector begin, after those of its first. */
    private static final int SECOND = L == 16 ? 32 : L;

    static void rows(
            float[] x, int xAt, int xStride, int rows, int inner, MemorySegment w, long wAt,
            float[] y, int yAt, int yStride, boolean accumulate, int one) {
        for (int strip = 0; strip < PANEL / (4 * L); strip++) {
            // vectors of 4 lanes: two strips in a group of 32 columns, eight columns on
            int column = L == 4 ? strip / 2 * 32 + strip % 2 * 8 : strip * 4 * L;
            long from = wAt + strip * 8L * L;
            for (int r = 0; r < rows;) {
                int n = Multiply.tileRows(rows - r);
                int xRow = xAt + r * xStride;
                int yRow = yAt + r * yStride + column;
                switch (n) {
                    case 1 -> tile1(x, xRow, xStride, inner, w, from, y, yRow, yStride, accumulate, one);
                    case 2 -> tile2(x, xRow, xStride, inner, w, from, y, yRow, yStride, accumulate, one);
                    case 3 -> tile3(x, xRow, xStride, inner, w, from, y, yRow, yStride, accumulate, one);
                    case 4 -> tile4(x, xRow, xStride, inner, w, from, y, yRow, yStride, accumulate, one);
                    default -> tile5(x, xRow, xStride, inner, w, from, y, yRow, yStride, accumulate, one);
                }
                r += n;
            }
        }
    }

    private static void tile1(
            float[] x, int xAt, int xStride, int inner, MemorySegment w, long wAt,
            float[] y, int yAt, int yStride, boolean accumulate, int one) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        if (accumulate) {
            s00 = FloatVector.fromArray(F, y, yAt);
            s01 = FloatVector.fromArray(F, y, yAt + 16);
            s02 = FloatVector.fromArray(F, y, yAt + SECOND);
            s03 = FloatVector.fromArray(F, y, yAt + SECOND + 16);
        }
        for (int k = 0; k < inner; k += one) {
            IntVector i0 = IntVector.fromMemorySegment(I, w, wAt, LITTLE_ENDIAN);
            IntVector i1 = IntVector.fromMemorySegment(I, w, wAt + 4 * L, LITTLE_ENDIAN);
            wAt += 2 * PANEL;
            FloatVector w0 = i0.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector w1 = i0.and(0xFFFF0000).reinterpretAsFloats();
            FloatVector w2 = i1.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector w3 = i1.and(0xFFFF0000).reinterpretAsFloats();
            FloatVector f0 = FloatVector.broadcast(F, x[xAt + k]);
            s00 = f0.fma(w0, s00);
            s01 = f0.fma(w1, s01);
            s02 = f0.fma(w2, s02);
            s03 = f0.fma(w3, s03);
        }
        s00.intoArray(y, yAt);
        s01.intoArray(y, yAt + 16);
        s02.intoArray(y, yAt + SECOND);
        s03.intoArray(y, yAt + SECOND + 16);
    }

    private static void tile2(
            float[] x, int xAt, int xStride, int inner, MemorySegment w, long wAt,
            float[] y, int yAt, int yStride, boolean accumulate, int one) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        FloatVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        if (accumulate) {
            s00 = FloatVector.fromArray(F, y, yAt);
            s01 = FloatVector.fromArray(F, y, yAt + 16);
            s02 = FloatVector.fromArray(F, y, yAt + SECOND);
            s03 = FloatVector.fromArray(F, y, yAt + SECOND + 16);
            s10 = FloatVector.fromArray(F, y, yAt + yStride);
            s11 = FloatVector.fromArray(F, y, yAt + yStride + 16);
            s12 = FloatVector.fromArray(F, y, yAt + yStride + SECOND);
            s13 = FloatVector.fromArray(F, y, yAt + yStride + SECOND + 16);
        }
        int x1 = xAt + xStride;
        for (int k = 0; k < inner; k += one) {
            IntVector i0 = IntVector.fromMemorySegment(I, w, wAt, LITTLE_ENDIAN);
            IntVector i1 = IntVector.fromMemorySegment(I, w, wAt + 4 * L, LITTLE_ENDIAN);
            wAt += 2 * PANEL;
            FloatVector w0 = i0.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector w1 = i0.and(0xFFFF0000).reinterpretAsFloats();
            FloatVector w2 = i1.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector w3 = i1.and(0xFFFF0000).reinterpretAsFloats();
            FloatVector f0 = FloatVector.broadcast(F, x[xAt + k]);
            s00 = f0.fma(w0, s00);
            s01 = f0.fma(w1, s01);
            s02 = f0.fma(w2, s02);
            s03 = f0.fma(w3, s03);
            FloatVector f1 = FloatVector.broadcast(F, x[x1 + k]);
            s10 = f1.fma(w0, s10);
            s11 = f1.fma(w1, s11);
            s12 = f1.fma(w2, s12);
            s13 = f1.fma(w3, s13);
        }
        s00.intoArray(y, yAt);
        s01.intoArray(y, yAt + 16);
        s02.intoArray(y, yAt + SECOND);
        s03.intoArray(y, yAt + SECOND + 16);
        s10.intoArray(y, yAt + yStride);
        s11.intoArray(y, yAt + yStride + 16);
        s12.intoArray(y, yAt + yStride + SECOND);
        s13.intoArray(y, yAt + yStride + SECOND + 16);
    }

    private static void tile3(
            float[] x, int xAt, int xStride, int inner, MemorySegment w, long wAt,
            float[] y, int yAt, int yStride, boolean accumulate, int one) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        FloatVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        FloatVector s20 = zero, s21 = zero, s22 = zero, s23 = zero;
        if (accumulate) {
            s00 = FloatVector.fromArray(F, y, yAt);
            s01 = FloatVector.fromArray(F, y, yAt + 16);
            s02 = FloatVector.fromArray(F, y, yAt + SECOND);
            s03 = FloatVector.fromArray(F, y, yAt + SECOND + 16);
            s10 = FloatVector.fromArray(F, y, yAt + yStride);
            s11 = FloatVector.fromArray(F, y, yAt + yStride + 16);
            s12 = FloatVector.fromArray(F, y, yAt + yStride + SECOND);
            s13 = FloatVector.fromArray(F, y, yAt + yStride + SECOND + 16);
            s20 = FloatVector.fromArray(F, y, yAt + 2 * yStride);
            s21 = FloatVector.fromArray(F, y, yAt + 2 * yStride + 16);
            s22 = FloatVector.fromArray(F, y, yAt + 2 * yStride + SECOND);
            s23 = FloatVector.fromArray(F, y, yAt + 2 * yStride + SECOND + 16);
        }
        int x1 = xAt + xStride;
        int x2 = xAt + 2 * xStride;
        for (int k = 0; k < inner; k += one) {
            IntVector i0 = IntVector.fromMemorySegment(I, w, wAt, LITTLE_ENDIAN);
            IntVector i1 = IntVector.fromMemorySegment(I, w, wAt + 4 * L, LITTLE_ENDIAN);
            wAt += 2 * PANEL;
            FloatVector w0 = i0.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector w1 = i0.and(0xFFFF0000).reinterpretAsFloats();
            FloatVector w2 = i1.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector w3 = i1.and(0xFFFF0000).reinterpretAsFloats();
            FloatVector f0 = FloatVector.broadcast(F, x[xAt + k]);
            s00 = f0.fma(w0, s00);
            s01 = f0.fma(w1, s01);
            s02 = f0.fma(w2, s02);
            s03 = f0.fma(w3, s03);
            FloatVector f1 = FloatVector.broadcast(F, x[x1 + k]);
            s10 = f1.fma(w0, s10);
            s11 = f1.fma(w1, s11);
            s12 = f1.fma(w2, s12);
            s13 = f1.fma(w3, s13);
            FloatVector f2 = FloatVector.broadcast(F, x[x2 + k]);
            s20 = f2.fma(w0, s20);
            s21 = f2.fma(w1, s21);
            s22 = f2.fma(w2, s22);
            s23 = f2.fma(w3, s23);
        }
        s00.intoArray(y, yAt);
        s01.intoArray(y, yAt + 16);
        s02.intoArray(y, yAt + SECOND);
        s03.intoArray(y, yAt + SECOND + 16);
        s10.intoArray(y, yAt + yStride);
        s11.intoArray(y, yAt + yStride + 16);
        s12.intoArray(y, yAt + yStride + SECOND);
        s13.intoArray(y, yAt + yStride + SECOND + 16);
        s20.intoArray(y, yAt + 2 * yStride);
        s21.intoArray(y, yAt + 2 * yStride + 16);
        s22.intoArray(y, yAt + 2 * yStride + SECOND);
        s23.intoArray(y, yAt + 2 * yStride + SECOND + 16);
    }

    private static void tile4(
            float[] x, int xAt, int xStride, int inner, MemorySegment w, long wAt,
            float[] y, int yAt, int yStride, boolean accumulate, int one) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        FloatVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        FloatVector s20 = zero, s21 = zero, s22 = zero, s23 = zero;
        FloatVector s30 = zero, s31 = zero, s32 = zero, s33 = zero;
        if (accumulate) {
            s00 = FloatVector.fromArray(F, y, yAt);
            s01 = FloatVector.fromArray(F, y, yAt + 16);
            s02 = FloatVector.fromArray(F, y, yAt + SECOND);
            s03 = FloatVector.fromArray(F, y, yAt + SECOND + 16);
            s10 = FloatVector.fromArray(F, y, yAt + yStride);
            s11 = FloatVector.fromArray(F, y, yAt + yStride + 16);
            s12 = FloatVector.fromArray(F, y, yAt + yStride + SECOND);
            s13 = FloatVector.fromArray(F, y, yAt + yStride + SECOND + 16);
            s20 = FloatVector.fromArray(F, y, yAt + 2 * yStride);
            s21 = FloatVector.fromArray(F, y, yAt + 2 * yStride + 16);
            s22 = FloatVector.fromArray(F, y, yAt + 2 * yStride + SECOND);
            s23 = FloatVector.fromArray(F, y, yAt + 2 * yStride + SECOND + 16);
            s30 = FloatVector.fromArray(F, y, yAt + 3 * yStride);
            s31 = FloatVector.fromArray(F, y, yAt + 3 * yStride + 16);
            s32 = FloatVector.fromArray(F, y, yAt + 3 * yStride + SECOND);
            s33 = FloatVector.fromArray(F, y, yAt + 3 * yStride + SECOND + 16);
        }
        int x1 = xAt + xStride;
        int x2 = xAt + 2 * xStride;
        int x3 = xAt + 3 * xStride;
        for (int k = 0; k < inner; k += one) {
            IntVector i0 = IntVector.fromMemorySegment(I, w, wAt, LITTLE_ENDIAN);
            IntVector i1 = IntVector.fromMemorySegment(I, w, wAt + 4 * L, LITTLE_ENDIAN);
            wAt += 2 * PANEL;
            FloatVector w0 = i0.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector w1 = i0.and(0xFFFF0000).reinterpretAsFloats();
            FloatVector w2 = i1.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector w3 = i1.and(0xFFFF0000).reinterpretAsFloats();
            FloatVector f0 = FloatVector.broadcast(F, x[xAt + k]);
            s00 = f0.fma(w0, s00);
            s01 = f0.fma(w1, s01);
            s02 = f0.fma(w2, s02);
            s03 = f0.fma(w3, s03);
            FloatVector f1 = FloatVector.broadcast(F, x[x1 + k]);
            s10 = f1.fma(w0, s10);
            s11 = f1.fma(w1, s11);
            s12 = f1.fma(w2, s12);
            s13 = f1.fma(w3, s13);
            FloatVector f2 = FloatVector.broadcast(F, x[x2 + k]);
            s20 = f2.fma(w0, s20);
            s21 = f2.fma(w1, s21);
            s22 = f2.fma(w2, s22);
            s23 = f2.fma(w3, s23);
            FloatVector f3 = FloatVector.broadcast(F, x[x3 + k]);
            s30 = f3.fma(w0, s30);
            s31 = f3.fma(w1, s31);
            s32 = f3.fma(w2, s32);
            s33 = f3.fma(w3, s33);
        }
        s00.intoArray(y, yAt);
        s01.intoArray(y, yAt + 16);
        s02.intoArray(y, yAt + SECOND);
        s03.intoArray(y, yAt + SECOND + 16);
        s10.intoArray(y, yAt + yStride);
        s11.intoArray(y, yAt + yStride + 16);
        s12.intoArray(y, yAt + yStride + SECOND);
        s13.intoArray(y, yAt + yStride + SECOND + 16);
        s20.intoArray(y, yAt + 2 * yStride);
        s21.intoArray(y, yAt + 2 * yStride + 16);
        s22.intoArray(y, yAt + 2 * yStride + SECOND);
        s23.intoArray(y, yAt + 2 * yStride + SECOND + 16);
        s30.intoArray(y, yAt + 3 * yStride);
        s31.intoArray(y, yAt + 3 * yStride + 16);
        s32.intoArray(y, yAt + 3 * yStride + SECOND);
        s33.intoArray(y, yAt + 3 * yStride + SECOND + 16);
    }

    private static void tile5(
            float[] x, int xAt, int xStride, int inner, MemorySegment w, long wAt,
            float[] y, int yAt, int yStride, boolean accumulate, int one) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        FloatVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        FloatVector s20 = zero, s21 = zero, s22 = zero, s23 = zero;
        FloatVector s30 = zero, s31 = zero, s32 = zero, s33 = zero;
        FloatVector s40 = zero, s41 = zero, s42 = zero, s43 = zero;
        if (accumulate) {
            s00 = FloatVector.fromArray(F, y, yAt);
            s01 = FloatVector.fromArray(F, y, yAt + 16);
            s02 = FloatVector.fromArray(F, y, yAt + SECOND);
            s03 = FloatVector.fromArray(F, y, yAt + SECOND + 16);
            s10 = FloatVector.fromArray(F, y, yAt + yStride);
            s11 = FloatVector.fromArray(F, y, yAt + yStride + 16);
            s12 = FloatVector.fromArray(F, y, yAt + yStride + SECOND);
            s13 = FloatVector.fromArray(F, y, yAt + yStride + SECOND + 16);
            s20 = FloatVector.fromArray(F, y, yAt + 2 * yStride);
            s21 = FloatVector.fromArray(F, y, yAt + 2 * yStride + 16);
            s22 = FloatVector.fromArray(F, y, yAt + 2 * yStride + SECOND);
            s23 = FloatVector.fromArray(F, y, yAt + 2 * yStride + SECOND + 16);
            s30 = FloatVector.fromArray(F, y, yAt + 3 * yStride);
            s31 = FloatVector.fromArray(F, y, yAt + 3 * yStride + 16);
            s32 = FloatVector.fromArray(F, y, yAt + 3 * yStride + SECOND);
            s33 = FloatVector.fromArray(F, y, yAt + 3 * yStride + SECOND + 16);
            s40 = FloatVector.fromArray(F, y, yAt + 4 * yStride);
            s41 = FloatVector.fromArray(F, y, yAt + 4 * yStride + 16);
            s42 = FloatVector.fromArray(F, y, yAt + 4 * yStride + SECOND);
            s43 = FloatVector.fromArray(F, y, yAt + 4 * yStride + SECOND + 16);
        }
        int x1 = xAt + xStride;
        int x2 = xAt + 2 * xStride;
        int x3 = xAt + 3 * xStride;
        int x4 = xAt + 4 * xStride;
        for (int k = 0; k < inner; k += one) {
            IntVector i0 = IntVector.fromMemorySegment(I, w, wAt, LITTLE_ENDIAN);
            IntVector i1 = IntVector.fromMemorySegment(I, w, wAt + 4 * L, LITTLE_ENDIAN);
            wAt += 2 * PANEL;
            FloatVector w0 = i0.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector w1 = i0.and(0xFFFF0000).reinterpretAsFloats();
            FloatVector w2 = i1.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector w3 = i1.and(0xFFFF0000).reinterpretAsFloats();
            FloatVector f0 = FloatVector.broadcast(F, x[xAt + k]);
            s00 = f0.fma(w0, s00);
            s01 = f0.fma(w1, s01);
            s02 = f0.fma(w2, s02);
            s03 = f0.fma(w3, s03);
            FloatVector f1 = FloatVector.broadcast(F, x[x1 + k]);
            s10 = f1.fma(w0, s10);
            s11 = f1.fma(w1, s11);
            s12 = f1.fma(w2, s12);
            s13 = f1.fma(w3, s13);
            FloatVector f2 = FloatVector.broadcast(F, x[x2 + k]);
            s20 = f2.fma(w0, s20);
            s21 = f2.fma(w1, s21);
            s22 = f2.fma(w2, s22);
            s23 = f2.fma(w3, s23);
            FloatVector f3 = FloatVector.broadcast(F, x[x3 + k]);
            s30 = f3.fma(w0, s30);
            s31 = f3.fma(w1, s31);
            s32 = f3.fma(w2, s32);
            s33 = f3.fma(w3, s33);
            FloatVector f4 = FloatVector.broadcast(F, x[x4 + k]);
            s40 = f4.fma(w0, s40);
            s41 = f4.fma(w1, s41);
            s42 = f4.fma(w2, s42);
            s43 = f4.fma(w3, s43);
        }
        s00.intoArray(y, yAt);
        s01.intoArray(y, yAt + 16);
        s02.intoArray(y, yAt + SECOND);
        s03.intoArray(y, yAt + SECOND + 16);
        s10.intoArray(y, yAt + yStride);
        s11.intoArray(y, yAt + yStride + 16);
        s12.intoArray(y, yAt + yStride + SECOND);
        s13.intoArray(y, yAt + yStride + SECOND + 16);
        s20.intoArray(y, yAt + 2 * yStride);
        s21.intoArray(y, yAt + 2 * yStride + 16);
        s22.intoArray(y, yAt + 2 * yStride + SECOND);
        s23.intoArray(y, yAt + 2 * yStride + SECOND + 16);
        s30.intoArray(y, yAt + 3 * yStride);
        s31.intoArray(y, yAt + 3 * yStride + 16);
        s32.intoArray(y, yAt + 3 * yStride + SECOND);
        s33.intoArray(y, yAt + 3 * yStride + SECOND + 16);
        s40.intoArray(y, yAt + 4 * yStride);
        s41.intoArray(y, yAt + 4 * yStride + 16);
        s42.intoArray(y, yAt + 4 * yStride + SECOND);
        s43.intoArray(y, yAt + 4 * yStride + SECOND + 16);
    }
}
