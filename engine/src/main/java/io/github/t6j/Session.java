package io.github.t6j;

import io.github.t6j.model.SessionAccess;
import io.github.t6j.tokenizer.Tokenizer;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * A sequence of ids that a model has seen, and its cache; used by one thread at a time, except {@link #cancel()}.
 *
 * <p>A session that is closed, or that another call uses at the moment, throws an IllegalStateException that says so. A
 * listener may read its session, fork it and save it, but not feed, cut or restore it.
 *
 * <p>Feed ids with {@link #prefill} or {@link #decode}, read {@link #logits()}, or let {@link #generate} do all of it. A
 * call computes on the thread that makes it, and on the model's; a virtual thread gives others a turn after each block.
 *
 * <p>The cache is native memory, which is taken as ids come ({@link #cacheBytes}). The ids, the logits (4 bytes an id of the
 * vocabulary) and the buffers of a pass are on the heap. {@link Model#sessionBytes} is the sum for a
 * full context. {@link #close} and {@link Model#close} free the native memory at once. The garbage collector frees that of
 * a session that was forgotten, some time later, and a warning says so once.
 */
public final class Session implements AutoCloseable {
    static {
        SessionAccess.set((session, length, seed) -> ((Session) session).fill(length, seed));
    }

    private final Model model;
    private final SessionState state;
    private final SessionUse use;
    private final BooleanSupplier cancelled;
    private final Forgotten.Watch watch; // closes a session that was forgotten

    Session(Model model, SessionState state) {
        this.model = model;
        this.state = state;
        use = new SessionUse(model.use(), state::free);
        cancelled = use::isCancelled;
        watch = model.use().watch(this, use);
    }

    Model model() {
        return model;
    }

    /** Ids in the cache; any thread may ask, to see how far a call is. */
    public int position() {
        use.checkOpen();
        return state.position();
    }

    /** The ids in the cache. */
    public int[] ids() {
        try (SessionUse.Call _ = use.beginReading()) {
            return state.ids();
        }
    }

    /** Ids that the session has room for: fewer than the model's context length where memory holds no more. */
    public int contextLength() {
        use.checkOpen();
        return state.contextLength();
    }

    /** How the cache stores its elements. */
    public SessionOptions.CacheType cacheType() {
        use.checkOpen();
        return state.options().cacheType();
    }

    /** Bytes of memory that the cache holds, for its ids and those to come; what forks share is counted by each. */
    public long cacheBytes() {
        try (SessionUse.Call _ = use.beginReading()) {
            return state.cacheBytes();
        }
    }

    /** Bytes of them that the ids take; linear attention's state has one size for any number of ids. */
    public long usedCacheBytes() {
        try (SessionUse.Call _ = use.beginReading()) {
            return state.usedCacheBytes();
        }
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

    /**
     * {@link #prefill(int...)} that also computes the logits after every id and hands them to {@code listener}. What the
     * listener throws comes out of this call; the session then holds the ids of the passes so far, at most
     * {@link Model#passSize} each.
     */
    public void prefill(int[] ids, LogitsListener listener) {
        try (SessionUse.Call _ = use.begin()) {
            state.check(ids);
            if (!state.feed(ids, listener, cancelled)) {
                throw cancelled("prefill");
            }
        }
    }

    /**
     * Feeds one id; {@link #logits()} are then those after it. Allocates nothing, unless the cache must grow by a page or
     * the step before was one of several sessions.
     *
     * @throws IllegalArgumentException if the id is not below the vocabulary's size
     * @throws IllegalStateException if the context is full
     * @throws CancellationException after {@link #cancel()}; the id is not fed
     */
    public void decode(int id) {
        try (SessionUse.Call _ = use.begin()) {
            state.checkNext(id);
            if (!state.feed(id, cancelled)) {
                throw cancelled("decode");
            }
        }
    }

    CancellationException cancelled(String call) {
        return new CancellationException(call + " was cancelled at position " + position());
    }

    /**
     * The logits after the last id, [vocabulary]: the session's own buffer, valid until it is fed again.
     *
     * @throws IllegalStateException if nothing was fed since the session was opened or truncated
     */
    public float[] logits() {
        try (SessionUse.Call _ = use.beginReading()) {
            return state.logits();
        }
    }

    /**
     * Forgets all ids from {@code position} on. The memory of a cache without ids is given back; otherwise it stays for
     * the ids that follow.
     *
     * @throws IllegalArgumentException if it is not in 0 … {@link #position()}
     * @throws IllegalStateException if attention is linear and it is neither of these two: a sum of all ids cannot
     *     forget some
     */
    public void truncate(int position) {
        try (SessionUse.Call _ = use.begin()) {
            state.truncate(position);
        }
    }

    private void fill(int length, long seed) {
        try (SessionUse.Call _ = use.begin()) {
            state.fill(length, seed);
        }
    }

    /** {@link #generate(String, GenerationOptions, TokenListener)} without a listener. */
    public Generation generate(String prompt, GenerationOptions options) {
        return generate(prompt, options, token -> true);
    }

    /**
     * Feeds {@code prompt} (plain text: no special ids are read from it, none prepended) and continues it. An empty
     * prompt continues what the session holds; an empty session it starts with {@code <|endoftext|>}, or what else stands
     * before documents in training. An empty session that is given text begins with the model's beginning-of-text id,
     * where its tokenizer has one ({@link Tokenizer#encodePrompt}).
     *
     * @throws IllegalStateException if the prompt does not fit in the context
     */
    public Generation generate(String prompt, GenerationOptions options, TokenListener listener) {
        try (SessionUse.Call _ = use.begin()) {
            return continued(promptIds(prompt), options, listener);
        }
    }

    private int[] promptIds(String prompt) {
        Tokenizer tokenizer = model.requiredTokenizer();
        Objects.requireNonNull(prompt, "prompt");
        return state.position() > 0 ? tokenizer.encode(prompt) : tokenizer.encodeBeginning(prompt);
    }

    /**
     * {@link #generate(String, GenerationOptions, TokenListener)} from ids. Afterwards the session holds the prompt
     * and all ids of the result. A model without a tokenizer gives ids whose texts are empty.
     *
     * @throws IllegalArgumentException if the options have stop strings, but the model has no tokenizer
     */
    public Generation generate(int[] promptIds, GenerationOptions options, TokenListener listener) {
        try (SessionUse.Call _ = use.begin()) {
            return continued(promptIds, options, listener);
        }
    }

    private Generation continued(int[] promptIds, GenerationOptions options, TokenListener listener) {
        Objects.requireNonNull(promptIds, "promptIds");
        Objects.requireNonNull(options, "options");
        Objects.requireNonNull(listener, "listener");
        Generator generator = new Generator(this, model.tokenizerOrNull(), promptIds, options);
        if (state.feedPrompt(promptIds, cancelled)) {
            generate(generator, listener);
        }
        return generator.result();
    }

    private void generate(Generator generator, TokenListener listener) {
        for (Token token = generator.next(); token != null; token = generator.next()) {
            boolean goOn = false;
            try {
                goOn = listener.onToken(token);
            } finally {
                state.feed(token.id(), () -> false); // cancelled or not, the session holds what the listener was told
            }
            if (use.isCancelled()) {
                generator.end(FinishReason.CANCELLED);
            } else if (!goOn) {
                generator.end(FinishReason.STOPPED_BY_LISTENER);
            }
        }
        Token tail = generator.tail();
        if (tail != null) {
            listener.onToken(tail);
        }
    }

    /** {@link #stream(int[], GenerationOptions)} from a text, as {@link #generate(String, GenerationOptions)} reads it. */
    public Stream<Token> stream(String prompt, GenerationOptions options) {
        try (SessionUse.Call _ = use.beginReading()) {
            return stream(promptIds(prompt), options);
        }
    }

    /**
     * The tokens that {@link #generate(int[], GenerationOptions, TokenListener)} would tell its listener, each computed
     * when it is asked for, on the thread that asks. The session holds, whenever the stream is left, what it has given;
     * until then it must not be fed, cut or restored. A stream that nobody asks any more computes nothing and holds
     * nothing; closing it, from any thread, ends the call that is under way: the prompt's, or that of one token.
     *
     * <p>Asking throws a CancellationException after {@link #cancel()} or an interrupt, and an IllegalStateException if
     * the session was closed, or changed by others.
     *
     * @throws IllegalArgumentException if the options have stop strings, but the model has no tokenizer
     * @throws IllegalStateException if the prompt does not fit in the context
     */
    public Stream<Token> stream(int[] promptIds, GenerationOptions options) {
        Generator generator = newGenerator(promptIds, options);
        try (SessionUse.Call _ = use.beginReading()) {
            state.checkPrompt(promptIds);
            return GeneratedTokens.stream(this, generator, promptIds.clone());
        }
    }

    /**
     * A generation that the caller takes step by step, from the logits after {@code promptIds}: it feeds them first, with
     * {@link #prefill} or {@link Model#feed}. Penalties count what the session holds, and these.
     *
     * @throws IllegalArgumentException if the options have stop strings, but the model has no tokenizer
     */
    public Generator newGenerator(int[] promptIds, GenerationOptions options) {
        Objects.requireNonNull(promptIds, "promptIds");
        Objects.requireNonNull(options, "options");
        try (SessionUse.Call _ = use.beginReading()) {
            return new Generator(this, model.tokenizerOrNull(), promptIds, options);
        }
    }

    /**
     * The likeliest ids after the last, with the logarithms of their probabilities, likeliest first; of equal ones the
     * smaller first. A listener that asks sees those from which its token was chosen.
     *
     * @param count how many, at most the vocabulary
     * @throws IllegalArgumentException if there are not so many
     * @throws IllegalStateException if there are no {@link #logits()}
     */
    public List<Likelihood> likeliest(int count) {
        try (SessionUse.Call _ = use.beginReading()) {
            return Likelihood.best(state.logits(), count, model);
        }
    }

    /** {@link #generateSamples(int[], int, GenerationOptions, SampleListener)} from a text, without a listener. */
    public List<Generation> generateSamples(String prompt, int samples, GenerationOptions options) {
        try (SessionUse.Call _ = use.begin()) {
            return new SampleGenerator(this, promptIds(prompt), options, (sample, token) -> true).run(samples);
        }
    }

    /**
     * Feeds a prompt as {@link #generate(int[], GenerationOptions, TokenListener)} does, once, and continues it {@code
     * samples} times: forks of this session advance together ({@link Model#decode}). Sample i is what {@code generate}
     * would give with the options' seed + i; its decodeTime is that of all. Afterwards the session holds the prompt,
     * whose logits and ids a listener sees.
     *
     * @throws IllegalArgumentException if {@code samples} is not positive, or the options have stop strings, but the
     *     model has no tokenizer
     * @throws IllegalStateException if the prompt does not fit in the context
     * @throws CancellationException after {@link #cancel()} while the prompt is fed, later the samples end as they are;
     *     and when the model is closed
     */
    public List<Generation> generateSamples(
            int[] promptIds, int samples, GenerationOptions options, SampleListener listener) {
        try (SessionUse.Call _ = use.begin()) {
            return new SampleGenerator(this, promptIds, options, listener).run(samples);
        }
    }

    boolean isCancelled() {
        return use.isCancelled();
    }

    /** Who uses it. */
    SessionUse use() {
        return use;
    }

    /** What it holds. */
    SessionState state() {
        return state;
    }

    /** Elements in {@link #logits}. */
    int vocabulary() {
        return state.vocabulary();
    }

    /**
     * Stops the call that is under way soon, from any thread or from a listener; without one, it does nothing. An
     * interrupt of the thread that runs the call does the same, and stays set.
     */
    public void cancel() {
        use.cancel();
    }

    /**
     * A new session of the same model that holds the same ids; feeding, cutting or closing one does not change the
     * other. They share the memory of what they have in common. The fork may be used by another thread.
     */
    public Session fork() {
        try (SessionUse.Call _ = use.beginReading()) {
            return new Session(model, state.fork());
        }
    }

    /**
     * Writes ids, cache and logits to {@code file}, a safetensors file; it is complete or not there at all. A file that was
     * there before is replaced, but keeps its permissions; a new one is for its owner alone. Links are followed.
     *
     * @throws CancellationException when the thread is interrupted, which stays set
     * @throws java.io.UncheckedIOException when it cannot be written
     */
    public void save(Path file) {
        try (SessionUse.Call _ = use.beginReading()) {
            state.save(file, kind());
        }
    }

    /**
     * Makes this session hold what {@link #save} wrote, in place of what it holds, the logits included: all that follows
     * has the bits that it would have had in the session that was saved.
     *
     * @throws ModelFormatException when the file is damaged, or of another model or cache type, or does not
     *     fit in the context; the session is then as it was
     * @throws CancellationException when the thread is interrupted, which stays set; the session is as it was
     * @throws java.io.UncheckedIOException when it cannot be read
     */
    public void restore(Path file) {
        try (SessionUse.Call _ = use.begin()) {
            state.restore(file, kind());
        }
    }

    private SessionFile.Kind kind() {
        return new SessionFile.Kind(model.info().attention().name(), model.fingerprint(), state.options().cacheType());
    }

    /**
     * Frees the cache, except what forks share. A call that is under way on another thread ends as cancelled, and then
     * frees it. Closing twice does nothing.
     */
    @Override
    public void close() {
        use.close();
        watch.end();
        Reference.reachabilityFence(this);
    }
}
