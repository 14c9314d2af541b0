package io.github.t6j.kernels;

/**
 * Rows × packed matrix on all workers: y[r] = W · x[r]. A panel of the matrix is one item, so each output is computed
 * by one thread, in one order. With a quantised matrix the rows are rounded first, once. One object serves many products
 * and allocates nothing once it has seen the largest; it belongs to one thread.
 */
public final class Product implements Workers.Work {
    /** Inputs a block: 256 rows of a panel are 64 KB, which stay in L2 while all rows of x pass. */
    private static final int BLOCK = 256;

    private final Kernels kernels;
    private final Workers workers;
    private final Workers.Work rounding = this::round;
    private final RoundedRows rounded = new RoundedRows();
    private PackedMatrix matrix;
    private float[] x;
    private int xStride;
    private int rows;
    private float[] y;
    private int yStride;

    /** Products by these kernels on these threads. */
    public Product(Kernels kernels, Workers workers) {
        this.kernels = kernels;
        this.workers = workers;
    }

    /**
     * y[r] = W · x[r].
     *
     * @param newX [newRows][inputs], rows {@code newXStride} floats apart
     * @param newY [newRows][matrix.stride()]
     */
    public void multiply(PackedMatrix newMatrix, float[] newX, int newXStride, int newRows, float[] newY) {
        multiply(newMatrix, newX, newXStride, newRows, newY, newMatrix.stride());
    }

    /** As {@link #multiply(PackedMatrix, float[], int, int, float[])}, rows of y {@code newYStride} floats apart. */
    public void multiply(
            PackedMatrix newMatrix, float[] newX, int newXStride, int newRows, float[] newY, int newYStride) {
        matrix = newMatrix;
        x = newX;
        xStride = newXStride;
        rows = newRows;
        y = newY;
        yStride = newYStride;
        if (matrix instanceof BlockPanels) {
            rounded.resize(rows, matrix.inputs());
            workers.run(rows, rounding);
        }
        workers.run(matrix.panels(), this);
    }

    private void round(int row, int worker) {
        kernels.round(x, row * xStride, matrix.inputs(), rounded, row);
    }

    @Override
    public void run(int panel, int worker) {
        switch (matrix) {
            case BlockPanels blocks -> blocks.multiply(kernels, panel, rounded, y, yStride);
            case NumberPanels numbers -> {
                int block = rows == 1 ? numbers.inputs() : BLOCK;
                for (int from = 0; from < numbers.inputs(); from += block) {
                    int count = Math.min(block, numbers.inputs() - from);
                    numbers.multiply(kernels, panel, from, count, x, xStride, rows, y, yStride);
                }
            }
        }
    }
}
