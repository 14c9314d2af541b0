package io.github.t6j.kernels;

import static io.github.t6j.kernels.Kernels.PANEL;

import java.util.Arrays;

/**
 * Product of a packed matrix and rows, on all workers: y[r] = W · x[r]. One thread computes a panel of the matrix, so
 * each output is summed in one order. For a quantised matrix the rows are rounded once, before the product. One object
 * serves many products and allocates nothing once it has seen the largest; it belongs to one thread.
 */
public final class PackedMatMul implements Workers.Work {
    /**
     * Largest number of rows for which a product is bound by memory. A thread then takes three quarters of its share in
     * one stretch, because a thread reads a long stretch fastest: each jump costs about 0.3 µs. Free threads take the
     * rest.
     */
    private static final int FEW_ROWS = 8;

    private final Kernels kernels;
    private final Workers workers;
    private final Workers.Work rounding = this::round;
    private final Workers.Work copying = this::copy;
    private final Workers.Work adding = this::add;
    private final RoundedRows rounded = new RoundedRows();
    private PackedMatrix matrix;
    private float[] x;
    private int xStride;
    private int rows;
    private float[] y;
    private int yStride;
    private float[] bias;
    private boolean tall; // see Kernels.isTall
    private float[] tallX = new float[0]; // x for dense matrices
    private int stretch; // number of consecutive panels in a thread's first item
    private int step; // number of panels in other items: 2 if the kernels prefer pairs
    private final float[][] panels; // one per worker: [rows][64], a panel of y
    private final UnpackedBlocks[] unpacked; // one per worker

    /** Creates products computed with these kernels on these threads. */
    public PackedMatMul(Kernels kernels, Workers workers) {
        this.kernels = kernels;
        this.workers = workers;
        panels = new float[workers.threads()][0];
        unpacked = new UnpackedBlocks[workers.threads()];
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
        matrix = newMatrix;
        x = newX;
        xStride = newXStride;
        rows = newRows;
        y = newY;
        yStride = newYStride;
        tall = matrix.isTall(kernels, rows);
        if ((tall || !matrix.kQuants().isEmpty()) && unpacked[0] == null) {
            Arrays.setAll(unpacked, i -> new UnpackedBlocks());
        }
        switch (matrix) {
            case DensePanels elements -> growPanels();
            case BlockPanels blocks -> round();
            case KQuantPanels blocks -> round();
            case JoinedPanels parts -> round();
        }
        int threads = workers.threads();
        step = rows == 1 && matrix instanceof BlockPanels && kernels.prefersPairs() ? 2 : 1;
        stretch = rows > FEW_ROWS ? 1 : Math.max(1, matrix.panels() * 3 / 4 / threads);
        int others = matrix.panels() - threads * stretch;
        workers.run(others < 0 ? matrix.panels() : threads + (others + step - 1) / step, this);
    }

    private void growPanels() {
        for (int i = 0; rows > 1 && i < panels.length; i++) {
            if (panels[i].length < rows * PANEL) {
                panels[i] = new float[rows * PANEL];
            }
        }
        if (tall) {
            int size = DensePanels.tallSize(rows, matrix.inputs());
            tallX = tallX.length < size ? new float[size] : tallX;
            workers.run(rows, copying);
        }
    }

    private void copy(int row, int worker) {
        DensePanels.copyTall(x, row * xStride, matrix.inputs(), row, rows, tallX);
    }

    private void round() {
        rounded.resize(rows, matrix.inputs(), tall, matrix.kQuants());
        workers.run(rows, rounding);
    }

    private void round(int row, int worker) {
        kernels.round(x, row * xStride, matrix.inputs(), rounded, row);
        rounded.addSums(row);
    }

    /**
     * Computes an item: the first items, one per thread, are a stretch of panels each, the following are single panels or
     * pairs.
     */
    @Override
    public void run(int item, int worker) {
        int threads = workers.threads();
        int panel = item < threads ? item * stretch : threads * stretch + (item - threads) * step;
        int end = Math.min(matrix.panels(), panel + (item < threads ? stretch : step));
        for (; step == 2 && panel + 1 < end; panel += 2) {
            ((BlockPanels) matrix).multiplyPair(kernels, panel, rounded, y, panel * PANEL);
        }
        for (; panel < end; panel++) {
            panel(matrix, panel, panel * PANEL, worker);
        }
    }

    private void panel(PackedMatrix part, int panel, int to, int worker) {
        switch (part) {
            case DensePanels elements -> multiply(elements, panel, to, worker);
            case BlockPanels blocks -> blocks.multiply(kernels, panel, rounded, unpacked[worker], y, to, yStride);
            case KQuantPanels blocks -> blocks.multiply(kernels, panel, rounded, unpacked[worker], y, to, yStride);
            case JoinedPanels joined -> {
                int index = panel;
                int i = 0;
                while (index >= joined.parts().get(i).panels()) {
                    index -= joined.parts().get(i++).panels();
                }
                panel(joined.parts().get(i), index, to, worker);
            }
        }
    }

    private void multiply(DensePanels elements, int panel, int to, int worker) {
        if (rows == 1) {
            elements.multiply(kernels, panel, x, y, to);
        } else if (tall) {
            elements.multiplyTall(kernels, panel, tallX, rows, unpacked[worker], panels[worker], y, to, yStride);
        } else {
            elements.multiply(kernels, panel, x, xStride, rows, panels[worker], y, to, yStride);
        }
    }
}
