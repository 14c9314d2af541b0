package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;

import io.github.t6j.kernels.KQuantFormat;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.UnpackedBlocks;
import io.github.t6j.kernels.simd.generated.KQuantRow;
import io.github.t6j.kernels.simd.generated.KQuantTile;
import io.github.t6j.kernels.simd.lanes.Lanes;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Product of a panel of K-quants and rows, in 16-bit integers like {@link BlockGemm}'s. A single row unpacks a
 * super-block in registers, and first stores its sums, because C1 and C2 compile only methods of limited size. Four
 * rows or more unpack a super-block once; it then stays in L1 while all rows pass.
 */
final class KQuantGemm {
    private static final int PANEL = Kernels.PANEL;
    private static final int ROW = UnpackedBlocks.ROW;
    private static final int GROUP = RoundedRows.GROUP;

    /** Number of blocks that are read at once, four super-blocks of 36 to 54 KB; with one it gains half. */
    private static final int READ_FIRST = 4 * KQuantFormat.BLOCKS;

    private KQuantGemm() {}

    /** Implements {@link Kernels#multiplyKQuants}. */
    static void rows(
            RoundedRows x, KQuantFormat format, MemorySegment w, long wAt, float unit, UnpackedBlocks unpacked,
            float[] y, int yAt, int yStride, int loopStep) {
        float exponent = Lanes.F16_EXPONENT * unit;
        for (int r = 0; r < x.rows; r++) {
            Arrays.fill(y, yAt + r * yStride, yAt + r * yStride + PANEL, 0f);
        }
        int whole = x.rows - x.rows % GROUP;
        if (whole > 0) {
            groups(x, whole, format, w, wAt, exponent, unpacked, y, yAt, yStride, loopStep);
        }
        for (int r = whole; r < x.rows; r++) {
            row(x, r, format, w, wAt, exponent, unpacked, y, yAt + r * yStride, loopStep);
        }
    }

    private static void row(
            RoundedRows x, int row, KQuantFormat format, MemorySegment w, long wAt, float exponent,
            UnpackedBlocks unpacked, float[] y, int yAt, int loopStep) {
        for (int block = 0; block < x.blocks; block += KQuantFormat.BLOCKS) {
            int blocks = Math.min(KQuantFormat.BLOCKS, x.blocks - block);
            if (row == 0) {
                readFirst(x, block, format, w, wAt, unpacked, loopStep);
            }
            sum(x, row, block, format, w, wAt, blocks, unpacked.sums, loopStep);
            for (int s = 0; s < ROW; s += LENGTH) {
                scale(x, row, block, format, w, wAt + 4 * s, exponent, blocks, unpacked.sums, s, y,
                        yAt + BlockGemm.column(s), loopStep);
            }
            wAt += format.bytes(blocks);
        }
    }

    /** Reads some super-blocks, if weights come from memory and {@code block} is the first one of them. */
    private static void readFirst(
            RoundedRows x, int block, KQuantFormat format, MemorySegment w, long wAt, UnpackedBlocks unpacked,
            int loopStep) {
        if (unpacked.readsFirst && block % READ_FIRST == 0) {
            long bytes = format.bytes(Math.min(READ_FIRST, x.blocks - block));
            unpacked.prefetched = ReadAll.sum(w, wAt, ReadAll.whole(bytes), loopStep);
        }
    }

    private static void sum(
            RoundedRows x, int row, int block, KQuantFormat format, MemorySegment w, long wAt, int blocks, int[] sums,
            int loopStep) {
        long from = wAt + (long) KQuantFormat.ROW * format.superRows();
        long skip = (long) KQuantFormat.ROW * format.scaleRows();
        for (int s = 0; s < ROW; s += 2 * LENGTH) {
            switch (format.bits()) {
                case 4 -> KQuantRow.sum4(x, row, block, w, from + 4 * s, skip, blocks, sums, s, loopStep);
                case 5 -> KQuantRow.sum5(x, row, block, w, from + 4 * s, skip, blocks, sums, s, loopStep);
                default -> KQuantRow.sum6(x, row, block, w, from + 4 * s, skip, blocks, sums, s, loopStep);
            }
        }
    }

    private static void scale(
            RoundedRows x, int row, int block, KQuantFormat format, MemorySegment w, long wAt, float exponent,
            int blocks, int[] sums, int at, float[] y, int yAt, int loopStep) {
        switch (format) {
            case Q4_1 -> KQuantRow.scaleQ4_1(x, row, block, w, wAt, exponent, blocks, sums, at, y, yAt, loopStep);
            case Q5_0 -> KQuantRow.scaleQ5_0(x, row, block, w, wAt, exponent, blocks, sums, at, y, yAt, loopStep);
            case Q5_1 -> KQuantRow.scaleQ5_1(x, row, block, w, wAt, exponent, blocks, sums, at, y, yAt, loopStep);
            case Q4_K -> KQuantRow.scaleQ4_K(x, row, block, w, wAt, exponent, blocks, sums, at, y, yAt, loopStep);
            case Q5_K -> KQuantRow.scaleQ5_K(x, row, block, w, wAt, exponent, blocks, sums, at, y, yAt, loopStep);
            case Q6_K -> KQuantRow.scaleQ6_K(x, row, block, w, wAt, exponent, blocks, sums, at, y, yAt, loopStep);
        }
    }

    private static void groups(
            RoundedRows x, int rows, KQuantFormat format, MemorySegment w, long wAt, float exponent,
            UnpackedBlocks unpacked, float[] y, int yAt, int yStride, int loopStep) {
        for (int block = 0; block < x.blocks; block += KQuantFormat.BLOCKS) {
            int blocks = Math.min(KQuantFormat.BLOCKS, x.blocks - block);
            readFirst(x, block, format, w, wAt, unpacked, loopStep);
            KQuantUnpack.scales(format, w, wAt, blocks, exponent, unpacked);
            unpack(format, w, wAt, blocks, unpacked.pairs);
            for (int r = 0; r < rows; r += GROUP) {
                four(x, r, block, format, unpacked, blocks, y, yAt + r * yStride, yStride, loopStep);
            }
            wAt += format.bytes(blocks);
        }
    }

    /** Unpacks the integers of a super-block. */
    private static void unpack(KQuantFormat format, MemorySegment w, long wAt, int blocks, int[] to) {
        wAt += (long) KQuantFormat.ROW * (format.superRows() + format.scaleRows());
        for (int b = 0; b < blocks; b++, wAt += (long) KQuantFormat.ROW * format.blockRows()) {
            int at = b * KQuantFormat.SUPER / KQuantFormat.BLOCKS / 2 * ROW;
            switch (format.bits()) {
                case 4 -> KQuantTile.unpack4(w, wAt, to, at);
                case 5 -> KQuantTile.unpack5(w, wAt, to, at);
                default -> KQuantTile.unpack6(w, wAt, to, at);
            }
        }
    }

    private static void four(
            RoundedRows x, int row, int block, KQuantFormat format, UnpackedBlocks w, int blocks, float[] y, int yAt,
            int yStride, int loopStep) {
        boolean offsets = format.hasOffsets();
        for (int s = 0; s < ROW; s += LENGTH) {
            int c = BlockGemm.column(s);
            switch (format.bits()) {
                case 4 -> KQuantTile.four4(x, row, block, w, blocks, s, c, y, yAt + c, yStride, loopStep);
                case 5 -> KQuantTile.four5(x, row, block, w, blocks, offsets, s, c, y, yAt + c, yStride, loopStep);
                default -> KQuantTile.four6(x, row, block, w, blocks, s, c, y, yAt + c, yStride, loopStep);
            }
        }
    }
}
