package io.github.t6j.kernels;

import static io.github.t6j.kernels.Kernels.PANEL;

import java.lang.foreign.MemorySegment;

/**
 * Rows of activations for products with f32 or bf16 weights, [rows][inputs]. They are the caller's rows or copies of
 * them. The copies grow and never shrink, so a product allocates nothing once it has seen its largest operands.
 */
public class DenseRows {
    /** Number of inputs in a block: 256 rows of a panel are 64 KB, which stay in L2 while all rows of x pass. */
    private static final int BLOCK = 256;

    /** Copies, or the caller's rows. */
    protected float[] x;

    /** Number of rows. */
    protected int rows;

    private int stride;
    private float[] copies = new float[0];

    /** Returns true if products of this many rows are faster with copies. */
    public boolean prefersCopies(int count) {
        return false;
    }

    /** Uses {@code newRows} rows of the caller. */
    final void use(float[] newX, int newStride, int newRows) {
        x = newX;
        stride = newStride;
        rows = newRows;
    }

    /** Makes room for copies of {@code newRows} rows. */
    public void resize(int newRows, int inputs) {
        use(copies(newRows * inputs), inputs, newRows);
    }

    /** Returns room for {@code size} floats. */
    protected final float[] copies(int size) {
        copies = copies.length < size ? new float[size] : copies;
        return copies;
    }

    /** Copies {@code inputs} elements of a row, from {@code at}. */
    public void set(int row, float[] from, int at, int inputs) {
        System.arraycopy(from, at, x, row * stride, inputs);
    }

    /**
     * Multiplies a panel of weights: y[r] = W · x[r].
     *
     * @param w [inputs][{@value Kernels#PANEL}] in {@code format}, from byte {@code wAt}
     * @param y rows {@code yStride} floats apart, from {@code yAt}
     */
    public void multiply(
            Kernels kernels, Format format, MemorySegment w, long wAt, int inputs, UnpackedBlocks scratch, float[] y,
            int yAt, int yStride) {
        if (rows == 1) {
            kernels.multiply(x, 0, stride, 1, inputs, format, w, wAt, PANEL, PANEL, y, yAt, 0, false);
            return;
        }
        float[] sums = scratch.panel(rows);
        for (int from = 0; from < inputs; from += BLOCK) {
            long at = wAt + format.bytes((long) from * PANEL);
            int inner = Math.min(BLOCK, inputs - from);
            kernels.multiply(x, from, stride, rows, inner, format, w, at, PANEL, PANEL, sums, 0, 0, from > 0);
        }
        spread(sums, rows, y, yAt, yStride);
    }

    /** Copies a panel of sums, [count][{@value Kernels#PANEL}], to rows {@code yStride} floats apart. */
    protected static void spread(float[] sums, int count, float[] y, int yAt, int yStride) {
        for (int row = 0; row < count; row++) {
            System.arraycopy(sums, row * PANEL, y, yAt + row * yStride, PANEL);
        }
    }
}
