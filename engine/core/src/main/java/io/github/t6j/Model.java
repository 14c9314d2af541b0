package io.github.t6j;

import io.github.t6j.attention.AttentionPath;
import io.github.t6j.events.Events;
import io.github.t6j.events.ModelLoadEvent;
import io.github.t6j.family.registry.LoadedModel;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.model.Batch;
import io.github.t6j.model.Transformer;
import io.github.t6j.sampling.Constraint;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.sampling.TokenConstraint;
import io.github.t6j.session.Expiry;
import io.github.t6j.session.ModelResources;
import io.github.t6j.session.ModelUse;
import io.github.t6j.session.ModelWarmUp;
import io.github.t6j.session.SessionGroup;
import io.github.t6j.session.SessionState;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.weights.MemoryBudget;
import io.github.t6j.weights.checkpoint.ResourcePath;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.IntConsumer;

/**
 * Model in memory. Safe for use by several threads, each with its own sessions; all share the weights and the compute
 * threads.
 *
 * <p>The weights are native memory ({@link #weightBytes}), in huge pages on Linux if java was started with
 * {@code --enable-native-access=io.github.t6j.engine} ({@code ALL-UNNAMED} on the class path). {@link #close} frees
 * them and ends the threads. The first prompt is slow in a JVM that has just started; {@link #warmUp} avoids this.
 */
public final class Model implements AutoCloseable {
    static {
        AttentionPath.setHook((options, chosen) -> options.withMaterialized(chosen == AttentionPath.MATERIALIZED));
    }

    private final Path path;
    private final List<Path> adapters;
    private final ModelResources resources;
    private final ModelUse use;
    private final LoadedModel loaded;
    private final Transformer transformer;
    private final ModelInfo info;
    private final MemoryBudget budget; // of the caches of all sessions
    private final Map<Constraint, TokenConstraint> grammars = Collections.synchronizedMap(new WeakHashMap<>());

    /** @param resource closed with the model, or if loading fails; null without one */
    private Model(Path path, ModelOptions options, ResourcePath resource) {
        ModelLoadEvent event = Events.beginModelLoad();
        Expiry expiry = Expiry.of(options.call());
        this.path = path;
        adapters = options.adapters().stream().map(ModelOptions.Adapter::folder).toList();
        budget = new MemoryBudget(
                "caches of the sessions of " + path,
                options.memoryBudget() == 0 ? Long.MAX_VALUE : options.memoryBudget(), null);
        resources = new ModelResources(options.kernels(), options.threads(), resource);
        use = new ModelUse(resources);
        Kernels kernels = resources.kernels();
        Workers workers = resources.workers();
        try {
            expiry.check("loading " + path);
            loaded = LoadedModel.load(path, options, kernels, workers, resources.weights(), (done, total) -> {
                expiry.check("loading " + path);
                if (options.progress() != null) {
                    options.progress().onProgress(done, total);
                }
            });
            transformer = loaded.transformer();
            resources.loaded(transformer);
            info = ModelInfo.of(
                    transformer, loaded.source(), kernels.description() + ", " + workers.threads() + " threads");
        } catch (RuntimeException | Error failure) {
            use.close();
            throw failure;
        }
        use.watch(this);
        if (event != null) {
            event.end(path.toString(), transformer.memory().weights(), workers.threads());
        }
    }

    /** Loads a model with {@link ModelOptions#defaults()}, see {@link #load(Path, ModelOptions)}. */
    public static Model load(Path path) {
        return load(path, ModelOptions.defaults());
    }

    /**
     * Loads the model in {@code path}: a folder in Hugging Face layout (config.json with model.safetensors,
     * pytorch_model.bin, or shards of either with their index), or one weight file next to its config.json. Outside the
     * default file system, such as in a zip file, files are read instead of mapped.
     *
     * @throws ModelFormatException if the files are damaged or the model is not supported; the message gives the reason
     *     and the remedy
     * @throws java.io.UncheckedIOException if a file cannot be read
     * @throws MemoryLimitException if the machine does not have enough memory for the weights
     * @throws java.util.concurrent.CancellationException if the thread is interrupted, which keeps its interrupt
     *     status, or the options end loading
     */
    public static Model load(Path path, ModelOptions options) {
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(options, "options");
        return new Model(path, options, null);
    }

    /** Loads a resource with the default options, see {@link #loadResource(Class, String, ModelOptions)}. */
    public static Model loadResource(Class<?> owner, String name) {
        return loadResource(owner, name, ModelOptions.defaults());
    }

    /**
     * Loads a model from a resource of the class path or of a module: a folder, or a weight file that contains its
     * configuration or lies next to it. Otherwise the same as {@link #load(Path, ModelOptions)}.
     *
     * <p>A jar must be a file, or in a file system, and stays open until {@link #close}. Its weights are read into
     * memory before they are packed, so loading takes the memory of both.
     *
     * @param owner class that finds the resource, as in {@link Class#getResource}
     * @param name its name relative to {@code owner}, or from the root if it begins with a slash
     * @throws IllegalArgumentException if the resource does not exist, or is not in a folder, a jar or a run-time image
     */
    public static Model loadResource(Class<?> owner, String name, ModelOptions options) {
        Objects.requireNonNull(owner, "owner");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(options, "options");
        ResourcePath resource = ResourcePath.of(owner, name);
        return new Model(resource.path(), options, resource);
    }

    /** Returns the folder or file that this model was loaded from. */
    public Path path() {
        return path;
    }

    /** Returns the folders of the adapters that were added to the weights, in this order. */
    public List<Path> adapters() {
        return adapters;
    }

    /** Returns a description of this model. */
    public ModelInfo info() {
        use.checkOpen();
        return info;
    }

    /**
     * Returns the bytes that all sessions share in addition to the weights: pages of fixed factors and their rotations
     * by position. They grow with the longest session so far, not with the number of sessions.
     */
    public long sharedBytes() {
        use.checkOpen();
        return transformer.memory().shared();
    }

    /**
     * Returns the bytes now allocated for the caches of all sessions and of running embeddings, including pages that no
     * id uses yet. Shared pages count once. {@link ModelOptions#withMemoryBudget} limits them.
     */
    public long cacheBytes() {
        use.checkOpen();
        return budget.allocated();
    }

    /** Returns the bytes of the packed weights. */
    public long weightBytes() {
        use.checkOpen();
        return transformer.memory().weights();
    }

    /**
     * Returns how many bytes of the packed weights are in huge pages, which are read faster; 0 where the system has
     * none or does not say.
     */
    public long hugePageBytes() {
        use.checkOpen();
        // their memory also has tables and the space between weights
        return Math.min(weightBytes(), resources.weights().hugePageBytes());
    }

    /**
     * Returns the bytes of the packed weights that decoding a token reads: all but the experts that it does not choose.
     */
    public long activeWeightBytes() {
        use.checkOpen();
        return transformer.memory().activeWeights();
    }

    /** Returns remarks on how this model was loaded, a sentence each, for display; usually none. */
    public List<String> notes() {
        use.checkOpen();
        return loaded.notes();
    }

    /**
     * Frees the buffers of passes that no call is using, on the heap and off it. Otherwise the model keeps the buffers
     * of ended calls for the next ones: up to 256 for single ids, of some hundred kilobytes each, and up to 4 for
     * prompts, of some megabytes each.
     */
    public void trim() {
        use.begin();
        try {
            transformer.trim();
        } finally {
            use.release();
        }
    }

    /** Returns {@link ModelOptions#weightType}, or without it, the type of most weights in the files: f32, bf16, … */
    public String weightType() {
        use.checkOpen();
        return loaded.weightType();
    }

    /** Returns true if the model has a tokenizer. */
    public boolean hasTokenizer() {
        use.checkOpen();
        return loaded.tokenizer() != null;
    }

    /**
     * Returns the model's tokenizer.
     *
     * @throws ModelFormatException if the model has none; the message names the expected files
     */
    public Tokenizer tokenizer() {
        use.checkOpen();
        return loaded.requiredTokenizer();
    }

    /** Returns the upper bound of generated ids: the size of the vocabulary, or of the tokenizer if that is smaller. */
    public int sampleableIds() {
        return loaded.sampleableIds();
    }

    /**
     * Returns {@code grammar} prepared for this model's tokens, for programs that choose ids themselves; all others use
     * {@link GenerationOptions#withGrammar}. The model keeps it as long as {@code grammar} is reachable. The first call
     * takes a fraction of a second.
     *
     * @throws ModelFormatException if the model has no tokenizer
     * @throws IllegalArgumentException if no text of the grammar consists of the model's tokens
     */
    public TokenConstraint tokenGrammar(Constraint grammar) {
        Objects.requireNonNull(grammar, "grammar");
        Tokenizer tokens = loaded.requiredTokenizer();
        TokenConstraint known = grammars.get(grammar);
        if (known != null) {
            return known;
        }
        TokenConstraint prepared = grammar.prepare(tokens, sampleableIds(), loaded.endIds()); // delays no other grammar
        TokenConstraint first = grammars.putIfAbsent(grammar, prepared);
        return first == null ? prepared : first;
    }

    /**
     * Returns the ids that end a text: from generation_config.json, or otherwise config.json, and the tokenizer's
     * {@code <|endoftext|>}.
     */
    public Set<Integer> endIds() {
        use.checkOpen();
        return loaded.endIds();
    }

    /**
     * Returns the sampling options in generation_config.json, or otherwise in a GGUF file, if any;
     * {@link SamplingOptions#defaults()} fills gaps.
     */
    public Optional<SamplingOptions> sampling() {
        use.checkOpen();
        return Optional.ofNullable(loaded.sampling());
    }

    /**
     * Returns the default options of a generation: {@link GenerationOptions#defaults()} with {@link #sampling()}.
     */
    public GenerationOptions generationDefaults() {
        return GenerationOptions.defaults().withSampling(sampling().orElse(SamplingOptions.defaults()));
    }

    /**
     * Returns the pooling and normalisation of embeddings that the model's files state: sentence-transformers'
     * modules.json and 1_Pooling/config.json, or the key pooling_type of a GGUF file. Without them, an embedding is the
     * normalised mean, which means little unless the model was trained for it.
     *
     * @throws ModelFormatException if the files state a pooling or a further step that the engine does not support
     */
    public EmbeddingOptions embeddingDefaults() {
        use.checkOpen();
        return loaded.embedding().options(path);
    }

    /** Returns true if the model's files state a pooling, as an embedding model's do. */
    public boolean statesPooling() {
        use.checkOpen();
        return loaded.embedding().pooling() != null;
    }

    /** Embeds a text with {@link #embeddingDefaults}, see {@link Embedder#embed(Prompt)}. */
    public Embedding embed(String text) {
        return embed(List.of(Objects.requireNonNull(text, "text")), EmbeddingOptions.defaults()).getFirst();
    }

    /** Embeds texts in shared passes, see {@link Embedder#embed(List)}. */
    public List<Embedding> embed(List<String> texts, EmbeddingOptions options) {
        Objects.requireNonNull(texts, "texts");
        return new Embedder(this, options).embed(texts.stream().map(Prompt::of).toList());
    }

    /**
     * Returns the hidden states of each id of a prompt after {@code layer} layers: 0 for the rows of the embedding
     * matrix; after all layers, the last norm is applied, as in transformers' {@code hidden_states}.
     *
     * @param layer number of layers, or -1 for all
     * @return [ids][width]
     * @throws IllegalArgumentException if the prompt is empty or longer than the model's context, an id is not below
     *     the vocabulary's size, or the model has fewer layers
     * @throws java.util.concurrent.CancellationException if the thread is interrupted, which keeps its interrupt
     *     status, or the model is closed
     */
    public float[][] hiddenStates(Prompt prompt, int layer) {
        return new Embedder(this, EmbeddingOptions.defaults().withPooling(Pooling.LAST).withLayer(layer))
                .hiddenStates(prompt);
    }

    /** Opens an empty session with {@link SessionOptions#defaults()}. */
    public Session newSession() {
        return newSession(SessionOptions.defaults());
    }

    /**
     * Opens an empty session with its own cache.
     *
     * @throws MemoryLimitException if memory, or the rest of {@link ModelOptions#memoryBudget}, does not suffice for
     *     the context length of the options
     */
    public Session newSession(SessionOptions options) {
        Objects.requireNonNull(options, "options");
        use.checkOpen();
        return new Session(this, new SessionState(transformer, options, options.materialized(), budget));
    }

    /**
     * Returns the bytes that a session with these options takes once its context is full, on the heap and off it: its
     * cache, the shared pages of that many positions, its ids and logits, and the buffers of a prompt, estimated.
     * Buffers of attention, a few hundred kilobytes, are not counted.
     */
    public SessionBytes sessionBytes(SessionOptions options) {
        Objects.requireNonNull(options, "options");
        use.checkOpen();
        return SessionState.bytes(transformer, options, options.materialized());
    }

    /**
     * Feeds one id to each of several sessions, {@code ids[i]} to session i, in one pass over the weights, which takes
     * little longer than for one session. Each session's {@link Session#logits()} are then the ones after its id, with
     * the same bits as after {@link Session#step}, whatever the sessions' lengths and cache types. Allocates only when
     * a cache grows by a page or the step before had other sessions. {@link Session#cancel()} does not stop a step,
     * since it is short, unless a session must recompute tokens first ({@link Session#truncate}).
     *
     * @throws IllegalArgumentException if there is not one id per session, an id is not below the vocabulary's size, or
     *     a session is a duplicate or belongs to another model; nothing is fed then
     * @throws IllegalStateException if a session is closed, in use or its context is full; nothing is fed then
     */
    public void step(List<Session> sessions, int... ids) {
        use.checkOpen();
        SessionGroup.step(sessions, use, ids);
    }

    /**
     * Feeds ids to each of several sessions, {@code ids[i]} to session i, in shared passes over the weights. For
     * example, a server feeds parts of new prompts together with the next ids of running generations. Each session's
     * {@link Session#logits()} are then the ones after its last id, with the same bits as after {@link
     * Session#prefill}. For some attentions the bits depend on how a prompt is split; every attention gives the bits of
     * the whole prompt if it is split at multiples of {@link #maxPassRows}.
     *
     * @throws IllegalArgumentException if there is not one non-empty array per session, an id is not below the
     *     vocabulary's size, or a session is a duplicate or belongs to another model; nothing is fed then
     * @throws IllegalStateException if a session is closed, in use or its context has no room; nothing is fed then
     */
    public void feed(List<Session> sessions, int[]... ids) {
        feed(sessions, ids, new LogitsListener[Objects.requireNonNull(ids, "ids").length]);
    }

    /**
     * Feeds ids as {@link #feed(List, int[][])} does, and passes the logits after every id of a session to its
     * listener, as {@link Session#prefill(int[], LogitsListener)} does.
     *
     * @param listeners one per session; null for a session that needs only its last logits
     */
    public void feed(List<Session> sessions, int[][] ids, LogitsListener[] listeners) {
        feed(sessions, ids, listeners, Batch.NO_PAUSE);
    }

    /**
     * Feeds ids as {@link #feed(List, int[][], LogitsListener[])} does, with pauses in which other sessions may
     * continue. A pass of many ids takes as long as many steps: a server that runs a step in some of the pauses keeps
     * the time between two tokens short.
     *
     * @param pause called on this thread three times in each block of a pass of several ids; it may feed other
     *     sessions, but must not throw
     */
    public void feed(List<Session> sessions, int[][] ids, LogitsListener[] listeners, Runnable pause) {
        use.checkOpen();
        SessionGroup.feed(sessions, use, ids, listeners, pause);
    }

    /**
     * Runs {@code body} for 0 … {@code count} − 1 on the model's threads and this one, and returns when all runs have
     * ended. Use it for work on several sessions between two steps, such as choosing their next ids ({@link
     * Generator#next}). An exception of one run is thrown here; the remaining runs may then be skipped. While another
     * call uses the threads, the calling thread runs everything.
     */
    public void runParallel(int count, IntConsumer body) {
        Objects.requireNonNull(body, "body");
        use.begin();
        try {
            resources.workers().run(count, (item, worker) -> body.accept(item));
        } finally {
            use.release();
        }
    }

    /** Returns the largest number of ids of a prompt that pass through the model together. */
    public static int maxPassRows() {
        return Transformer.MAX_PASS_ROWS;
    }

    /**
     * Runs prompts and generations on a small private session until the JVM has compiled the code for a prompt and its
     * answer, which takes seconds after the start of the JVM. Later calls are faster and give the same bits. No pass
     * begins after {@code atMost}. {@link #close()}, or an interrupt of the thread, which keeps its interrupt status,
     * ends the warm-up within a pass. Other threads may use sessions meanwhile, but share the cores with it, so call it
     * while no client waits.
     *
     * @return true if all code is compiled; false if the warm-up ended earlier
     * @throws MemoryLimitException if memory does not suffice for a context of 128 ids
     */
    public boolean warmUp(Duration atMost) {
        Objects.requireNonNull(atMost, "atMost");
        use.checkOpen();
        Duration limit = atMost.isNegative() ? Duration.ZERO : atMost;
        Expiry expiry = Expiry.of(CallOptions.defaults().withTimeout(limit));
        GenerationOptions options = GenerationOptions.defaults().withMaxTokens(ModelWarmUp.TOKENS)
                .withSampling(SamplingOptions.defaults().withSeed(0)).withIgnoreEndOfText(true);
        try (Session session = newSession(SessionOptions.defaults().withContextLength(ModelWarmUp.CONTEXT))) {
            return ModelWarmUp.run(resources.kernels(), info.sizes().vocabulary(), ids -> {
                session.truncate(0);
                Generation generation = session.generate(Prompt.of(ids), options, token -> !expiry.isOver());
                return generation.finishReason() != FinishReason.CANCELLED && !expiry.isOver();
            });
        } catch (IllegalStateException closed) {
            if (!use.isClosed()) {
                throw closed;
            }
            return false;
        }
    }

    /** Returns true if all code that calls have used so far is compiled, so that later ones run at full speed. */
    public boolean isWarm() {
        return resources.kernels().isWarm();
    }

    /** Returns true if passes of {@code rows} ids are compiled; otherwise begins to compile them. */
    public boolean isReady(int rows) {
        return resources.kernels().isReady(rows);
    }

    /** Returns the contents of the model's files, within a call even if the model is closed. */
    LoadedModel loaded() {
        return loaded;
    }

    /** Returns the kernels, which may still be warming up. */
    Kernels kernels() {
        return resources.kernels();
    }

    /** Returns the budget that the caches of this model are counted in. */
    MemoryBudget budget() {
        return budget;
    }

    /** Returns the tracker of the calls and sessions of this model. */
    ModelUse use() {
        return use;
    }

    /**
     * Frees the weights, ends the threads and closes the model's sessions. Calls in progress on other threads end as
     * cancelled; the last of them frees the weights. Closing twice has no effect.
     */
    @Override
    public void close() {
        use.close();
        Reference.reachabilityFence(this); // otherwise the cleaner could report the model as never closed
    }
}
