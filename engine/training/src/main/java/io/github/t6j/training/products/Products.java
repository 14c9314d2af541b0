package io.github.t6j.training.products;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.training.kernels.GradientKernels;
import io.github.t6j.training.kernels.choice.GradientChoice;
import io.github.t6j.weights.NativeMemory;
import java.lang.foreign.MemorySegment;

/**
 * Products of a linear layer, y = W·x, dx = Wᵀ·dy and dW += dyᵀ·x, on all workers. Matrices are row-major.
 *
 * <p>All use the engine's register tiles, which need W (or, for the gradient of weights, both operands) packed into
 * panels of {@value Kernels#PANEL} columns. The order of a sum does not depend on the number of threads. An object is
 * reused for many products and stops allocating once it has seen the largest. Not thread-safe.
 */
public final class Products implements AutoCloseable {

    /** Rows of a panel that are packed at once. */
    private static final int TERMS = 256;

    /** Terms of a sum per tile of dW: what neighbouring tiles read of both panels, 32 KB in all, stays in L1. */
    private static final int GRADIENT_TERMS = 64;

    /** Panels that are filled from whole blocks of K-quants, of 256 elements. */
    private static final int STRIP = 4;

    /** Maximum number of panels that are multiplied with one copied block of x. */
    private static final int ITEM_PANELS = 4;

    /** Rows of y per work item: 32 KB of a panel, which stay in L1. */
    private static final int ROWS = 128;

    /** Work items per thread, if a product has that many. */
    private static final int ITEMS = 4;

    /** Rows of dW per work item: half a panel, so that threads get equal shares of small matrices. */
    private static final int HALF = PANEL / 2;

    /** Maximum number of tokens whose panels are in memory at once for a gradient of weights. */
    private static final int TOKENS = 1024;

    /** Approximate number of floats of panels in memory at once. */
    private static final long PACKED = 8 << 20;

    private final Kernels kernels;
    private final GradientKernels gradients;
    private final Workers workers;
    private final Scratch[] scratch; // one per worker

    private final NativeMemory scratchMemory = NativeMemory.shared(); // memory of the scratch
    private NativeMemory memory = NativeMemory.shared(); // memory of the panels
    private MemorySegment panels = MemorySegment.NULL; // panels of W: [panels of the group][inner][64]
    private Rows dyPanels = Rows.NONE; //           [⌈outputs/64⌉][tokens of the group][64]
    private Rows xPanels = Rows.NONE; //            [⌈inputs/64⌉][tokens of the group][64]

    private final Workers.Work packingOutputs = this::packOutputs;
    private final Workers.Work packingInputs = this::packInputs;
    private final Workers.Work multiplying = this::multiply;
    private final Workers.Work packingTokens = this::packTokens;
    private final Workers.Work addingGradient = this::addGradient;

    // The current matrix, W or dW, [outputs][inputs]: a stack of matrices with the same inputs.
    private Matrix[] parts;
    private int[] ends = new int[1]; // outputs up to the end of each part
    private int outputs;
    private int inputs;

    // The current product: y[r][c] = Σ_k x[r][k] · w[k][c], or w[c][k] if transposed.
    private Rows x;
    private int rows;
    private boolean transposed;
    private int inner;
    private int columns;
    private Rows y;
    private boolean accumulate;
    private int firstPanel; // of the group
    private int groupPanels;
    private int itemPanels; // of a work item

    // The current gradient of weights, besides x: dw[o][i] += Σ_r dy[r][o] · x[r][i].
    private Matrix.Dense[] gradient; // the parts of dW
    private Rows dy;
    private int firstToken; // of the group
    private int tokens;

    /**
     * Scratch of a worker.
     *
     * @param strip f32 [64][TERMS], rows of W
     * @param transposed f32 [64][64], transpose of a tile of W
     * @param unpacked [TERMS], elements of a row of W
     * @param block [ROWS][64], some inputs of rows of x
     * @param sums [ITEM_PANELS][ROWS][64]
     */
    private record Scratch(MemorySegment strip, MemorySegment transposed, float[] unpacked, float[] block,
            float[] sums) {}

    /** Creates products that compute with {@code kernels} on the threads of {@code workers}. */
    public Products(Kernels kernels, Workers workers) {
        this.kernels = kernels;
        gradients = GradientChoice.matching(kernels);
        this.workers = workers;
        scratch = new Scratch[workers.threads()];
        long row = (long) PANEL * Float.BYTES;
        for (int worker = 0; worker < scratch.length; worker++) {
            scratch[worker] = new Scratch(
                    scratchMemory.allocate(row * TERMS, 64), scratchMemory.allocate(row * PANEL, 64), new float[TERMS],
                    new float[ROWS * PANEL], new float[ITEM_PANELS * ROWS * PANEL]);
        }
    }

    /**
     * y[r] = (accumulate ? y[r] : 0) + W · x[r].
     *
     * @param x [rows][inputs]
     * @param w matrices [outputs][inputs], whose outputs are concatenated; one product is faster than several
     * @param y [rows][outputs of all matrices]
     */
    public void forward(Rows x, int rows, Matrix[] w, Rows y, boolean accumulate) {
        matrices(w);
        product(x, rows, true, y, accumulate);
    }

    /** dx[r] = (accumulate ? dx[r] : 0) + Wᵀ · dy[r]; shapes as in {@link #forward}. */
    public void inputGradient(Rows dy, int rows, Matrix[] w, Rows dx, boolean accumulate) {
        matrices(w);
        product(dy, rows, false, dx, accumulate);
    }

    /** dw += dyᵀ · x; shapes as in {@link #forward}. */
    public void weightGradient(Rows newDy, Rows newX, int newRows, Matrix.Dense[] dw) {
        matrices(dw);
        gradient = dw;
        dy = newDy;
        x = newX;
        rows = newRows;
        int group = Math.clamp(PACKED / (outputs + inputs), TERMS, TOKENS);
        int max = Math.min(group, rows);
        dyPanels = dyPanels.atLeast(max, Kernels.padded(outputs));
        xPanels = xPanels.atLeast(max, Kernels.padded(inputs));
        for (firstToken = 0; firstToken < rows; firstToken += group) {
            tokens = Math.min(group, rows - firstToken);
            workers.run(count(tokens, PANEL), packingTokens);
            workers.run(count(outputs, HALF) * count(inputs, PANEL), addingGradient);
        }
    }

    private void matrices(Matrix[] w) {
        parts = w;
        outputs = 0;
        inputs = w[0].columns();
        ends = ends.length < w.length ? new int[w.length] : ends;
        for (int part = 0; part < w.length; part++) {
            outputs += w[part].rows();
            ends[part] = outputs;
        }
    }

    private int part(int output) {
        int part = 0;
        while (output >= ends[part]) {
            part++;
        }
        return part;
    }

    /** Returns the row of an output in its part. */
    private int row(int part, int output) {
        return part == 0 ? output : output - ends[part - 1];
    }

    private void product(Rows newX, int newRows, boolean newTransposed, Rows newY, boolean newAccumulate) {
        x = newX;
        rows = newRows;
        transposed = newTransposed;
        inner = transposed ? inputs : outputs;
        columns = transposed ? outputs : inputs;
        y = newY;
        accumulate = newAccumulate;
        int all = count(columns, PANEL);
        int max = Math.clamp(PACKED / ((long) inner * PANEL), Math.min(STRIP, all), all);
        int group = max == all ? all : max / STRIP * STRIP;
        grow((long) group * inner * PANEL * Float.BYTES);
        for (firstPanel = 0; firstPanel < all; firstPanel += group) {
            groupPanels = Math.min(group, all - firstPanel);
            if (transposed) {
                workers.run(groupPanels * count(inner, TERMS), packingOutputs);
            } else {
                workers.run(count(groupPanels, STRIP) * count(inner, TERMS), packingInputs);
            }
            itemPanels = Math.clamp(groupPanels * count(rows, ROWS) / (ITEMS * workers.threads()), 1, ITEM_PANELS);
            workers.run(count(groupPanels, itemPanels) * count(rows, ROWS), multiplying);
        }
    }

    private void grow(long bytes) {
        if (panels.byteSize() < bytes) {
            memory.close();
            memory = NativeMemory.shared();
            panels = MemorySegment.NULL;
            panels = memory.allocate(bytes, 64);
        }
    }

    private static int count(int n, int size) {
        return (n + size - 1) / size;
    }

    /** Returns the offset in bytes of row {@code k} of a panel of the group. */
    private long panelAt(int panel, int k) {
        return ((long) panel * inner + k) * PANEL * Float.BYTES;
    }

    /** Packs {@value #TERMS} rows of a panel whose columns are outputs. */
    private void packOutputs(int item, int worker) {
        int panel = item % groupPanels;
        int from = item / groupPanels * TERMS;
        int to = Math.min(from + TERMS, inner);
        int column = (firstPanel + panel) * PANEL;
        int width = Math.min(PANEL, columns - column);
        Scratch buffers = scratch[worker];
        for (int c = 0; c < width; c++) {
            int part = part(column + c);
            parts[part].read(
                    row(part, column + c), from, to - from, buffers.strip, (long) c * TERMS * Float.BYTES,
                    buffers.unpacked);
        }
        for (int k = from; k < to; k += PANEL) {
            kernels.transpose(
                    Format.F32, buffers.strip, (long) (k - from) * Float.BYTES, TERMS, width, PANEL, buffers.transposed,
                    PANEL);
            long bytes = (long) Math.min(PANEL, to - k) * PANEL * Float.BYTES;
            MemorySegment.copy(buffers.transposed, 0, panels, panelAt(panel, k), bytes);
        }
    }

    /** Packs {@value #TERMS} rows of {@value #STRIP} panels whose columns are inputs. */
    private void packInputs(int item, int worker) {
        int strips = count(groupPanels, STRIP);
        int first = item % strips * STRIP;
        int from = item / strips * TERMS;
        int to = Math.min(from + TERMS, inner);
        int column = (firstPanel + first) * PANEL;
        int width = Math.min(Math.min(STRIP, groupPanels - first) * PANEL, columns - column);
        Scratch buffers = scratch[worker];
        for (int k = from; k < to; k++) {
            int part = part(k);
            parts[part].read(row(part, k), column, width, buffers.strip, 0, buffers.unpacked);
            for (int c = 0; c < width; c += PANEL) {
                MemorySegment.copy(
                        buffers.strip, (long) c * Float.BYTES, panels, panelAt(first + c / PANEL, k),
                        (long) Math.min(PANEL, width - c) * Float.BYTES);
            }
        }
    }

    /**
     * Computes {@value #ROWS} rows of some panels of y. Blocks of x are copied, because tiles are faster if rows are a
     * panel apart.
     */
    private void multiply(int item, int worker) {
        int items = count(groupPanels, itemPanels);
        int first = item % items * itemPanels;
        int end = Math.min(first + itemPanels, groupPanels);
        int row = item / items * ROWS;
        int count = Math.min(ROWS, rows - row);
        float[] block = scratch[worker].block;
        float[] sums = scratch[worker].sums;
        for (int k = 0; k < inner; k += PANEL) {
            int terms = Math.min(PANEL, inner - k);
            for (int r = 0; r < count; r++) {
                System.arraycopy(x.array(), x.row(row + r) + k, block, r * PANEL, terms);
            }
            for (int panel = first; panel < end; panel++) {
                int width = Math.min(PANEL, columns - (firstPanel + panel) * PANEL);
                kernels.multiply(
                        block, 0, PANEL, count, terms, Format.F32, panels, panelAt(panel, k), PANEL, width, sums,
                        (panel - first) * ROWS * PANEL, 0, k > 0);
            }
        }
        for (int panel = first; panel < end; panel++) {
            spread(sums, (panel - first) * ROWS * PANEL, row, count, (firstPanel + panel) * PANEL);
        }
    }

    /** Stores sums of {@code count} rows of a panel, or adds them. */
    private void spread(float[] sums, int from, int row, int count, int column) {
        int width = Math.min(PANEL, columns - column);
        for (int r = 0; r < count; r++, from += PANEL) {
            int to = y.row(row + r) + column;
            if (accumulate) {
                Sums.add(sums, from, y.array(), to, width);
            } else {
                System.arraycopy(sums, from, y.array(), to, width);
            }
        }
    }

    private void packTokens(int item, int worker) {
        int from = item * PANEL;
        int to = Math.min(from + PANEL, tokens);
        for (int t = from; t < to; t++) {
            packRow(dy.array(), dy.row(firstToken + t), outputs, dyPanels.array(), t);
            packRow(x.array(), x.row(firstToken + t), inputs, xPanels.array(), t);
        }
    }

    private void packRow(float[] row, int at, int count, float[] to, int t) {
        for (int c = 0; c < count; c += PANEL) {
            System.arraycopy(row, at + c, to, (c * tokens) + t * PANEL, Math.min(PANEL, count - c));
        }
    }

    /** Adds {@value #HALF} rows of a panel of dW. */
    private void addGradient(int item, int worker) {
        int input = item / count(outputs, HALF) * PANEL;
        int output = item % count(outputs, HALF) * HALF;
        int count = Math.min(HALF, outputs - output);
        int width = Math.min(PANEL, inputs - input);
        float[] sums = scratch[worker].sums;
        int dyPanel = output / PANEL * PANEL * tokens + output % PANEL;
        for (int t = 0; t < tokens; t += GRADIENT_TERMS) {
            gradients.multiplyTransposed(
                    dyPanels.array(), dyPanel + t * PANEL, count, Math.min(GRADIENT_TERMS, tokens - t), xPanels.array(),
                    input * tokens + t * PANEL, width, sums, 0, t > 0);
        }
        for (int o = 0; o < count; o++) {
            int part = part(output + o);
            Sums.add(
                    sums, o * PANEL, gradient[part].elements(), row(part, output + o) * inputs + input, width);
        }
    }

    /** Frees the native memory. */
    @Override
    public void close() {
        scratchMemory.close();
        memory.close();
    }
}
