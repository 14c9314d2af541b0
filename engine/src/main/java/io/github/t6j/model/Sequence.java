package io.github.t6j.model;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.weights.LazyTensor;
import java.util.List;
import java.util.function.BooleanSupplier;

/** The tokens that a model has seen: their cache, and the buffers of the passes that feed more. Used by one thread. */
public final class Sequence implements AutoCloseable {
    private final Transformer model;
    private final boolean materialized;
    private final SequenceCache cache;
    private final AttentionAlgorithm attention;
    private final Activations one; // buffers of passes of one row
    private Activations many; //      of several, or null: given back
    private Activations activations; // of the last pass, one of these
    private AttentionPass own; // its rows of a batch, or null
    private Batch batch; // of the passes that it led, or null
    private int position;

    Sequence(Transformer model, AttentionAlgorithm attention, boolean materialized, int position) {
        this.model = model;
        this.materialized = materialized;
        this.cache = attention.cache();
        this.attention = attention;
        this.position = position;
        one = new Activations(model, 1);
        activations = one;
    }

    /**
     * Feeds {@code count} ids, at most {@link Transformer#MOST_ROWS}, from {@code from}; {@link #logits} can then be
     * asked for.
     *
     * @param cancelled asked between blocks: true ends the pass, and its ids are not fed
     * @return false if it was cancelled
     */
    public boolean forward(int[] ids, int from, int count, BooleanSupplier cancelled) {
        Activations a = begin(count);
        reserve(count);
        for (int row = 0; row < count; row++) {
            a.set(row, ids[from + row], position + row);
        }
        a.attention.position = position;
        if (!model.forward(a, attention, cancelled)) {
            return false;
        }
        advance(count);
        return true;
    }

    /**
     * Logits after {@code count} rows of the last pass, at most {@link Transformer#MOST_LOGIT_ROWS}, from {@code row},
     * counted from its first.
     *
     * @return [count][{@link #logitStride()}], a buffer that the next call overwrites
     */
    public float[] logits(int row, int count) {
        return model.logits(activations, row, count);
    }

    /**
     * Logits after some rows of the last pass, whichever.
     *
     * @param rows [from … from + count − 1], each counted from the pass's first
     * @return as {@link #logits(int, int)} does
     */
    public float[] logits(int[] rows, int from, int count) {
        return model.logits(activations, rows, from, count);
    }

    /** Floats between the rows of {@link #logits}. */
    public int logitStride() {
        return model.logitStride();
    }

    /** Gives the buffers of many rows back: the last row of the pass is row 0 now. */
    public void keepLastRow() {
        if (activations != one) {
            activations.copyLastRow(one);
            activations = one;
        }
        many = null;
        attention.release();
    }

    /** Buffers for a pass of {@code rows}, which begins. */
    Activations begin(int rows) {
        if (rows > 1 && (many == null || many.capacity < rows)) {
            many = new Activations(model, Activations.capacity(rows));
        }
        activations = rows == 1 ? one : many;
        activations.begin(rows);
        return activations;
    }

    /** Makes the last token's place this sequence's own, for another to take it after {@link #truncate}. */
    public void reserveLast() {
        cache.reserve(position - 1, position);
    }

    /** Makes room for {@code rows} more tokens. */
    void reserve(int rows) {
        cache.reserve(position, position + rows);
    }

    /** Ends a pass of {@code rows} rows. */
    void advance(int rows) {
        cache.commit();
        position += rows;
    }

    /** Where its attention is computed. */
    AttentionAlgorithm attention() {
        return attention;
    }

    /** A pass of this sequence's next rows alone, for a batch; one of many rows goes when one of a single row comes. */
    AttentionPass own(int rows) {
        if (own == null || own.capacity() < rows || rows == 1 && own.capacity() > 1) {
            own = AttentionPass.of(model.attention(), Activations.capacity(rows), 0);
            attention.release();
        }
        own.rows = rows;
        own.position = position;
        return own;
    }

    /** An empty batch, whose first row must be this sequence's; valid until the next call. */
    public Batch batch() {
        if (batch == null) {
            batch = new Batch(model);
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
        return model.sequence(cache.fork(position), materialized, position);
    }

    /** Bytes of the elements that are kept of them. */
    public long cacheBytes() {
        return cache.bytes(position);
    }

    /** Bytes of memory that the cache holds for them and those to come. */
    public long heldBytes() {
        return cache.heldBytes();
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

    /** The cache's content as tensors, to be saved. */
    public List<LazyTensor> tensors() {
        return cache.tensors(position);
    }

    /** Frees the cache. */
    @Override
    public void close() {
        cache.close();
    }
}
