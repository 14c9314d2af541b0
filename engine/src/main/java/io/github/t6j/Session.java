package io.github.t6j;

import io.github.t6j.model.Transformer;
import io.github.t6j.sampling.Sampler;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * A sequence of ids that a model has seen, and its cache; used by one thread at a time, save {@link #cancel()}.
 *
 * <p>Feed ids with {@link #prefill} or {@link #decode}, read {@link #logits()}, or let {@link #generate} do all of it.
 */
public final class Session implements AutoCloseable {
    private final Model model;
    private final Transformer.Sequence sequence;
    private final int contextLength;
    private final float[] logits;
    private final int[] single = new int[1];
    private final BooleanSupplier cancelled = this::isCancelled;
    private int lastRow = -1; // of the last pass, whose logits can be computed; -1: none
    private boolean logitsReady;
    private volatile boolean cancel;

    Session(Model model, Transformer transformer, SessionOptions options) {
        this.model = model;
        this.sequence = transformer.newSequence(options.path() == SessionOptions.Path.MATERIALIZED);
        this.contextLength = options.contextLength() == 0
                ? transformer.config().contextLength()
                : options.contextLength();
        this.logits = new float[transformer.config().vocabulary()];
    }

    /** Receives the logits of each position of a prefill, in order. */
    @FunctionalInterface
    public interface LogitsListener {
        /**
         * Called once a position.
         *
         * @param position the position in the session
         * @param logits [vocabulary], a buffer that is reused after the call
         */
        void onLogits(int position, float[] logits);
    }

    /** Ids in the cache. */
    public int position() {
        return sequence.position();
    }

    /** Ids that the cache has room for. */
    public int contextLength() {
        return contextLength;
    }

    /** Bytes of the numbers that the cached ids keep, in all layers; of linear attention's state, whatever they are. */
    public long cacheBytes() {
        return sequence.cacheBytes();
    }

    /**
     * Feeds {@code ids}; {@link #logits()} are then those after the last of them.
     *
     * @throws IllegalArgumentException if there is none, or one is not below the vocabulary's size
     * @throws IllegalStateException if the context has no room for them; nothing is fed then
     * @throws CancellationException after {@link #cancel()}; what was fed until then stays
     */
    public void prefill(int... ids) {
        check(ids);
        if (!feed(ids, null)) {
            cancel = false;
            throw new CancellationException("prefill was cancelled at position " + position());
        }
    }

    /** {@link #prefill(int...)} that also computes the logits after every id and hands them to {@code listener}. */
    public void prefill(int[] ids, LogitsListener listener) {
        check(ids);
        if (!feed(ids, listener)) {
            cancel = false;
            throw new CancellationException("prefill was cancelled at position " + position());
        }
    }

    private void check(int[] ids) {
        if (ids.length == 0) {
            throw new IllegalArgumentException("ids: expected one or more, found none");
        }
        for (int id : ids) {
            check(id);
        }
        if (ids.length > contextLength - position()) {
            throw new IllegalStateException("the context has room for " + contextLength + " ids and holds " + position()
                    + "; expected at most " + (contextLength - position()) + " more, found " + ids.length
                    + "; shorten the prompt or open the session with a longer context");
        }
    }

    private void check(int id) {
        if (id < 0 || id >= logits.length) {
            throw new IllegalArgumentException(
                    "id: expected 0 to " + (logits.length - 1) + " (the model's vocabulary), found " + id);
        }
    }

    /** Feeds ids in passes of the largest size; false if cancelled. */
    private boolean feed(int[] ids, LogitsListener listener) {
        for (int from = 0; from < ids.length; from += sequence.maxRows()) {
            int count = Math.min(sequence.maxRows(), ids.length - from);
            lastRow = -1;
            if (!sequence.forward(ids, from, count, cancelled)) {
                return false;
            }
            if (listener != null) {
                tell(listener, count);
            }
            lastRow = count - 1;
            logitsReady = listener != null;
        }
        return true;
    }

    /**
     * Feeds one id; {@link #logits()} are then those after it. Allocates nothing, unless the cache must grow by a page.
     *
     * @throws IllegalArgumentException if the id is not below the vocabulary's size
     * @throws IllegalStateException if the context is full
     * @throws CancellationException after {@link #cancel()}; the id is not fed
     */
    public void decode(int id) {
        single[0] = id;
        prefill(single);
    }

    /**
     * The logits after the last id, [vocabulary]: the session's own buffer, valid until it is fed again.
     *
     * @throws IllegalStateException if nothing was fed since the session was opened or truncated
     */
    public float[] logits() {
        if (lastRow < 0) {
            throw new IllegalStateException(
                    "there are no logits: feed an id first (truncate and a cancelled prefill forget them, too)");
        }
        if (!logitsReady) {
            System.arraycopy(sequence.logits(lastRow, 1), 0, logits, 0, logits.length);
            logitsReady = true;
        }
        return logits;
    }

    /** Hands the logits of all rows of the last pass to {@code listener}. */
    private void tell(LogitsListener listener, int rows) {
        for (int row = 0; row < rows; row += sequence.maxLogitRows()) {
            int count = Math.min(sequence.maxLogitRows(), rows - row);
            float[] all = sequence.logits(row, count);
            for (int i = 0; i < count; i++) {
                System.arraycopy(all, i * sequence.logitStride(), logits, 0, logits.length);
                listener.onLogits(position() - rows + row + i, logits);
            }
        }
    }

    /**
     * Forgets all ids from {@code position} on.
     *
     * @throws IllegalArgumentException if it is not in 0 … {@link #position()}
     * @throws IllegalStateException if attention is linear and it is neither of these two: a sum of all ids cannot
     *     forget some
     */
    public void truncate(int position) {
        if (position < 0 || position > position()) {
            throw new IllegalArgumentException("position: expected 0 to " + position() + ", found " + position);
        }
        sequence.truncate(position);
        lastRow = -1;
    }

    /** {@link #generate(String, GenerationOptions, TokenListener)} without a listener. */
    public Generation generate(String prompt, GenerationOptions options) {
        return generate(prompt, options, token -> true);
    }

    /**
     * Feeds {@code prompt} (plain text: no special ids are read from it, none prepended) and continues it. An empty
     * prompt continues what the session holds; an empty session it starts with {@code <|endoftext|>}, as documents were
     * in training.
     *
     * @throws IllegalStateException if the prompt does not fit in the context
     */
    public Generation generate(String prompt, GenerationOptions options, TokenListener listener) {
        Tokenizer tokenizer = model.tokenizer();
        int[] ids = tokenizer.encode(prompt);
        if (ids.length == 0 && lastRow < 0) {
            if (tokenizer.endOfText() < 0) {
                throw new IllegalArgumentException("prompt: expected text, found none, and the model's tokenizer has no"
                        + " <|endoftext|> to start a document with");
            }
            ids = new int[] {tokenizer.endOfText()};
        }
        return generate(ids, options, listener);
    }

    /**
     * {@link #generate(String, GenerationOptions, TokenListener)} from ids. Afterwards the session holds the prompt
     * and all ids of the result.
     */
    public Generation generate(int[] promptIds, GenerationOptions options, TokenListener listener) {
        long start = System.nanoTime();
        Tokenizer tokenizer = model.tokenizer();
        Sampler sampler = new Sampler(options.sampling(), logits.length, tokenizer.size());
        sampler.prompt(promptIds);
        if (promptIds.length > 0 || lastRow < 0) {
            check(promptIds);
        }
        boolean fed = feed(promptIds, null);
        if (fed) {
            logits();
        }
        long prefilled = System.nanoTime();
        TextGenerator generator = new TextGenerator(this, tokenizer, sampler, options, listener);
        FinishReason reason = fed ? generator.run() : FinishReason.CANCELLED;
        cancel = false;
        return generator.result(reason, promptIds.length, prefilled - start, System.nanoTime() - prefilled);
    }

    /** Feeds a generated id; false if cancelled. */
    boolean feedGenerated(int id) {
        single[0] = id;
        return feed(single, null);
    }

    boolean isCancelled() {
        return cancel;
    }

    /** Stops a running prefill or generation soon, from any thread; without one, the next. */
    public void cancel() {
        cancel = true;
    }

    /** Frees the cache. */
    @Override
    public void close() {
        sequence.close();
    }
}
