package io.github.t6j.training.layers;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.training.heads.CausalAttention;
import io.github.t6j.training.heads.HeadAttention;
import io.github.t6j.training.heads.LinearHeadAttention;
import io.github.t6j.training.kernels.GradientKernels;
import io.github.t6j.training.kernels.choice.GradientChoice;
import io.github.t6j.training.products.Products;
import io.github.t6j.training.products.Rows;
import io.github.t6j.training.products.Sums;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/** Resources shared by the operations of a model: threads, kernels and scratch memory. */
public final class Resources implements AutoCloseable {
    /** Rows of a work item. Sums over rows depend on it, so it is the same for any number of threads. */
    static final int BLOCK = 64;

    final Kernels kernels;
    final GradientKernels gradients;
    public final Workers workers;
    final Products products;
    final CausalAttention[] attention; // one per worker
    final float[][] lanes; // one per worker, [LANES]
    private final Map<Buffer, Rows> scratch = new EnumMap<>(Buffer.class);
    private Rows partial = Rows.NONE; // [blocks][elements]

    /**
     * @param softmax true if the model has softmax attention, false for linear attention
     * @param scoreCap limit of scores, or 0 for none
     */
    public Resources(Kernels kernels, Workers workers, boolean softmax, float scoreCap) {
        this.kernels = kernels;
        gradients = GradientChoice.matching(kernels);
        this.workers = workers;
        products = new Products(kernels, workers);
        attention = new CausalAttention[workers.threads()];
        lanes = new float[workers.threads()][Kernels.LANES];
        Arrays.setAll(attention, worker -> softmax ? new HeadAttention(kernels, scoreCap) : new LinearHeadAttention());
    }

    /**
     * Buffers by their contents; all layers use the same ones, one after the other. X_GRADIENT holds the derivative by
     * X.
     */
    enum Buffer {
        /** Output of a norm, [rows][width]. */
        NORMED,
        NORMED_GRADIENT,
        /** Output of an attention with each head normed. */
        HEADS_NORMED,
        /** Derivative by the output of an attention. */
        ATTENTION_GRADIENT,
        /** Derivative by the outputs of heads, before steps between them and the output of an attention. */
        HEADS_GRADIENT,
        /** Whole queries of all heads, or queries followed by keys in each row. */
        QUERIES,
        /** Whole keys of all heads. */
        KEYS,
        /** Whole values of all heads. */
        VALUES,
        QUERIES_GRADIENT,
        KEYS_GRADIENT,
        /** Derivative by {@link #VALUES}, or by the product that has keys and values. */
        VALUES_GRADIENT,
        /** Normed latents. */
        LATENTS_NORMED,
        LATENTS_NORMED_GRADIENT,
        /** Derivative by the product of A of a low-rank adapter and its input. */
        LOW_RANK_GRADIENT,
        /** Derivative by Bᵀ of a low-rank adapter. */
        TRANSPOSED_GRADIENT,
        /**
         * In a feed-forward part, its hidden activations; in an attention, the derivative by the projected rows: its
         * factors, latents or heads; in the output, the logits of some rows. Each replaces the previous one.
         */
        WIDE
    }

    /** Work on rows {@code from} to {@code to} that adds to {@code sums} from {@code at} on. */
    @FunctionalInterface
    interface BlockWork {
        void run(int from, int to, float[] sums, int at);
    }

    /**
     * Returns {@code rows} rows of {@code columns} floats with undefined contents. An operation may use them until
     * another operation asks for the same buffer.
     */
    Rows scratch(Buffer buffer, int rows, int columns) {
        Rows sized = scratch.getOrDefault(buffer, Rows.NONE).atLeast(rows, columns);
        scratch.put(buffer, sized);
        return sized;
    }

    private static int blocks(int rows) {
        return (rows + BLOCK - 1) / BLOCK;
    }

    /** Runs {@code work}, whose items are rows, in parallel. */
    void eachRow(int rows, Workers.Work work) {
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
        partial = partial.atLeast(blocks(rows), n);
        float[] sums = partial.array();
        workers.run(blocks(rows), (block, worker) -> {
            Arrays.fill(sums, block * n, (block + 1) * n, 0f);
            work.run(block * BLOCK, Math.min(rows, (block + 1) * BLOCK), sums, block * n);
        });
        for (int block = 0; block < blocks(rows); block++) {
            Sums.add(sums, block * n, into, 0, n);
        }
    }

    @Override
    public void close() {
        workers.close();
        products.close();
        for (CausalAttention head : attention) {
            head.close();
        }
    }
}
