package io.github.t6j.nativekernels;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.KQuantFormat;
import io.github.t6j.kernels.RoundedRows;
import java.util.Set;

/**
 * Rounded rows: several in the layout of the C library, [rows][blocks] of its {@code block}, and few as Java's kernels
 * want them.
 */
final class NativeRows extends RoundedRows {
    /** Number of bytes in a block: integers, two sums, the scale and the total. */
    static final int BLOCK_BYTES = BlockFormat.SIZE + 4 * Integer.BYTES;

    /**
     * Largest number of rows whose products with Q8_0 Java computes: they are bound by memory. For 2 rows of 124 million
     * weights C takes 6.1 ms, Java 4.9 ms. Other types take longer to unpack, so that C is faster from 2 rows.
     */
    private static final int FEW_ROWS = 4;

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
        return areSeveral(count, format) ? 1 : others.panelsAtOnce(format, count);
    }

    private static boolean areSeveral(int rows, BlockFormat format) {
        return rows > (format == BlockFormat.Q8_0 ? FEW_ROWS : 1);
    }

    @Override
    public void resize(int newRows, int inputs, BlockFormat format, Set<KQuantFormat> newFormats) {
        several = areSeveral(newRows, format);
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
