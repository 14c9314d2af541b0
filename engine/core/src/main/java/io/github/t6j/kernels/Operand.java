package io.github.t6j.kernels;

/** Rows of activations in the form in which a matrix multiplies them; it grows and never shrinks. */
final class Operand {
    final DenseRows dense;
    final RoundedRows rounded;

    Operand(Kernels kernels) {
        dense = kernels.denseRows();
        rounded = kernels.roundedRows();
    }

    /** Makes room for {@code rows} rows. */
    void resize(PackedMatrix matrix, int rows) {
        if (matrix instanceof DensePanels) {
            dense.resize(rows, matrix.inputs());
        } else {
            rounded.resize(rows, matrix.inputs(), matrix.blockFormat(), matrix.kQuants());
        }
    }

    /** Copies or rounds a row. */
    void set(Kernels kernels, PackedMatrix matrix, int row, float[] x, int at) {
        if (matrix instanceof DensePanels) {
            dense.set(row, x, at, matrix.inputs());
        } else {
            kernels.round(x, at, matrix.inputs(), rounded, row);
            rounded.addSums(row);
        }
    }
}
