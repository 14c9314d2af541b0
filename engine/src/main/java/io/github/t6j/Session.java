package io.github.t6j;

import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.session.GeneratedTokens;
import io.github.t6j.session.LeakTracker;
import io.github.t6j.session.SessionCore;
import io.github.t6j.session.SessionFile;
import io.github.t6j.session.SessionState;
import io.github.t6j.session.SessionUse;
import io.github.t6j.tokenizer.Tokenizer;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Sequence of ids fed to a model, and its cache. For use by one thread at a time, except {@link #cancel()}.
 *
 * <p>Methods throw an IllegalStateException if the session is closed or another call is using it. A listener may read,
 * fork and save its session, but not feed, truncate or restore it.
 *
 * <p>Feed ids with {@link #prefill} or {@link #decode} and read {@link #logits()}, or let {@link #generate} do both. A
 * call computes on the calling thread and on the model's threads; a virtual thread yields after each block.
 *
 * <p>The cache is native memory that grows with the ids ({@link #cacheBytes}). The ids, the logits (4 bytes per id of
 * the vocabulary) and the buffers of a pass are on the heap. {@link Model#sessionBytes} is the sum for a full context.
 * {@link #close} and {@link Model#close} free the native memory at once. The memory of an unreachable session that was
 * never closed is freed after a garbage collection, and a warning is logged once.
 */
public final class Session implements AutoCloseable {
    static {
        SessionCore.setHook(session -> ((Session) session).core());
    }

    private final Model model;
    private final SessionState state;
    private final SessionUse use;
    private final BooleanSupplier cancelled;
    private final LeakTracker.Watch watch; // closes the session if it becomes unreachable

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

    /** Returns the number of ids in the cache. Any thread may call it, to follow the progress of a call. */
    public int position() {
        use.checkOpen();
        return state.position();
    }

    /** Returns the ids in the cache. */
    public int[] ids() {
        try (SessionUse.Call _ = use.beginReading()) {
            return state.ids();
        }
    }

    /** Returns the number of ids that fit: by default the model's context length, or less if memory is short. */
    public int contextLength() {
        use.checkOpen();
        return state.contextLength();
    }

    /** Returns the type of the cached elements. */
    public SessionOptions.CacheType cacheType() {
        use.checkOpen();
        return state.options().cacheType();
    }

    /** Returns the bytes allocated for the cache, with room for further ids; shared pages count in each fork. */
    public long cacheBytes() {
        try (SessionUse.Call _ = use.beginReading()) {
            return state.cacheBytes();
        }
    }

    /** Returns the bytes of the cache in use. The state of linear attention has a fixed size for any number of ids. */
    public long usedCacheBytes() {
        try (SessionUse.Call _ = use.beginReading()) {
            return state.usedCacheBytes();
        }
    }

    /**
     * Feeds {@code ids}. Afterwards {@link #logits()} are those after the last id.
     *
     * @throws IllegalArgumentException if there are no ids, or an id is not below the vocabulary's size
     * @throws IllegalStateException if the context has no room for them; nothing is fed then
     * @throws CancellationException after {@link #cancel()}; ids fed until then stay
     */
    public void prefill(int... ids) {
        prefill(ids, null);
    }

    /**
     * Feeds {@code ids} as {@link #prefill(int...)} and also computes the logits after every id and passes them to
     * {@code listener}. Exceptions of the listener propagate; the session then contains the ids of the passes so far,
     * at most {@link Model#maxPassRows} each.
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
     * Feeds one id. Afterwards {@link #logits()} are those after it. Allocates only when the cache grows by a page or
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

    private CancellationException cancelled(String call) {
        return new CancellationException(call + " was cancelled at position " + position());
    }

    /**
     * Returns the logits after the last id, [vocabulary]: the session's own buffer, valid until the session is fed
     * again.
     *
     * @throws IllegalStateException if no id was fed since the session was opened or truncated
     */
    public float[] logits() {
        try (SessionUse.Call _ = use.beginReading()) {
            return state.logits();
        }
    }

    /**
     * Removes all ids from {@code position} on. The memory of a cache without ids is freed; otherwise it is kept for
     * the ids that follow.
     *
     * @throws IllegalArgumentException if {@code position} is not in 0 … {@link #position()}
     * @throws IllegalStateException if attention is linear and {@code position} is neither 0 nor {@link #position()}:
     *     ids cannot be removed from a sum
     */
    public void truncate(int position) {
        try (SessionUse.Call _ = use.begin()) {
            state.truncate(position);
        }
    }

    /** Continues {@code prompt} as {@link #generate(String, GenerationOptions, TokenListener)}, without a listener. */
    public Generation generate(String prompt, GenerationOptions options) {
        return generate(prompt, options, token -> true);
    }

    /**
     * Feeds {@code prompt} and continues it. The prompt is plain text: special ids are not read from it. An empty
     * prompt continues the ids of the session; in an empty session it starts with {@code <|endoftext|>}, or another id
     * that precedes documents in training. A text in an empty session begins with the model's beginning-of-text id, if
     * its tokenizer has one ({@link Tokenizer#encodePrompt}).
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
     * Continues {@code promptIds} as {@link #generate(String, GenerationOptions, TokenListener)}. Afterwards the
     * session contains the prompt and all ids of the result. Without a tokenizer, the texts of tokens are empty.
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
        Generator generator = new Generator(this, state, promptIds, options);
        if (state.feedPrompt(promptIds, cancelled)) {
            Generator.run(List.of(generator), (sample, token) -> listener.onToken(token));
        }
        return generator.result();
    }

    /** Returns {@link #stream(int[], GenerationOptions)} of a text, which is encoded as in {@link #generate}. */
    public Stream<Token> stream(String prompt, GenerationOptions options) {
        try (SessionUse.Call _ = use.beginReading()) {
            return stream(promptIds(prompt), options);
        }
    }

    /**
     * Returns a stream of the tokens that {@link #generate(int[], GenerationOptions, TokenListener)} would report to
     * its listener. Each token is computed on demand, on the consuming thread. The session always contains the tokens
     * returned so far; it must not be fed, truncated or restored while the stream is in use. An abandoned stream
     * computes nothing and holds no resources. Closing it, from any thread, ends the call in progress: that of the
     * prompt or of one token.
     *
     * <p>Consuming throws a CancellationException after {@link #cancel()} or an interrupt, and an IllegalStateException
     * if the session was closed or changed.
     *
     * @throws IllegalArgumentException if the options have stop strings, but the model has no tokenizer
     * @throws IllegalStateException if the prompt does not fit in the context
     */
    public Stream<Token> stream(int[] promptIds, GenerationOptions options) {
        Generator generator = newGenerator(promptIds, options);
        try (SessionUse.Call _ = use.beginReading()) {
            state.checkPrompt(promptIds);
            return GeneratedTokens.stream(core(), promptIds.clone(), generator::step);
        }
    }

    /**
     * Returns a generation that the caller advances step by step, from the logits after {@code promptIds}, which the
     * caller feeds first with {@link #prefill} or {@link Model#feed}. Penalties count the ids of the session and
     * {@code promptIds}.
     *
     * @throws IllegalArgumentException if the options have stop strings, but the model has no tokenizer
     */
    public Generator newGenerator(int[] promptIds, GenerationOptions options) {
        Objects.requireNonNull(promptIds, "promptIds");
        Objects.requireNonNull(options, "options");
        try (SessionUse.Call _ = use.beginReading()) {
            return new Generator(this, state, promptIds, options);
        }
    }

    /**
     * Returns the most likely next ids with the logarithms of their probabilities, most likely first; of equally likely
     * ones the lower first. In a listener they are those from which its token was chosen.
     *
     * @param count number of ids, at most the vocabulary
     * @throws IllegalArgumentException if {@code count} is not in 1 … vocabulary
     * @throws IllegalStateException if the session has no {@link #logits()}
     */
    public List<Likelihood> likeliest(int count) {
        try (SessionUse.Call _ = use.beginReading()) {
            return Likelihood.best(state.logits(), count, model);
        }
    }

    /** Generates samples from a text, see {@link #generateSamples(int[], int, GenerationOptions, SampleListener)}. */
    public List<Generation> generateSamples(String prompt, int samples, GenerationOptions options) {
        try (SessionUse.Call _ = use.begin()) {
            return samples(promptIds(prompt), samples, options, (sample, token) -> true);
        }
    }

    /**
     * Feeds a prompt once as {@link #generate(int[], GenerationOptions, TokenListener)} does, and continues it
     * {@code samples} times in forks of this session that advance together ({@link Model#decode}). Sample i equals the
     * result of {@code generate} with the options' seed + i; its decodeTime is that of all samples. Afterwards, and in
     * the listener, the session contains the prompt and has the logits after it.
     *
     * @throws IllegalArgumentException if {@code samples} is not positive, or the options have stop strings, but the
     *     model has no tokenizer
     * @throws IllegalStateException if the prompt does not fit in the context
     * @throws CancellationException if the model is closed, or after {@link #cancel()} while the prompt is fed; a later
     *     {@code cancel} ends the samples as they are
     */
    public List<Generation> generateSamples(
            int[] promptIds, int samples, GenerationOptions options, SampleListener listener) {
        try (SessionUse.Call _ = use.begin()) {
            return samples(promptIds, samples, options, listener);
        }
    }

    private List<Generation> samples(int[] promptIds, int samples, GenerationOptions options, SampleListener listener) {
        Objects.requireNonNull(promptIds, "promptIds");
        Objects.requireNonNull(options, "options");
        Objects.requireNonNull(listener, "listener");
        if (samples < 1) {
            throw new IllegalArgumentException("samples: expected 1 or more, found " + samples);
        }
        long seed = new Generator(this, state, promptIds, options).seed(); // checks the options, too
        long start = System.nanoTime();
        if (!state.feedPrompt(promptIds, cancelled)) {
            throw cancelled("prompt");
        }
        long fed = System.nanoTime();
        List<SessionState> forks = new ArrayList<>();
        List<Generator> generators = new ArrayList<>();
        try {
            for (int i = 0; i < samples; i++) {
                forks.add(state.fork());
                SamplingOptions sampling = options.sampling().withSeed(seed + i);
                generators.add(new Generator(this, forks.getLast(), promptIds, options.withSampling(sampling)));
            }
            Generator.run(generators, listener);
            if (model.use().isClosed()) {
                throw cancelled("generateSamples");
            }
            long decodeNanos = System.nanoTime() - fed;
            return generators.stream().map(one -> one.result(fed - start, decodeNanos)).toList();
        } finally {
            forks.forEach(SessionState::free);
        }
    }

    /** Returns the tracker of the call that uses this session. */
    SessionUse use() {
        return use;
    }

    /** Returns the state of this session. */
    SessionState state() {
        return state;
    }

    private SessionCore core() {
        return new SessionCore(state, use);
    }

    /**
     * Cancels the call in progress, if any, from any thread or from a listener. The call ends soon after. An interrupt
     * of the thread that runs the call has the same effect; its interrupt status stays set.
     */
    public void cancel() {
        use.cancel();
    }

    /**
     * Returns a new session of the same model with the same ids. Feeding, truncating or closing one does not change the
     * other; they share the memory of common ids. The caller closes the fork, and may use it on another thread.
     */
    public Session fork() {
        try (SessionUse.Call _ = use.beginReading()) {
            return new Session(model, state.fork());
        }
    }

    /**
     * Writes ids, cache and logits atomically to {@code file}, a safetensors file. An existing file is replaced and
     * keeps its permissions; only the owner can read a new file. Links are followed.
     *
     * @throws CancellationException if the thread is interrupted; its interrupt status stays set
     * @throws java.io.UncheckedIOException if the file cannot be written
     */
    public void save(Path file) {
        try (SessionUse.Call _ = use.beginReading()) {
            state.save(file, kind());
        }
    }

    /**
     * Replaces the contents of this session by those that {@link #save} wrote, including the logits. All later results
     * have the same bits as in the saved session.
     *
     * @throws ModelFormatException if the file is damaged, belongs to another model or cache type, or does not fit in
     *     the context; the session is unchanged then
     * @throws CancellationException if the thread is interrupted, which stays set; the session is unchanged then
     * @throws java.io.UncheckedIOException if the file cannot be read
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
     * Frees the cache except pages shared with forks. A call in progress on another thread ends as cancelled and then
     * frees the cache. Closing twice has no effect.
     */
    @Override
    public void close() {
        use.close();
        watch.end();
        Reference.reachabilityFence(this);
    }
}
