package io.github.t6j.model;

import io.github.t6j.attention.Rope;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.events.DecodeStepEvent;
import io.github.t6j.events.Events;
import io.github.t6j.events.PrefillEvent;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.MemoryBudget;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Tokens that were fed to a model, their cache, and the last row, from which the logits are computed. Between
 * {@link #forward} and {@link #release} it holds the buffers of a pass. Used by one thread.
 */
public final class Sequence implements AutoCloseable {
    private final Transformer model;
    private final boolean materialized;
    private final SequenceCache cache;
    private final LengthRule lengthRule;
    private final float[] last; // [width], the residual stream after the last token, invalid after truncation
    private Activations activations; // of the last pass, or null
    private AttentionBuffers buffers; // of the last pass, or null
    private int position;
    private float[] drafted = new float[0]; // [rows][width], the residual stream after the drafts of the last pass
    private int kept; // rows of the last pass with drafts that are kept so far
    private Rope rope; // rotation of the keys in the cache and of the next ones

    Sequence(Transformer model, SequenceCache cache, boolean materialized, int position) {
        this.model = model;
        this.materialized = materialized;
        this.cache = cache;
        this.position = position;
        rope = model.rope.of(position);
        lengthRule = model.rope.dependsOnLength() ? new LongRope(this, model.rope) : LengthRule.NONE;
        last = new float[model.config().sizes().width()];
    }

    /**
     * Feeds {@code count} ids, at most {@link Transformer#MAX_PASS_ROWS}, starting at {@code from}. If {@code needed}
     * is not 0, {@link #lastLogits} is then available until the next pass; if it is {@code count}, {@link #logits} is
     * available until {@link #release}.
     *
     * @param needed number of the last rows whose logits may be asked for: 0, 1 or count
     * @param cancelled called between blocks; if it returns true, the pass ends and its ids are not fed
     * @return false if the pass was cancelled
     */
    public boolean forward(int[] ids, int from, int count, int needed, BooleanSupplier cancelled) {
        reserve(count, 0);
        Activations a = begin(count);
        for (int row = 0; row < count; row++) {
            a.set(row, ids[from + row], position + row, this);
        }
        a.attentionPass.position = position;
        a.need(count - needed, needed);
        PrefillEvent prefill = count > 1 ? Events.beginPrefill() : null;
        DecodeStepEvent step = count == 1 ? Events.beginDecodeStep() : null;
        if (!model.forward(a, buffers.algorithm, cancelled)) {
            return false;
        }
        advance(count, 0);
        if (needed > 0) {
            keepLast(a, needed - 1, 0);
        }
        if (prefill != null) {
            prefill.end(1, count);
        }
        if (step != null) {
            step.end(1, 0, 0);
        }
        return true;
    }

    /** Takes buffers of a pass of {@code rows} rows, unless the buffers of the last pass are large enough. */
    private Activations begin(int rows) {
        if (activations == null || activations.capacity < rows) {
            releaseActivations();
            activations = model.buffers.takeActivations(rows);
        }
        if (buffers == null || buffers.isSingle && rows > 1) {
            releaseBuffers();
            buffers = takeBuffers(rows);
        }
        activations.begin(rows);
        return activations;
    }

    /** Returns buffers for {@code rows} rows, bound to the cache; {@link PassBuffers#give} takes them back. */
    AttentionBuffers takeBuffers(int rows) {
        AttentionBuffers taken = model.buffers.takeAttention(rows, materialized);
        taken.algorithm.bind(cache);
        return taken;
    }

    /** Gives back the buffers of the last pass. */
    public void release() {
        releaseActivations();
        releaseBuffers();
    }

    private void releaseActivations() {
        if (activations != null) {
            model.buffers.give(activations);
            activations = null;
        }
    }

    private void releaseBuffers() {
        if (buffers != null) {
            model.buffers.give(buffers);
            buffers = null;
        }
    }

    /**
     * Returns the logits after {@code count} rows of the last pass, at most {@link Transformer#MAX_LOGIT_ROWS},
     * starting at {@code row}, which counts from the pass's first.
     *
     * @return [count][{@link #logitStride()}], a buffer that the next call overwrites
     */
    public float[] logits(int row, int count) {
        return model.logits(activations, row, count);
    }

    /** Computes the logits after the last token and passes them to {@code consumer}, in a reused buffer. */
    public void lastLogits(Consumer<float[]> consumer) {
        Activations a = model.buffers.takeActivations(1);
        try {
            System.arraycopy(last, 0, a.x, 0, last.length);
            consumer.accept(model.logits(a, 0, 1));
        } finally {
            model.buffers.give(a);
        }
    }

    /** Returns the number of floats between the rows of {@link #logits}. */
    public int logitStride() {
        return model.logitStride();
    }

    /** Copies the last token's page if it is shared, so that another token can replace it after {@link #truncate}. */
    public void reserveLast() {
        cache.reserve(position - 1, position);
    }

    /** Returns the rule for keys that depend on the length of the text. */
    public LengthRule lengthRule() {
        return lengthRule;
    }

    /** Returns the rotation of the keys in the cache and of the next ones. */
    public Rope rope() {
        return rope;
    }

    /** Sets the rotation of an empty sequence. */
    void setRope(Rope newRope) {
        rope = newRope;
    }

    /** Reserves memory for {@code rows} more tokens, of which the last {@code drafts} fit in the page before them. */
    void reserve(int rows, int drafts) {
        lengthRule.check(position + rows - drafts);
        cache.reserve(position, position + rows - drafts);
        cache.draft(drafts == 0 ? 0 : rows);
    }

    /** Ends a pass of {@code rows} rows of this sequence; it contains a draft only after {@link #keepDraft}. */
    void advance(int rows, int drafts) {
        if (drafts == 0) {
            cache.commit();
        } else {
            keepState(0);
        }
        position += rows - drafts;
    }

    /** Copies the residual stream of the last token, {@code drafts} rows before row {@code row} of {@code a}. */
    void keepLast(Activations a, int row, int drafts) {
        System.arraycopy(a.x, (row - drafts) * last.length, last, 0, last.length);
        if (drafted.length < drafts * last.length) {
            drafted = new float[drafts * last.length];
        }
        System.arraycopy(a.x, (row - drafts + 1) * last.length, drafted, 0, drafts * last.length);
        kept = 0;
    }

    /**
     * Returns the number of drafts that a pass may have after its first row, so that rejecting them leaves no trace:
     * they neither begin a page nor change the keys' rotation.
     */
    public int maxDrafts() {
        boolean isOracle = materialized && model.kinds.hasState(true);
        int drafts = cache.keepsDrafts() && !isOracle
                ? PageLayout.TOKENS - 1 - position % PageLayout.TOKENS
                : 0;
        while (drafts > 0 && lengthRule.outgrows(position + 1 + drafts)) {
            drafts--;
        }
        return drafts;
    }

    /** Feeds the next draft of the last pass, whose row was computed. Nothing else may have changed the sequence. */
    public void keepDraft() {
        cache.reserve(position, position + 1);
        System.arraycopy(drafted, kept * last.length, last, 0, last.length);
        keepState(++kept);
        position++;
    }

    private void keepState(int row) {
        if (model.kinds.hasState(materialized)) {
            AttentionBuffers taken = takeBuffers(1);
            taken.algorithm.keep(row, model.kinds.layers());
            model.buffers.give(taken);
        }
    }

    /** Returns the number of tokens in the cache. */
    public int position() {
        return position;
    }

    /**
     * Returns a sequence with the same tokens. The two share the pages of these tokens but are otherwise independent.
     */
    public Sequence fork() {
        Sequence fork = model.sequence(cache.fork(position), materialized, position, copy -> {});
        fork.rope = rope;
        System.arraycopy(last, 0, fork.last, 0, last.length);
        return fork;
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
        rope = model.rope.of(length);
    }

    /**
     * Returns true if this sequence, truncated to {@code newPosition} tokens, keeps all tokens that later ones see;
     * otherwise they must be fed again.
     */
    public boolean reaches(int newPosition) {
        return cache.reaches(newPosition);
    }

    /**
     * Removes the tokens from {@code newPosition} on, or all tokens unless the cache {@link #reaches} back that far.
     */
    public void truncate(int newPosition) {
        position = cache.truncate(position, newPosition);
    }

    /** Limits this sequence and its forks to {@code tokens} tokens, so that they allocate no more. */
    public void limit(int tokens) {
        cache.limit(tokens);
    }

    /** Counts memory that this sequence and its forks allocate from now on in {@code budget}. */
    public void charge(MemoryBudget budget) {
        cache.charge(budget);
    }

    /** Returns the maximum number of bytes that the cache still allocates until it has {@code tokens} tokens. */
    public long growthBytes(int tokens) {
        return cache.growthBytes(position, tokens);
    }

    /** Releases the memory of tokens that {@link #truncate} has removed. */
    public void trim() {
        drafted = new float[0];
        cache.trim(position);
    }

    /** Returns the cache's content as tensors, for saving. */
    public List<LazyTensor> tensors() {
        return cache.tensors(position);
    }

    /** Frees the cache. */
    @Override
    public void close() {
        release();
        cache.close();
    }
}
