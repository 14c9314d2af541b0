package io.github.t6j;

import io.github.t6j.session.GeneratedTokens;
import io.github.t6j.session.LeakTracker;
import io.github.t6j.session.SessionCore;
import io.github.t6j.session.SessionFile;
import io.github.t6j.session.SessionState;
import io.github.t6j.session.SessionUse;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Sequence of ids fed to a model, and its cache. One thread at a time may feed, change or save it. Any thread may call
 * {@link #cancel()}, {@link #position()}, {@link #ids()}, {@link #mostLikely}, {@link #cacheBytes()} and
 * {@link #usedCacheBytes()} meanwhile, and {@link #fork()} and {@link #freeze()} between these calls.
 *
 * <p>Methods throw an IllegalStateException if the session is closed or another call is using it. A listener may read,
 * fork and save its session, but not feed, truncate or restore it.
 *
 * <p>The cache can fall behind the ids. It is emptied when you truncate past the start of a sliding window, and when a
 * longrope text outgrows its original length, because all its keys then need new frequencies. The next feed recomputes
 * the missing tokens first, within its deadline and cancellation.
 *
 * <p>Feed ids with {@link #prefill} or {@link #step} and read {@link #logits()}, or let {@link #generate} do both. A
 * call computes on the calling thread and on the model's threads; a virtual thread yields after each block.
 *
 * <p>The cache is native memory that grows with the ids ({@link #cacheBytes}). The ids and the logits (4 bytes per id
 * of the vocabulary) are on the heap; {@link #trim()} frees the logits. All sessions share the model's buffers for
 * passes. {@link Model#sessionBytes} gives the bytes for a full context. {@link #close} and {@link Model#close} free
 * the native memory at once. The memory of an unreachable session that was never closed is freed after a garbage
 * collection, and a warning is logged once.
 */
public final class Session implements AutoCloseable {
    static {
        SessionCore.setHook(session -> ((Session) session).core);
    }

    private final Model model;
    private final SessionState state;
    private final SessionUse use;
    private final SessionCore core;
    private final BooleanSupplier cancelled;
    private final LeakTracker.Watch watch; // closes the session if it becomes unreachable

    Session(Model model, SessionState state) {
        this.model = model;
        this.state = state;
        use = new SessionUse(model.use(), state::free);
        core = new SessionCore(state, use);
        cancelled = use::isCancelled;
        watch = model.use().watch(this, use);
    }

    Model model() {
        return model;
    }

    /** Returns the number of ids in the cache; during a call of another thread, the progress so far. */
    public int position() {
        use.checkOpen();
        return state.position();
    }

    /** Returns the ids in the cache. */
    public int[] ids() {
        use.checkOpen();
        return state.ids();
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

    /** Returns the bytes allocated for the cache, with room for further ids; each fork counts its shared pages. */
    public long cacheBytes() {
        use.checkOpen();
        return state.cacheBytes();
    }

    /** Returns the bytes of the cache in use. States have a fixed size for any number of ids. */
    public long usedCacheBytes() {
        use.checkOpen();
        return state.usedCacheBytes();
    }

    /**
     * Feeds {@code ids}. Afterwards {@link #logits()} are the logits after the last id.
     *
     * @throws IllegalArgumentException if there are no ids, or an id is not below the vocabulary's size
     * @throws IllegalStateException if the context has no room for them; nothing is fed then
     * @throws CancellationException after {@link #cancel()}; ids fed before it stay
     */
    public void prefill(int... ids) {
        prefill(ids, null);
    }

    /**
     * Feeds {@code ids} as {@link #prefill(int...)} does, and passes the logits after every id to {@code listener}.
     * Exceptions of the listener propagate; the session then contains the ids of the passes so far, at most
     * {@link Model#maxPassRows} each.
     *
     * @param listener receives the logits, or null for {@link #prefill(int...)}
     */
    public void prefill(int[] ids, LogitsListener listener) {
        Objects.requireNonNull(ids, "ids");
        try (SessionUse.Call _ = use.beginComputing()) {
            state.check(ids);
            if (!state.feed(ids, listener, cancelled)) {
                throw cancelled("prefill");
            }
        }
    }

    /**
     * Feeds one id. Afterwards {@link #logits()} are the logits after it. Allocates only when the cache grows by a page
     * or the step before had several sessions.
     *
     * @throws IllegalArgumentException if the id is not below the vocabulary's size
     * @throws IllegalStateException if the context is full
     * @throws CancellationException after {@link #cancel()}; the id is not fed
     */
    public void step(int id) {
        try (SessionUse.Call _ = use.beginComputing()) {
            state.checkNext(id);
            if (!state.catchUp(state.position() + 1, cancelled) || !state.feedCaughtUp(id, cancelled)) {
                throw cancelled("step");
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
     * Removes all ids from {@code position} on. An empty cache frees its memory; otherwise it keeps it for the ids that
     * follow. Layers with a sliding window keep only the last tokens: if more than 128 ids are removed and such a layer
     * has dropped tokens, the next feed recomputes the remaining ones first, with the results of a new session. Layers
     * with a state (linear attention, Mamba) cannot give back single ids: after any truncation the next feed recomputes
     * all remaining ids, which costs as much as reading them; a {@link #fork} or {@link #freeze} at the position avoids
     * it.
     *
     * @throws IllegalArgumentException if {@code position} is not in 0 … {@link #position()}
     */
    public void truncate(int position) {
        try (SessionUse.Call _ = use.begin()) {
            state.truncate(position);
        }
    }

    /**
     * Frees memory that an idle session, such as a chat user's, does not need: the array of {@link #logits()}, which is
     * recomputed on demand, and the cache of truncated ids. Later calls give the same bits. {@link Model#trim()} frees
     * the buffers of passes.
     */
    public void trim() {
        try (SessionUse.Call _ = use.begin()) {
            state.trim();
        }
    }

    /** Continues a text with {@link Model#generationDefaults()}. */
    public Generation generate(String prompt) {
        return generate(prompt, model.generationDefaults());
    }

    /** Continues a text as {@link #generate(Prompt, GenerationOptions, TokenListener)}, without a listener. */
    public Generation generate(String prompt, GenerationOptions options) {
        return generate(Prompt.of(prompt), options);
    }

    /** Continues a prompt as {@link #generate(Prompt, GenerationOptions, TokenListener)}, without a listener. */
    public Generation generate(Prompt prompt, GenerationOptions options) {
        return generate(prompt, options, token -> true);
    }

    /** Continues a text as {@link #generate(Prompt, GenerationOptions, TokenListener)}. */
    public Generation generate(String prompt, GenerationOptions options, TokenListener listener) {
        return generate(Prompt.of(prompt), options, listener);
    }

    /**
     * Feeds {@code prompt} and continues it. Afterwards the session contains the prompt and all ids of the result.
     * Without a tokenizer, the texts of tokens are empty.
     *
     * @throws IllegalArgumentException if an id is not below the vocabulary's size, or the options have stop strings,
     *     but the model has no tokenizer
     * @throws IllegalStateException if the prompt does not fit in the context
     */
    public Generation generate(Prompt prompt, GenerationOptions options, TokenListener listener) {
        Objects.requireNonNull(prompt, "prompt");
        Objects.requireNonNull(options, "options");
        Objects.requireNonNull(listener, "listener");
        try (SessionUse.Call _ = use.beginComputing()) {
            Generator generator = new Generator(this, state, promptIds(prompt), options);
            if (state.feedPrompt(generator.promptIds(), generator::mustEnd)) {
                Generator.run(List.of(generator), (sample, token) -> listener.onToken(token));
            } else {
                generator.interrupt();
            }
            Generation generation = generator.result();
            listener.onFinish(generation);
            return generation;
        }
    }

    private int[] promptIds(Prompt prompt) {
        return prompt.ids(model, state.position() == 0);
    }

    /** Streams the continuation of a text with {@link Model#generationDefaults()}. */
    public Stream<Token> stream(String prompt) {
        return stream(prompt, model.generationDefaults());
    }

    /** Streams the continuation of a text, see {@link #stream(Prompt, GenerationOptions, Consumer)}. */
    public Stream<Token> stream(String prompt, GenerationOptions options) {
        return stream(Prompt.of(prompt), options);
    }

    /** Streams the continuation of a prompt, see {@link #stream(Prompt, GenerationOptions, Consumer)}. */
    public Stream<Token> stream(Prompt prompt, GenerationOptions options) {
        return stream(prompt, options, generation -> {});
    }

    /** Streams the continuation of a text, see {@link #stream(Prompt, GenerationOptions, Consumer)}. */
    public Stream<Token> stream(String prompt, GenerationOptions options, Consumer<Generation> onFinish) {
        return stream(Prompt.of(prompt), options, onFinish);
    }

    /**
     * Returns a stream of the tokens that {@link #generate(Prompt, GenerationOptions, TokenListener)} would report to
     * its listener. Each token is computed on demand, on the consuming thread. The session always contains the tokens
     * returned so far; it must not be fed, truncated or restored while the stream is in use. An abandoned stream
     * computes nothing and holds no resources. Closing it, from any thread, ends the call in progress, which feeds the
     * prompt or one token.
     *
     * <p>Consuming throws a CancellationException after {@link #cancel()} or an interrupt, and an IllegalStateException
     * if the session was closed or changed.
     *
     * @param onFinish receives the result, which says why the stream ended, once: when the consumer asks for more after
     *     the last token, or closes the stream. It is not called if consuming fails with an exception other than
     *     CancellationException
     * @throws IllegalArgumentException if an id is not below the vocabulary's size, or the options have stop strings,
     *     but the model has no tokenizer
     * @throws IllegalStateException if the prompt does not fit in the context
     */
    public Stream<Token> stream(Prompt prompt, GenerationOptions options, Consumer<Generation> onFinish) {
        Objects.requireNonNull(onFinish, "onFinish");
        Generator generator = newGenerator(prompt, options);
        try (SessionUse.Call _ = use.beginReading()) {
            state.checkPrompt(generator.promptIds());
            return GeneratedTokens.stream(core, generator.promptIds(), generator.steps(onFinish));
        }
    }

    /**
     * Returns a generation that the caller advances step by step, from the logits after the ids of {@code prompt}
     * ({@link Generator#promptIds}), which the caller feeds first with {@link #prefill} or {@link Model#feed}.
     * Penalties count the ids of the session and of the prompt.
     *
     * @throws IllegalArgumentException if the options have stop strings, but the model has no tokenizer
     */
    public Generator newGenerator(Prompt prompt, GenerationOptions options) {
        Objects.requireNonNull(prompt, "prompt");
        Objects.requireNonNull(options, "options");
        try (SessionUse.Call _ = use.beginReading()) {
            return new Generator(this, state, promptIds(prompt), options);
        }
    }

    /**
     * Returns the most likely next ids with the logarithms of their probabilities, most likely first; equally likely
     * ids are in ascending order. In a listener, its token was chosen from them; during a call of another thread, they
     * follow the last id whose logits it has computed.
     *
     * @param count number of ids, at most the vocabulary
     * @throws IllegalArgumentException if {@code count} is not in 1 … vocabulary
     * @throws IllegalStateException if the session has no {@link #logits()}
     */
    public List<Likelihood> mostLikely(int count) {
        try (SessionUse.Call reading = use.tryReading()) {
            return Likelihood.best(reading == null ? state.lastLogits() : state.logits(), count, model.kernels());
        }
    }

    /** Generates samples, see {@link #generateSamples(Prompt, int, GenerationOptions, SampleListener)}. */
    public List<Generation> generateSamples(Prompt prompt, int samples, GenerationOptions options) {
        return generateSamples(prompt, samples, options, (sample, token) -> true);
    }

    /**
     * Feeds a prompt once as {@link #generate(Prompt, GenerationOptions, TokenListener)} does, and continues it
     * {@code samples} times in forks of this session that advance together ({@link Model#step}). Sample i equals the
     * result of {@code generate} with the options' seed + i; all have the same decodeTime. Afterwards, and in the
     * listener, the session contains the prompt and has the logits after it.
     *
     * @throws IllegalArgumentException if {@code samples} is not positive, or the options have stop strings, but the
     *     model has no tokenizer
     * @throws IllegalStateException if the prompt does not fit in the context
     * @throws CancellationException if the model is closed, or if {@link #cancel()} or the options end the call during
     *     the prompt; later they end the samples, which keep their text
     */
    public List<Generation> generateSamples(
            Prompt prompt, int samples, GenerationOptions options, SampleListener listener) {
        Objects.requireNonNull(prompt, "prompt");
        Objects.requireNonNull(options, "options");
        Objects.requireNonNull(listener, "listener");
        if (samples < 1) {
            throw new IllegalArgumentException("samples: expected 1 or more, found " + samples);
        }
        try (SessionUse.Call _ = use.beginComputing()) {
            return samples(new Generator(this, state, promptIds(prompt), options), samples, listener);
        }
    }

    /** @param first generation that has checked the options; it has the seed of the first sample */
    private List<Generation> samples(Generator first, int samples, SampleListener listener) {
        long start = System.nanoTime();
        if (!state.feedPrompt(first.promptIds(), first::mustEnd)) {
            first.checkExpiry("prompt");
            throw cancelled("prompt");
        }
        long fed = System.nanoTime();
        List<SessionState> forks = new ArrayList<>();
        List<Generator> generators = new ArrayList<>();
        try {
            for (int i = 0; i < samples; i++) {
                forks.add(state.fork());
                generators.add(first.continuation(forks.getLast(), i));
            }
            Generator.run(generators, listener);
            if (model.use().isClosed()) {
                throw cancelled("generateSamples");
            }
            long decodeNanos = System.nanoTime() - fed;
            return generators.stream().map(generator -> generator.result(fed - start, decodeNanos)).toList();
        } finally {
            forks.forEach(SessionState::free);
        }
    }

    /** Returns the state of this session and the tracker of its calls. */
    SessionCore core() {
        return core;
    }

    /**
     * Cancels the call in progress that feeds or generates, from any thread or from a listener; it ends soon after. If
     * none is in progress, the next such call of this session is cancelled as soon as it begins, so a timer can rely on
     * it. Calls for several sessions ({@link Model#step} and {@link Model#feed}) are not affected. Interrupting the
     * thread that runs the call has the same effect; the thread keeps its interrupt status.
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
     * Returns the ids and cache so far as a prefix, which later calls of this session do not change. Any number of
     * threads may open sessions from it at once. The caller closes it.
     */
    public Prefix freeze() {
        try (SessionUse.Call _ = use.beginReading()) {
            return new Prefix(model, state.fork());
        }
    }

    /**
     * Writes ids, cache and logits atomically to {@code file}, a safetensors file. An existing file is replaced and
     * keeps its permissions; only the owner can read a new file. Links are followed. If the cache has fallen behind the
     * ids since a {@link #truncate}, a copy recomputes it for the file.
     *
     * @throws CancellationException if the thread is interrupted, which keeps its interrupt status
     * @throws java.io.UncheckedIOException if the file cannot be written
     */
    public void save(Path file) {
        Objects.requireNonNull(file, "file");
        try (SessionUse.Call _ = use.beginLongReading()) {
            state.save(file, kind());
        }
    }

    /**
     * Replaces the contents of this session with a file that {@link #save} wrote, including the logits. All later
     * results have the same bits as in the saved session.
     *
     * @throws ModelFormatException if the file is damaged, belongs to another model or cache type, or does not fit in
     *     the context; the session is unchanged then
     * @throws CancellationException if the thread is interrupted, which keeps its interrupt status; the session is
     *     unchanged then
     * @throws java.io.UncheckedIOException if the file cannot be read
     */
    public void restore(Path file) {
        Objects.requireNonNull(file, "file");
        try (SessionUse.Call _ = use.begin()) {
            state.restore(file, kind());
        } catch (ModelFormatException wrong) {
            throw wrong.of(file);
        }
    }

    private SessionFile.Kind kind() {
        return new SessionFile.Kind(model.info().attention().name(), state.fingerprint(), state.options().cacheType());
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
