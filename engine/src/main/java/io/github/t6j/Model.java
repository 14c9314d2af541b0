package io.github.t6j;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.Description;
import io.github.t6j.family.Families;
import io.github.t6j.family.FolderFiles;
import io.github.t6j.family.GenerationJson;
import io.github.t6j.family.ModelTensors;
import io.github.t6j.kernels.KernelChoice;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.WarmingKernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.Transformer;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.weights.Checkpoint;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.NativeMemory;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleConsumer;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;

/**
 * A model in memory. Safe for use by several threads, each with sessions of its own; they share the weights and the
 * threads that compute.
 *
 * <p>The weights are native memory ({@link #weightBytes}), in huge pages on Linux if java was started with {@code
 * --enable-native-access=io.github.t6j.engine} ({@code ALL-UNNAMED} on the class path). {@link #close} frees them, and ends
 * the threads. A first prompt is slow in a JVM that has just started: {@link #warmUp} goes before it.
 */
public final class Model implements AutoCloseable {
    private final Transformer transformer;
    private final ModelInfo info;
    private final String weightType;
    private final List<String> notes = new ArrayList<>();
    private final Tokenizer tokenizer; // null without one
    private final Set<Integer> endIds;
    private final SamplingOptions sampling; // null where the model's files ask for none
    private final Path folder;
    private final WarmingKernels kernels = KernelChoice.warming();
    private final Workers workers;
    private final ModelUse use;

    private Model(Path path, ModelOptions options, DoubleConsumer progress) {
        FolderFiles files = FolderFiles.of(path);
        folder = files.folder();
        workers = new Workers(options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads());
        NativeMemory weights = NativeMemory.shared();
        use = new ModelUse(freeing(kernels, workers, weights));
        try (Checkpoint checkpoint = Checkpoint.open(path, options.load() == ModelOptions.Load.MMAP)) {
            ModelTensors read = ModelTensors.of(checkpoint, path.toString());
            NamedTensors tensors = read.tensors();
            ConfigJson configJson =
                    read.config() == null ? files.config() : new ConfigJson(read.config(), path.toString());
            ModelConfig config =
                    Families.describe(tensors, new Description(configJson, files.variant(), options.variant()));
            tokenizer = ModelTokenizer.find(options.tokenizer(), folder, checkpoint, config, notes);
            transformer = Families.load(tensors, config, kernels, workers, weights, progress);
            info = info(config, checkpoint);
            weightType = DType.ofMost(checkpoint.tensors().values()).name().toLowerCase(Locale.ROOT);
            addNotes(checkpoint);
            GenerationJson generation = files.generation();
            endIds = endIds(generation.endIds(configJson));
            sampling = generation.sampling();
        } catch (InternalError fault) {
            use.close();
            throw new ModelFormatException(
                    path + ": the file was cut short while it was read; load it when nothing writes to it", fault);
        } catch (RuntimeException | Error failure) {
            use.close();
            throw failure;
        }
        use.watch(this);
    }

    private static Runnable freeing(WarmingKernels kernels, Workers workers, NativeMemory weights) {
        return () -> {
            kernels.close();
            workers.close();
            weights.close();
        };
    }

    /** {@link #load(Path, ModelOptions)} with {@link ModelOptions#defaults()}. */
    public static Model load(Path path) {
        return load(path, ModelOptions.defaults());
    }

    /**
     * Loads the model in {@code path}: a folder in Hugging Face layout (config.json with model.safetensors,
     * pytorch_model.bin, or shards of either with their index), or one weight file with config.json beside it.
     *
     * @throws ModelFormatException when the files are not those of a model that this engine runs; the message says
     *     what is wrong and what to do
     * @throws java.io.UncheckedIOException when a file cannot be read
     * @throws MemoryLimitException when the machine has not enough memory for the weights
     * @throws java.util.concurrent.CancellationException when the thread is interrupted, which stays set
     */
    public static Model load(Path path, ModelOptions options) {
        return load(path, options, share -> {
        });
    }

    /**
     * {@link #load(Path, ModelOptions)} that tells how far it is.
     *
     * @param progress is told, on the calling thread, which share of the layers is done, from 0 to 1
     */
    public static Model load(Path path, ModelOptions options, DoubleConsumer progress) {
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(options, "options");
        Objects.requireNonNull(progress, "progress");
        return new Model(path, options, progress);
    }

    private Set<Integer> endIds(Set<Integer> said) {
        Set<Integer> ids = new LinkedHashSet<>(said);
        if (tokenizer != null && tokenizer.endOfText() >= 0) {
            ids.add(tokenizer.endOfText());
        }
        return Collections.unmodifiableSet(ids);
    }

    private ModelInfo info(ModelConfig config, Checkpoint checkpoint) {
        ModelConfig.Sizes sizes = config.sizes();
        AttentionConfig attention = config.attention();
        return new ModelInfo(
                config.family(),
                new ModelInfo.Sizes(
                        sizes.vocabulary(), sizes.layers(), sizes.width(), sizes.hidden(), sizes.contextLength(),
                        Families.parameters(config)),
                new ModelInfo.Attention(
                        config.name(), attention.heads(), attention.headDim(), attention.valueDim(),
                        config.norms().heads(), attention.sizes()),
                new ModelInfo.Cache(
                        transformer.attention().elementsPerToken(), transformer.attention().stateElements(),
                        transformer.sharedElementsPerPosition()),
                checkpoint.description(), config.assumptions(),
                kernels.description() + ", " + workers.threads() + " threads");
    }

    /** What this model is. */
    public ModelInfo info() {
        use.checkOpen();
        return info;
    }

    /**
     * Bytes that all sessions share besides the weights: the pages of fixed factors, and what positions make of them.
     * They grow with the longest session so far, not with the number of sessions.
     */
    public long sharedBytes() {
        use.checkOpen();
        return transformer.sharedBytes();
    }

    /** Bytes of the weights in memory, packed: what decoding a token reads of them. */
    public long weightBytes() {
        use.checkOpen();
        return transformer.weightBytes();
    }

    private void addNotes(Checkpoint checkpoint) {
        if (!checkpoint.turnedTypes().isEmpty()) {
            String types = checkpoint.turnedTypes().stream().map(DType::name).collect(Collectors.joining(", "));
            notes.add("weights of the types " + types + " were turned into q8_0");
        }
    }

    /** What people should know of how this model was loaded, a sentence each; mostly nothing. */
    public List<String> notes() {
        use.checkOpen();
        return Collections.unmodifiableList(notes);
    }

    /** How the files have most of the weights: f32, bf16, … */
    public String weightType() {
        use.checkOpen();
        return weightType;
    }

    /** Whether the model's folder has a tokenizer. */
    public boolean hasTokenizer() {
        use.checkOpen();
        return tokenizer != null;
    }

    /**
     * The model's tokenizer.
     *
     * @throws ModelFormatException when its folder has none; the message says which files would be one
     */
    public Tokenizer tokenizer() {
        use.checkOpen();
        return requiredTokenizer();
    }

    /** {@link #tokenizer()} within a call, which ends as cancelled if the model is closed. */
    Tokenizer requiredTokenizer() {
        if (tokenizer == null) {
            return Tokenizer.load(folder); // which says what it looked for
        }
        return tokenizer;
    }

    Tokenizer tokenizerOrNull() {
        return tokenizer;
    }

    /** The ids that are generated, from 0 to below this: those that the vocabulary and the tokenizer have, where there is one. */
    public int sampleableIds() {
        int vocabulary = info.sizes().vocabulary();
        return tokenizer == null ? vocabulary : Math.min(tokenizer.size(), vocabulary);
    }

    /**
     * The ids that end a text: those of generation_config.json, or else of config.json, and the tokenizer's {@code
     * <|endoftext|>}.
     */
    public Set<Integer> endIds() {
        use.checkOpen();
        return endIds;
    }

    /** {@link #endIds()} within a call. */
    Set<Integer> textEnds() {
        return endIds;
    }

    /** How generation_config.json asks to sample, if it does: {@link SamplingOptions#defaults()} with its values. */
    public Optional<SamplingOptions> sampling() {
        use.checkOpen();
        return Optional.ofNullable(sampling);
    }

    /** A session with {@link SessionOptions#defaults()}. */
    public Session newSession() {
        return newSession(SessionOptions.defaults());
    }

    /**
     * An empty session: a cache of its own, and the buffers to fill it.
     *
     * @throws MemoryLimitException if the options ask for a longer context than memory holds
     */
    public Session newSession(SessionOptions options) {
        Objects.requireNonNull(options, "options");
        use.checkOpen();
        return new Session(this, new SessionState(transformer, options));
    }

    /**
     * Bytes that a session of these options takes once its context is full: its cache, what the model then keeps of that
     * many positions for all sessions, and the buffers of a prompt.
     */
    public long sessionBytes(SessionOptions options) {
        Objects.requireNonNull(options, "options");
        use.checkOpen();
        return SessionState.bytes(transformer, options);
    }

    /**
     * Feeds one id to each of several sessions, {@code ids[i]} to session i, in one pass over the weights, which takes
     * little longer than for one session. {@link Session#logits()} of each are then those after its id, to the same bits
     * as by {@link Session#decode} alone, whatever the sessions' lengths, paths and types of cache. Allocates nothing,
     * unless a cache must grow by a page or there are other sessions than in the step before. {@link Session#cancel()} does
     * not stop it: a step is short.
     *
     * @throws IllegalArgumentException if there is not one id a session, one is not below the vocabulary's size, or a
     *     session is there twice or of another model
     * @throws IllegalStateException if a session is closed or its context full; nothing is fed then
     */
    public void decode(List<Session> sessions, int... ids) {
        use.checkOpen();
        SessionBatch.decode(this, sessions, ids);
    }

    /**
     * Feeds some ids to each of several sessions, {@code ids[i]} to session i, in passes over the weights that they share:
     * a server feeds parts of new prompts beside the next ids of generations that run. {@link Session#logits()} of each
     * are then those after its last id, to the same bits as by {@link Session#prefill} alone. Some attentions' bits depend
     * on where a prompt is cut ({@link #passesMatter}): to have those of a whole prompt, cut it at multiples of {@link #passSize}.
     *
     * @throws IllegalArgumentException if there is not an array a session with an id or more, one id is not below the
     *     vocabulary's size, or a session is there twice or of another model
     * @throws IllegalStateException if a session is closed or its context has no room; nothing is fed then
     */
    public void feed(List<Session> sessions, int[]... ids) {
        feed(sessions, ids, new LogitsListener[ids.length]);
    }

    /**
     * {@link #feed(List, int[][])} that also computes the logits after every id of the sessions that have a listener, and
     * hands them to it, as {@link Session#prefill(int[], LogitsListener)} does.
     *
     * @param listeners one a session, null for those of which only the last logits are wanted
     */
    public void feed(List<Session> sessions, int[][] ids, LogitsListener[] listeners) {
        use.checkOpen();
        SessionFeed.feed(this, sessions, ids, listeners);
    }

    /**
     * Runs {@code body} for 0 … {@code count} − 1 on the model's threads and this one, and returns when all are done: what is
     * to be done for each of several sessions between two steps, such as to choose their next ids ({@link Generator#next}).
     * What one throws is thrown here; others may then not have run. While another call uses the threads, this one does it all.
     */
    public void runParallel(int count, IntConsumer body) {
        Objects.requireNonNull(body, "body");
        use.begin();
        try {
            workers.run(count, (item, worker) -> body.accept(item));
        } finally {
            use.release();
        }
    }

    /** Whether bits depend on where a prompt is cut into passes; if not, those of {@link Session#decode} are the same, too. */
    public boolean passesMatter() {
        use.checkOpen();
        return transformer.attention().rowsChooseForm();
    }

    /** Ids of a prompt that pass through the model together, at most. */
    public static int passSize() {
        return Transformer.MOST_ROWS;
    }

    /**
     * Runs what a first prompt and its answer run, on a small session of its own, so that they find compiled code: a JVM
     * that has just started needs seconds for it. What follows is faster, and has the same bits. Ends when the code is
     * compiled; after {@code atMost} no pass begins any more. An interrupt of the thread, which stays set, or {@link
     * #close()} ends it within a pass. May run while other threads use sessions, but they share the cores: while nobody
     * waits for an answer is the time for it.
     *
     * @return whether all of it is compiled; false if it was ended before
     * @throws MemoryLimitException if memory does not hold a context of 128 ids
     */
    public boolean warmUp(Duration atMost) {
        Objects.requireNonNull(atMost, "atMost");
        use.checkOpen();
        return WarmUp.run(this, kernels, atMost);
    }

    /** As the sampler's, by kernels that may still be warmed. */
    float logProbability(float[] logits, int id) {
        return kernels.logProbability(logits, id);
    }

    /** ln Σ e^logits. */
    double logSumExp(float[] logits) {
        return kernels.logSumExp(logits, logits.length, new float[Kernels.LANES]);
    }

    /** What tells this model from others: SHA-256, in hexadecimal, of its configuration and a sample of its weights. */
    String fingerprint() {
        return transformer.fingerprint();
    }

    /** Its life. */
    ModelUse use() {
        return use;
    }

    /**
     * Frees the weights, ends the threads and closes the model's sessions. Calls that are under way on other threads end
     * as cancelled, and the last of them frees the weights. Closing twice does nothing.
     */
    @Override
    public void close() {
        use.close();
        Reference.reachabilityFence(this); // nobody has it any more, but it was not forgotten
    }
}
