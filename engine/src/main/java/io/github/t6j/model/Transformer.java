package io.github.t6j.model;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.LatentAttention;
import io.github.t6j.attention.LatentAlgorithm;
import io.github.t6j.attention.LinearAttention;
import io.github.t6j.attention.MaterializedAttention;
import io.github.t6j.attention.PagedAttention;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.DenseHeads;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.cache.StateCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatrix;
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
    /** The most rows of a pass. */
    public static final int MOST_ROWS = Activations.ROWS;

    private final ModelConfig config;
    private final long checksum; // of the weights that are not packed, for the fingerprint
    private final SharedPages shared;
    private final PackedMatrix embedding; // [vocabulary][width], tied: also the output matrix
    private final Block[] blocks; // an array: an iterator of a list may be an object a pass
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
        this.blocks = blocks.toArray(Block[]::new);
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

    /** Bytes of the packed matrices: what one token reads of the weights. */
    public long weightBytes() {
        long bytes = embedding.bytes();
        for (Block block : blocks) {
            bytes += block.input().bytes() + block.output().bytes() + block.mlp().gateUp().bytes()
                    + block.mlp().down().bytes();
        }
        return bytes;
    }

    /** The attention of the first block; all are of its shape. */
    public Attention attention() {
        return blocks[0].attention();
    }

    /** Elements that one token adds to what a layer keeps: none with linear attention. */
    public int elementsPerToken() {
        return config.linear() ? 0 : attention().layout().elementsPerToken();
    }

    /** Elements that a position takes once, for all layers and sequences: none with linear attention. */
    public int sharedElementsPerPosition() {
        return config.linear() ? 0 : shared.elementsPerPosition();
    }

    /** Elements that a layer keeps however many tokens: linear attention's state, or 0. */
    public int stateElements() {
        int headDim = config.headDim();
        return config.linear() ? ((DenseHeads) attention()).keyValueHeads() * headDim * headDim : 0;
    }

    Block[] blocks() {
        return blocks;
    }

    Kernels kernels() {
        return kernels;
    }

    Workers workers() {
        return workers;
    }

    /** Makes {@code row} of a pass that of {@code id} at {@code position}. */
    void enter(int id, int position, int row, Activations a) {
        embedding.row(id, a.x, row * config.width());
        rope.table(position, a.cos, a.sin, row * rope.pairs());
    }

    Rope rope() {
        return rope;
    }

    /** A sequence's cache and buffers. */
    public final class Sequence implements AutoCloseable {
        final SequenceCache cache;
        private final boolean materialized;
        private final AttentionAlgorithm path;
        private final AttentionStep own = this::attend;
        private Activations a = new Activations(Transformer.this, 1);
        private Batch batch; // of the passes that it led, or null
        private int position;

        private Sequence(SequenceCache cache, boolean materialized, int position) {
            this.cache = cache;
            this.materialized = materialized;
            this.position = position;
            path = newPath(cache, materialized);
        }

        /** Buffers for a pass of {@code rows}. */
        Activations activations(int rows) {
            if (rows > a.rows) {
                a = new Activations(Transformer.this, Math.min(Activations.ROWS, Integer.highestOneBit(2 * rows - 1)));
            }
            return a;
        }

        void attend(Attention attention, int layer, int rows, Activations a) {
            path.attend(attention, a.projections, rows, a.projectionStride, layer, position, a.attended);
        }

        /** Ends a pass of {@code rows} rows. */
        void advance(int rows) {
            cache.commit();
            position += rows;
        }

        /** An empty batch whose first row is to be this sequence's; it serves until the next call. */
        public Batch batch() {
            if (batch == null) {
                batch = new Batch(Transformer.this, workers);
            }
            batch.clear(); // of what a failed pass left
            return batch;
        }

        /** Tokens in the cache. */
        public int position() {
            return position;
        }

        /** A sequence of the same tokens; the two share what they have in common and do not notice each other. */
        public Sequence fork() {
            return new Sequence(cache.fork(position), materialized, position);
        }

        /** Bytes of the elements that are kept of them. */
        public long cacheBytes() {
            return cache.bytes(position);
        }

        /** Makes this empty sequence hold {@code length} tokens that no model made, for benchmarks. */
        public void fill(int length, long seed) {
            cache.fill(length, seed);
            position = length;
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

        /**
         * Feeds {@code count} ids, at most {@link #MOST_ROWS}, from {@code from} through all blocks; {@link #logits} can then be asked for.
         *
         * @param cancelled asked between blocks: true ends the pass, and its ids are not fed
         * @return false if it was cancelled
         */
        public boolean forward(int[] ids, int from, int count, BooleanSupplier cancelled) {
            cache.reserve(position, position + count);
            Activations rows = activations(count);
            for (int row = 0; row < count; row++) {
                enter(ids[from + row], position + row, row, rows);
            }
            for (Block block : blocks) {
                if (cancelled.getAsBoolean()) {
                    return false;
                }
                block.forward(kernels, rope, count, own, rows);
            }
            advance(count);
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

    /** An empty cache, whose pages store elements so; {@code materialized} is for the oracle. */
    SequenceCache newCache(Format format, boolean materialized) {
        return config.linear() && !materialized
                ? new StateCache(config.layers(), ((DenseHeads) attention()).keyValueHeads(), config.headDim())
                : new PagedCache(attention().layout(), format, config.layers());
    }

    /** A way to compute attention over {@code cache}, which is of {@link #newCache}. */
    AttentionAlgorithm newPath(SequenceCache cache, boolean materialized) {
        if (cache instanceof StateCache state) {
            return new LinearAttention((DenseHeads) attention(), state, kernels, workers);
        }
        PagedCache pages = (PagedCache) cache;
        if (materialized) {
            return new MaterializedAttention(pages, config.linear(), workers);
        }
        return attention() instanceof LatentAttention latent
                ? new LatentAlgorithm(latent, pages, kernels, scalar, workers)
                : new PagedAttention(attention(), pages, kernels, scalar, workers);
    }

    /** An empty sequence whose cache stores elements so; {@code materialized} computes attention by the oracle. */
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
