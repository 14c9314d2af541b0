package io.github.t6j.training;

import io.github.t6j.MemoryLimitException;
import io.github.t6j.ModelFormatException;
import io.github.t6j.RopeVariant;
import io.github.t6j.family.Families;
import io.github.t6j.family.NewModel;
import io.github.t6j.family.Presets;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.weights.FolderReplacement;
import io.github.t6j.weights.SmallFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;

/**
 * Trains a model: weights, AdamW, and where it is in the data. An update reads micro-batches, sums or averages their
 * gradients, clips them and steps. Options, data and the first weights decide every bit, and the number of threads none; a
 * trainer that was saved and restored goes on as if it had never stopped. For one thread at a time; it uses several.
 *
 * <p>Ids and targets are [sequences][context], row by row; targets[i] is the id that follows ids[i], or −1: not scored.
 */
public final class Trainer implements AutoCloseable {
    private static final int ROUNDED_VOCABULARY = 64;
    private static final String TRAINING_JSON = "training.json";

    private final ModelFiles files;
    private final ModelConfig config;
    private TrainingOptions options;
    private final TrainableModel model;
    private final AdamW optimizer;
    private final int[] ids;
    private final int[] targets;
    private long steps;
    private DataMark mark; // of the data that the order is about, or null
    private long[] savedOrder = {};
    private BatchOrder order; // over the data that was given last, or null
    private TokenData ordered;

    private Trainer(ModelFiles files, ModelConfig config, TrainingOptions asked, int threads) {
        int context = asked.batches().context() == 0 ? config.sizes().contextLength() : asked.batches().context();
        this.files = files;
        this.config = config;
        options = asked.withBatches(asked.batches().withContext(context));
        checkMemory();
        int rows = options.batches().sequences() * context;
        ids = new int[rows];
        targets = new int[rows];
        model = TrainableModel.of(
                config, Families.tensors(config),
                threads == 0 ? Runtime.getRuntime().availableProcessors() : threads);
        try {
            optimizer = new AdamW(model.parameters(), options.optimizer(), model.workers());
        } catch (Error tooLarge) { // its moments are half as much again
            model.close();
            throw tooLarge;
        }
    }

    /**
     * A trainer of a new model. Its vocabulary is as large as the tokenizer's, rounded up to a multiple of 64, and its context
     * is the options', if they say one.
     *
     * @param preset its shape, such as {@code t6-micro}: {@code t6j init --help} lists them
     * @param tokenizer the tokenizer that the model is to have: a folder, or a tokenizer.json
     * @param threads that compute; 0: one per core
     * @throws IllegalArgumentException if there is no such preset
     * @throws ModelFormatException if the tokenizer cannot be read, or models of this shape cannot be trained
     * @throws MemoryLimitException if Java's heap cannot hold it
     */
    public static Trainer create(String preset, Path tokenizer, TrainingOptions options, int threads) {
        long ids = Math.ceilDiv(Tokenizer.load(tokenizer).size(), ROUNDED_VOCABULARY) * (long) ROUNDED_VOCABULARY;
        long context = options.batches().context();
        NewModel model = Presets.of(preset)
                .with(context == 0 ? Map.of("vocab_size", ids) : Map.of("vocab_size", ids, "block_size", context));
        ModelFiles files = ModelFiles.of(model.configJson("float32"), model.variant()).withTokenizer(tokenizer);
        ModelConfig config = Families.describe(model);
        Trainer trainer = new Trainer(files, config, options, threads);
        try {
            options.initialization().draw(config, trainer.model.parameters(), options.seed());
            return trainer;
        } catch (RuntimeException | Error failure) {
            trainer.close();
            throw failure;
        }
    }

    /**
     * A trainer that goes on from the weights of a model, with a new optimizer.
     *
     * @param path the model: a folder in Hugging Face layout, or one weight file
     * @param variant what the files cannot say, or null
     * @param tokenizer the tokenizer that it is to have instead of its own, or null
     * @param threads that compute; 0: one per core
     * @throws ModelFormatException if it is no model that can be trained; the message says why
     * @throws java.io.UncheckedIOException when a file cannot be read
     * @throws MemoryLimitException if Java's heap cannot hold it
     */
    public static Trainer from(
            Path path, RopeVariant variant, Path tokenizer, TrainingOptions options, int threads) {
        try (ModelSource source = new ModelSource(path, variant)) {
            return of(source, source.files(tokenizer, options.batches().context()), options, threads);
        }
    }

    private static Trainer of(ModelSource source, ModelFiles files, TrainingOptions options, int threads) {
        Trainer trainer = new Trainer(files, source.config(), options, threads);
        try {
            source.copy(trainer.model.parameters());
            return trainer;
        } catch (RuntimeException | Error failure) {
            trainer.close();
            throw failure;
        }
    }

    /**
     * A trainer as it was when {@link #save} wrote {@code checkpoint}.
     *
     * @param threads that compute; 0: one per core
     * @throws ModelFormatException if it is none, or damaged; the message says what is wrong
     * @throws java.io.UncheckedIOException when a file cannot be read
     * @throws MemoryLimitException if Java's heap cannot hold it
     */
    public static Trainer restore(Path checkpoint, int threads) {
        FolderReplacement.recover(checkpoint);
        Path file = checkpoint.resolve(TRAINING_JSON);
        if (!Files.exists(file)) {
            throw new ModelFormatException(
                    file + ": expected a checkpoint of a training run, found no such file: give the folder of one");
        }
        TrainingJson json = TrainingJson.parse(SmallFile.read(file, SmallFile.CONFIG), file.toString());
        try (ModelSource source = new ModelSource(checkpoint, null)) {
            Trainer trainer = of(source, source.files(null, 0), json.options(), threads);
            try {
                Moments.read(checkpoint, trainer.model.parameters(), trainer.optimizer);
            } catch (RuntimeException | Error failure) {
                trainer.close();
                throw failure;
            }
            trainer.steps = json.steps();
            trainer.mark = json.data();
            trainer.savedOrder = json.order();
            return trainer;
        }
    }

    /**
     * One update over the next batches of {@code data}, in the order that the options say. Interrupting the thread ends it
     * between two micro-batches, and nothing has changed.
     *
     * @throws IllegalArgumentException if this run has read other data before
     * @throws IllegalStateException if the loss or the gradients are no numbers any more; nothing has changed
     * @throws CancellationException when the thread is interrupted, which stays set
     */
    public StepResult step(TokenData data) {
        read(data);
        long[] before = order.state();
        try {
            return update(part -> order.next(ids, targets, options.batches().sequences()));
        } catch (RuntimeException | Error failure) {
            order.restore(before);
            throw failure;
        }
    }

    /**
     * One update over micro-batches of one's own.
     *
     * @param batch [accumulation][sequences][context]
     * @param following of the same size
     * @throws IllegalArgumentException for another size, or a micro-batch without a target
     * @throws IllegalStateException if the loss or the gradients are no numbers any more; nothing has changed
     */
    public StepResult step(int[] batch, int[] following) {
        long expected = (long) ids.length * options.batches().accumulation();
        if (batch.length != expected || following.length != expected) {
            throw new IllegalArgumentException("batch: expected " + expected + " ids and targets, found "
                    + batch.length + " and " + following.length);
        }
        for (int from = 0; from < following.length; from += ids.length) {
            if (Arrays.stream(following, from, from + ids.length).allMatch(id -> id == MicroBatch.IGNORED)) {
                throw new IllegalArgumentException(
                        "targets from " + from + ": expected an id or more in a micro-batch, "
                                + "found only " + MicroBatch.IGNORED);
            }
        }
        return update(part -> {
            System.arraycopy(batch, part * ids.length, ids, 0, ids.length);
            System.arraycopy(following, part * ids.length, targets, 0, ids.length);
        });
    }

    /** Fills {@link #ids} and {@link #targets}. */
    @FunctionalInterface
    private interface MicroBatches {
        void read(int part);
    }

    private StepResult update(MicroBatches source) {
        TrainingOptions.Batches batches = options.batches();
        int parts = batches.accumulation();
        double loss = gradients(source, batches.adds() ? 1f : 1f / parts) / parts;
        double norm = optimizer.gradientNorm();
        if (!Double.isFinite(loss) || !Double.isFinite(norm)) {
            throw new IllegalStateException("step " + (steps + 1) + ": expected a loss and gradients that are numbers, "
                    + "found the loss " + loss + " and the norm " + norm
                    + ": begin a new run with a lower learning rate");
        }
        double rate = options.rate().at(steps);
        optimizer.step(rate, steps + 1, options.optimizer().factor(norm));
        steps++;
        return new StepResult(steps, loss, norm, rate);
    }

    /** The sum of the micro-batches' losses; the sum of their gradients times {@code scale}. */
    private double gradients(MicroBatches source, float scale) {
        TrainingOptions.Batches batches = options.batches();
        model.clearGradients();
        double loss = 0;
        for (int part = 0; part < batches.accumulation(); part++) {
            checkInterrupted();
            source.read(part);
            loss += model.lossAndGradient(ids, targets, batches.sequences(), batches.context(), scale);
        }
        return loss;
    }

    private static void checkInterrupted() {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("interrupted");
        }
    }

    private void read(TokenData data) {
        if (ordered == data) {
            return;
        }
        DataMark found = DataMark.of(data);
        if (mark != null && !mark.equals(found)) {
            throw new IllegalArgumentException("data: expected what this run has read so far, " + mark.ids()
                    + " ids, found " + (mark.ids() == found.ids() ? "others" : found.ids() + " ids")
                    + ": give the same files, or begin a new run from the model");
        }
        BatchOrder next = new BatchOrder(data, options.batches().order(), options.batches().context(), options.seed());
        long[] state = order == null ? savedOrder : order.state();
        if (state.length > 0) {
            next.restore(state);
        }
        mark = found;
        order = next;
        ordered = data;
    }

    /**
     * Updates until the run is as long as its learning rate says, or the listener has enough.
     *
     * @throws RuntimeException as {@link #step(TokenData)}
     */
    public void train(TokenData data, TrainingListener listener) {
        while (steps < options.rate().updates() && listener.onStep(step(data))) {
            // the next one
        }
    }

    /**
     * The mean negative log-probability of a token, in nats, over windows of the context's length: all that there are side
     * by side, or some of them, evenly spread.
     *
     * @param most windows at most
     * @throws IllegalArgumentException if the data is shorter than a window and the id after it, or there is to be no window
     * @throws CancellationException when the thread is interrupted, which stays set
     */
    public double evaluate(TokenData data, int most) {
        Windows windows = new Windows(data, options.batches().context(), most);
        double sum = 0;
        for (int from = 0; from < windows.count(); from += options.batches().sequences()) {
            checkInterrupted();
            int rows = Math.min(options.batches().sequences(), windows.count() - from);
            int[] windowIds = new int[rows * options.batches().context()];
            int[] windowTargets = new int[windowIds.length];
            windows.read(from, rows, windowIds, windowTargets);
            sum += rows * model.loss(windowIds, windowTargets, rows, options.batches().context());
        }
        return sum / windows.count();
    }

    /** Seconds that an update takes, by computing one of no text; nothing changes. */
    public double secondsOfStep() {
        Arrays.fill(targets, 0);
        long start = System.nanoTime();
        gradients(part -> {
        }, 1f);
        optimizer.gradientNorm();
        return (System.nanoTime() - start) / 1e9;
    }

    /**
     * Writes a checkpoint: a folder that {@link #restore} reads, and that is a model, too. It is there as a whole or not at
     * all; a checkpoint that is there is replaced.
     *
     * @throws java.io.UncheckedIOException when it cannot be written, or the folder has other files
     */
    public void save(Path checkpoint) {
        long[] state = order == null ? savedOrder : order.state();
        String json = new TrainingJson(steps, options, mark, state).write();
        FolderReplacement.write(checkpoint, folder -> {
            files.write(folder, model.parameters());
            Moments.write(folder, model.parameters(), optimizer);
            SmallFile.write(folder.resolve(TRAINING_JSON), json.getBytes(StandardCharsets.UTF_8));
        });
    }

    /**
     * Writes the model alone into a folder: config.json, model.safetensors, the tokenizer. Each file takes the place of one
     * that is there in one step.
     *
     * @throws java.io.UncheckedIOException when it cannot be written
     */
    public void saveModel(Path folder) {
        files.write(folder, model.parameters());
    }

    /**
     * Gives the run another learning rate, and so another length, before it begins.
     *
     * @throws IllegalStateException if it has begun
     */
    public void setRate(LearningRate rate) {
        if (steps > 0) {
            throw new IllegalStateException("expected a run that has not begun, found " + steps + " steps: the rate of"
                    + " each step depends on it");
        }
        options = options.withRate(rate);
    }

    /** Updates that were made. */
    public long steps() {
        return steps;
    }

    /** The options, with the context's length in them. */
    public TrainingOptions options() {
        return options;
    }

    /** What is trained, in the family's order; the tied matrix once. */
    public List<Parameter> parameters() {
        return model.parameters();
    }

    /** Ids that the model knows are below this. */
    public int vocabulary() {
        return config.sizes().vocabulary();
    }

    /** Whether a folder of this model without a tokenizer is read with {@link Tokenizer#gpt2}: its family was trained on its ids. */
    public boolean speaksGpt2() {
        return Families.speaksGpt2(config) && vocabulary() >= Tokenizer.gpt2().size();
    }

    /** The model's attention, for people: T6, MHA, … */
    public String attention() {
        return config.name();
    }

    /** Numbers that are trained. */
    public long parameterCount() {
        return Families.parameters(config);
    }

    /**
     * Bytes that training takes about: 16 a parameter (its value, gradient and two moments), and what the forward pass keeps
     * of a token for the backward pass.
     */
    public long memory() {
        return Limits.memory(config, options.batches());
    }

    private void checkMemory() {
        long most = Runtime.getRuntime().maxMemory();
        if (memory() > most) {
            throw new MemoryLimitException(
                    "training", memory(), most,
                    "give Java more (T6J_JAVA_OPTS=-Xmx…g), or train fewer or shorter sequences at once (--batch, --context)");
        }
    }

    /** Frees what it holds, and ends its threads. Closing twice does nothing. */
    @Override
    public void close() {
        model.close();
    }
}
