package io.github.t6j.kernels;

import static io.github.t6j.kernels.Kernels.PANEL;

/**
 * Rows × packed matrix, on all workers: y[r] = W · x[r]. A panel of the matrix is done by one thread, so each output is
 * computed in one order. With a quantised matrix the rows are rounded first, once. One object serves many products
 * and allocates nothing once it has seen the largest; it belongs to one thread.
 */
public final class PackedMatMul implements Workers.Work {
    /** Inputs a block: 256 rows of a panel are 64 KB, which stay in L2 while all rows of x pass. */
    private static final int BLOCK = 256;

    /**
     * Up to so many rows a product is bound by memory, and a thread takes three quarters of its share in one stretch: it is
     * read fastest where a thread reads on and on, each leap costs about 0.3 µs. What is left goes to whoever is free.
     */
    private static final int FEW_ROWS = 8;

    private final Kernels kernels;
    private final Workers workers;
    private final Workers.Work rounding = this::round;
    private final Workers.Work adding = this::add;
    private final RoundedRows rounded = new RoundedRows();
    private PackedMatrix matrix;
    private float[] x;
    private int xStride;
    private int rows;
    private float[] y;
    private int yStride;
    private float[] bias;
    private int stretch; // panels that a thread does one after the other
    private final float[][] panels; // one a worker: [rows][64], a panel of y

    /** Products by these kernels on these threads. */
    public PackedMatMul(Kernels kernels, Workers workers) {
        this.kernels = kernels;
        this.workers = workers;
        panels = new float[workers.threads()][0];
    }

    /** What computes them. */
    public Kernels kernels() {
        return kernels;
    }

    /**
     * y[r] += bias.
     *
     * @param newBias [n], or null, which adds nothing
     * @param newY rows of n elements, {@code newYStride} floats apart
     */
    public void add(float[] newBias, int newRows, float[] newY, int newYStride) {
        if (newBias != null) {
            bias = newBias;
            y = newY;
            yStride = newYStride;
            workers.run(newRows, adding);
        }
    }

    private void add(int row, int worker) {
        for (int i = 0, at = row * yStride; i < bias.length; i++) {
            y[at + i] += bias[i];
        }
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
        switch (matrix) {
            case BlockPanels blocks -> {
                rounded.resize(rows, blocks.inputs());
                workers.run(rows, rounding);
            }
            case DensePanels elements -> growPanels();
        }
        stretch = rows > FEW_ROWS ? 1 : Math.max(1, matrix.panels() * 3 / 4 / workers.threads());
        workers.run(matrix.panels() - workers.threads() * (stretch - 1), this);
    }

    private void growPanels() {
        for (int i = 0; rows > 1 && i < panels.length; i++) {
            if (panels[i].length < rows * PANEL) {
                panels[i] = new float[rows * PANEL];
            }
        }
    }

    private void round(int row, int worker) {
        kernels.round(x, row * xStride, matrix.inputs(), rounded, row);
    }

    /** The first items, one a thread, are a stretch of panels each; those that follow are single panels. */
    @Override
    public void run(int item, int worker) {
        int threads = workers.threads();
        int first = item < threads ? item * stretch : threads * (stretch - 1) + item;
        int end = first + (item < threads ? stretch : 1);
        for (int panel = first; panel < end; panel++) {
            panel(panel, worker);
        }
    }

    private void panel(int panel, int worker) {
        switch (matrix) {
            case BlockPanels blocks -> blocks.multiply(kernels, panel, rounded, y, yStride);
            case DensePanels elements -> multiply(elements, panel, worker);
        }
    }

    private void multiply(DensePanels elements, int panel, int worker) {
        int to = panel * PANEL;
        if (rows == 1) {
            elements.multiply(kernels, panel, 0, elements.inputs(), x, xStride, 1, y, to);
            return;
        }
        float[] sums = panels[worker];
        for (int from = 0; from < elements.inputs(); from += BLOCK) {
            int count = Math.min(BLOCK, elements.inputs() - from);
            elements.multiply(kernels, panel, from, count, x, xStride, rows, sums, 0);
        }
        for (int row = 0; row < rows; row++, to += yStride) {
            System.arraycopy(sums, row * PANEL, y, to, PANEL);
        }
    }
}
