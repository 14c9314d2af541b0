package io.github.t6j;

import io.github.t6j.kernels.Format;
import io.github.t6j.model.Sequence;
import io.github.t6j.model.SessionAccess;
import io.github.t6j.model.Transformer;
import io.github.t6j.tokenizer.Tokenizer;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * A sequence of ids that a model has seen, and its cache; used by one thread at a time, except {@link #cancel()}.
 *
 * <p>Feed ids with {@link #prefill} or {@link #decode}, read {@link #logits()}, or let {@link #generate} do all of it.
 */
public final class Session implements AutoCloseable {
    static {
        SessionAccess.set((session, length, seed) -> ((Session) session).fill(length, seed));
    }

    private final Model model;
    private final Transformer transformer;
    private final SessionOptions options;
    private Sequence sequence;
    private final int contextLength;
    private FedIds ids;
    private final float[] logits;
    private final int[] single = new int[1];
    private final BooleanSupplier cancelled = this::isCancelled;
    private int lastRow = -1; // of the last pass, whose logits can be computed; -1: none
    private boolean logitsReady;
    private volatile boolean cancel;

    Session(Model model, Transformer transformer, SessionOptions options) {
        this(model, transformer, options, transformer.newSequence(format(options), materialized(options)));
    }

    private Session(Model model, Transformer transformer, SessionOptions options, Sequence sequence) {
        this.model = model;
        this.transformer = transformer;
        this.options = options;
        this.sequence = sequence;
        this.contextLength = options.contextLength() == 0
                ? transformer.config().sizes().contextLength()
                : options.contextLength();
        this.logits = new float[transformer.config().sizes().vocabulary()];
        this.ids = new FedIds(contextLength, logits.length, new int[0]);
    }

    private static Format format(SessionOptions options) {
        return Format.valueOf(options.cacheType().name());
    }

    private static boolean materialized(SessionOptions options) {
        return options.path() == SessionOptions.Path.MATERIALIZED;
    }

    Model model() {
        return model;
    }

    /** Ids in the cache. */
    public int position() {
        return sequence.position();
    }

    /** The ids in the cache. */
    public int[] ids() {
        return ids.first(position());
    }

    /** Ids that the cache has room for. */
    public int contextLength() {
        return contextLength;
    }

    /** How the cache stores its elements. */
    public SessionOptions.CacheType cacheType() {
        return options.cacheType();
    }

    /** Bytes that the cached ids take in the cache's type; linear attention's state has one size for any number of ids. */
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
        prefill(ids, null);
    }

    /** {@link #prefill(int...)} that also computes the logits after every id and hands them to {@code listener}. */
    public void prefill(int[] ids, LogitsListener listener) {
        this.ids.check(ids, position());
        if (!feed(ids, listener)) {
            throw cancelled("prefill");
        }
    }

    /**
     * Feeds one id; {@link #logits()} are then those after it. Allocates nothing, unless the cache must grow by a page.
     *
     * @throws IllegalArgumentException if the id is not below the vocabulary's size
     * @throws IllegalStateException if the context is full
     * @throws CancellationException after {@link #cancel()}; the id is not fed
     */
    public void decode(int id) {
        checkNext(id);
        single[0] = id;
        if (!forward(single, 0, 1, cancelled)) {
            throw cancelled("decode");
        }
    }

    /** Ends the cancellation of a call. @return what it throws */
    private CancellationException cancelled(String call) {
        cancel = false;
        return new CancellationException(call + " was cancelled at position " + position());
    }

    /** Feeds ids in passes of the largest size; false if cancelled. */
    private boolean feed(int[] more, LogitsListener listener) {
        for (int from = 0; from < more.length; from += Transformer.MOST_ROWS) {
            int count = Math.min(Transformer.MOST_ROWS, more.length - from);
            if (!forward(more, from, count, cancelled)) {
                return false;
            }
            if (listener != null) {
                tell(listener, count);
                logitsReady = true;
            }
        }
        return true;
    }

    /** One pass; false if {@code stop} ended it, and nothing is fed. */
    private boolean forward(int[] more, int from, int count, BooleanSupplier stop) {
        lastRow = -1;
        if (!sequence.forward(more, from, count, stop)) {
            return false;
        }
        keep(more, from, count);
        lastRow = count - 1;
        logitsReady = false;
        return true;
    }

    /** Keeps ids that were fed, the last of what the cache holds. */
    void keep(int[] fed, int from, int count) {
        ids.keep(fed, from, count, position());
    }

    /** As {@link #decode} checks. */
    void checkNext(int id) {
        ids.check(id);
        ids.checkRoom(1, position());
    }

    /** What a pass is about to feed. */
    Sequence fedSequence() {
        lastRow = -1;
        return sequence;
    }

    /** Makes those at {@code from} of {@code all} the logits after the last id. */
    void take(float[] all, int from) {
        System.arraycopy(all, from, logits, 0, logits.length);
        lastRow = 0;
        logitsReady = true;
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
        for (int row = 0; row < rows; row += Transformer.MOST_LOGIT_ROWS) {
            int count = Math.min(Transformer.MOST_LOGIT_ROWS, rows - row);
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

    /** {@link SessionAccess#fill}. */
    private void fill(int length, long seed) {
        if (length < 0 || length > contextLength) {
            throw new IllegalArgumentException("length: expected 0 to " + contextLength + ", found " + length);
        }
        if (position() > 0) {
            throw new IllegalStateException("fill: expected an empty session, found one with " + position() + " ids");
        }
        ids.checkRoom(length, position());
        sequence.fill(length, seed);
        ids.keep(new int[length], 0, length, length);
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
        return generate(promptIds(prompt), options, listener);
    }

    private int[] promptIds(String prompt) {
        Tokenizer tokenizer = model.tokenizer();
        int[] ids = tokenizer.encode(prompt);
        if (ids.length > 0 || lastRow >= 0) {
            return ids;
        }
        if (tokenizer.endOfText() < 0) {
            throw new IllegalArgumentException("prompt: expected text, found none, and the model's tokenizer has no"
                    + " <|endoftext|> to start a document with");
        }
        return new int[] {tokenizer.endOfText()};
    }

    /**
     * {@link #generate(String, GenerationOptions, TokenListener)} from ids. Afterwards the session holds the prompt
     * and all ids of the result.
     */
    public Generation generate(int[] promptIds, GenerationOptions options, TokenListener listener) {
        long start = System.nanoTime();
        TextGenerator generator = new TextGenerator(this, model.tokenizer(), promptIds, options, listener);
        FinishReason reason = feedPrompt(promptIds) ? null : FinishReason.CANCELLED;
        long prefilled = System.nanoTime();
        if (reason == null) {
            reason = generator.run();
        }
        cancel = false;
        return generator.result(reason, prefilled - start, System.nanoTime() - prefilled);
    }

    /** Feeds a prompt and computes the logits after it; false if cancelled. */
    private boolean feedPrompt(int[] promptIds) {
        if (promptIds.length > 0 || lastRow < 0) {
            ids.check(promptIds, position());
        }
        if (!feed(promptIds, null)) {
            return false;
        }
        logits();
        return true;
    }

    /**
     * Feeds {@code prompt} as {@link #generate(String, GenerationOptions, TokenListener)} does, once, and continues it
     * {@code samples} times: forks of this session advance together ({@link Model#decode}). Sample i is what {@code
     * generate} would give with the options' seed + i; its decodeTime is that of all. Afterwards the session holds the
     * prompt.
     *
     * @throws IllegalArgumentException if {@code samples} is not positive
     * @throws IllegalStateException if the prompt does not fit in the context
     * @throws CancellationException after {@link #cancel()} while the prompt is fed; later the samples end as they are
     */
    public List<Generation> generateSamples(String prompt, int samples, GenerationOptions options) {
        if (samples < 1) {
            throw new IllegalArgumentException("samples: expected 1 or more, found " + samples);
        }
        long start = System.nanoTime();
        int[] promptIds = promptIds(prompt);
        if (!feedPrompt(promptIds)) {
            throw cancelled("prompt");
        }
        try {
            return new SampleGenerator(this, model, promptIds, options).run(samples, System.nanoTime() - start);
        } finally {
            cancel = false;
        }
    }

    /** Feeds a generated id, cancelled or not, so that the session holds what the listener has seen. */
    void feedGenerated(int id) {
        single[0] = id;
        forward(single, 0, 1, () -> false);
    }

    boolean isCancelled() {
        return cancel;
    }

    /** Elements in {@link #logits}. */
    int vocabulary() {
        return logits.length;
    }

    /** Stops a running prefill or generation soon, from any thread; without one, the next. */
    public void cancel() {
        cancel = true;
    }

    /**
     * A new session of the same model that holds the same ids; feeding, cutting or closing one does not change the
     * other. They share the memory of what they have in common. The fork may be used by another thread.
     */
    public Session fork() {
        Session fork = new Session(model, transformer, options, sequence.fork());
        fork.ids = new FedIds(contextLength, logits.length, ids());
        if (lastRow >= 0) {
            fork.take(logits(), 0);
        }
        return fork;
    }

    /**
     * Writes ids, cache and logits to {@code file}, a safetensors file; it is complete or not there at all.
     *
     * @throws java.io.UncheckedIOException when it cannot be written
     */
    public void save(Path file) {
        SessionFile.write(file, kind(), ids(), lastRow < 0 ? null : logits(), sequence.tensors());
    }

    /**
     * Makes this session hold what {@link #save} wrote, in place of what it holds, the logits included: all that follows
     * has the bits that it would have had in the session that was saved.
     *
     * @throws ModelFormatException when the file is damaged, or of another model or cache type, or does not
     *     fit in the context; the session is then as it was
     * @throws java.io.UncheckedIOException when it cannot be read
     */
    public void restore(Path file) {
        try (Arena arena = Arena.ofConfined()) {
            SessionFile found = SessionFile.read(file, kind(), contextLength, logits.length, arena);
            Sequence restored = transformer.restoredSequence(
                    format(options), materialized(options), found.tensors(), found.ids().length, file.toString());
            sequence.close();
            sequence = restored;
            ids = new FedIds(contextLength, logits.length, found.ids());
            lastRow = -1;
            if (found.logits() != null) {
                take(found.logits(), 0);
            }
        }
    }

    private SessionFile.Kind kind() {
        return new SessionFile.Kind(model.info().attention().name(), model.fingerprint(), options.cacheType());
    }

    /** Frees the cache, except what forks share. */
    @Override
    public void close() {
        if (!ids.isClosed()) {
            ids.close();
            sequence.close();
        }
    }
}
