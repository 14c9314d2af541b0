package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.Kernels.TALL_STRIDE;
import static io.github.t6j.kernels.simd.BlockGemm.F16_BIAS;
import static io.github.t6j.kernels.simd.BlockGemm.F16_BITS;
import static io.github.t6j.kernels.simd.BlockGemm.F16_LEAST;
import static io.github.t6j.kernels.simd.BlockGemm.SIGN;
import static io.github.t6j.kernels.simd.BlockGemm.column;
import static io.github.t6j.kernels.simd.Lanes.BYTE_EXPONENT;
import static io.github.t6j.kernels.simd.Lanes.BYTE_ZERO;
import static io.github.t6j.kernels.simd.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.Lanes.INTS;
import static io.github.t6j.kernels.simd.Lanes.LENGTH;
import static io.github.t6j.kernels.simd.Lanes.LOW_BYTE;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.UMIN;
import static jdk.incubator.vector.VectorOperators.XOR;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.simd.generated.TallTiles;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Product of a panel of quantised weights and many rows by multiply-adds of floats that are integers. The sum of a block
 * stays below 2^24, so it is exact. Scaling is a method of its own: together with a tile it is too much for C2.
 */
final class TallBlocks {
    private static final int SIZE = BlockFormat.SIZE;
    private static final int ROW = BlockFormat.ROW;

    /** Number of blocks that a row of x holds, and that are unpacked at once. */
    private static final int BLOCKS = TALL_STRIDE / SIZE;

    // the scratch: weights of the blocks, their scales, and the sums of a tile
    private static final int SCALES = BLOCKS * SIZE * PANEL;
    private static final int SUMS = SCALES + BLOCKS * PANEL;

    private static final int NIBBLE = 0xF;
    private static final float NIBBLE_ZERO = 0x1p23f + 8;

    private TallBlocks() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#multiplyBlocks} for one panel and tall rows. */
    static void panel(
            RoundedRows x, BlockFormat format, MemorySegment w, long wAt, float[] scratch, float[] y, int yAt,
            int yStride) {
        for (int r = 0; r < x.rows; r++) {
            Arrays.fill(y, yAt + r * yStride, yAt + r * yStride + PANEL, 0f);
        }
        for (int first = 0; first < x.blocks; first += BLOCKS) {
            int count = Math.min(BLOCKS, x.blocks - first);
            for (int b = 0; b < count; b++, wAt += format.bytes()) {
                scales(w, wAt, scratch, SCALES + b * PANEL);
                if (format == BlockFormat.Q8_0) {
                    bytes(w, wAt + ROW, scratch, b * SIZE * PANEL);
                } else {
                    nibbles(w, wAt + ROW, scratch, b * SIZE * PANEL);
                }
            }
            for (int r = 0; r < x.rows;) {
                int n = Gemm.tileRows(x.rows - r, TallGemm.MAX_ROWS);
                for (int b = 0; b < count; b++) {
                    tile(n, x.floats, x.floatAt(r, first + b), scratch, b * SIZE * PANEL);
                    addScaled(n, scratch, SCALES + b * PANEL, x.scales, r * x.blocks + first + b, x.blocks, y,
                            yAt + r * yStride, yStride);
                }
                r += n;
            }
        }
    }

    private static void tile(int rows, float[] x, int xAt, float[] scratch, int wAt) {
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            if (rows == TallGemm.MAX_ROWS) {
                TallTiles.block6(x, xAt, scratch, wAt + lane, scratch, SUMS + lane);
            } else {
                TallTiles.block5(x, xAt, scratch, wAt + lane, scratch, SUMS + lane);
            }
        }
    }

    /** Adds the sums of a block, times both scales. */
    private static void addScaled(
            int rows, float[] scratch, int wScales, float[] xScales, int xAt, int xStride, float[] y, int yAt,
            int yStride) {
        for (int c = 0; c < PANEL; c += LENGTH) {
            FloatVector scale = FloatVector.fromArray(FLOATS, scratch, wScales + c);
            for (int r = 0; r < rows; r++) {
                int at = yAt + r * yStride + c;
                FloatVector.fromArray(FLOATS, scratch, SUMS + r * PANEL + c)
                        .fma(scale.mul(xScales[xAt + r * xStride]), FloatVector.fromArray(FLOATS, y, at))
                        .intoArray(y, at);
            }
        }
    }

    /** Converts the scales of a block, as the tiles of {@link BlockGemm} do. */
    private static void scales(MemorySegment w, long at, float[] to, int toAt) {
        FloatVector two = FloatVector.broadcast(FLOATS, 2f);
        for (int s = 0; s < PANEL / 2; s += LENGTH) {
            IntVector pair = IntVector.fromMemorySegment(INTS, w, at + 4 * s, LITTLE_ENDIAN);
            for (int half = 0; half < 2; half++) {
                IntVector bits = (half == 0 ? pair.lanewise(LSHL, 16) : pair).lanewise(ASHR, 3).and(F16_BITS);
                IntVector normal = bits.add(F16_BIAS);
                FloatVector least = bits.and(SIGN).lanewise(XOR, F16_LEAST).reinterpretAsFloats();
                normal.lanewise(UMIN, normal.reinterpretAsFloats().fma(two, least).reinterpretAsInts())
                        .reinterpretAsFloats().intoArray(to, toAt + column(s) + 16 * half);
            }
        }
    }

    private static void bytes(MemorySegment w, long at, float[] to, int toAt) {
        for (int k = 0; k < SIZE; k += 2, at += ROW, toAt += 2 * PANEL) {
            for (int s = 0; s < PANEL / 2; s += LENGTH) {
                // all bytes with 128 added
                IntVector v = IntVector.fromMemorySegment(INTS, w, at + 4 * s, LITTLE_ENDIAN)
                        .lanewise(XOR, 0x80008000);
                int c = toAt + column(s);
                v.and(LOW_BYTE).or(BYTE_EXPONENT).reinterpretAsFloats().sub(BYTE_ZERO).intoArray(to, c);
                v.lanewise(LSHR, 16).and(LOW_BYTE).or(BYTE_EXPONENT).reinterpretAsFloats().sub(BYTE_ZERO)
                        .intoArray(to, c + 16);
                v.lanewise(LSHR, 8).and(LOW_BYTE).or(BYTE_EXPONENT).reinterpretAsFloats().sub(BYTE_ZERO)
                        .intoArray(to, c + PANEL);
                v.lanewise(LSHR, 24).or(BYTE_EXPONENT).reinterpretAsFloats().sub(BYTE_ZERO)
                        .intoArray(to, c + PANEL + 16);
            }
        }
    }

    private static void nibbles(MemorySegment w, long at, float[] to, int toAt) {
        for (int k = 0; k < SIZE; k += 4, at += ROW, toAt += 4 * PANEL) {
            for (int s = 0; s < PANEL / 2; s += LENGTH) {
                IntVector v = IntVector.fromMemorySegment(INTS, w, at + 4 * s, LITTLE_ENDIAN);
                for (int half = 0; half < 2; half++) {
                    int c = toAt + column(s) + 16 * half;
                    nibble(v, c, to);
                    nibble(v.lanewise(LSHR, 8), c + PANEL, to);
                    nibble(v.lanewise(LSHR, 4), c + 2 * PANEL, to);
                    nibble(v.lanewise(LSHR, 12), c + 3 * PANEL, to);
                    v = v.lanewise(LSHR, 16);
                }
            }
        }
    }

    private static void nibble(IntVector v, int at, float[] to) {
        v.and(NIBBLE).or(BYTE_EXPONENT).reinterpretAsFloats().sub(NIBBLE_ZERO).intoArray(to, at);
    }
}
