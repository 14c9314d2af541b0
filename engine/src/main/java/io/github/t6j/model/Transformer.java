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
import io.github.t6j.cache.StateCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatrix;
import io.github.t6j.kernels.Product;
import io.github.t6j.kernels.ScalarKernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.Tensor;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** The weights of a model and the way of a token through them; shared by all sequences, changed by none. */
public final class Transformer {
    private final ModelConfig config;
    private final long checksum; // of the weights that are not packed, for the fingerprint
    private final SharedPages shared;
    private final PackedMatrix embedding; // [vocabulary][width], tied: also the output matrix
    private final List<Block> blocks;
    private final Rope rope;
    private final Kernels kernels;
    private final ScalarKernels scalar;
    private final Workers workers;

    Transformer(
            ModelConfig config, long checksum, SharedPages shared, PackedMatrix embedding, List<Block> blocks,
            Kernels kernels,
            ScalarKernels scalar, Workers workers) {
        this.config = config;
        this.checksum = checksum;
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
        private final boolean materialized;
        private final Activations a;
        private int position;

        private Sequence(SequenceCache cache, boolean materialized, int position) {
            this.cache = cache;
            this.materialized = materialized;
            this.position = position;
            AttentionPath path = newPath(cache, materialized);
            a = new Activations(Transformer.this, path, new Product(kernels, workers), workers);
        }

        /** Tokens in the cache. */
        public int position() {
            return position;
        }

        /** A sequence of the same tokens; the two share what they have in common and do not notice each other. */
        public Sequence fork() {
            return new Sequence(cache.fork(position), materialized, position);
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

        /** The tokens' part of the cache as tensors to save. */
        public List<LazyTensor> tensors() {
            return cache.tensors(position);
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
            cache.reserve(position, position + count);
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

    /** An empty cache, whose pages store numbers so; {@code materialized} is for the oracle. */
    SequenceCache newCache(Format format, boolean materialized) {
        return config.linear() && !materialized
                ? new StateCache(config.layers(), ((WholeHeads) attention()).keyValueHeads(), config.headDim())
                : new PagedCache(attention().layout(), format, config.layers());
    }

    /** A way to compute attention over {@code cache}, which is of {@link #newCache}. */
    AttentionPath newPath(SequenceCache cache, boolean materialized) {
        if (cache instanceof StateCache state) {
            return new LinearAttention((WholeHeads) attention(), state, kernels, workers);
        }
        PagedCache pages = (PagedCache) cache;
        if (materialized) {
            return new MaterializedAttention(pages, config.linear(), workers);
        }
        return attention() instanceof LatentAttention latent
                ? new LatentPath(latent, pages, kernels, scalar, workers)
                : new PagedAttention(attention(), pages, kernels, scalar, workers);
    }

    /** An empty sequence whose cache stores numbers so; {@code materialized} computes attention by the oracle. */
    public Sequence newSequence(Format format, boolean materialized) {
        return new Sequence(newCache(format, materialized), materialized, 0);
    }

    /**
     * A sequence of the first {@code length} tokens of one whose {@link Sequence#tensors} these are.
     *
     * @param where what to call the tensors' file in errors
     * @throws io.github.t6j.ModelFormatException if they are not of this model and format
     */
    public Sequence restoredSequence(
            Format format, boolean materialized, Map<String, Tensor> tensors, int length, String where) {
        SequenceCache cache = newCache(format, materialized);
        try {
            cache.restore(tensors, length, where);
        } catch (RuntimeException | Error failure) {
            cache.close();
            throw failure;
        }
        return new Sequence(cache, materialized, length);
    }

    /** SHA-256, in hexadecimal, of the configuration, a sample of each packed matrix and all other weights: which model this is. */
    public String fingerprint() {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException never) {
            throw new IllegalStateException("every JDK has SHA-256", never);
        }
        digest.update(config.identity().getBytes(StandardCharsets.UTF_8));
        digest.update(Long.toHexString(checksum).getBytes(StandardCharsets.UTF_8));
        embedding.sample(digest);
        for (Block block : blocks) {
            block.input().sample(digest);
            block.output().sample(digest);
            block.mlp().gateUp().sample(digest);
            block.mlp().down().sample(digest);
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
