package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.Lanes.BYTE_EXPONENT;
import static io.github.t6j.kernels.simd.Lanes.BYTE_ZERO;
import static io.github.t6j.kernels.simd.Lanes.C1;
import static io.github.t6j.kernels.simd.Lanes.C2;
import static io.github.t6j.kernels.simd.Lanes.C3;
import static io.github.t6j.kernels.simd.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.Lanes.FLOAT_VECTOR;
import static io.github.t6j.kernels.simd.Lanes.HIGH_HALF;
import static io.github.t6j.kernels.simd.Lanes.INTS;
import static io.github.t6j.kernels.simd.Lanes.INT_VECTOR;
import static io.github.t6j.kernels.simd.Lanes.LENGTH;
import static io.github.t6j.kernels.simd.Lanes.LOW_BYTE;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Machine;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Matrix × matrix in register tiles of up to five rows × four vectors: twenty sums, four weights and a broadcast stay
 * in 32 registers; six rows spill. Matrix × vector is the tile of one row: sequential loads, the order in which memory
 * is read fastest.
 *
 * <p>Tiles of all {@link Format}s differ only in their loads. The loop body chooses them by the format: C2 sees that
 * the format never changes and makes one loop per format, whereas a helper that returns a vector might not be inlined.
 * Rows of y are {@link io.github.t6j.kernels.Kernels#PANEL} floats apart, a constant, so one bounds check serves all
 * loads and stores of a tile. Separate checks would take 10 % of the time of short sums.
 *
 * <p>The loops count the bytes of w by a step unknown to C2, which therefore treats them as non-counted and keeps the
 * order of the loads. When C2 unrolls such a loop, it groups the loads by sum and halves the bandwidth from memory. A
 * caller may be inlined with a constant stride, hence the factor {@code one}.
 *
 * <p>The loops of the tallest tiles are too long to be unrolled. They are counted, so some bounds checks move before
 * the loop.
 */
final class Gemm {
    private Gemm() {}

    /**
     * Number of rows in a tile. With 16 registers it is two, with eight sums and four weights; many rows use {@link
     * SlimGemm}.
     */
    private static final int MAX_ROWS = Machine.FEW_REGISTERS ? 2 : 5;

    /**
     * Returns the rows of the tallest tile: with the loads of all three formats, C2 cannot compile one of five rows.
     */
    static int tallest(Format format) {
        return format == Format.Q8 ? Math.min(4, MAX_ROWS) : MAX_ROWS;
    }

    static void rows(
            float[] x, int xAt, int xStride, int rows, int inner, Format format, MemorySegment w, long wAt, int wStride,
            int columns, float[] y, int yAt, int yPanel, boolean accumulate, int one) {
        if (format == Format.F16) {
            throw new IllegalArgumentException("format: expected F32, BF16 or Q8, found F16");
        }
        long wStep = format.bytes(wStride) * one;
        for (int c = 0; c < columns; c += PANEL, yAt += yPanel) {
            for (int lane = 0; lane < LANES; lane += LENGTH) {
                panel(
                        x, xAt, xStride, rows, inner, format, w, wAt + format.bytes(c) + 4 * lane, wStep, y, yAt + lane,
                        accumulate);
            }
        }
    }

    /**
     * Computes all rows of the columns at 0, {@value Lanes#C1}, {@value Lanes#C2} and {@value Lanes#C3} from a first
     * vector.
     */
    private static void panel(
            float[] x, int xAt, int xStride, int rows, int inner, Format format, MemorySegment w, long wAt, long wStep,
            float[] y, int yAt, boolean accumulate) {
        for (int r = 0; r < rows;) {
            int n = tileRows(rows - r, tallest(format));
            int xRow = xAt + r * xStride;
            int yRow = yAt + r * PANEL;
            switch (n) {
                case 1 -> tile1(x, xRow, inner, format, w, wAt, wStep, y, yRow, accumulate);
                case 2 -> tile2(x, xRow, xStride, inner, format, w, wAt, wStep, y, yRow, accumulate);
                case 3 -> tile3(x, xRow, xStride, inner, format, w, wAt, wStep, y, yRow, accumulate);
                case 4 -> tile4(x, xRow, xStride, inner, format, w, wAt, wStep, y, yRow, accumulate);
                default -> tile5(x, xRow, xStride, inner, format, w, wAt, wStep, y, yRow, accumulate);
            }
            r += n;
        }
    }

    /** Returns the rows of the next tile when {@code left} remain: as few tiles as possible, as even as possible. */
    static int tileRows(int left, int tallest) {
        int tiles = (left + tallest - 1) / tallest;
        return (left + tiles - 1) / tiles;
    }

    private static void tile1(
            float[] x, int xAt, int inner, Format format, MemorySegment w, long wAt, long wStep, float[] y, int yAt,
            boolean accumulate) {
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        if (accumulate) {
            s00 = FloatVector.fromArray(FLOATS, y, yAt);
            s01 = FloatVector.fromArray(FLOATS, y, yAt + C1);
            s02 = FloatVector.fromArray(FLOATS, y, yAt + C2);
            s03 = FloatVector.fromArray(FLOATS, y, yAt + C3);
        }
        for (long end = wAt + inner * wStep; wAt != end; wAt += wStep) {
            FloatVector w0, w1, w2, w3;
            if (format == Format.F32) {
                w0 = FloatVector.fromMemorySegment(FLOATS, w, wAt, LITTLE_ENDIAN);
                w1 = FloatVector.fromMemorySegment(FLOATS, w, wAt + 4 * C1, LITTLE_ENDIAN);
                w2 = FloatVector.fromMemorySegment(FLOATS, w, wAt + 4 * C2, LITTLE_ENDIAN);
                w3 = FloatVector.fromMemorySegment(FLOATS, w, wAt + 4 * C3, LITTLE_ENDIAN);
            } else if (format == Format.BF16) {
                IntVector i0 = INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, w, wAt, LITTLE_ENDIAN));
                IntVector i1 = INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, w, wAt + 2 * C2, LITTLE_ENDIAN));
                w0 = INT_VECTOR.cast(i0.lanewise(LSHL, 16)).reinterpretAsFloats();
                w1 = INT_VECTOR.cast(i0.and(HIGH_HALF)).reinterpretAsFloats();
                w2 = INT_VECTOR.cast(i1.lanewise(LSHL, 16)).reinterpretAsFloats();
                w3 = INT_VECTOR.cast(i1.and(HIGH_HALF)).reinterpretAsFloats();
            } else {
                IntVector i = INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, w, wAt, LITTLE_ENDIAN));
                w0 = FLOAT_VECTOR
                        .cast(INT_VECTOR.cast(INT_VECTOR.cast(i.and(LOW_BYTE)).or(BYTE_EXPONENT)).reinterpretAsFloats())
                        .sub(BYTE_ZERO);
                w1 = FLOAT_VECTOR.cast(INT_VECTOR
                        .cast(INT_VECTOR.cast(INT_VECTOR.cast(i.lanewise(LSHR, 8)).and(LOW_BYTE)).or(BYTE_EXPONENT))
                        .reinterpretAsFloats()).sub(BYTE_ZERO);
                w2 = FLOAT_VECTOR.cast(INT_VECTOR
                        .cast(INT_VECTOR.cast(INT_VECTOR.cast(i.lanewise(LSHR, 16)).and(LOW_BYTE)).or(BYTE_EXPONENT))
                        .reinterpretAsFloats()).sub(BYTE_ZERO);
                w3 = FLOAT_VECTOR
                        .cast(INT_VECTOR.cast(INT_VECTOR.cast(i.lanewise(LSHR, 24)).or(BYTE_EXPONENT))
                                .reinterpretAsFloats())
                        .sub(BYTE_ZERO);
            }
            w0 = FLOAT_VECTOR.cast(w0);
            w1 = FLOAT_VECTOR.cast(w1);
            w2 = FLOAT_VECTOR.cast(w2);
            w3 = FLOAT_VECTOR.cast(w3);
            FloatVector f0 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt]));
            s00 = f0.fma(w0, FLOAT_VECTOR.cast(s00));
            s01 = f0.fma(w1, FLOAT_VECTOR.cast(s01));
            s02 = f0.fma(w2, FLOAT_VECTOR.cast(s02));
            s03 = f0.fma(w3, FLOAT_VECTOR.cast(s03));
            xAt++;
        }
        FLOAT_VECTOR.cast(s00).intoArray(y, yAt);
        FLOAT_VECTOR.cast(s01).intoArray(y, yAt + C1);
        FLOAT_VECTOR.cast(s02).intoArray(y, yAt + C2);
        FLOAT_VECTOR.cast(s03).intoArray(y, yAt + C3);
    }

    private static void tile2(
            float[] x, int xAt, int xStride, int inner, Format format, MemorySegment w, long wAt, long wStep, float[] y,
            int yAt,
            boolean accumulate) {
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
        for (long end = wAt + inner * wStep; wAt != end; wAt += wStep) {
            FloatVector w0, w1, w2, w3;
            if (format == Format.F32) {
                w0 = FloatVector.fromMemorySegment(FLOATS, w, wAt, LITTLE_ENDIAN);
                w1 = FloatVector.fromMemorySegment(FLOATS, w, wAt + 4 * C1, LITTLE_ENDIAN);
                w2 = FloatVector.fromMemorySegment(FLOATS, w, wAt + 4 * C2, LITTLE_ENDIAN);
                w3 = FloatVector.fromMemorySegment(FLOATS, w, wAt + 4 * C3, LITTLE_ENDIAN);
            } else if (format == Format.BF16) {
                IntVector i0 = INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, w, wAt, LITTLE_ENDIAN));
                IntVector i1 = INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, w, wAt + 2 * C2, LITTLE_ENDIAN));
                w0 = INT_VECTOR.cast(i0.lanewise(LSHL, 16)).reinterpretAsFloats();
                w1 = INT_VECTOR.cast(i0.and(HIGH_HALF)).reinterpretAsFloats();
                w2 = INT_VECTOR.cast(i1.lanewise(LSHL, 16)).reinterpretAsFloats();
                w3 = INT_VECTOR.cast(i1.and(HIGH_HALF)).reinterpretAsFloats();
            } else {
                IntVector i = INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, w, wAt, LITTLE_ENDIAN));
                w0 = FLOAT_VECTOR
                        .cast(INT_VECTOR.cast(INT_VECTOR.cast(i.and(LOW_BYTE)).or(BYTE_EXPONENT)).reinterpretAsFloats())
                        .sub(BYTE_ZERO);
                w1 = FLOAT_VECTOR.cast(INT_VECTOR
                        .cast(INT_VECTOR.cast(INT_VECTOR.cast(i.lanewise(LSHR, 8)).and(LOW_BYTE)).or(BYTE_EXPONENT))
                        .reinterpretAsFloats()).sub(BYTE_ZERO);
                w2 = FLOAT_VECTOR.cast(INT_VECTOR
                        .cast(INT_VECTOR.cast(INT_VECTOR.cast(i.lanewise(LSHR, 16)).and(LOW_BYTE)).or(BYTE_EXPONENT))
                        .reinterpretAsFloats()).sub(BYTE_ZERO);
                w3 = FLOAT_VECTOR
                        .cast(INT_VECTOR.cast(INT_VECTOR.cast(i.lanewise(LSHR, 24)).or(BYTE_EXPONENT))
                                .reinterpretAsFloats())
                        .sub(BYTE_ZERO);
            }
            w0 = FLOAT_VECTOR.cast(w0);
            w1 = FLOAT_VECTOR.cast(w1);
            w2 = FLOAT_VECTOR.cast(w2);
            w3 = FLOAT_VECTOR.cast(w3);
            FloatVector f0 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt]));
            s00 = f0.fma(w0, FLOAT_VECTOR.cast(s00));
            s01 = f0.fma(w1, FLOAT_VECTOR.cast(s01));
            s02 = f0.fma(w2, FLOAT_VECTOR.cast(s02));
            s03 = f0.fma(w3, FLOAT_VECTOR.cast(s03));
            FloatVector f1 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + xStride]));
            s10 = f1.fma(w0, FLOAT_VECTOR.cast(s10));
            s11 = f1.fma(w1, FLOAT_VECTOR.cast(s11));
            s12 = f1.fma(w2, FLOAT_VECTOR.cast(s12));
            s13 = f1.fma(w3, FLOAT_VECTOR.cast(s13));
            xAt++;
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

    private static void tile3(
            float[] x, int xAt, int xStride, int inner, Format format, MemorySegment w, long wAt, long wStep, float[] y,
            int yAt,
            boolean accumulate) {
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        FloatVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        FloatVector s20 = zero, s21 = zero, s22 = zero, s23 = zero;
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
        }
        int xStride2 = 2 * xStride;
        for (long end = wAt + inner * wStep; wAt != end; wAt += wStep) {
            FloatVector w0, w1, w2, w3;
            if (format == Format.F32) {
                w0 = FloatVector.fromMemorySegment(FLOATS, w, wAt, LITTLE_ENDIAN);
                w1 = FloatVector.fromMemorySegment(FLOATS, w, wAt + 4 * C1, LITTLE_ENDIAN);
                w2 = FloatVector.fromMemorySegment(FLOATS, w, wAt + 4 * C2, LITTLE_ENDIAN);
                w3 = FloatVector.fromMemorySegment(FLOATS, w, wAt + 4 * C3, LITTLE_ENDIAN);
            } else if (format == Format.BF16) {
                IntVector i0 = INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, w, wAt, LITTLE_ENDIAN));
                IntVector i1 = INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, w, wAt + 2 * C2, LITTLE_ENDIAN));
                w0 = INT_VECTOR.cast(i0.lanewise(LSHL, 16)).reinterpretAsFloats();
                w1 = INT_VECTOR.cast(i0.and(HIGH_HALF)).reinterpretAsFloats();
                w2 = INT_VECTOR.cast(i1.lanewise(LSHL, 16)).reinterpretAsFloats();
                w3 = INT_VECTOR.cast(i1.and(HIGH_HALF)).reinterpretAsFloats();
            } else {
                IntVector i = INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, w, wAt, LITTLE_ENDIAN));
                w0 = FLOAT_VECTOR
                        .cast(INT_VECTOR.cast(INT_VECTOR.cast(i.and(LOW_BYTE)).or(BYTE_EXPONENT)).reinterpretAsFloats())
                        .sub(BYTE_ZERO);
                w1 = FLOAT_VECTOR.cast(INT_VECTOR
                        .cast(INT_VECTOR.cast(INT_VECTOR.cast(i.lanewise(LSHR, 8)).and(LOW_BYTE)).or(BYTE_EXPONENT))
                        .reinterpretAsFloats()).sub(BYTE_ZERO);
                w2 = FLOAT_VECTOR.cast(INT_VECTOR
                        .cast(INT_VECTOR.cast(INT_VECTOR.cast(i.lanewise(LSHR, 16)).and(LOW_BYTE)).or(BYTE_EXPONENT))
                        .reinterpretAsFloats()).sub(BYTE_ZERO);
                w3 = FLOAT_VECTOR
                        .cast(INT_VECTOR.cast(INT_VECTOR.cast(i.lanewise(LSHR, 24)).or(BYTE_EXPONENT))
                                .reinterpretAsFloats())
                        .sub(BYTE_ZERO);
            }
            w0 = FLOAT_VECTOR.cast(w0);
            w1 = FLOAT_VECTOR.cast(w1);
            w2 = FLOAT_VECTOR.cast(w2);
            w3 = FLOAT_VECTOR.cast(w3);
            FloatVector f0 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt]));
            s00 = f0.fma(w0, FLOAT_VECTOR.cast(s00));
            s01 = f0.fma(w1, FLOAT_VECTOR.cast(s01));
            s02 = f0.fma(w2, FLOAT_VECTOR.cast(s02));
            s03 = f0.fma(w3, FLOAT_VECTOR.cast(s03));
            FloatVector f1 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + xStride]));
            s10 = f1.fma(w0, FLOAT_VECTOR.cast(s10));
            s11 = f1.fma(w1, FLOAT_VECTOR.cast(s11));
            s12 = f1.fma(w2, FLOAT_VECTOR.cast(s12));
            s13 = f1.fma(w3, FLOAT_VECTOR.cast(s13));
            FloatVector f2 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + xStride2]));
            s20 = f2.fma(w0, FLOAT_VECTOR.cast(s20));
            s21 = f2.fma(w1, FLOAT_VECTOR.cast(s21));
            s22 = f2.fma(w2, FLOAT_VECTOR.cast(s22));
            s23 = f2.fma(w3, FLOAT_VECTOR.cast(s23));
            xAt++;
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
    }

    private static void tile4(
            float[] x, int xAt, int xStride, int inner, Format format, MemorySegment w, long wAt, long wStep, float[] y,
            int yAt, boolean accumulate) {
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
        int xStride2 = 2 * xStride;
        int xStride3 = 3 * xStride;
        for (int k = 0; k < inner; k++) {
            FloatVector w0, w1, w2, w3;
            if (format == Format.F32) {
                w0 = FloatVector.fromMemorySegment(FLOATS, w, wAt, LITTLE_ENDIAN);
                w1 = FloatVector.fromMemorySegment(FLOATS, w, wAt + 4 * C1, LITTLE_ENDIAN);
                w2 = FloatVector.fromMemorySegment(FLOATS, w, wAt + 4 * C2, LITTLE_ENDIAN);
                w3 = FloatVector.fromMemorySegment(FLOATS, w, wAt + 4 * C3, LITTLE_ENDIAN);
            } else if (format == Format.BF16) {
                IntVector i0 = INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, w, wAt, LITTLE_ENDIAN));
                IntVector i1 = INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, w, wAt + 2 * C2, LITTLE_ENDIAN));
                w0 = INT_VECTOR.cast(i0.lanewise(LSHL, 16)).reinterpretAsFloats();
                w1 = INT_VECTOR.cast(i0.and(HIGH_HALF)).reinterpretAsFloats();
                w2 = INT_VECTOR.cast(i1.lanewise(LSHL, 16)).reinterpretAsFloats();
                w3 = INT_VECTOR.cast(i1.and(HIGH_HALF)).reinterpretAsFloats();
            } else {
                IntVector i = INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, w, wAt, LITTLE_ENDIAN));
                w0 = FLOAT_VECTOR
                        .cast(INT_VECTOR.cast(INT_VECTOR.cast(i.and(LOW_BYTE)).or(BYTE_EXPONENT)).reinterpretAsFloats())
                        .sub(BYTE_ZERO);
                w1 = FLOAT_VECTOR
                        .cast(INT_VECTOR
                                .cast(INT_VECTOR.cast(INT_VECTOR.cast(i.lanewise(LSHR, 8)).and(LOW_BYTE))
                                        .or(BYTE_EXPONENT))
                                .reinterpretAsFloats())
                        .sub(BYTE_ZERO);
                w2 = FLOAT_VECTOR
                        .cast(INT_VECTOR
                                .cast(INT_VECTOR.cast(INT_VECTOR.cast(i.lanewise(LSHR, 16)).and(LOW_BYTE))
                                        .or(BYTE_EXPONENT))
                                .reinterpretAsFloats())
                        .sub(BYTE_ZERO);
                w3 = FLOAT_VECTOR
                        .cast(INT_VECTOR.cast(INT_VECTOR.cast(i.lanewise(LSHR, 24)).or(BYTE_EXPONENT))
                                .reinterpretAsFloats())
                        .sub(BYTE_ZERO);
            }
            w0 = FLOAT_VECTOR.cast(w0);
            w1 = FLOAT_VECTOR.cast(w1);
            w2 = FLOAT_VECTOR.cast(w2);
            w3 = FLOAT_VECTOR.cast(w3);
            FloatVector f0 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt]));
            s00 = f0.fma(w0, FLOAT_VECTOR.cast(s00));
            s01 = f0.fma(w1, FLOAT_VECTOR.cast(s01));
            s02 = f0.fma(w2, FLOAT_VECTOR.cast(s02));
            s03 = f0.fma(w3, FLOAT_VECTOR.cast(s03));
            FloatVector f1 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + xStride]));
            s10 = f1.fma(w0, FLOAT_VECTOR.cast(s10));
            s11 = f1.fma(w1, FLOAT_VECTOR.cast(s11));
            s12 = f1.fma(w2, FLOAT_VECTOR.cast(s12));
            s13 = f1.fma(w3, FLOAT_VECTOR.cast(s13));
            FloatVector f2 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + xStride2]));
            s20 = f2.fma(w0, FLOAT_VECTOR.cast(s20));
            s21 = f2.fma(w1, FLOAT_VECTOR.cast(s21));
            s22 = f2.fma(w2, FLOAT_VECTOR.cast(s22));
            s23 = f2.fma(w3, FLOAT_VECTOR.cast(s23));
            FloatVector f3 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + xStride3]));
            s30 = f3.fma(w0, FLOAT_VECTOR.cast(s30));
            s31 = f3.fma(w1, FLOAT_VECTOR.cast(s31));
            s32 = f3.fma(w2, FLOAT_VECTOR.cast(s32));
            s33 = f3.fma(w3, FLOAT_VECTOR.cast(s33));
            xAt++;
            wAt += wStep;
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
            float[] x, int xAt, int xStride, int inner, Format format, MemorySegment w, long wAt, long wStep, float[] y,
            int yAt, boolean accumulate) {
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
        int xStride2 = 2 * xStride;
        int xStride3 = 3 * xStride;
        int xStride4 = 4 * xStride;
        for (int k = 0; k < inner; k++) {
            FloatVector w0, w1, w2, w3;
            if (format == Format.F32) {
                w0 = FloatVector.fromMemorySegment(FLOATS, w, wAt, LITTLE_ENDIAN);
                w1 = FloatVector.fromMemorySegment(FLOATS, w, wAt + 4 * C1, LITTLE_ENDIAN);
                w2 = FloatVector.fromMemorySegment(FLOATS, w, wAt + 4 * C2, LITTLE_ENDIAN);
                w3 = FloatVector.fromMemorySegment(FLOATS, w, wAt + 4 * C3, LITTLE_ENDIAN);
            } else {
                IntVector i0 = INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, w, wAt, LITTLE_ENDIAN));
                IntVector i1 = INT_VECTOR.cast(IntVector.fromMemorySegment(INTS, w, wAt + 2 * C2, LITTLE_ENDIAN));
                w0 = INT_VECTOR.cast(i0.lanewise(LSHL, 16)).reinterpretAsFloats();
                w1 = INT_VECTOR.cast(i0.and(HIGH_HALF)).reinterpretAsFloats();
                w2 = INT_VECTOR.cast(i1.lanewise(LSHL, 16)).reinterpretAsFloats();
                w3 = INT_VECTOR.cast(i1.and(HIGH_HALF)).reinterpretAsFloats();
            }
            w0 = FLOAT_VECTOR.cast(w0);
            w1 = FLOAT_VECTOR.cast(w1);
            w2 = FLOAT_VECTOR.cast(w2);
            w3 = FLOAT_VECTOR.cast(w3);
            FloatVector f0 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt]));
            s00 = f0.fma(w0, FLOAT_VECTOR.cast(s00));
            s01 = f0.fma(w1, FLOAT_VECTOR.cast(s01));
            s02 = f0.fma(w2, FLOAT_VECTOR.cast(s02));
            s03 = f0.fma(w3, FLOAT_VECTOR.cast(s03));
            FloatVector f1 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + xStride]));
            s10 = f1.fma(w0, FLOAT_VECTOR.cast(s10));
            s11 = f1.fma(w1, FLOAT_VECTOR.cast(s11));
            s12 = f1.fma(w2, FLOAT_VECTOR.cast(s12));
            s13 = f1.fma(w3, FLOAT_VECTOR.cast(s13));
            FloatVector f2 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + xStride2]));
            s20 = f2.fma(w0, FLOAT_VECTOR.cast(s20));
            s21 = f2.fma(w1, FLOAT_VECTOR.cast(s21));
            s22 = f2.fma(w2, FLOAT_VECTOR.cast(s22));
            s23 = f2.fma(w3, FLOAT_VECTOR.cast(s23));
            FloatVector f3 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + xStride3]));
            s30 = f3.fma(w0, FLOAT_VECTOR.cast(s30));
            s31 = f3.fma(w1, FLOAT_VECTOR.cast(s31));
            s32 = f3.fma(w2, FLOAT_VECTOR.cast(s32));
            s33 = f3.fma(w3, FLOAT_VECTOR.cast(s33));
            FloatVector f4 = FLOAT_VECTOR.cast(FloatVector.broadcast(FLOATS, x[xAt + xStride4]));
            s40 = f4.fma(w0, FLOAT_VECTOR.cast(s40));
            s41 = f4.fma(w1, FLOAT_VECTOR.cast(s41));
            s42 = f4.fma(w2, FLOAT_VECTOR.cast(s42));
            s43 = f4.fma(w3, FLOAT_VECTOR.cast(s43));
            xAt++;
            wAt += wStep;
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
}
