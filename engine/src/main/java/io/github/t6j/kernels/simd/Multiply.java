package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.Lanes.F;
import static io.github.t6j.kernels.simd.Lanes.L;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Matrix × matrix over f32 rows in register tiles of up to five rows × four vectors: twenty sums, four weights and a
 * broadcast stay in 32 registers; six rows spill. Matrix × vector is the tile of one row: four sequential loads a step,
 * the order in which memory is read fastest.
 *
 * <p>The loops step by a parameter that is always 1, so that C2 takes them for non-counted and keeps the order of the
 * loads: unrolled, it groups the loads by sum and halves the bandwidth from memory.
 */
final class Multiply {
    private Multiply() {}

    /** Rows of a tile; with 16 registers of 256 bits, three. */
    static final int MAX_ROWS = L == 8 ? 3 : 5;

    static void rows(
            float[] x, int xAt, int xStride, int rows, int inner, MemorySegment w, long wAt, int wStride, int columns,
            float[] y, int yAt, int yStride, boolean accumulate, int one) {
        long wStep = 4L * wStride;
        int column = 0;
        for (; column + 4 * L <= columns; column += 4 * L) {
            tiles(x, xAt, xStride, rows, inner, w, wAt + 4L * column, wStep, y, yAt + column, yStride, accumulate, one);
        }
        for (; column < columns; column += L) {
            edges(x, xAt, xStride, rows, inner, w, wAt + 4L * column, wStep, y, yAt + column, yStride, accumulate, one);
        }
    }

    /** Rows of the next tile when {@code left} remain: as few tiles as possible, as even as possible. */
    static int tileRows(int left) {
        int tiles = (left + MAX_ROWS - 1) / MAX_ROWS;
        return (left + tiles - 1) / tiles;
    }

    private static void tiles(
            float[] x, int xAt, int xStride, int rows, int inner, MemorySegment w, long wAt, long wStep,
            float[] y, int yAt, int yStride, boolean accumulate, int one) {
        for (int r = 0; r < rows;) {
            int n = tileRows(rows - r);
            int from = xAt + r * xStride;
            int to = yAt + r * yStride;
            switch (n) {
                case 1 -> tile1(x, from, xStride, inner, w, wAt, wStep, y, to, yStride, accumulate, one);
                case 2 -> tile2(x, from, xStride, inner, w, wAt, wStep, y, to, yStride, accumulate, one);
                case 3 -> tile3(x, from, xStride, inner, w, wAt, wStep, y, to, yStride, accumulate, one);
                case 4 -> tile4(x, from, xStride, inner, w, wAt, wStep, y, to, yStride, accumulate, one);
                default -> tile5(x, from, xStride, inner, w, wAt, wStep, y, to, yStride, accumulate, one);
            }
            r += n;
        }
    }

    /** One vector of columns: what is left where the columns are no whole number of four vectors. */
    private static void edges(
            float[] x, int xAt, int xStride, int rows, int inner, MemorySegment w, long wAt, long wStep,
            float[] y, int yAt, int yStride, boolean accumulate, int one) {
        int r = 0;
        for (; r + 4 <= rows; r += 4) {
            edge4(x, xAt + r * xStride, xStride, inner, w, wAt, wStep, y, yAt + r * yStride, yStride, accumulate, one);
        }
        for (; r < rows; r++) {
            edge1(x, xAt + r * xStride, xStride, inner, w, wAt, wStep, y, yAt + r * yStride, yStride, accumulate, one);
        }
    }

    private static void tile1(
            float[] x, int xAt, int xStride, int inner, MemorySegment w, long wAt, long wStep,
            float[] y, int yAt, int yStride, boolean accumulate, int one) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        if (accumulate) {
            s00 = FloatVector.fromArray(F, y, yAt);
            s01 = FloatVector.fromArray(F, y, yAt + L);
            s02 = FloatVector.fromArray(F, y, yAt + 2 * L);
            s03 = FloatVector.fromArray(F, y, yAt + 3 * L);
        }
        for (int k = 0; k < inner; k += one) {
            FloatVector w0 = FloatVector.fromMemorySegment(F, w, wAt, LITTLE_ENDIAN);
            FloatVector w1 = FloatVector.fromMemorySegment(F, w, wAt + 4 * L, LITTLE_ENDIAN);
            FloatVector w2 = FloatVector.fromMemorySegment(F, w, wAt + 8 * L, LITTLE_ENDIAN);
            FloatVector w3 = FloatVector.fromMemorySegment(F, w, wAt + 12 * L, LITTLE_ENDIAN);
            wAt += wStep;
            FloatVector f0 = FloatVector.broadcast(F, x[xAt + k]);
            s00 = f0.fma(w0, s00);
            s01 = f0.fma(w1, s01);
            s02 = f0.fma(w2, s02);
            s03 = f0.fma(w3, s03);
        }
        s00.intoArray(y, yAt);
        s01.intoArray(y, yAt + L);
        s02.intoArray(y, yAt + 2 * L);
        s03.intoArray(y, yAt + 3 * L);
    }

    private static void tile2(
            float[] x, int xAt, int xStride, int inner, MemorySegment w, long wAt, long wStep,
            float[] y, int yAt, int yStride, boolean accumulate, int one) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        FloatVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        if (accumulate) {
            s00 = FloatVector.fromArray(F, y, yAt);
            s01 = FloatVector.fromArray(F, y, yAt + L);
            s02 = FloatVector.fromArray(F, y, yAt + 2 * L);
            s03 = FloatVector.fromArray(F, y, yAt + 3 * L);
            s10 = FloatVector.fromArray(F, y, yAt + yStride);
            s11 = FloatVector.fromArray(F, y, yAt + yStride + L);
            s12 = FloatVector.fromArray(F, y, yAt + yStride + 2 * L);
            s13 = FloatVector.fromArray(F, y, yAt + yStride + 3 * L);
        }
        int x1 = xAt + xStride;
        for (int k = 0; k < inner; k += one) {
            FloatVector w0 = FloatVector.fromMemorySegment(F, w, wAt, LITTLE_ENDIAN);
            FloatVector w1 = FloatVector.fromMemorySegment(F, w, wAt + 4 * L, LITTLE_ENDIAN);
            FloatVector w2 = FloatVector.fromMemorySegment(F, w, wAt + 8 * L, LITTLE_ENDIAN);
            FloatVector w3 = FloatVector.fromMemorySegment(F, w, wAt + 12 * L, LITTLE_ENDIAN);
            wAt += wStep;
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
        s01.intoArray(y, yAt + L);
        s02.intoArray(y, yAt + 2 * L);
        s03.intoArray(y, yAt + 3 * L);
        s10.intoArray(y, yAt + yStride);
        s11.intoArray(y, yAt + yStride + L);
        s12.intoArray(y, yAt + yStride + 2 * L);
        s13.intoArray(y, yAt + yStride + 3 * L);
    }

    private static void tile3(
            float[] x, int xAt, int xStride, int inner, MemorySegment w, long wAt, long wStep,
            float[] y, int yAt, int yStride, boolean accumulate, int one) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        FloatVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        FloatVector s20 = zero, s21 = zero, s22 = zero, s23 = zero;
        if (accumulate) {
            s00 = FloatVector.fromArray(F, y, yAt);
            s01 = FloatVector.fromArray(F, y, yAt + L);
            s02 = FloatVector.fromArray(F, y, yAt + 2 * L);
            s03 = FloatVector.fromArray(F, y, yAt + 3 * L);
            s10 = FloatVector.fromArray(F, y, yAt + yStride);
            s11 = FloatVector.fromArray(F, y, yAt + yStride + L);
            s12 = FloatVector.fromArray(F, y, yAt + yStride + 2 * L);
            s13 = FloatVector.fromArray(F, y, yAt + yStride + 3 * L);
            s20 = FloatVector.fromArray(F, y, yAt + 2 * yStride);
            s21 = FloatVector.fromArray(F, y, yAt + 2 * yStride + L);
            s22 = FloatVector.fromArray(F, y, yAt + 2 * yStride + 2 * L);
            s23 = FloatVector.fromArray(F, y, yAt + 2 * yStride + 3 * L);
        }
        int x1 = xAt + xStride;
        int x2 = xAt + 2 * xStride;
        for (int k = 0; k < inner; k += one) {
            FloatVector w0 = FloatVector.fromMemorySegment(F, w, wAt, LITTLE_ENDIAN);
            FloatVector w1 = FloatVector.fromMemorySegment(F, w, wAt + 4 * L, LITTLE_ENDIAN);
            FloatVector w2 = FloatVector.fromMemorySegment(F, w, wAt + 8 * L, LITTLE_ENDIAN);
            FloatVector w3 = FloatVector.fromMemorySegment(F, w, wAt + 12 * L, LITTLE_ENDIAN);
            wAt += wStep;
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
        s01.intoArray(y, yAt + L);
        s02.intoArray(y, yAt + 2 * L);
        s03.intoArray(y, yAt + 3 * L);
        s10.intoArray(y, yAt + yStride);
        s11.intoArray(y, yAt + yStride + L);
        s12.intoArray(y, yAt + yStride + 2 * L);
        s13.intoArray(y, yAt + yStride + 3 * L);
        s20.intoArray(y, yAt + 2 * yStride);
        s21.intoArray(y, yAt + 2 * yStride + L);
        s22.intoArray(y, yAt + 2 * yStride + 2 * L);
        s23.intoArray(y, yAt + 2 * yStride + 3 * L);
    }

    private static void tile4(
            float[] x, int xAt, int xStride, int inner, MemorySegment w, long wAt, long wStep,
            float[] y, int yAt, int yStride, boolean accumulate, int one) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        FloatVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        FloatVector s20 = zero, s21 = zero, s22 = zero, s23 = zero;
        FloatVector s30 = zero, s31 = zero, s32 = zero, s33 = zero;
        if (accumulate) {
            s00 = FloatVector.fromArray(F, y, yAt);
            s01 = FloatVector.fromArray(F, y, yAt + L);
            s02 = FloatVector.fromArray(F, y, yAt + 2 * L);
            s03 = FloatVector.fromArray(F, y, yAt + 3 * L);
            s10 = FloatVector.fromArray(F, y, yAt + yStride);
            s11 = FloatVector.fromArray(F, y, yAt + yStride + L);
            s12 = FloatVector.fromArray(F, y, yAt + yStride + 2 * L);
            s13 = FloatVector.fromArray(F, y, yAt + yStride + 3 * L);
            s20 = FloatVector.fromArray(F, y, yAt + 2 * yStride);
            s21 = FloatVector.fromArray(F, y, yAt + 2 * yStride + L);
            s22 = FloatVector.fromArray(F, y, yAt + 2 * yStride + 2 * L);
            s23 = FloatVector.fromArray(F, y, yAt + 2 * yStride + 3 * L);
            s30 = FloatVector.fromArray(F, y, yAt + 3 * yStride);
            s31 = FloatVector.fromArray(F, y, yAt + 3 * yStride + L);
            s32 = FloatVector.fromArray(F, y, yAt + 3 * yStride + 2 * L);
            s33 = FloatVector.fromArray(F, y, yAt + 3 * yStride + 3 * L);
        }
        int x1 = xAt + xStride;
        int x2 = xAt + 2 * xStride;
        int x3 = xAt + 3 * xStride;
        for (int k = 0; k < inner; k += one) {
            FloatVector w0 = FloatVector.fromMemorySegment(F, w, wAt, LITTLE_ENDIAN);
            FloatVector w1 = FloatVector.fromMemorySegment(F, w, wAt + 4 * L, LITTLE_ENDIAN);
            FloatVector w2 = FloatVector.fromMemorySegment(F, w, wAt + 8 * L, LITTLE_ENDIAN);
            FloatVector w3 = FloatVector.fromMemorySegment(F, w, wAt + 12 * L, LITTLE_ENDIAN);
            wAt += wStep;
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
        s01.intoArray(y, yAt + L);
        s02.intoArray(y, yAt + 2 * L);
        s03.intoArray(y, yAt + 3 * L);
        s10.intoArray(y, yAt + yStride);
        s11.intoArray(y, yAt + yStride + L);
        s12.intoArray(y, yAt + yStride + 2 * L);
        s13.intoArray(y, yAt + yStride + 3 * L);
        s20.intoArray(y, yAt + 2 * yStride);
        s21.intoArray(y, yAt + 2 * yStride + L);
        s22.intoArray(y, yAt + 2 * yStride + 2 * L);
        s23.intoArray(y, yAt + 2 * yStride + 3 * L);
        s30.intoArray(y, yAt + 3 * yStride);
        s31.intoArray(y, yAt + 3 * yStride + L);
        s32.intoArray(y, yAt + 3 * yStride + 2 * L);
        s33.intoArray(y, yAt + 3 * yStride + 3 * L);
    }

    private static void tile5(
            float[] x, int xAt, int xStride, int inner, MemorySegment w, long wAt, long wStep,
            float[] y, int yAt, int yStride, boolean accumulate, int one) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        FloatVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        FloatVector s20 = zero, s21 = zero, s22 = zero, s23 = zero;
        FloatVector s30 = zero, s31 = zero, s32 = zero, s33 = zero;
        FloatVector s40 = zero, s41 = zero, s42 = zero, s43 = zero;
        if (accumulate) {
            s00 = FloatVector.fromArray(F, y, yAt);
            s01 = FloatVector.fromArray(F, y, yAt + L);
            s02 = FloatVector.fromArray(F, y, yAt + 2 * L);
            s03 = FloatVector.fromArray(F, y, yAt + 3 * L);
            s10 = FloatVector.fromArray(F, y, yAt + yStride);
            s11 = FloatVector.fromArray(F, y, yAt + yStride + L);
            s12 = FloatVector.fromArray(F, y, yAt + yStride + 2 * L);
            s13 = FloatVector.fromArray(F, y, yAt + yStride + 3 * L);
            s20 = FloatVector.fromArray(F, y, yAt + 2 * yStride);
            s21 = FloatVector.fromArray(F, y, yAt + 2 * yStride + L);
            s22 = FloatVector.fromArray(F, y, yAt + 2 * yStride + 2 * L);
            s23 = FloatVector.fromArray(F, y, yAt + 2 * yStride + 3 * L);
            s30 = FloatVector.fromArray(F, y, yAt + 3 * yStride);
            s31 = FloatVector.fromArray(F, y, yAt + 3 * yStride + L);
            s32 = FloatVector.fromArray(F, y, yAt + 3 * yStride + 2 * L);
            s33 = FloatVector.fromArray(F, y, yAt + 3 * yStride + 3 * L);
            s40 = FloatVector.fromArray(F, y, yAt + 4 * yStride);
            s41 = FloatVector.fromArray(F, y, yAt + 4 * yStride + L);
            s42 = FloatVector.fromArray(F, y, yAt + 4 * yStride + 2 * L);
            s43 = FloatVector.fromArray(F, y, yAt + 4 * yStride + 3 * L);
        }
        int x1 = xAt + xStride;
        int x2 = xAt + 2 * xStride;
        int x3 = xAt + 3 * xStride;
        int x4 = xAt + 4 * xStride;
        for (int k = 0; k < inner; k += one) {
            FloatVector w0 = FloatVector.fromMemorySegment(F, w, wAt, LITTLE_ENDIAN);
            FloatVector w1 = FloatVector.fromMemorySegment(F, w, wAt + 4 * L, LITTLE_ENDIAN);
            FloatVector w2 = FloatVector.fromMemorySegment(F, w, wAt + 8 * L, LITTLE_ENDIAN);
            FloatVector w3 = FloatVector.fromMemorySegment(F, w, wAt + 12 * L, LITTLE_ENDIAN);
            wAt += wStep;
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
        s01.intoArray(y, yAt + L);
        s02.intoArray(y, yAt + 2 * L);
        s03.intoArray(y, yAt + 3 * L);
        s10.intoArray(y, yAt + yStride);
        s11.intoArray(y, yAt + yStride + L);
        s12.intoArray(y, yAt + yStride + 2 * L);
        s13.intoArray(y, yAt + yStride + 3 * L);
        s20.intoArray(y, yAt + 2 * yStride);
        s21.intoArray(y, yAt + 2 * yStride + L);
        s22.intoArray(y, yAt + 2 * yStride + 2 * L);
        s23.intoArray(y, yAt + 2 * yStride + 3 * L);
        s30.intoArray(y, yAt + 3 * yStride);
        s31.intoArray(y, yAt + 3 * yStride + L);
        s32.intoArray(y, yAt + 3 * yStride + 2 * L);
        s33.intoArray(y, yAt + 3 * yStride + 3 * L);
        s40.intoArray(y, yAt + 4 * yStride);
        s41.intoArray(y, yAt + 4 * yStride + L);
        s42.intoArray(y, yAt + 4 * yStride + 2 * L);
        s43.intoArray(y, yAt + 4 * yStride + 3 * L);
    }

    private static void edge1(
            float[] x, int xAt, int xStride, int inner, MemorySegment w, long wAt, long wStep,
            float[] y, int yAt, int yStride, boolean accumulate, int one) {
        FloatVector s0 = FloatVector.zero(F);
        if (accumulate) {
            s0 = FloatVector.fromArray(F, y, yAt);
        }
        for (int k = 0; k < inner; k += one) {
            FloatVector v = FloatVector.fromMemorySegment(F, w, wAt, LITTLE_ENDIAN);
            wAt += wStep;
            s0 = FloatVector.broadcast(F, x[xAt + k]).fma(v, s0);
        }
        s0.intoArray(y, yAt);
    }

    private static void edge4(
            float[] x, int xAt, int xStride, int inner, MemorySegment w, long wAt, long wStep,
            float[] y, int yAt, int yStride, boolean accumulate, int one) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = FloatVector.zero(F);
        FloatVector s2 = FloatVector.zero(F);
        FloatVector s3 = FloatVector.zero(F);
        if (accumulate) {
            s0 = FloatVector.fromArray(F, y, yAt);
            s1 = FloatVector.fromArray(F, y, yAt + yStride);
            s2 = FloatVector.fromArray(F, y, yAt + 2 * yStride);
            s3 = FloatVector.fromArray(F, y, yAt + 3 * yStride);
        }
        int x1 = xAt + xStride;
        int x2 = xAt + 2 * xStride;
        int x3 = xAt + 3 * xStride;
        for (int k = 0; k < inner; k += one) {
            FloatVector v = FloatVector.fromMemorySegment(F, w, wAt, LITTLE_ENDIAN);
            wAt += wStep;
            s0 = FloatVector.broadcast(F, x[xAt + k]).fma(v, s0);
            s1 = FloatVector.broadcast(F, x[x1 + k]).fma(v, s1);
            s2 = FloatVector.broadcast(F, x[x2 + k]).fma(v, s2);
            s3 = FloatVector.broadcast(F, x[x3 + k]).fma(v, s3);
        }
        s0.intoArray(y, yAt);
        s1.intoArray(y, yAt + yStride);
        s2.intoArray(y, yAt + 2 * yStride);
        s3.intoArray(y, yAt + 3 * yStride);
    }
}
