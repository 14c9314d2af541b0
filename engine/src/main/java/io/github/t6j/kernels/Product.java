package io.github.t6j.kernels;

/**
 * Rows × packed matrix on all workers: y[r] = W · x[r]. A panel of the matrix is one item, so each output is computed
 * by one thread, in one order. One object serves many products and allocates nothing; it belongs to one thread.
 */
public final class Product implements Workers.Work {
    /** Inputs a block: 256 rows of a panel are 64 KB, which stay in L2 while all rows of x pass. */
    private static final int BLOCK = 256;

    private final Kernels kernels;
    private final Workers workers;
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
        workers.run(matrix.panels(), this);
    }

    @Override
    public void run(int panel, int worker) {
        int block = rows == 1 ? matrix.inputs() : BLOCK;
        for (int from = 0; from < matrix.inputs(); from += block) {
            int count = Math.min(block, matrix.inputs() - from);
            matrix.multiply(kernels, panel, from, count, x, xStride, rows, y, yStride);
        }
    }
}
