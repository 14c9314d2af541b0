package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.lanes.Lanes.BYTE_EXPONENT;
import static io.github.t6j.kernels.simd.lanes.Lanes.BYTE_ZERO;
import static io.github.t6j.kernels.simd.lanes.Lanes.D1;
import static io.github.t6j.kernels.simd.lanes.Lanes.D2;
import static io.github.t6j.kernels.simd.lanes.Lanes.D3;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.INTS;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static io.github.t6j.kernels.simd.lanes.Lanes.LOW_BYTE;
import static io.github.t6j.kernels.simd.lanes.TileTable.MAX_ROWS;
import static io.github.t6j.kernels.simd.lanes.TileTable.TALL_STRIDE;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.UnpackedBlocks;
import io.github.t6j.kernels.simd.generated.TallTiles;
import io.github.t6j.kernels.simd.lanes.Lanes;
import io.github.t6j.kernels.simd.lanes.TileTable;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Product of a panel of Q8_0 weights and many rows by multiply-adds of floats that are integers. The sum of a block
 * stays below 2^24, so it is exact. Scaling is a separate method: together with a tile it is too much for C2.
 */
final class TallBlocks {
    private static final int SIZE = BlockFormat.SIZE;
    private static final int ROW = BlockFormat.ROW;

    /** Highest bits of 16-bit integers: Q8_0 adds 128 to the other byte only. */
    private static final int SIGNS = 0x80008000;

    /** Number of blocks of a row that x stores together, and that are unpacked at once. */
    private static final int BLOCKS = TALL_STRIDE / SIZE;

    private TallBlocks() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#multiplyBlocks} for tall rows. */
    static void rows(
            TallRoundedRows x, MemorySegment w, long wAt, float unit, UnpackedBlocks unpacked, float[] y, int yAt,
            int yStride) {
        float exponent = Lanes.F16_EXPONENT * unit;
        for (int r = 0; r < x.rows; r++) {
            Arrays.fill(y, yAt + r * yStride, yAt + r * yStride + PANEL, 0f);
        }
        for (int block = 0; block < x.blocks; block += BLOCKS) {
            int count = Math.min(BLOCKS, x.blocks - block);
            for (int b = 0; b < count; b++, wAt += BlockFormat.Q8_0.bytes()) {
                KQuantUnpack.halves(w, wAt, exponent, unpacked.scales, b * PANEL);
                floats(w, wAt + ROW, unpacked.floats(), 4L * b * SIZE * PANEL);
            }
            float[] sums = unpacked.panel(MAX_ROWS);
            for (int r = 0; r < x.rows;) {
                int n = TileTable.next(x.rows - r, MAX_ROWS);
                for (int b = 0; b < count; b++) {
                    tile(n, x.floats, x.floatAt(r, block + b), unpacked.floats(), 4L * b * SIZE * PANEL, sums);
                    addScaled(
                            n, sums, unpacked.scales, b * PANEL, x.scales, r * x.blocks + block + b, x.blocks,
                            y, yAt + r * yStride, yStride);
                }
                r += n;
            }
        }
    }

    private static void tile(int rows, float[] x, int xAt, MemorySegment w, long wAt, float[] sums) {
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            if (rows == MAX_ROWS) {
                TallTiles.block6(x, xAt, w, wAt + 4 * lane, sums, lane);
            } else {
                TallTiles.block5(x, xAt, w, wAt + 4 * lane, sums, lane);
            }
        }
    }

    /** Adds the sums of a tile, times both scales. */
    private static void addScaled(
            int rows, float[] sums, float[] wScales, int at, float[] xScales, int place, int blocks, float[] y, int yAt,
            int yStride) {
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            FloatVector w0 = FloatVector.fromArray(FLOATS, wScales, at + lane);
            FloatVector w1 = FloatVector.fromArray(FLOATS, wScales, at + lane + D1);
            FloatVector w2 = FloatVector.fromArray(FLOATS, wScales, at + lane + D2);
            FloatVector w3 = FloatVector.fromArray(FLOATS, wScales, at + lane + D3);
            for (int r = 0; r < rows; r++) {
                FloatVector x = FloatVector.broadcast(FLOATS, xScales[place + r * blocks]);
                int from = r * PANEL + lane;
                int to = yAt + r * yStride + lane;
                FloatVector.fromArray(FLOATS, sums, from)
                        .fma(x.mul(w0), FloatVector.fromArray(FLOATS, y, to)).intoArray(y, to);
                FloatVector.fromArray(FLOATS, sums, from + D1)
                        .fma(x.mul(w1), FloatVector.fromArray(FLOATS, y, to + D1)).intoArray(y, to + D1);
                FloatVector.fromArray(FLOATS, sums, from + D2)
                        .fma(x.mul(w2), FloatVector.fromArray(FLOATS, y, to + D2)).intoArray(y, to + D2);
                FloatVector.fromArray(FLOATS, sums, from + D3)
                        .fma(x.mul(w3), FloatVector.fromArray(FLOATS, y, to + D3)).intoArray(y, to + D3);
            }
        }
    }

    /** Converts the integers of a block to floats, [{@value BlockFormat#SIZE}][{@value Kernels#PANEL}]. */
    private static void floats(MemorySegment w, long wAt, MemorySegment to, long toAt) {
        for (int k = 0; k < SIZE; k += 2, wAt += ROW, toAt += 8 * PANEL) {
            for (int s = 0; s < UnpackedBlocks.ROW; s += LENGTH) {
                IntVector pair = IntVector.fromMemorySegment(INTS, w, wAt + 4 * s, LITTLE_ENDIAN)
                        .lanewise(XOR, SIGNS);
                long at = toAt + 4 * BlockGemm.column(s);
                pair.and(LOW_BYTE).or(BYTE_EXPONENT).reinterpretAsFloats().sub(BYTE_ZERO)
                        .intoMemorySegment(to, at, LITTLE_ENDIAN);
                pair.lanewise(LSHR, 16).and(LOW_BYTE).or(BYTE_EXPONENT).reinterpretAsFloats().sub(BYTE_ZERO)
                        .intoMemorySegment(to, at + 4 * D1, LITTLE_ENDIAN);
                pair.lanewise(LSHR, 8).and(LOW_BYTE).or(BYTE_EXPONENT).reinterpretAsFloats().sub(BYTE_ZERO)
                        .intoMemorySegment(to, at + 4 * PANEL, LITTLE_ENDIAN);
                pair.lanewise(LSHR, 24).or(BYTE_EXPONENT).reinterpretAsFloats().sub(BYTE_ZERO)
                        .intoMemorySegment(to, at + 4 * (PANEL + D1), LITTLE_ENDIAN);
            }
        }
    }
}
