package io.github.t6j.model;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionPath;
import io.github.t6j.attention.MaterializedAttention;
import io.github.t6j.attention.PagedAttention;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatrix;
import io.github.t6j.kernels.Product;
import io.github.t6j.kernels.ScalarKernels;
import io.github.t6j.kernels.Workers;
import java.util.List;
import java.util.function.BooleanSupplier;

/** The weights of a model and the way of a token through them; shared by all sequences, changed by none. */
public final class Transformer {
    private final ModelConfig config;
    private final Attention attention;
    private final SharedPages shared;
    private final PackedMatrix embedding; // [vocabulary][width], tied: also the output matrix
    private final List<Block> blocks;
    private final Rope rope;
    private final Kernels kernels;
    private final ScalarKernels scalar;
    private final Workers workers;

    Transformer(
            ModelConfig config, SharedPages shared, PackedMatrix embedding, List<Block> blocks, Kernels kernels,
            ScalarKernels scalar, Workers workers) {
        this.config = config;
        this.attention = blocks.getFirst().attention();
        this.shared = shared;
        this.embedding = embedding;
        this.blocks = blocks;
        this.rope = shared.rope();
        this.kernels = kernels;
        this.scalar = scalar;
        this.workers = workers;
    }

    /** Sizes and choices. */
    public ModelConfig config() {
        return config;
    }

    /** What all sessions share: pages of fixed factors and of what positions make of them. */
    public SharedPages shared() {
        return shared;
    }

    /** The first block's attention; that of the others has the same shape. */
    public Attention attention() {
        return attention;
    }

    List<Block> blocks() {
        return blocks;
    }

    Rope rope() {
        return rope;
    }

    /** A sequence's cache and buffers. */
    public final class Sequence implements AutoCloseable {
        private final PagedCache cache = new PagedCache(attention.layout(), config.layers());
        private final Activations a;
        private int position;

        private Sequence(boolean materialized) {
            AttentionPath path = materialized
                    ? new MaterializedAttention(workers)
                    : new PagedAttention(attention, kernels, scalar, workers);
            a = new Activations(Transformer.this, path, cache, new Product(kernels, workers), workers);
        }

        /** Tokens in the cache. */
        public int position() {
            return position;
        }

        /** Forgets the tokens from {@code newPosition} on. */
        public void truncate(int newPosition) {
            position = newPosition;
        }

        /** The most rows that {@link #forward} takes at once. */
        public int maxRows() {
            return Activations.ROWS;
        }

        /**
         * Feeds {@code count} ids from {@code from} through all blocks; {@link #logits} can then be asked for.
         *
         * @param cancelled asked between blocks: true ends the pass, and its ids are not fed
         * @return false if it was cancelled
         */
        public boolean forward(int[] ids, int from, int count, BooleanSupplier cancelled) {
            cache.reserve(position + count);
            for (int row = 0; row < count; row++) {
                embedding.row(ids[from + row], a.x, row * config.width());
                rope.table(position + row, a.cos, a.sin, row * rope.pairs());
            }
            for (Block block : blocks) {
                if (cancelled.getAsBoolean()) {
                    return false;
                }
                block.forward(kernels, rope, position, count, a);
            }
            position += count;
            return true;
        }

        /** The most rows that {@link #logits} takes at once. */
        public int maxLogitRows() {
            return Activations.LOGIT_ROWS;
        }

        /**
         * Logits after {@code count} rows of the last pass from {@code row}, counted from its first: E · norm(x).
         *
         * @return [count][{@link #logitStride()}], a buffer that the next call overwrites
         */
        public float[] logits(int row, int count) {
            int width = config.width();
            if (a.logits.length < count * logitStride()) {
                a.logits = new float[Activations.LOGIT_ROWS * logitStride()];
            }
            for (int i = 0; i < count; i++) {
                int from = (row + i) * width;
                kernels.rmsNorm(a.x, from, width, RmsNorm.EPSILON, null, a.normed, i * width, a.lanes[0]);
            }
            a.product.multiply(embedding, a.normed, width, count, a.logits);
            return a.logits;
        }

        /** Floats between the rows of {@link #logits}: the vocabulary and padding. */
        public int logitStride() {
            return embedding.stride();
        }

        /** Frees the cache. */
        @Override
        public void close() {
            cache.close();
        }
    }

    /** An empty sequence; {@code materialized} computes attention by the oracle. */
    public Sequence newSequence(boolean materialized) {
        return new Sequence(materialized);
    }
}
