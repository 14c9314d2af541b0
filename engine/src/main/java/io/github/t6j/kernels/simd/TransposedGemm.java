package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.Lanes.C1;
import static io.github.t6j.kernels.simd.Lanes.C2;
import static io.github.t6j.kernels.simd.Lanes.C3;
import static io.github.t6j.kernels.simd.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.Lanes.FLOAT_VECTOR;
import static io.github.t6j.kernels.simd.Lanes.LENGTH;

import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import jdk.incubator.vector.FloatVector;

/**
 * Product of a transposed panel and a panel, for gradients of weights. The tiles are those of {@link Gemm}, but the
 * rows of x are adjacent and its columns are rows of a panel. Distances are constants, so bounds checks move before the
 * loops.
 */
final class TransposedGemm {
    private TransposedGemm() {}

    static void rows(
            float[] x, int xAt, int rows, int inner, float[] w, int wAt, int columns, float[] y, int yAt,
            boolean accumulate) {
        boolean narrow = NarrowGemm.AVAILABLE && Kernels.isNarrow(Format.F32, PANEL, rows, columns);
        int tallest = Gemm.tallest(Format.F32);
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            for (int r = 0; r < rows;) {
                int n = narrow ? Kernels.NARROW_ROWS : Gemm.tileRows(rows - r, tallest);
                int yRow = yAt + r * PANEL + lane;
                switch (n) {
                    case 1 -> tile1(x, xAt + r, inner, w, wAt + lane, y, yRow, accumulate);
                    case 2, 3 -> tile2(x, xAt + r, inner, w, wAt + lane, y, yRow, accumulate);
                    case 4 -> tile4(x, xAt + r, inner, w, wAt + lane, y, yRow, accumulate);
                    case 5 -> tile5(x, xAt + r, inner, w, wAt + lane, y, yRow, accumulate);
                    default -> narrow8(x, xAt + r, inner, w, wAt + lane, y, yRow, accumulate);
                }
                r += n == 3 ? 2 : n;
            }
        }
    }

    private static void tile1(
            float[] x, int xAt, int inner, float[] w, int wAt, float[] y, int yAt, boolean accumulate) {
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        if (accumulate) {
            s00 = FloatVector.fromArray(FLOATS, y, yAt);
            s01 = FloatVector.fromArray(FLOATS, y, yAt + C1);
            s02 = FloatVector.fromArray(FLOATS, y, yAt + C2);
            s03 = FloatVector.fromArray(FLOATS, y, yAt + C3);
        }
        for (int k = 0; k < inner; k++) {
            FloatVector w0 = FloatVector.fromArray(FLOATS, w, wAt);
            FloatVector w1 = FloatVector.fromArray(FLOATS, w, wAt + C1);
            FloatVector w2 = FloatVector.fromArray(FLOATS, w, wAt + C2);
            FloatVector w3 = FloatVector.fromArray(FLOATS, w, wAt + C3);
            FloatVector f0 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt]));
            s00 = f0.fma(w0, FLOAT_VECTOR.cast(s00));
            s01 = f0.fma(w1, FLOAT_VECTOR.cast(s01));
            s02 = f0.fma(w2, FLOAT_VECTOR.cast(s02));
            s03 = f0.fma(w3, FLOAT_VECTOR.cast(s03));
            xAt += PANEL;
            wAt += PANEL;
        }
        FLOAT_VECTOR.cast(s00).intoArray(y, yAt);
        FLOAT_VECTOR.cast(s01).intoArray(y, yAt + C1);
        FLOAT_VECTOR.cast(s02).intoArray(y, yAt + C2);
        FLOAT_VECTOR.cast(s03).intoArray(y, yAt + C3);
    }

    private static void tile2(
            float[] x, int xAt, int inner, float[] w, int wAt, float[] y, int yAt, boolean accumulate) {
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        FloatVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        if (accumulate) {
            s00 = FloatVector.fromArray(FLOATS, y, yAt);
            s01 = FloatVector.fromArray(FLOATS, y, yAt + C1);
            s02 = FloatVector.fromArray(FLOATS, y, yAt + C2);
            s03 = FloatVector.fromArray(FLOATS, y, yAt + C3);
            s10 = FloatVector.fromArray(FLOATS, y, yAt + PANEL);
            s11 = FloatVector.fromArray(FLOATS, y, yAt + PANEL + C1);
            s12 = FloatVector.fromArray(FLOATS, y, yAt + PANEL + C2);
            s13 = FloatVector.fromArray(FLOATS, y, yAt + PANEL + C3);
        }
        for (int k = 0; k < inner; k++) {
            FloatVector w0 = FloatVector.fromArray(FLOATS, w, wAt);
            FloatVector w1 = FloatVector.fromArray(FLOATS, w, wAt + C1);
            FloatVector w2 = FloatVector.fromArray(FLOATS, w, wAt + C2);
            FloatVector w3 = FloatVector.fromArray(FLOATS, w, wAt + C3);
            FloatVector f0 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt]));
            s00 = f0.fma(w0, FLOAT_VECTOR.cast(s00));
            s01 = f0.fma(w1, FLOAT_VECTOR.cast(s01));
            s02 = f0.fma(w2, FLOAT_VECTOR.cast(s02));
            s03 = f0.fma(w3, FLOAT_VECTOR.cast(s03));
            FloatVector f1 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 1]));
            s10 = f1.fma(w0, FLOAT_VECTOR.cast(s10));
            s11 = f1.fma(w1, FLOAT_VECTOR.cast(s11));
            s12 = f1.fma(w2, FLOAT_VECTOR.cast(s12));
            s13 = f1.fma(w3, FLOAT_VECTOR.cast(s13));
            xAt += PANEL;
            wAt += PANEL;
        }
        FLOAT_VECTOR.cast(s00).intoArray(y, yAt);
        FLOAT_VECTOR.cast(s01).intoArray(y, yAt + C1);
        FLOAT_VECTOR.cast(s02).intoArray(y, yAt + C2);
        FLOAT_VECTOR.cast(s03).intoArray(y, yAt + C3);
        FLOAT_VECTOR.cast(s10).intoArray(y, yAt + PANEL);
        FLOAT_VECTOR.cast(s11).intoArray(y, yAt + PANEL + C1);
        FLOAT_VECTOR.cast(s12).intoArray(y, yAt + PANEL + C2);
        FLOAT_VECTOR.cast(s13).intoArray(y, yAt + PANEL + C3);
    }

    private static void tile4(
            float[] x, int xAt, int inner, float[] w, int wAt, float[] y, int yAt, boolean accumulate) {
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        FloatVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        FloatVector s20 = zero, s21 = zero, s22 = zero, s23 = zero;
        FloatVector s30 = zero, s31 = zero, s32 = zero, s33 = zero;
        if (accumulate) {
            s00 = FloatVector.fromArray(FLOATS, y, yAt);
            s01 = FloatVector.fromArray(FLOATS, y, yAt + C1);
            s02 = FloatVector.fromArray(FLOATS, y, yAt + C2);
            s03 = FloatVector.fromArray(FLOATS, y, yAt + C3);
            s10 = FloatVector.fromArray(FLOATS, y, yAt + PANEL);
            s11 = FloatVector.fromArray(FLOATS, y, yAt + PANEL + C1);
            s12 = FloatVector.fromArray(FLOATS, y, yAt + PANEL + C2);
            s13 = FloatVector.fromArray(FLOATS, y, yAt + PANEL + C3);
            s20 = FloatVector.fromArray(FLOATS, y, yAt + 2 * PANEL);
            s21 = FloatVector.fromArray(FLOATS, y, yAt + 2 * PANEL + C1);
            s22 = FloatVector.fromArray(FLOATS, y, yAt + 2 * PANEL + C2);
            s23 = FloatVector.fromArray(FLOATS, y, yAt + 2 * PANEL + C3);
            s30 = FloatVector.fromArray(FLOATS, y, yAt + 3 * PANEL);
            s31 = FloatVector.fromArray(FLOATS, y, yAt + 3 * PANEL + C1);
            s32 = FloatVector.fromArray(FLOATS, y, yAt + 3 * PANEL + C2);
            s33 = FloatVector.fromArray(FLOATS, y, yAt + 3 * PANEL + C3);
        }
        for (int k = 0; k < inner; k++) {
            FloatVector w0 = FloatVector.fromArray(FLOATS, w, wAt);
            FloatVector w1 = FloatVector.fromArray(FLOATS, w, wAt + C1);
            FloatVector w2 = FloatVector.fromArray(FLOATS, w, wAt + C2);
            FloatVector w3 = FloatVector.fromArray(FLOATS, w, wAt + C3);
            FloatVector f0 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt]));
            s00 = f0.fma(w0, FLOAT_VECTOR.cast(s00));
            s01 = f0.fma(w1, FLOAT_VECTOR.cast(s01));
            s02 = f0.fma(w2, FLOAT_VECTOR.cast(s02));
            s03 = f0.fma(w3, FLOAT_VECTOR.cast(s03));
            FloatVector f1 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 1]));
            s10 = f1.fma(w0, FLOAT_VECTOR.cast(s10));
            s11 = f1.fma(w1, FLOAT_VECTOR.cast(s11));
            s12 = f1.fma(w2, FLOAT_VECTOR.cast(s12));
            s13 = f1.fma(w3, FLOAT_VECTOR.cast(s13));
            FloatVector f2 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 2]));
            s20 = f2.fma(w0, FLOAT_VECTOR.cast(s20));
            s21 = f2.fma(w1, FLOAT_VECTOR.cast(s21));
            s22 = f2.fma(w2, FLOAT_VECTOR.cast(s22));
            s23 = f2.fma(w3, FLOAT_VECTOR.cast(s23));
            FloatVector f3 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 3]));
            s30 = f3.fma(w0, FLOAT_VECTOR.cast(s30));
            s31 = f3.fma(w1, FLOAT_VECTOR.cast(s31));
            s32 = f3.fma(w2, FLOAT_VECTOR.cast(s32));
            s33 = f3.fma(w3, FLOAT_VECTOR.cast(s33));
            xAt += PANEL;
            wAt += PANEL;
        }
        FLOAT_VECTOR.cast(s00).intoArray(y, yAt);
        FLOAT_VECTOR.cast(s01).intoArray(y, yAt + C1);
        FLOAT_VECTOR.cast(s02).intoArray(y, yAt + C2);
        FLOAT_VECTOR.cast(s03).intoArray(y, yAt + C3);
        FLOAT_VECTOR.cast(s10).intoArray(y, yAt + PANEL);
        FLOAT_VECTOR.cast(s11).intoArray(y, yAt + PANEL + C1);
        FLOAT_VECTOR.cast(s12).intoArray(y, yAt + PANEL + C2);
        FLOAT_VECTOR.cast(s13).intoArray(y, yAt + PANEL + C3);
        FLOAT_VECTOR.cast(s20).intoArray(y, yAt + 2 * PANEL);
        FLOAT_VECTOR.cast(s21).intoArray(y, yAt + 2 * PANEL + C1);
        FLOAT_VECTOR.cast(s22).intoArray(y, yAt + 2 * PANEL + C2);
        FLOAT_VECTOR.cast(s23).intoArray(y, yAt + 2 * PANEL + C3);
        FLOAT_VECTOR.cast(s30).intoArray(y, yAt + 3 * PANEL);
        FLOAT_VECTOR.cast(s31).intoArray(y, yAt + 3 * PANEL + C1);
        FLOAT_VECTOR.cast(s32).intoArray(y, yAt + 3 * PANEL + C2);
        FLOAT_VECTOR.cast(s33).intoArray(y, yAt + 3 * PANEL + C3);
    }

    private static void tile5(
            float[] x, int xAt, int inner, float[] w, int wAt, float[] y, int yAt, boolean accumulate) {
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        FloatVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        FloatVector s20 = zero, s21 = zero, s22 = zero, s23 = zero;
        FloatVector s30 = zero, s31 = zero, s32 = zero, s33 = zero;
        FloatVector s40 = zero, s41 = zero, s42 = zero, s43 = zero;
        if (accumulate) {
            s00 = FloatVector.fromArray(FLOATS, y, yAt);
            s01 = FloatVector.fromArray(FLOATS, y, yAt + C1);
            s02 = FloatVector.fromArray(FLOATS, y, yAt + C2);
            s03 = FloatVector.fromArray(FLOATS, y, yAt + C3);
            s10 = FloatVector.fromArray(FLOATS, y, yAt + PANEL);
            s11 = FloatVector.fromArray(FLOATS, y, yAt + PANEL + C1);
            s12 = FloatVector.fromArray(FLOATS, y, yAt + PANEL + C2);
            s13 = FloatVector.fromArray(FLOATS, y, yAt + PANEL + C3);
            s20 = FloatVector.fromArray(FLOATS, y, yAt + 2 * PANEL);
            s21 = FloatVector.fromArray(FLOATS, y, yAt + 2 * PANEL + C1);
            s22 = FloatVector.fromArray(FLOATS, y, yAt + 2 * PANEL + C2);
            s23 = FloatVector.fromArray(FLOATS, y, yAt + 2 * PANEL + C3);
            s30 = FloatVector.fromArray(FLOATS, y, yAt + 3 * PANEL);
            s31 = FloatVector.fromArray(FLOATS, y, yAt + 3 * PANEL + C1);
            s32 = FloatVector.fromArray(FLOATS, y, yAt + 3 * PANEL + C2);
            s33 = FloatVector.fromArray(FLOATS, y, yAt + 3 * PANEL + C3);
            s40 = FloatVector.fromArray(FLOATS, y, yAt + 4 * PANEL);
            s41 = FloatVector.fromArray(FLOATS, y, yAt + 4 * PANEL + C1);
            s42 = FloatVector.fromArray(FLOATS, y, yAt + 4 * PANEL + C2);
            s43 = FloatVector.fromArray(FLOATS, y, yAt + 4 * PANEL + C3);
        }
        for (int k = 0; k < inner; k++) {
            FloatVector w0 = FloatVector.fromArray(FLOATS, w, wAt);
            FloatVector w1 = FloatVector.fromArray(FLOATS, w, wAt + C1);
            FloatVector w2 = FloatVector.fromArray(FLOATS, w, wAt + C2);
            FloatVector w3 = FloatVector.fromArray(FLOATS, w, wAt + C3);
            FloatVector f0 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt]));
            s00 = f0.fma(w0, FLOAT_VECTOR.cast(s00));
            s01 = f0.fma(w1, FLOAT_VECTOR.cast(s01));
            s02 = f0.fma(w2, FLOAT_VECTOR.cast(s02));
            s03 = f0.fma(w3, FLOAT_VECTOR.cast(s03));
            FloatVector f1 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 1]));
            s10 = f1.fma(w0, FLOAT_VECTOR.cast(s10));
            s11 = f1.fma(w1, FLOAT_VECTOR.cast(s11));
            s12 = f1.fma(w2, FLOAT_VECTOR.cast(s12));
            s13 = f1.fma(w3, FLOAT_VECTOR.cast(s13));
            FloatVector f2 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 2]));
            s20 = f2.fma(w0, FLOAT_VECTOR.cast(s20));
            s21 = f2.fma(w1, FLOAT_VECTOR.cast(s21));
            s22 = f2.fma(w2, FLOAT_VECTOR.cast(s22));
            s23 = f2.fma(w3, FLOAT_VECTOR.cast(s23));
            FloatVector f3 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 3]));
            s30 = f3.fma(w0, FLOAT_VECTOR.cast(s30));
            s31 = f3.fma(w1, FLOAT_VECTOR.cast(s31));
            s32 = f3.fma(w2, FLOAT_VECTOR.cast(s32));
            s33 = f3.fma(w3, FLOAT_VECTOR.cast(s33));
            FloatVector f4 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 4]));
            s40 = f4.fma(w0, FLOAT_VECTOR.cast(s40));
            s41 = f4.fma(w1, FLOAT_VECTOR.cast(s41));
            s42 = f4.fma(w2, FLOAT_VECTOR.cast(s42));
            s43 = f4.fma(w3, FLOAT_VECTOR.cast(s43));
            xAt += PANEL;
            wAt += PANEL;
        }
        FLOAT_VECTOR.cast(s00).intoArray(y, yAt);
        FLOAT_VECTOR.cast(s01).intoArray(y, yAt + C1);
        FLOAT_VECTOR.cast(s02).intoArray(y, yAt + C2);
        FLOAT_VECTOR.cast(s03).intoArray(y, yAt + C3);
        FLOAT_VECTOR.cast(s10).intoArray(y, yAt + PANEL);
        FLOAT_VECTOR.cast(s11).intoArray(y, yAt + PANEL + C1);
        FLOAT_VECTOR.cast(s12).intoArray(y, yAt + PANEL + C2);
        FLOAT_VECTOR.cast(s13).intoArray(y, yAt + PANEL + C3);
        FLOAT_VECTOR.cast(s20).intoArray(y, yAt + 2 * PANEL);
        FLOAT_VECTOR.cast(s21).intoArray(y, yAt + 2 * PANEL + C1);
        FLOAT_VECTOR.cast(s22).intoArray(y, yAt + 2 * PANEL + C2);
        FLOAT_VECTOR.cast(s23).intoArray(y, yAt + 2 * PANEL + C3);
        FLOAT_VECTOR.cast(s30).intoArray(y, yAt + 3 * PANEL);
        FLOAT_VECTOR.cast(s31).intoArray(y, yAt + 3 * PANEL + C1);
        FLOAT_VECTOR.cast(s32).intoArray(y, yAt + 3 * PANEL + C2);
        FLOAT_VECTOR.cast(s33).intoArray(y, yAt + 3 * PANEL + C3);
        FLOAT_VECTOR.cast(s40).intoArray(y, yAt + 4 * PANEL);
        FLOAT_VECTOR.cast(s41).intoArray(y, yAt + 4 * PANEL + C1);
        FLOAT_VECTOR.cast(s42).intoArray(y, yAt + 4 * PANEL + C2);
        FLOAT_VECTOR.cast(s43).intoArray(y, yAt + 4 * PANEL + C3);
    }

    /** Computes eight rows of 32 columns. */
    private static void narrow8(
            float[] x, int xAt, int inner, float[] w, int wAt, float[] y, int yAt, boolean accumulate) {
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
            FloatVector w0 = FloatVector.fromArray(FLOATS, w, wAt);
            FloatVector w1 = FloatVector.fromArray(FLOATS, w, wAt + C1);
            FloatVector f0 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt]));
            s00 = f0.fma(w0, FLOAT_VECTOR.cast(s00));
            s01 = f0.fma(w1, FLOAT_VECTOR.cast(s01));
            FloatVector f1 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 1]));
            s10 = f1.fma(w0, FLOAT_VECTOR.cast(s10));
            s11 = f1.fma(w1, FLOAT_VECTOR.cast(s11));
            FloatVector f2 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 2]));
            s20 = f2.fma(w0, FLOAT_VECTOR.cast(s20));
            s21 = f2.fma(w1, FLOAT_VECTOR.cast(s21));
            FloatVector f3 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 3]));
            s30 = f3.fma(w0, FLOAT_VECTOR.cast(s30));
            s31 = f3.fma(w1, FLOAT_VECTOR.cast(s31));
            FloatVector f4 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 4]));
            s40 = f4.fma(w0, FLOAT_VECTOR.cast(s40));
            s41 = f4.fma(w1, FLOAT_VECTOR.cast(s41));
            FloatVector f5 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 5]));
            s50 = f5.fma(w0, FLOAT_VECTOR.cast(s50));
            s51 = f5.fma(w1, FLOAT_VECTOR.cast(s51));
            FloatVector f6 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 6]));
            s60 = f6.fma(w0, FLOAT_VECTOR.cast(s60));
            s61 = f6.fma(w1, FLOAT_VECTOR.cast(s61));
            FloatVector f7 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + 7]));
            s70 = f7.fma(w0, FLOAT_VECTOR.cast(s70));
            s71 = f7.fma(w1, FLOAT_VECTOR.cast(s71));
            xAt += PANEL;
            wAt += PANEL;
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
