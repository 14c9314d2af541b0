package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.lanes.TileTable.TALL_STRIDE;

import io.github.t6j.kernels.DenseRows;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.UnpackedBlocks;
import io.github.t6j.kernels.simd.lanes.TileTable;
import java.lang.foreign.MemorySegment;

/**
 * Rows for products on Intel (ADR 48). Many rows are stored in blocks of 128 inputs, [⌈inputs/128⌉][rows][128], and
 * multiplied in tall tiles.
 */
final class TallRows extends DenseRows {
    private final TileTable tiles;

    TallRows(TileTable tiles) {
        this.tiles = tiles;
    }

    @Override
    public boolean prefersCopies(int count) {
        return tiles.isTall(count);
    }

    @Override
    public void resize(int newRows, int inputs) {
        super.resize(newRows, inputs);
        if (tiles.isTall(newRows)) {
            x = copies(size(newRows, inputs));
        }
    }

    @Override
    public void set(int row, float[] from, int at, int inputs) {
        if (!tiles.isTall(rows)) {
            super.set(row, from, at, inputs);
            return;
        }
        for (int block = 0; block < inputs; block += TALL_STRIDE) {
            System.arraycopy(from, at + block, x, block * rows + row * TALL_STRIDE,
                    Math.min(TALL_STRIDE, inputs - block));
        }
    }

    /** Weights that are not f32 are widened for a block of inputs, and stay in L1 while all rows pass. */
    @Override
    public void multiply(
            Kernels kernels, Format format, MemorySegment w, long wAt, int inputs, UnpackedBlocks scratch, float[] y,
            int yAt, int yStride) {
        if (!tiles.isTall(rows)) {
            super.multiply(kernels, format, w, wAt, inputs, scratch, y, yAt, yStride);
            return;
        }
        float[] sums = scratch.panel(rows);
        for (int from = 0; from < inputs; from += TALL_STRIDE) {
            int inner = Math.min(TALL_STRIDE, inputs - from);
            MemorySegment f = w;
            long at = wAt + format.bytes((long) from * PANEL);
            if (format != Format.F32) {
                f = scratch.floats();
                kernels.widen(format, w, at, inner * PANEL, 0, 0, f, 0);
                at = 0;
            }
            kernels.multiply(
                    x, from * rows, TALL_STRIDE, rows, inner, Format.F32, f, at, PANEL, PANEL, sums, 0, 0, from > 0);
        }
        spread(sums, rows, y, yAt, yStride);
    }

    /** Returns the number of floats that rows stored in blocks take. */
    static int size(int rows, int inputs) {
        return Math.ceilDiv(inputs, TALL_STRIDE) * rows * TALL_STRIDE;
    }
}
