package io.github.t6j.kernels;

import static io.github.t6j.kernels.Kernels.PANEL;

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
    private final float[][] panels; // one a worker: [rows][64], a panel of y

    /** Products by these kernels on these threads. */
    public Product(Kernels kernels, Workers workers) {
        this.kernels = kernels;
        this.workers = workers;
        panels = new float[workers.threads()][0];
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
        for (int i = 0; rows > 1 && i < panels.length; i++) {
            if (panels[i].length < rows * PANEL) {
                panels[i] = new float[rows * PANEL];
            }
        }
        workers.run(matrix.panels(), this);
    }

    @Override
    public void run(int panel, int worker) {
        int to = panel * PANEL;
        if (rows == 1) {
            matrix.multiply(kernels, panel, 0, matrix.inputs(), x, xStride, 1, y, to);
            return;
        }
        float[] sums = panels[worker];
        for (int from = 0; from < matrix.inputs(); from += BLOCK) {
            int count = Math.min(BLOCK, matrix.inputs() - from);
            matrix.multiply(kernels, panel, from, count, x, xStride, rows, sums, 0);
        }
        for (int row = 0; row < rows; row++, to += yStride) {
            System.arraycopy(sums, row * PANEL, y, to, PANEL);
        }
    }
}
