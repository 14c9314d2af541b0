package io.github.t6j.training.layers;

import io.github.t6j.kernels.GradientKernels;
import io.github.t6j.kernels.KernelChoice;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.util.Arrays;

/** Resources shared by the operations of a model: threads, kernels and scratch memory. */
public final class Resources implements AutoCloseable {
    /** Rows of a work item. Sums over rows depend on it, so it is the same for any number of threads. */
    static final int BLOCK = 64;

    final Kernels kernels;
    final GradientKernels gradients;
    public final Workers workers;
    final Products products;
    final HeadAttention[] softmax; // one per worker
    final LinearHeadAttention[] linear; // one per worker
    final float[][] lanes; // one per worker, [LANES]
    private final float[][] scratch = new float[10][0];
    private float[] partial = new float[0]; // [blocks][elements]

    public Resources(Kernels kernels, Workers workers) {
        this.kernels = kernels;
        gradients = KernelChoice.gradients(kernels);
        this.workers = workers;
        products = new Products(kernels, workers);
        softmax = new HeadAttention[workers.threads()];
        linear = new LinearHeadAttention[workers.threads()];
        lanes = new float[workers.threads()][Kernels.LANES];
        Arrays.setAll(softmax, worker -> new HeadAttention(kernels));
        Arrays.setAll(linear, worker -> new LinearHeadAttention());
    }

    /** Work on one row. */
    @FunctionalInterface
    interface RowWork {
        void run(int row, int worker);
    }

    /** Work on rows {@code from} to {@code to} that adds to {@code sums} from {@code at} on. */
    @FunctionalInterface
    interface BlockWork {
        void run(int from, int to, float[] sums, int at);
    }

    /**
     * Returns scratch number {@code which} with at least {@code rows · columns} floats and undefined contents. An
     * operation may use it until another operation asks for the same number.
     */
    float[] scratch(int which, int rows, int columns) {
        scratch[which] = atLeast(scratch[which], rows, columns);
        return scratch[which];
    }

    /** Returns {@code array} if it has at least {@code rows · columns} elements, else a new array. */
    public static float[] atLeast(float[] array, int rows, int columns) {
        int floats = Math.multiplyExact(rows, columns);
        return array.length >= floats ? array : new float[floats];
    }

    private static int blocks(int rows) {
        return (rows + BLOCK - 1) / BLOCK;
    }

    /** Runs {@code work} for each row, in parallel. */
    void eachRow(int rows, RowWork work) {
        workers.run(blocks(rows), (block, worker) -> {
            int end = Math.min(rows, (block + 1) * BLOCK);
            for (int row = block * BLOCK; row < end; row++) {
                work.run(row, worker);
            }
        });
    }

    /**
     * Adds sums over rows to {@code into} [elements], in a fixed order: {@code work} adds the rows of a block in order,
     * then the sums of the blocks are added in order.
     */
    void sumRows(int rows, float[] into, BlockWork work) {
        int n = into.length;
        partial = atLeast(partial, blocks(rows), n);
        workers.run(blocks(rows), (block, worker) -> {
            Arrays.fill(partial, block * n, (block + 1) * n, 0f);
            work.run(block * BLOCK, Math.min(rows, (block + 1) * BLOCK), partial, block * n);
        });
        for (int block = 0; block < blocks(rows); block++) {
            for (int i = 0; i < n; i++) {
                into[i] += partial[block * n + i];
            }
        }
    }

    @Override
    public void close() {
        workers.close();
        products.close();
        for (HeadAttention one : softmax) {
            one.close();
        }
    }
}
