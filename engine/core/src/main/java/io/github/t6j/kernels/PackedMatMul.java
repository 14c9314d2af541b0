package io.github.t6j.kernels;

import static io.github.t6j.kernels.Kernels.PANEL;

import java.util.Arrays;

/**
 * Product of a packed matrix and rows, on all workers: y[r] = W · x[r]. One thread computes a panel of the matrix, so
 * each output is summed in one order. For a quantised matrix the rows are rounded once, before the product. One object
 * serves many products and allocates nothing once it has seen the largest; it belongs to one thread.
 */
public final class PackedMatMul implements Workers.Work {
    private final Kernels kernels;
    private final Workers workers;
    private final Workers.Work preparing = this::prepare;
    private final Workers.Work adding = this::add;
    private final Operand operand;
    private PackedMatrix matrix;
    private float[] x;
    private int xStride;
    private int rows;
    private float[] y;
    private int yAt;
    private int yStride;
    private float[] bias;
    private int stretch; // number of consecutive panels in a thread's first item
    private int step; // number of consecutive panels in other items
    private final UnpackedBlocks[] scratch; // one per worker

    /**
     * Creates products computed with these kernels on these threads.
     *
     * @param fromMemory true if the matrices together are larger than the processor's caches
     */
    public PackedMatMul(Kernels kernels, Workers workers, boolean fromMemory) {
        this.kernels = kernels;
        this.workers = workers;
        operand = new Operand(kernels);
        scratch = new UnpackedBlocks[workers.threads()];
        Arrays.setAll(scratch, i -> new UnpackedBlocks(fromMemory));
    }

    /** Returns the kernels that compute the products. */
    public Kernels kernels() {
        return kernels;
    }

    /**
     * Adds a bias: y[r] += bias.
     *
     * @param newBias [n], or null to add nothing
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
     * Computes y[r] = W · x[r].
     *
     * @param newX [newRows][inputs], rows {@code newXStride} floats apart
     * @param newY [newRows][matrix.stride()]
     */
    public void multiply(PackedMatrix newMatrix, float[] newX, int newXStride, int newRows, float[] newY) {
        multiply(newMatrix, newX, newXStride, newRows, newY, newMatrix.stride());
    }

    /**
     * Does the same as {@link #multiply(PackedMatrix, float[], int, int, float[])}, with rows of y {@code newYStride}
     * floats apart.
     */
    public void multiply(
            PackedMatrix newMatrix, float[] newX, int newXStride, int newRows, float[] newY, int newYStride) {
        multiply(newMatrix, newX, newXStride, newRows, newY, 0, newYStride);
    }

    /** Does the same with y from {@code newYAt}. */
    public void multiply(
            PackedMatrix newMatrix, float[] newX, int newXStride, int newRows, float[] newY, int newYAt,
            int newYStride) {
        yAt = newYAt;
        matrix = newMatrix;
        x = newX;
        xStride = newXStride;
        rows = newRows;
        y = newY;
        yStride = newYStride;
        if (matrix instanceof DensePanels && !operand.dense.prefersCopies(rows)) {
            operand.dense.use(x, xStride, rows);
        } else {
            operand.resize(matrix, rows);
            workers.run(rows, preparing);
        }
        int threads = workers.threads();
        step = operand.rounded.panelsAtOnce(matrix.blockFormat(), rows);
        // Three quarters of a thread's share are one stretch: jumps in memory cost time, and neighbouring panels of y share
        // cache lines. Processors without a common cache read a prompt 1.24 times as fast. Free threads take the rest.
        stretch = Math.max(1, matrix.panels() * 3 / 4 / threads);
        int remaining = matrix.panels() - threads * stretch;
        workers.run(remaining < 0 ? matrix.panels() : threads + (remaining + step - 1) / step, this);
    }

    private void prepare(int row, int worker) {
        operand.set(kernels, matrix, row, x, row * xStride);
    }

    /**
     * Computes an item: the first items, one per thread, are a stretch of panels each, the following are {@link #step}
     * panels.
     */
    @Override
    public void run(int item, int worker) {
        int threads = workers.threads();
        int panel = item < threads ? item * stretch : threads * stretch + (item - threads) * step;
        int count = Math.min(matrix.panels() - panel, item < threads ? stretch : step);
        matrix.multiply(kernels, panel, count, operand, scratch[worker], y, yAt + panel * PANEL, yStride);
    }
}
