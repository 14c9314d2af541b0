package io.github.t6j.model;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionStep;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.layers.LayerKinds;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatrix;
import io.github.t6j.kernels.Workers;
import io.github.t6j.weights.MemoryBudget;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Weights of a model and the path of a token through them, immutable and shared by all sequences, and the idle buffers
 * of passes.
 */
public final class Transformer implements AutoCloseable {
    /** Largest weights, in bytes, that may stay in the caches of a processor from one token to the next. */
    private static final long MAX_CACHED_BYTES = 64 << 20;

    private static final double MIN_LENGTH = 1e-12; // so that a vector of zeros stays one

    /** Maximum number of rows of one sequence in a pass: enough to reuse each block of weights many times per read. */
    public static final int MAX_PASS_ROWS = 128;

    /** Largest number of rows of one call of {@link #logits}. */
    public static final int MAX_LOGIT_ROWS = Activations.LOGIT_ROWS;

    /**
     * All weights.
     *
     * @param embedding [vocabulary][width]
     * @param blocks an array, because iterating over a list may allocate an iterator in every pass
     * @param outputNorm norm before the output matrix, or null
     * @param output [vocabulary][width]; the embedding, if tied
     * @param logitFactors [vocabulary], factors of logits that are cosines, or null
     * @param checksum of adapters and the weights that are not packed, for the fingerprint
     */
    record Weights(
            PackedMatrix embedding, Block[] blocks, RmsNorm outputNorm, PackedMatrix output, float[] logitFactors,
            long checksum) {}

    private final ModelConfig config;
    final Weights weights;
    final SharedPages shared;
    final Rope rope;
    final Kernels kernels;
    final Workers workers;
    final PassBuffers buffers = new PassBuffers(this);
    private final RowOperation embed = this::embed;
    private final TransformerMemory memory = new TransformerMemory(this);
    final LayerKinds kinds; // of the blocks' attentions
    final boolean isLarge; // no cache keeps the weights from one token to the next

    Transformer(
            ModelConfig config, Weights weights, LayerKinds kinds, SharedPages shared, Kernels kernels,
            Workers workers) {
        this.config = config;
        this.weights = weights;
        this.kinds = kinds;
        this.shared = shared;
        this.rope = shared.rope();
        this.kernels = kernels;
        this.workers = workers;
        isLarge = memory.weights() > MAX_CACHED_BYTES;
    }

    /**
     * Feeds the rows through the model: x = embedding(ids), then every block; {@link #logits} of the needed rows is
     * then available.
     *
     * @param step computes the rows' attention
     * @param cancelled called between blocks; if it returns true, the pass ends
     * @return false if the pass was cancelled
     */
    boolean forward(Activations a, AttentionStep step, BooleanSupplier cancelled) {
        return forward(a, step, weights.blocks.length, cancelled);
    }

    /** Feeds the rows through the first {@code layers} blocks; {@link #hiddenStates} is then available. */
    boolean forward(Activations a, AttentionStep step, int layers, BooleanSupplier cancelled) {
        a.eachRow(embed);
        for (int layer = 0; layer < layers; layer++) {
            if (cancelled.getAsBoolean()) {
                return false;
            }
            if (layer + 1 < weights.blocks.length) {
                weights.blocks[layer].forward(step, a);
            } else {
                weights.blocks[layer].forwardNeeded(step, a);
            }
            if (Thread.currentThread().isVirtual()) {
                Thread.yield(); // virtual threads are not preempted
            }
        }
        return true;
    }

    /** Sets x to a row of the embedding, and computes the RoPE tables of its position. */
    private void embed(Activations a, int row, int worker) {
        weights.embedding.row(a.ids[row], a.x, row * a.width);
        scale(a.x, row * a.width, a.width, embeddingScale(a, row));
        a.ropes[row].table(a.positions[row], a.attentionPass.cos, a.attentionPass.sin, a.attentionPass.tableAt(row));
    }

    private float embeddingScale(Activations a, int row) {
        return switch (config.blocks().embedding()) {
            case NONE -> config.scales().embedding();
            case UNIT -> (float) (1 / length(a.x, row * a.width, a.width));
            case RMS -> (float) (Math.sqrt(a.width) / length(a.x, row * a.width, a.width));
        };
    }

    /** Returns the length of a vector, at least {@link #MIN_LENGTH}. */
    static double length(float[] x, int at, int n) {
        double squares = 0;
        for (int i = at; i < at + n; i++) {
            squares += (double) x[i] * x[i];
        }
        return Math.max(Math.sqrt(squares), MIN_LENGTH);
    }

    private static void scale(float[] x, int at, int n, float factor) {
        if (factor == 1f) {
            return;
        }
        for (int i = at; i < at + n; i++) {
            x[i] *= factor;
        }
    }

    /**
     * Returns the hidden states of all rows after a pass of {@code layers} blocks: x, or norm(x) after the last block.
     *
     * @return [rows][width], a buffer that the next pass overwrites
     */
    float[] hiddenStates(Activations a, int layers) {
        if (layers < weights.blocks.length) {
            return a.x;
        }
        a.eachRow(weights.outputNorm == null ? new RmsNorm.Copy(1f) : weights.outputNorm);
        return a.normed;
    }

    /**
     * Returns the logits after {@code count} needed rows of the last pass from {@code first}: output · norm(x),
     * scaled and capped as configured.
     *
     * @return [count][{@link #logitStride()}], a buffer that the next call overwrites
     */
    float[] logits(Activations a, int first, int count) {
        if (a.logits.length < count * logitStride()) {
            a.logits = new float[(count == 1 ? 1 : MAX_LOGIT_ROWS) * logitStride()];
        }
        for (int i = 0; i < count; i++) {
            if (weights.outputNorm == null) {
                System.arraycopy(a.x, (first + i) * a.width, a.normed, i * a.width, a.width);
            } else {
                weights.outputNorm.normalize(a, first + i, i, 0);
            }
        }
        a.matMul.multiply(weights.output, a.normed, a.width, count, a.logits);
        if (weights.logitFactors != null) {
            scaleToCosines(a, count);
        }
        ModelConfig.Scales scales = config.scales();
        if (scales.hasPlainLogits()) {
            return a.logits;
        }
        for (int row = 0; row < count; row++) {
            int at = row * logitStride();
            scale(a.logits, at, config.sizes().vocabulary(), 1f / scales.logits());
            if (scales.logitCap() != 0f) {
                kernels.softCap(a.logits, at, config.sizes().vocabulary(), scales.logitCap());
            }
        }
        return a.logits;
    }

    private void scaleToCosines(Activations a, int count) {
        for (int row = 0; row < count; row++) {
            float factor = (float) (1 / length(a.normed, row * a.width, a.width));
            for (int id = 0; id < weights.logitFactors.length; id++) {
                a.logits[row * logitStride() + id] *= factor * weights.logitFactors[id];
            }
        }
    }

    /** Returns the number of floats between the rows of {@link #logits}: the vocabulary and padding. */
    public int logitStride() {
        return weights.output.stride();
    }

    public ModelConfig config() {
        return config;
    }

    /** Returns the attention of the first block. Other blocks have its shape if all layers are of one kind. */
    public Attention attention() {
        return weights.blocks[0].attention();
    }

    /** Returns the attention of each block. */
    public List<Attention> attentions() {
        return kinds.layers();
    }

    /** Returns true if bits depend on how a prompt is split into passes. */
    public boolean bitsDependOnPasses() {
        return attentions().stream().anyMatch(Attention::bitsDependOnRows);
    }

    /** Returns the bytes that the model and its sequences take. */
    public TransformerMemory memory() {
        return memory;
    }

    /**
     * Creates an empty sequence whose cache stores elements in {@code format}; {@code materialized} selects the oracle.
     */
    public Sequence newSequence(Format format, boolean materialized) {
        return sequence(newCache(format, materialized), materialized, 0, cache -> {});
    }

    /** Creates an empty sequence whose cache is counted in {@code budget}. */
    public Sequence newSequence(Format format, boolean materialized, MemoryBudget budget) {
        return sequence(newCache(format, materialized), materialized, 0, cache -> cache.charge(budget));
    }

    /**
     * Creates a sequence of the {@code length} tokens in {@code cache}; if that fails, the cache is closed.
     *
     * @param fill reads the tokens into the cache
     */
    Sequence sequence(SequenceCache cache, boolean materialized, int length, Consumer<SequenceCache> fill) {
        try {
            fill.accept(cache);
            return new Sequence(this, cache, materialized, length);
        } catch (RuntimeException | Error failure) {
            cache.close();
            throw failure;
        }
    }

    /**
     * Restores a sequence of {@code length} tokens from the tensors that {@link Sequence#tensors} returned.
     *
     * @param where name of the tensors' file in errors
     * @param budget budget that the cache is counted in
     * @throws io.github.t6j.ModelFormatException if the tensors are not of this model and format
     */
    public Sequence restoredSequence(
            Format format, boolean materialized, Map<String, Tensor> tensors, int length, String where,
            MemoryBudget budget) {
        return sequence(newCache(format, materialized), materialized, length, cache -> {
            cache.charge(budget);
            cache.restore(tensors, length, where);
        });
    }

    /** Returns the number of positions that a query of each layer sees, its own included, or 0 for all. */
    public int[] windows() {
        return kinds.windows();
    }

    /** As {@link LayerKinds#shortestCut}. */
    public int shortestCut(boolean materialized, int tokens) {
        return kinds.shortestCut(materialized, tokens);
    }

    /** Returns true if texts of both lengths have the same keys; longrope changes the frequencies of long texts. */
    public boolean sharesKeys(int length, int otherLength) {
        return rope.of(length) == rope.of(otherLength);
    }

    /** Creates an empty cache; {@code materialized} selects the oracle's. */
    SequenceCache newCache(Format format, boolean materialized) {
        return kinds.newCache(format, materialized);
    }

    /**
     * Creates an algorithm that computes attention over caches of {@link #newCache}; {@code materialized} selects the
     * oracle.
     *
     * @param scratch arena of its off-heap buffers
     */
    AttentionAlgorithm newAlgorithm(boolean materialized, Arena scratch) {
        return kinds.newAlgorithm(materialized, kernels, workers, scratch);
    }

    /** Returns an empty batch, which the caller gives back with {@link Batch#release}. */
    public Batch batch() {
        return buffers.takeBatch();
    }

    /** Frees the idle buffers of passes. */
    public void trim() {
        buffers.trim();
    }

    /** Frees the buffers of passes, those in use when their passes end. The owner of the weights frees the weights. */
    @Override
    public void close() {
        buffers.close();
    }

    /**
     * Returns the SHA-256, in hexadecimal, of the configuration, a sample of each packed matrix and all other weights.
     * It identifies the model.
     */
    public String fingerprint() {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException never) {
            throw new IllegalStateException("every JDK has SHA-256", never);
        }
        digest.update(config.identity().getBytes(StandardCharsets.UTF_8));
        digest.update(Long.toHexString(weights.checksum).getBytes(StandardCharsets.UTF_8));
        weights.embedding.sample(digest);
        if (weights.output != weights.embedding) {
            weights.output.sample(digest);
        }
        for (Block block : weights.blocks) {
            block.matrices().forEach(matrix -> matrix.sample(digest));
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
