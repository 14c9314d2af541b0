package io.github.t6j.training;

import io.github.t6j.kernels.GradientKernels;
import io.github.t6j.kernels.KernelChoice;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.util.Arrays;

/** What the operations of a model compute with: threads, kernels, and memory that they borrow from each other. */
final class Resources implements AutoCloseable {
    /** Rows of an item: the sums over rows depend on it, so it is the same for any number of threads. */
    static final int BLOCK = 64;

    final Kernels kernels;
    final GradientKernels gradients;
    final Workers workers;
    final Products products;
    final HeadAttention[] softmax; // of a worker
    final LinearHeadAttention[] linear; // of a worker
    final float[][] lanes; // of a worker [LANES]
    private final float[][] scratch = new float[10][0];
    private float[] partial = new float[0]; // [blocks][elements]

    Resources(Kernels kernels, Workers workers) {
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

    /** What is done with a row. */
    @FunctionalInterface
    interface RowWork {
        void run(int row, int worker);
    }

    /** What is done with some rows. */
    @FunctionalInterface
    interface BlockWork {
        void run(int from, int to, float[] sums, int at);
    }

    /**
     * Scratch of {@code rows · columns} floats or more, whatever was left in it. An operation's numbers are its own until
     * another operation asks for the same number {@code which}.
     */
    float[] scratch(int which, int rows, int columns) {
        scratch[which] = atLeast(scratch[which], rows, columns);
        return scratch[which];
    }

    /** {@code array} if it has {@code rows · columns} elements or more, else a new one. */
    static float[] atLeast(float[] array, int rows, int columns) {
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
     * Adds sums over rows to {@code into} [elements]: {@code work} adds its rows to a block's sums in their order, and the
     * blocks' sums are added in theirs.
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
