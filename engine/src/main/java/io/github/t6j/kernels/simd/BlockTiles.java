package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.Lanes.F;
import static io.github.t6j.kernels.simd.Lanes.I;
import static io.github.t6j.kernels.simd.Lanes.L;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.ScalarKernels;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Panel of quantised weights × many rows: whole numbers as floats, whose sums within a block stay below 2^24 and are
 * exact in any order. A strip of two vectors of outputs is unpacked for a few blocks, and tiles of four rows × two
 * vectors pass over it: eight sums of a block and eight of all blocks, in registers.
 */
final class BlockTiles {
    private static final int SIZE = BlockFormat.SIZE;
    private static final int ROW = BlockFormat.ROW;

    /** Blocks that are unpacked together: with 512 bits, 16 KB. */
    private static final int CHUNK = 4;

    /** Rows of a tile. */
    private static final int ROWS = 4;

    /** Bytes of a strip's numbers of one input, and of its scales of one block. */
    private static final int PAIR = 2 * 4 * L;

    /** Byte of the scratch at which scales begin. */
    private static final int SCALES = CHUNK * SIZE * PAIR;

    private static final int EXPONENT = Float.floatToRawIntBits(0x1p23f);

    private BlockTiles() {}

    /** {@link io.github.t6j.kernels.Kernels#multiplyBlocks}. */
    static void rows(
            RoundedRows x, BlockFormat format, MemorySegment w, long wAt, float[] y, int yAt, int yStride,
            MemorySegment scratch, int one) {
        for (int block = 0; block < x.blocks; block += CHUNK) {
            int blocks = Math.min(CHUNK, x.blocks - block);
            for (int s = 0; s < 32; s += L) {
                unpack(format, w, wAt + 4 * s + (long) block * format.bytes(), blocks, scratch);
                int column = yAt + BlockVector.column(s);
                for (int r = 0; r < x.rows; r += ROWS) {
                    tile(Math.min(ROWS, x.rows - r), x.numbers, x.scales, r * x.blocks + block, x.blocks, blocks, scratch,
                            y, column + r * yStride, yStride, block > 0, (long) PAIR * one);
                }
            }
        }
    }

    /** A strip's numbers, [blocks][32][2][L], and scales, [blocks][2][L]. */
    private static void unpack(BlockFormat format, MemorySegment w, long wAt, int blocks, MemorySegment to) {
        long at = 0;
        for (int b = 0; b < blocks; b++) {
            IntVector scales = IntVector.fromMemorySegment(I, w, wAt, LITTLE_ENDIAN);
            scales.lanewise(LSHL, 16).lanewise(ASHR, 3).and(BlockVector.F16_BITS).reinterpretAsFloats()
                    .mul(BlockVector.F16_EXPONENT).intoMemorySegment(to, SCALES + (long) b * PAIR, LITTLE_ENDIAN);
            scales.lanewise(ASHR, 3).and(BlockVector.F16_BITS).reinterpretAsFloats()
                    .mul(BlockVector.F16_EXPONENT)
                    .intoMemorySegment(to, SCALES + (long) b * PAIR + 4 * L, LITTLE_ENDIAN);
            if (format == BlockFormat.Q8_0) {
                unpackBytes(w, wAt + ROW, to, at);
            } else {
                unpackNibbles(w, wAt + ROW, to, at);
            }
            wAt += format.bytes();
            at += SIZE * PAIR;
        }
    }

    private static void unpackBytes(MemorySegment w, long wAt, MemorySegment to, long at) {
        for (int k = 0; k < SIZE; k += 2) {
            IntVector i = IntVector.fromMemorySegment(I, w, wAt, LITTLE_ENDIAN);
            for (int n = 0; n < 2; n++) {
                i.and(0xFF).or(EXPONENT).reinterpretAsFloats().sub(0x1p23f + 128)
                        .intoMemorySegment(to, at, LITTLE_ENDIAN);
                i.lanewise(LSHR, 16).and(0xFF).or(EXPONENT).reinterpretAsFloats().sub(0x1p23f + 128)
                        .intoMemorySegment(to, at + 4 * L, LITTLE_ENDIAN);
                i = i.lanewise(LSHR, 8);
                at += PAIR;
            }
            wAt += ROW;
        }
    }

    private static void unpackNibbles(MemorySegment w, long wAt, MemorySegment to, long at) {
        for (int k = 0; k < SIZE; k += 4) {
            IntVector i = IntVector.fromMemorySegment(I, w, wAt, LITTLE_ENDIAN);
            for (int n = 0; n < 4; n++) {
                i.and(0xF).or(EXPONENT).reinterpretAsFloats().sub(0x1p23f + 8)
                        .intoMemorySegment(to, at, LITTLE_ENDIAN);
                i.lanewise(LSHR, 16).and(0xF).or(EXPONENT).reinterpretAsFloats().sub(0x1p23f + 8)
                        .intoMemorySegment(to, at + 4 * L, LITTLE_ENDIAN);
                i = i.lanewise(LSHR, 4);
                at += PAIR;
            }
            wAt += ROW;
        }
    }

    /** Up to four rows; those that are not there are computed and not stored. The step is PAIR, see {@link Multiply}. */
    private static void tile(
            int rows, float[] x, float[] scales, int place, int stride, int blocks, MemorySegment w,
            float[] y, int yAt, int yStride, boolean accumulate, long step) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector y00 = zero, y01 = zero, y10 = zero, y11 = zero, y20 = zero, y21 = zero, y30 = zero, y31 = zero;
        int yAt1 = yAt + Math.min(1, rows - 1) * yStride;
        int yAt2 = yAt + Math.min(2, rows - 1) * yStride;
        int yAt3 = yAt + Math.min(3, rows - 1) * yStride;
        if (accumulate) {
            y00 = FloatVector.fromArray(F, y, yAt);
            y01 = FloatVector.fromArray(F, y, yAt + 16);
            y10 = FloatVector.fromArray(F, y, yAt1);
            y11 = FloatVector.fromArray(F, y, yAt1 + 16);
            y20 = FloatVector.fromArray(F, y, yAt2);
            y21 = FloatVector.fromArray(F, y, yAt2 + 16);
            y30 = FloatVector.fromArray(F, y, yAt3);
            y31 = FloatVector.fromArray(F, y, yAt3 + 16);
        }
        int x0 = place * SIZE;
        int x1 = x0 + stride * SIZE;
        int x2 = x1 + stride * SIZE;
        int x3 = x2 + stride * SIZE;
        long at = 0;
        long scalesAt = SCALES;
        for (long last = blocks * (SIZE * step); at != last;) {
            FloatVector s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s30 = zero, s31 = zero;
            for (long end = at + SIZE * step; at != end; at += step) {
                FloatVector w0 = FloatVector.fromMemorySegment(F, w, at, LITTLE_ENDIAN);
                FloatVector w1 = FloatVector.fromMemorySegment(F, w, at + 4 * L, LITTLE_ENDIAN);
                FloatVector f0 = FloatVector.broadcast(F, x[x0++]);
                s00 = f0.fma(w0, s00);
                s01 = f0.fma(w1, s01);
                FloatVector f1 = FloatVector.broadcast(F, x[x1++]);
                s10 = f1.fma(w0, s10);
                s11 = f1.fma(w1, s11);
                FloatVector f2 = FloatVector.broadcast(F, x[x2++]);
                s20 = f2.fma(w0, s20);
                s21 = f2.fma(w1, s21);
                FloatVector f3 = FloatVector.broadcast(F, x[x3++]);
                s30 = f3.fma(w0, s30);
                s31 = f3.fma(w1, s31);
            }
            FloatVector w0 = FloatVector.fromMemorySegment(F, w, scalesAt, LITTLE_ENDIAN);
            FloatVector w1 = FloatVector.fromMemorySegment(F, w, scalesAt + 4 * L, LITTLE_ENDIAN);
            float scale0 = scales[place];
            float scale1 = scales[place + stride];
            float scale2 = scales[place + 2 * stride];
            float scale3 = scales[place + 3 * stride];
            y00 = s00.fma(w0.mul(scale0), y00);
            y01 = s01.fma(w1.mul(scale0), y01);
            y10 = s10.fma(w0.mul(scale1), y10);
            y11 = s11.fma(w1.mul(scale1), y11);
            y20 = s20.fma(w0.mul(scale2), y20);
            y21 = s21.fma(w1.mul(scale2), y21);
            y30 = s30.fma(w0.mul(scale3), y30);
            y31 = s31.fma(w1.mul(scale3), y31);
            scalesAt += step;
            place++;
        }
        // A row that is not there is stored where the last one is stored after it.
        y30.intoArray(y, yAt3);
        y31.intoArray(y, yAt3 + 16);
        y20.intoArray(y, yAt2);
        y21.intoArray(y, yAt2 + 16);
        y10.intoArray(y, yAt1);
        y11.intoArray(y, yAt1 + 16);
        y00.intoArray(y, yAt);
        y01.intoArray(y, yAt + 16);
    }
}
