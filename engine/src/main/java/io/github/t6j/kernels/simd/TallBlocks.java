package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.Kernels.TALL_ROWS;
import static io.github.t6j.kernels.Kernels.TALL_STRIDE;
import static io.github.t6j.kernels.simd.Lanes.BYTE_EXPONENT;
import static io.github.t6j.kernels.simd.Lanes.BYTE_ZERO;
import static io.github.t6j.kernels.simd.Lanes.C1;
import static io.github.t6j.kernels.simd.Lanes.C2;
import static io.github.t6j.kernels.simd.Lanes.C3;
import static io.github.t6j.kernels.simd.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.Lanes.INTS;
import static io.github.t6j.kernels.simd.Lanes.LENGTH;
import static io.github.t6j.kernels.simd.Lanes.LOW_BYTE;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.KQuantFormat;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.UnpackedBlocks;
import io.github.t6j.kernels.simd.generated.KQuantTile;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Product of a panel of quantised weights and many rows by multiply-adds of floats that are integers. The sum of a block
 * stays below 2^24, so it is exact. All formats first become {@link UnpackedBlocks#pairs}.
 */
final class TallBlocks {
    private static final int SIZE = BlockFormat.SIZE;
    private static final int ROW = BlockFormat.ROW;

    /** Highest bits of 16-bit integers: Q8_0 adds 128 to the other byte only. */
    private static final int SIGNS = 0x80008000;

    private static final int Q8_ZERO = 128;
    private static final int Q4_ZERO = 8;

    /** Number of blocks of a row that x stores together, and that are unpacked at once. */
    private static final int BLOCKS = TALL_STRIDE / SIZE;

    private TallBlocks() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#multiplyBlocks} for tall rows. */
    static void rows(
            RoundedRows x, BlockFormat format, MemorySegment w, long wAt, float unit, UnpackedBlocks unpacked,
            float[] y, int yAt, int yStride) {
        float exponent = BlockGemm.F16_EXPONENT * unit;
        boolean isBytes = format == BlockFormat.Q8_0;
        for (int r = 0; r < x.rows; r++) {
            Arrays.fill(y, yAt + r * yStride, yAt + r * yStride + PANEL, 0f);
        }
        for (int block = 0; block < x.blocks; block += BLOCKS) {
            int blocks = Math.min(BLOCKS, x.blocks - block);
            for (int b = 0; b < blocks; b++, wAt += format.bytes()) {
                KQuantUnpack.halves(w, wAt, exponent, unpacked.scales, b * PANEL);
                if (isBytes) {
                    bytes(w, wAt + ROW, unpacked.pairs, b * SIZE / 2 * UnpackedBlocks.ROW);
                } else {
                    KQuantTile.unpack4(w, wAt + ROW, unpacked.pairs, b * SIZE / 2 * UnpackedBlocks.ROW);
                }
            }
            floats(unpacked.pairs, 0, blocks * SIZE / 2, isBytes ? Q8_ZERO : Q4_ZERO, unpacked.floats());
            addAll(x, block, blocks, SIZE, false, unpacked, 0, y, yAt, yStride);
        }
    }

    /** Adds products with an unpacked super-block of K-quants, of which {@code block} is the first block, to y. */
    static void add(
            RoundedRows x, int block, KQuantFormat format, UnpackedBlocks w, int blocks, float[] y, int yAt,
            int yStride) {
        int scaled = format.scaled();
        for (int b = 0; b < blocks; b += BLOCKS) {
            int count = Math.min(BLOCKS, blocks - b);
            floats(w.pairs, b * SIZE / 2 * UnpackedBlocks.ROW, count * SIZE / 2, format.zero(), w.floats());
            addAll(x, block + b, count, scaled, format.hasOffsets(), w, b * SIZE / scaled, y, yAt, yStride);
        }
    }

    /**
     * Adds products with the blocks in {@link UnpackedBlocks#floats}.
     *
     * @param scaled number of inputs with one scale
     * @param offsets true if weights have offsets, one for each scale
     * @param scale index of the first scale in {@code w}
     */
    private static void addAll(
            RoundedRows x, int block, int blocks, int scaled, boolean offsets, UnpackedBlocks w, int scale, float[] y,
            int yAt, int yStride) {
        for (int r = 0; r < x.rows;) {
            int n = Gemm.tileRows(x.rows - r, TALL_ROWS);
            for (int k = 0; k < blocks * SIZE; k += scaled) {
                TallGemm.rows(
                        x.floats, x.floatAt(r, block) + k, n, scaled, w.floats(), 4L * k * PANEL, w.tile, 0, false);
                int place = r * x.blocks + block + k / SIZE;
                int at = (scale + k / scaled) * PANEL;
                addScaled(n, w.tile, w.scales, at, x.scales, place, x.blocks, y, yAt + r * yStride, yStride);
                if (offsets) {
                    addOffsets(n, w.offsets, at, x.totals, place, x.blocks, y, yAt + r * yStride, yStride);
                }
            }
            r += n;
        }
    }

    /** Adds the sums of a tile, times both scales. */
    private static void addScaled(
            int rows, float[] sums, float[] wScales, int at, float[] xScales, int place, int blocks, float[] y, int yAt,
            int yStride) {
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            FloatVector w0 = FloatVector.fromArray(FLOATS, wScales, at + lane);
            FloatVector w1 = FloatVector.fromArray(FLOATS, wScales, at + lane + C1);
            FloatVector w2 = FloatVector.fromArray(FLOATS, wScales, at + lane + C2);
            FloatVector w3 = FloatVector.fromArray(FLOATS, wScales, at + lane + C3);
            for (int r = 0; r < rows; r++) {
                FloatVector x = FloatVector.broadcast(FLOATS, xScales[place + r * blocks]);
                int from = r * PANEL + lane;
                int to = yAt + r * yStride + lane;
                FloatVector.fromArray(FLOATS, sums, from)
                        .fma(x.mul(w0), FloatVector.fromArray(FLOATS, y, to)).intoArray(y, to);
                FloatVector.fromArray(FLOATS, sums, from + C1)
                        .fma(x.mul(w1), FloatVector.fromArray(FLOATS, y, to + C1)).intoArray(y, to + C1);
                FloatVector.fromArray(FLOATS, sums, from + C2)
                        .fma(x.mul(w2), FloatVector.fromArray(FLOATS, y, to + C2)).intoArray(y, to + C2);
                FloatVector.fromArray(FLOATS, sums, from + C3)
                        .fma(x.mul(w3), FloatVector.fromArray(FLOATS, y, to + C3)).intoArray(y, to + C3);
            }
        }
    }

    private static void addOffsets(
            int rows, float[] offsets, int at, float[] totals, int place, int blocks, float[] y, int yAt,
            int yStride) {
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            FloatVector w0 = FloatVector.fromArray(FLOATS, offsets, at + lane);
            FloatVector w1 = FloatVector.fromArray(FLOATS, offsets, at + lane + C1);
            FloatVector w2 = FloatVector.fromArray(FLOATS, offsets, at + lane + C2);
            FloatVector w3 = FloatVector.fromArray(FLOATS, offsets, at + lane + C3);
            for (int r = 0; r < rows; r++) {
                FloatVector x = FloatVector.broadcast(FLOATS, totals[place + r * blocks]);
                int to = yAt + r * yStride + lane;
                x.fma(w0, FloatVector.fromArray(FLOATS, y, to)).intoArray(y, to);
                x.fma(w1, FloatVector.fromArray(FLOATS, y, to + C1)).intoArray(y, to + C1);
                x.fma(w2, FloatVector.fromArray(FLOATS, y, to + C2)).intoArray(y, to + C2);
                x.fma(w3, FloatVector.fromArray(FLOATS, y, to + C3)).intoArray(y, to + C3);
            }
        }
    }

    /** Stores the pairs of a block of Q8_0. */
    private static void bytes(MemorySegment w, long wAt, int[] to, int at) {
        for (int i = 0; i < SIZE / 2; i++, wAt += ROW, at += UnpackedBlocks.ROW) {
            for (int s = 0; s < UnpackedBlocks.ROW; s += LENGTH) {
                IntVector.fromMemorySegment(INTS, w, wAt + 4 * s, LITTLE_ENDIAN).lanewise(XOR, SIGNS)
                        .intoArray(to, at + s);
            }
        }
    }

    /** Converts {@code count} rows of pairs to floats, less {@code zero}. */
    private static void floats(int[] pairs, int at, int count, int zero, MemorySegment to) {
        float less = BYTE_ZERO - Q8_ZERO + zero;
        for (long row = 0; row < 2L * count * PANEL; row += 2 * PANEL, at += UnpackedBlocks.ROW) {
            for (int s = 0; s < UnpackedBlocks.ROW; s += LENGTH) {
                IntVector pair = IntVector.fromArray(INTS, pairs, at + s);
                long low = 4 * (row + BlockGemm.column(s));
                long high = low + 4 * 16;
                pair.and(LOW_BYTE).or(BYTE_EXPONENT).reinterpretAsFloats().sub(less)
                        .intoMemorySegment(to, low, LITTLE_ENDIAN);
                pair.lanewise(LSHR, 16).and(LOW_BYTE).or(BYTE_EXPONENT).reinterpretAsFloats().sub(less)
                        .intoMemorySegment(to, high, LITTLE_ENDIAN);
                pair.lanewise(LSHR, 8).and(LOW_BYTE).or(BYTE_EXPONENT).reinterpretAsFloats().sub(less)
                        .intoMemorySegment(to, low + 4 * PANEL, LITTLE_ENDIAN);
                pair.lanewise(LSHR, 24).or(BYTE_EXPONENT).reinterpretAsFloats().sub(less)
                        .intoMemorySegment(to, high + 4 * PANEL, LITTLE_ENDIAN);
            }
        }
    }
}
