package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.lanes.TileTable.TALL_STRIDE;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.KQuantFormat;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.simd.lanes.TileTable;
import java.util.Set;

/** Rounded rows for Intel (ADR 48). Many rows for q8_0 weights are floats, stored as in {@link BlockedRows}. */
final class TallRoundedRows extends RoundedRows {
    private final TileTable tiles;
    private boolean tall;

    /** Rounded elements of tall rows, [⌈blocks/4⌉][rows][128]. */
    float[] floats = new float[0];

    TallRoundedRows(TileTable tiles) {
        this.tiles = tiles;
    }

    /** Returns 1 if rows are stored as floats. */
    @Override
    public int form() {
        return tall ? 1 : 0;
    }

    @Override
    public int panelsAtOnce(BlockFormat format, int count) {
        return format != null && tiles.intel() && count == 1 ? 2 : 1;
    }

    @Override
    public void resize(int newRows, int inputs, BlockFormat format, Set<KQuantFormat> newFormats) {
        tall = format == BlockFormat.Q8_0 && tiles.isTall(newRows);
        super.resize(newRows, inputs, format, newFormats);
    }

    @Override
    protected void growElements() {
        if (tall) {
            int size = BlockedRows.size(rows, blocks * BlockFormat.SIZE, TALL_STRIDE);
            floats = floats.length < size ? new float[size] : floats;
        } else {
            super.growElements();
        }
    }

    /** Returns the index at which a block of a row begins in {@link #floats}. */
    int floatAt(int row, int block) {
        int input = block * BlockFormat.SIZE;
        return (input / TALL_STRIDE * rows + row) * TALL_STRIDE + input % TALL_STRIDE;
    }

    @Override
    protected void store(float[] x, int at, int count, float inverse, int row, int block) {
        if (tall) {
            for (int i = 0, to = floatAt(row, block); i < BlockFormat.SIZE; i++) {
                floats[to + i] = i < count ? rounded(x[at + i] * inverse) : 0f;
            }
        } else {
            super.store(x, at, count, inverse, row, block);
        }
    }

    @Override
    public int quant(int row, int input) {
        return tall
                ? (int) floats[floatAt(row, input / BlockFormat.SIZE) + input % BlockFormat.SIZE]
                : super.quant(row, input);
    }
}
