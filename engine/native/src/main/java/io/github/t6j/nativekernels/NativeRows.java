package io.github.t6j.nativekernels;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.KQuantFormat;
import io.github.t6j.kernels.RoundedRows;
import java.util.Set;

/**
 * Rounded rows: several in the layout of the C library, [rows][blocks] of its {@code block}, and a single one as Java's
 * kernels want it. Products of one row are bound by memory, so C would not compute them faster.
 */
final class NativeRows extends RoundedRows {
    /** Number of bytes in a block: integers, two sums, the scale and the total. */
    static final int BLOCK_BYTES = BlockFormat.SIZE + 4 * Integer.BYTES;

    private final RoundedRows others;
    private boolean several;

    /** Blocks of several rows. */
    byte[] data = new byte[0];

    NativeRows(RoundedRows others) {
        this.others = others;
    }

    @Override
    public int form() {
        return several ? NATIVE : 0;
    }

    @Override
    public int panelsAtOnce(BlockFormat format, int count) {
        return count == 1 ? others.panelsAtOnce(format, count) : 1;
    }

    @Override
    public void resize(int newRows, int inputs, BlockFormat format, Set<KQuantFormat> newFormats) {
        several = newRows > 1;
        if (several) {
            rows = newRows;
            blocks = BlockFormat.blocks(inputs);
            int size = Math.toIntExact((long) rows * blocks * BLOCK_BYTES);
            data = data.length < size ? new byte[size] : data;
        } else {
            super.resize(newRows, inputs, format, newFormats);
        }
    }

    /** Does nothing for several rows: the library has added all sums while it rounded. */
    @Override
    protected void addSums(int row) {
        if (!several) {
            super.addSums(row);
        }
    }

    @Override
    public int quant(int row, int input) {
        return several
                ? data[(row * blocks + input / BlockFormat.SIZE) * BLOCK_BYTES + input % BlockFormat.SIZE]
                : super.quant(row, input);
    }
}
