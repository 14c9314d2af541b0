package io.github.t6j.kernels;

import static io.github.t6j.kernels.Kernels.PANEL;

import java.util.Arrays;

/**
 * Products of several packed matrices of one shape, each with rows of its own, in one parallel region. A row has the same
 * bits as in a product of one matrix and one row, {@link PackedMatMul}. A thread computes some panels of a matrix, and
 * gathers or rounds the rows itself before its first one, so that small products need no region of their own for that.
 * One object serves many products and allocates nothing once it has seen the largest; it belongs to one thread.
 */
public final class GroupedMatMul implements Workers.Work {
    /** Rows per matrix up to which products are bound by memory. */
    private static final int FEW_ROWS = 2;

    /** Items per thread if products are bound by computation: enough to balance threads of different speed. */
    private static final int ITEMS = 16;

    private final Kernels kernels;
    private final Workers workers;
    private final Operand[] operands; // one per worker
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

    /** Creates products computed with these kernels on these threads. */
    public GroupedMatMul(Kernels kernels, Workers workers) {
        this.kernels = kernels;
        this.workers = workers;
        operands = new Operand[workers.threads()];
        Arrays.setAll(operands, i -> new Operand());
    }

    /** Rows of the matrix that a thread multiplies, in the form that its kernel reads. */
    private static final class Operand {
        private int matrix; // index, or -1
        private int rows;
        private boolean tall; // see Kernels.isTall
        private final RoundedRows rounded = new RoundedRows();
        private float[] gathered = new float[0]; // [rows][inputs], or as isTall says
        private float[] sums = new float[0]; // [rows][64], a panel of y
        private UnpackedBlocks unpacked; // null until it is needed

        private float[] gathered(int size) {
            gathered = gathered.length < size ? new float[size] : gathered;
            return gathered;
        }

        private float[] sums() {
            sums = sums.length < rows * PANEL ? new float[rows * PANEL] : sums;
            return sums;
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
        for (Operand operand : operands) {
            operand.matrix = -1;
        }
        plan(firsts[to] - base <= FEW_ROWS * count);
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

    /** Runs the items: as in {@link PackedMatMul}, long stretches if memory is the limit. */
    private void plan(boolean few) {
        int threads = workers.threads();
        if (few) {
            stretch = Math.max(1, total * 3 / 4 / threads);
            step = kernels.prefersPairs() ? 2 : 1;
        } else {
            step = Math.clamp(total / (threads * ITEMS), 1, panels);
            stretch = step;
        }
        int others = total - threads * stretch;
        workers.run(others < 0 ? Math.ceilDiv(total, stretch) : threads + Math.ceilDiv(others, step), this);
    }

    @Override
    public void run(int item, int worker) {
        int threads = workers.threads();
        int panel = item < threads ? item * stretch : threads * stretch + (item - threads) * step;
        int end = Math.min(total, panel + (item < threads ? stretch : step));
        Operand operand = operands[worker];
        while (panel < end) {
            int m = groups[panel / panels];
            if (operand.matrix != m) {
                prepare(operand, m);
            }
            int own = panel % panels;
            int at = (firsts[m] - base) * yStride + own * PANEL;
            if (operand.rows == 1 && own + 1 < panels && panel + 1 < end && kernels.prefersPairs()
                    && matrices[m] instanceof BlockPanels blocks) {
                blocks.multiplyPair(kernels, own, operand.rounded, y, at);
                panel += 2;
            } else {
                multiply(matrices[m], own, operand, at);
                panel++;
            }
        }
    }

    /** Gathers or rounds the rows of matrix {@code m}. */
    private void prepare(Operand operand, int m) {
        PackedMatrix matrix = matrices[m];
        int inputs = matrix.inputs();
        int rows = firsts[m + 1] - firsts[m];
        boolean isDense = matrix instanceof DensePanels;
        boolean tall = matrix.isTall(kernels, rows);
        if (isDense) {
            operand.gathered(tall ? DensePanels.tallSize(rows, inputs) : rows * inputs);
        } else {
            operand.rounded.resize(rows, inputs, tall, matrix.kQuants());
        }
        if ((tall || !matrix.kQuants().isEmpty()) && operand.unpacked == null) {
            operand.unpacked = new UnpackedBlocks();
        }
        for (int row = 0; row < rows; row++) {
            int from = (sources == null ? firsts[m] + row - base : sources[firsts[m] + row]) * xStride;
            if (isDense && tall) {
                DensePanels.copyTall(x, from, inputs, row, rows, operand.gathered);
            } else if (isDense) {
                System.arraycopy(x, from, operand.gathered, row * inputs, inputs);
            } else {
                kernels.round(x, from, inputs, operand.rounded, row);
                operand.rounded.addSums(row);
            }
        }
        operand.rows = rows;
        operand.tall = tall;
        operand.matrix = m;
    }

    private void multiply(PackedMatrix matrix, int panel, Operand operand, int to) {
        switch (matrix) {
            case DensePanels elements -> multiply(elements, panel, operand, to);
            case BlockPanels blocks ->
                blocks.multiply(kernels, panel, operand.rounded, operand.unpacked, y, to, yStride);
            case KQuantPanels blocks ->
                blocks.multiply(kernels, panel, operand.rounded, operand.unpacked, y, to, yStride);
            case JoinedPanels joined -> {
                int index = panel;
                int part = 0;
                while (index >= joined.parts().get(part).panels()) {
                    index -= joined.parts().get(part++).panels();
                }
                multiply(joined.parts().get(part), index, operand, to);
            }
        }
    }

    private void multiply(DensePanels elements, int panel, Operand operand, int to) {
        if (operand.rows == 1) {
            elements.multiply(kernels, panel, operand.gathered, y, to);
        } else if (operand.tall) {
            elements.multiplyTall(
                    kernels, panel, operand.gathered, operand.rows, operand.unpacked, operand.sums(), y, to, yStride);
        } else {
            elements.multiply(
                    kernels, panel, operand.gathered, elements.inputs(), operand.rows, operand.sums(), y, to, yStride);
        }
    }
}
