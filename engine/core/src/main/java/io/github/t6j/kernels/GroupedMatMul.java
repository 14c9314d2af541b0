package io.github.t6j.kernels;

import static io.github.t6j.kernels.Kernels.PANEL;

import java.util.Arrays;

/**
 * Products of several packed matrices of one shape, each with its own rows, in one parallel region. A row has the same
 * bits as in a product of one matrix and one row, {@link PackedMatMul}. A thread computes some panels of a matrix, and
 * gathers or rounds the rows itself before its first one, so small products need no separate region for that. One
 * object serves many products and allocates nothing once it has seen the largest; it belongs to one thread.
 */
public final class GroupedMatMul implements Workers.Work {
    /** Rows per matrix up to which products are bound by memory. */
    private static final int FEW_ROWS = 2;

    /** Items per thread if products are bound by computation: enough to balance threads of different speed. */
    private static final int ITEMS = 16;

    private final Kernels kernels;
    private final Workers workers;
    private final GroupRows[] operands; // one per worker
    private PackedMatrix[] matrices;
    private int[] firsts; // first row of each matrix; after the last, the number of rows
    private int[] groups = new int[0]; // indices of the matrices that have rows
    private int base; // first row of all
    private int[] sources; // or null
    private float[] x;
    private int xStride;
    private float[] y;
    private int yStride;
    private int panels; // of a matrix
    private int total; // panels of all matrices that have rows
    private int stretch; // number of consecutive panels in a thread's first item
    private int step; // number of panels in other items

    /** Creates products computed with these kernels on these threads, see {@link PackedMatMul}. */
    public GroupedMatMul(Kernels kernels, Workers workers, boolean fromMemory) {
        this.kernels = kernels;
        this.workers = workers;
        operands = new GroupRows[workers.threads()];
        Arrays.setAll(operands, i -> new GroupRows(kernels, fromMemory));
    }

    /** Rows of the matrix that a thread multiplies. */
    private static final class GroupRows {
        private int matrix; // index, or -1
        private final Operand rows;
        private final UnpackedBlocks scratch;

        private GroupRows(Kernels kernels, boolean fromMemory) {
            rows = new Operand(kernels);
            scratch = new UnpackedBlocks(fromMemory);
        }
    }

    /**
     * Computes y[r − firsts[from]] = W_m · x[source of r] for the matrices m = from … to − 1, and rows r = firsts[m] …
     * firsts[m + 1] − 1 of each.
     *
     * @param newMatrices matrices of one shape
     * @param newFirsts first row of each matrix, ascending; after the last, the number of rows
     * @param newSources row of x for each row r; null means r − firsts[from]
     * @param newX rows {@code newXStride} floats apart
     * @param newY [rows][{@link PackedMatrix#stride}]
     */
    public void multiply(
            PackedMatrix[] newMatrices, int from, int to, int[] newFirsts, int[] newSources, float[] newX,
            int newXStride, float[] newY) {
        matrices = newMatrices;
        firsts = newFirsts;
        sources = newSources;
        x = newX;
        xStride = newXStride;
        y = newY;
        yStride = matrices[from].stride();
        panels = matrices[from].panels();
        base = firsts[from];
        int count = gather(from, to);
        total = count * panels;
        for (GroupRows operand : operands) {
            operand.matrix = -1;
        }
        plan(matrices[from], firsts[to] - base <= FEW_ROWS * count);
    }

    /** Lists the matrices that have rows, and returns their number. */
    private int gather(int from, int to) {
        if (groups.length < to - from) {
            groups = new int[to - from];
        }
        int count = 0;
        for (int m = from; m < to; m++) {
            if (firsts[m + 1] > firsts[m]) {
                groups[count++] = m;
            }
        }
        return count;
    }

    /** Runs the items, in long stretches if memory is the limit, as {@link PackedMatMul} does. */
    private void plan(PackedMatrix matrix, boolean few) {
        int threads = workers.threads();
        if (few) {
            stretch = Math.max(1, total * 3 / 4 / threads);
            step = operands[0].rows.rounded.panelsAtOnce(matrix.blockFormat(), 1);
        } else {
            step = Math.clamp(total / (threads * ITEMS), 1, panels);
            stretch = step;
        }
        int remaining = total - threads * stretch;
        workers.run(remaining < 0 ? Math.ceilDiv(total, stretch) : threads + Math.ceilDiv(remaining, step), this);
    }

    @Override
    public void run(int item, int worker) {
        int threads = workers.threads();
        int panel = item < threads ? item * stretch : threads * stretch + (item - threads) * step;
        int end = Math.min(total, panel + (item < threads ? stretch : step));
        GroupRows operand = operands[worker];
        while (panel < end) {
            int m = groups[panel / panels];
            if (operand.matrix != m) {
                prepare(operand, m);
            }
            int first = panel % panels; // in this matrix
            int count = Math.min(end - panel, panels - first);
            int at = (firsts[m] - base) * yStride + first * PANEL;
            matrices[m].multiply(kernels, first, count, operand.rows, operand.scratch, y, at, yStride);
            panel += count;
        }
    }

    /** Gathers or rounds the rows of matrix {@code m}. */
    private void prepare(GroupRows operand, int m) {
        PackedMatrix matrix = matrices[m];
        int rows = firsts[m + 1] - firsts[m];
        operand.rows.resize(matrix, rows);
        for (int row = 0; row < rows; row++) {
            int source = sources == null ? firsts[m] + row - base : sources[firsts[m] + row];
            operand.rows.set(kernels, matrix, row, x, source * xStride);
        }
        operand.matrix = m;
    }
}
