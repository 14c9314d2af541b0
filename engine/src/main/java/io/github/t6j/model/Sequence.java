package io.github.t6j.model;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.weights.LazyTensor;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * The tokens that were fed to a model: their cache, and the buffers of the passes that feed more. Used by one thread.
 */
public final class Sequence implements AutoCloseable {
    private final Transformer model;
    private final boolean materialized;
    private final SequenceCache cache;
    final AttentionAlgorithm attention;
    private final Activations one; // buffers of passes of one row
    private Activations many; //      of several, or null after they were released
    private Activations activations; // of the last pass, one or many
    private AttentionPass own; // its rows of a batch, or null
    private Batch batch; // of the passes in this sequence's buffers, or null
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
     * Feeds {@code count} ids, at most {@link Transformer#MAX_PASS_ROWS}, starting at {@code from}; {@link #logits} is then
     * available.
     *
     * @param cancelled called between blocks; if it returns true, the pass ends and its ids are not fed
     * @return false if the pass was cancelled
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
     * Returns the logits after {@code count} rows of the last pass, at most {@link Transformer#MOST_LOGIT_ROWS},
     * starting at {@code row}, which counts from the pass's first.
     *
     * @return [count][{@link #logitStride()}], a buffer that the next call overwrites
     */
    public float[] logits(int row, int count) {
        return model.logits(activations, row, count);
    }

    /**
     * Returns the logits after any rows of the last pass.
     *
     * @param rows [from … from + count − 1], each counted from the pass's first
     * @return as {@link #logits(int, int)} does
     */
    public float[] logits(int[] rows, int from, int count) {
        return model.logits(activations, rows, from, count);
    }

    /** Returns the number of floats between the rows of {@link #logits}. */
    public int logitStride() {
        return model.logitStride();
    }

    /** Releases the buffers of many rows; the last row of the pass becomes row 0. */
    public void keepLastRow() {
        if (activations != one) {
            activations.copyLastRow(one);
            activations = one;
        }
        many = null;
        attention.release();
    }

    /** Begins a pass of {@code rows} rows and returns its buffers. */
    Activations begin(int rows) {
        if (rows > 1 && (many == null || many.capacity < rows)) {
            many = new Activations(model, Activations.capacity(rows));
        }
        activations = rows == 1 ? one : many;
        activations.attention.rows = rows;
        return activations;
    }

    /** Copies the last token's page if it is shared, so that another token can replace it after {@link #truncate}. */
    public void reserveLast() {
        cache.reserve(position - 1, position);
    }

    /** Reserves memory for {@code rows} more tokens. */
    void reserve(int rows) {
        cache.reserve(position, position + rows);
    }

    /** Ends a pass of {@code rows} rows. */
    void advance(int rows) {
        cache.commit();
        position += rows;
    }

    /**
     * Returns the pass of this sequence's next rows, for a batch; a single row replaces a pass of many, to free memory.
     */
    AttentionPass own(int rows) {
        if (own == null || own.capacity() < rows || rows == 1 && own.capacity() > 1) {
            own = AttentionPass.of(model.attention(), Activations.capacity(rows), 0);
            attention.release();
        }
        own.rows = rows;
        own.position = position;
        return own;
    }

    /** Returns an empty batch, whose passes use the buffers of this sequence; valid until the next call. */
    public Batch batch() {
        if (batch == null) {
            batch = new Batch(model, this);
        }
        batch.clear(); // removes the rows of a failed pass
        return batch;
    }

    /** Returns the number of tokens in the cache. */
    public int position() {
        return position;
    }

    /**
     * Returns a sequence with the same tokens. The two share the pages of these tokens but are otherwise independent.
     */
    public Sequence fork() {
        return model.sequence(cache.fork(position), materialized, position, fork -> {});
    }

    /** Returns the bytes of the elements that the cache stores for its tokens. */
    public long cacheBytes() {
        return cache.bytes(position);
    }

    /** Returns the bytes of memory that the cache holds, for its tokens and those to come. */
    public long heldBytes() {
        return cache.heldBytes();
    }

    /** Fills this empty sequence with {@code length} tokens of random elements, for benchmarks. */
    public void fill(int length, long seed) {
        cache.fill(length, seed);
        position = length;
    }

    /**
     * Removes the tokens from {@code newPosition} on.
     *
     * @throws IllegalStateException if the attention does not support it: linear attention can only remove all or none
     */
    public void truncate(int newPosition) {
        cache.truncate(position, newPosition);
        position = newPosition;
    }

    /** Returns the cache's content as tensors, for saving. */
    public List<LazyTensor> tensors() {
        return cache.tensors(position);
    }

    /** Frees the cache. */
    @Override
    public void close() {
        cache.close();
    }
}
