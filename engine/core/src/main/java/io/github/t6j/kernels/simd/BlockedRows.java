package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.kernels.DenseRows;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.UnpackedBlocks;
import io.github.t6j.kernels.simd.lanes.TileTable;
import java.lang.foreign.MemorySegment;

/**
 * Rows for tiles whose rows of x are at a constant distance, the stride (ADR 35, 48). Many rows are copied in blocks of
 * {@code stride} inputs, [⌈inputs/stride⌉][rows][stride].
 */
final class BlockedRows extends DenseRows {
    private final TileTable tiles;

    BlockedRows(TileTable tiles) {
        this.tiles = tiles;
    }

    @Override
    public boolean prefersCopies(int count) {
        return tiles.copiedStride(count) > 0;
    }

    @Override
    public void resize(int newRows, int inputs) {
        super.resize(newRows, inputs);
        int stride = tiles.copiedStride(newRows);
        if (stride > 0) {
            x = copies(size(newRows, inputs, stride));
        }
    }

    @Override
    public void set(int row, float[] from, int at, int inputs) {
        int stride = tiles.copiedStride(rows);
        if (stride == 0) {
            super.set(row, from, at, inputs);
            return;
        }
        for (int block = 0; block < inputs; block += stride) {
            System.arraycopy(from, at + block, x, block * rows + row * stride, Math.min(stride, inputs - block));
        }
    }

    /** For tall tiles, bf16 weights are widened for a block of inputs, and stay in L1 while all rows pass. */
    @Override
    public void multiply(
            Kernels kernels, Format format, MemorySegment w, long wAt, int inputs, UnpackedBlocks scratch, float[] y,
            int yAt, int yStride) {
        int stride = tiles.copiedStride(rows);
        if (stride == 0) {
            super.multiply(kernels, format, w, wAt, inputs, scratch, y, yAt, yStride);
            return;
        }
        boolean widens = tiles.isTall(rows) && format != Format.F32;
        float[] sums = scratch.panel(rows);
        for (int from = 0; from < inputs; from += stride) {
            int inner = Math.min(stride, inputs - from);
            long at = wAt + format.bytes((long) from * PANEL);
            if (widens) {
                kernels.widen(format, w, at, inner * PANEL, 0, 0, scratch.floats(), 0);
            }
            kernels.multiply(
                    x, from * rows, stride, rows, inner, widens ? Format.F32 : format, widens ? scratch.floats() : w,
                    widens ? 0 : at, PANEL, PANEL, sums, 0, 0, from > 0);
        }
        spread(sums, rows, y, yAt, yStride);
    }

    /** Returns the number of floats that rows stored in blocks take. */
    static int size(int rows, int inputs, int stride) {
        return Math.ceilDiv(inputs, stride) * rows * stride;
    }
}
