package io.github.t6j.model;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionPath;
import io.github.t6j.attention.LatentAttention;
import io.github.t6j.attention.LatentPath;
import io.github.t6j.attention.LinearAttention;
import io.github.t6j.attention.MaterializedAttention;
import io.github.t6j.attention.PagedAttention;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.WholeHeads;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.cache.SequenceCache;
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

    /** Bytes that all sequences share: pages of fixed factors and of what positions make of them. */
    public long sharedBytes() {
        return shared.bytes();
    }

    /** The attention of the first block; all are of its shape. */
    public Attention attention() {
        return blocks.getFirst().attention();
    }

    /** Numbers that one token adds to what a layer keeps: none with linear attention. */
    public int numbersPerToken() {
        return config.linear() ? 0 : attention().layout().numbersPerToken();
    }

    /** Numbers that a position takes once, for all layers and sequences: none with linear attention. */
    public int sharedNumbersPerPosition() {
        return config.linear() ? 0 : shared.numbersPerPosition();
    }

    /** Numbers that a layer keeps however many tokens: linear attention's state, or 0. */
    public int stateNumbers() {
        int headDim = config.headDim();
        return config.linear() ? ((WholeHeads) attention()).keyValueHeads() * headDim * headDim : 0;
    }

    List<Block> blocks() {
        return blocks;
    }

    Rope rope() {
        return rope;
    }

    /** A sequence's cache and buffers. */
    public final class Sequence implements AutoCloseable {
        private final SequenceCache cache;
        private final Activations a;
        private int position;

        private Sequence(boolean materialized) {
            AttentionPath path = newPath(materialized);
            cache = path.cache();
            a = new Activations(Transformer.this, path, new Product(kernels, workers), workers);
        }

        /** Tokens in the cache. */
        public int position() {
            return position;
        }

        /** Bytes of the numbers that are kept of them. */
        public long cacheBytes() {
            return cache.bytes(position);
        }

        /**
         * Forgets the tokens from {@code newPosition} on.
         *
         * @throws IllegalStateException if the attention cannot: linear attention only all or none
         */
        public void truncate(int newPosition) {
            cache.truncate(position, newPosition);
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
            cache.commit();
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

    /** A way to compute attention for a new sequence. */
    AttentionPath newPath(boolean materialized) {
        Attention attention = attention();
        if (config.linear() && !materialized) {
            return new LinearAttention((WholeHeads) attention, config.layers(), kernels, workers);
        }
        PagedCache cache = new PagedCache(attention.layout(), config.layers());
        if (materialized) {
            return new MaterializedAttention(cache, config.linear(), workers);
        }
        return attention instanceof LatentAttention latent
                ? new LatentPath(latent, cache, kernels, scalar, workers)
                : new PagedAttention(attention, cache, kernels, scalar, workers);
    }

    /** An empty sequence; {@code materialized} computes attention by the oracle. */
    public Sequence newSequence(boolean materialized) {
        return new Sequence(materialized);
    }
}
