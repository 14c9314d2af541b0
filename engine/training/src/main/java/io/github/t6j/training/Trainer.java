package io.github.t6j.training;

import io.github.t6j.CallOptions;
import io.github.t6j.MemoryLimitException;
import io.github.t6j.ModelFormatException;
import io.github.t6j.RopeVariant;
import io.github.t6j.family.registry.Families;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.files.ModelFiles;
import io.github.t6j.training.layers.TrainingTensor;
import io.github.t6j.weights.CopiedFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.IntFunction;

/**
 * Training run of a model: its weights, the state of AdamW, and the position in the data. An update reads
 * micro-batches, sums or averages their gradients, clips them and steps. Options, data and initial weights determine
 * every bit of the result; the number of threads does not affect it. A trainer that was saved and restored continues as
 * if it had never stopped. Not thread-safe, except {@link #cancel}; it computes on several threads.
 *
 * <p>Ids and targets are [sequences][context], row by row; targets[i] is the id after ids[i], or −1 if not scored.
 */
public final class Trainer implements AutoCloseable {
    private ModelFiles files;
    private final ModelConfig config;
    private TrainingOptions options;
    private final Base base; // or null
    private final int rank; // of the adapters; 0 without a base
    private final TrainableModel model;
    private final AdamW optimizer;
    private final Updates updates;
    private long steps;
    private DataPosition position;
    private final NestedCalls calls = new NestedCalls("training");

    /**
     * Model that a run starts from.
     *
     * @param path its folder in Hugging Face layout, or one weight file
     * @param variant RoPE variant, if the files do not determine it
     * @param tokenizer folder or file of a tokenizer to use instead of the model's own
     */
    public record Base(Path path, Optional<RopeVariant> variant, Optional<Path> tokenizer) {
        /** Creates the base of a run. */
        public Base {
            Objects.requireNonNull(path, "path");
            Objects.requireNonNull(variant, "variant");
            Objects.requireNonNull(tokenizer, "tokenizer");
        }

        /** Returns a model with its own tokenizer, whose files determine its variant. */
        public static Base of(Path path) {
            return new Base(path, Optional.empty(), Optional.empty());
        }

        /** Returns this base with a RoPE variant. */
        public Base withVariant(RopeVariant newVariant) {
            return new Base(path, Optional.of(Objects.requireNonNull(newVariant, "variant")), tokenizer);
        }

        /** Returns this base with another tokenizer. */
        public Base withTokenizer(Path newTokenizer) {
            return new Base(path, variant, Optional.of(Objects.requireNonNull(newTokenizer, "tokenizer")));
        }
    }

    /**
     * Creates a trainer without values of parameters.
     *
     * @param threads number of threads that compute; 0 for one per core
     * @param base model whose adapters are trained, or null
     * @param rank rank of the adapters; 0 without a base
     */
    Trainer(
            ModelFiles files, ModelConfig config, TrainingOptions asked, int threads, Base base, int rank,
            IntFunction<TrainableModel> maker) {
        this.base = base;
        this.rank = rank;
        this.files = files;
        this.config = config;
        options = withContext(asked, config);
        position = new DataPosition(options, null, new long[0]);
        TrainingLimits.checkMemory(config, options.batches(), rank);
        model = maker.apply(threads == 0 ? Runtime.getRuntime().availableProcessors() : threads);
        try {
            optimizer = new AdamW(model.parameters(), options.optimizer(), model.workers());
            updates = new Updates(model, optimizer, options.batches(), calls::check);
        } catch (Error tooLarge) { // the moments take as much memory as values and gradients
            model.close();
            throw tooLarge;
        }
    }

    /** Returns options that set the context length: the model's, or its window if that is shorter, unless it is set. */
    static TrainingOptions withContext(TrainingOptions asked, ModelConfig config) {
        int context = asked.batches().context() == 0
                ? Math.min(config.sizes().contextLength(), TrainingLimits.window(config))
                : asked.batches().context();
        return asked.withBatches(asked.batches().withContext(context));
    }

    /**
     * Creates a trainer of a new model with random weights. The vocabulary is the tokenizer's, rounded up to a multiple
     * of 64; the options set the context length, or else the preset does.
     *
     * @param preset name of the model's shape, such as {@code t6-micro}; the error for another name lists all
     * @param tokenizer tokenizer of the new model: a folder, a tokenizer.json or a GGUF file
     * @param threads number of threads that compute; 0 for one per core
     * @throws IllegalArgumentException if the preset does not exist
     * @throws ModelFormatException if the tokenizer cannot be read, or training does not support the preset
     * @throws MemoryLimitException if Java's heap cannot hold it
     */
    public static Trainer create(String preset, Path tokenizer, TrainingOptions options, int threads) {
        Objects.requireNonNull(preset, "preset");
        Objects.requireNonNull(tokenizer, "tokenizer");
        Objects.requireNonNull(options, "options");
        return Trainers.ofPreset(preset, tokenizer, options, threads);
    }

    /**
     * Creates a trainer that starts from the weights of a model, with a new optimizer.
     *
     * @param threads number of threads that compute; 0 for one per core
     * @throws ModelFormatException if the files are damaged or training does not support the model
     * @throws java.io.UncheckedIOException when a file cannot be read
     * @throws MemoryLimitException if Java's heap cannot hold it
     */
    public static Trainer from(Base base, TrainingOptions options, int threads) {
        Objects.requireNonNull(base, "base");
        Objects.requireNonNull(options, "options");
        return Trainers.ofModel(base, options, threads);
    }

    /**
     * Creates a trainer of low-rank adapters of a model. The weights of the model stay unchanged, in the types of their
     * files. {@link #save} and {@link #saveModel} write the adapters in PEFT's layout.
     *
     * @param threads number of threads that compute; 0 for one per core
     * @throws ModelFormatException if the files are damaged or training does not support the model
     * @throws IllegalArgumentException if the rank is larger than a matrix
     * @throws java.io.UncheckedIOException when a file cannot be read
     * @throws MemoryLimitException if the machine or Java's heap cannot hold it
     */
    public static Trainer adapt(Base base, LoraOptions lora, TrainingOptions options, int threads) {
        Objects.requireNonNull(base, "base");
        Objects.requireNonNull(lora, "lora");
        Objects.requireNonNull(options, "options");
        return Trainers.ofAdapters(base, lora, options, threads);
    }

    /**
     * Restores a trainer in the state in which {@link #save} wrote {@code checkpoint}.
     *
     * @param threads number of threads that compute; 0 for one per core
     * @throws ModelFormatException if the folder is not a checkpoint, or is damaged; the message gives the reason
     * @throws java.io.UncheckedIOException when a file cannot be read
     * @throws MemoryLimitException if Java's heap cannot hold it
     */
    public static Trainer restore(Path checkpoint, int threads) {
        Objects.requireNonNull(checkpoint, "checkpoint");
        return Trainers.ofCheckpoint(checkpoint, threads);
    }

    /** Restores the moments, the number of updates and the position in the data. */
    void restoreState(TrainingCheckpoint saved) {
        saved.readMoments(model.parameters(), optimizer);
        steps = saved.json().steps();
        position = new DataPosition(options, saved.json().data(), saved.json().order());
    }

    /**
     * Checks that {@code data} is the data that this run has read so far, if any, as {@link #step(TokenData)} does.
     *
     * @throws IllegalArgumentException if this run has read other data before
     */
    public void checkData(TokenData data) {
        position.check(Objects.requireNonNull(data, "data"));
    }

    /**
     * Makes one update with the next batches of {@code data}, by the mean loss of all their scored targets. An
     * interrupt cancels it between two micro-batches.
     *
     * @throws IllegalArgumentException if this run has read other data before
     * @throws IllegalStateException if the loss or the gradient norm is NaN or infinite; the trainer is unchanged
     * @throws CancellationException after {@link #cancel}, if the {@link #setCallOptions call options} end the call, or
     *     if the thread is interrupted, which stays set; the trainer is unchanged
     */
    public StepResult step(TokenData data) {
        Objects.requireNonNull(data, "data");
        return calls.run(() -> next(data));
    }

    private StepResult next(TokenData data) {
        return made(updates.next(options, steps, position.of(data)));
    }

    private StepResult made(StepResult update) {
        steps = update.step();
        return update;
    }

    /**
     * Makes one update with the caller's micro-batches, by the mean of their mean losses, as in the official script.
     *
     * @param batch ids [accumulation][sequences][context]
     * @param following targets [accumulation][sequences][context]
     * @throws IllegalArgumentException if a size is wrong, or a micro-batch has no target
     * @throws IllegalStateException if the loss or the gradient norm is NaN or infinite; the trainer is unchanged
     * @throws CancellationException after {@link #cancel}, an interrupt, or if the {@link #setCallOptions call
     *     options} end the call; the trainer is unchanged
     */
    public StepResult step(int[] batch, int[] following) {
        Objects.requireNonNull(batch, "batch");
        Objects.requireNonNull(following, "following");
        return calls.run(() -> made(updates.next(options, steps, batch, following)));
    }

    /**
     * Sets the deadline, timeout and cancellation of all later calls that compute; an expired or cancelled call ends
     * with a CancellationException before its next micro-batch, without making the update in progress. The timeout of
     * {@link #train} counts for all its updates.
     */
    public void setCallOptions(CallOptions options) {
        calls.setOptions(options);
    }

    /**
     * Cancels the call in progress that computes, from any thread or from a listener: it ends with a
     * CancellationException before its next micro-batch. Without a call in progress, the next call is cancelled as soon
     * as it begins, so a timer is reliable.
     */
    public void cancel() {
        calls.cancel();
    }

    /**
     * Trains until the schedule of the learning rate ends or the listener returns false.
     *
     * @throws RuntimeException the exceptions of {@link #step(TokenData)}
     */
    public void train(TokenData data, TrainingListener listener) {
        Objects.requireNonNull(data, "data");
        Objects.requireNonNull(listener, "listener");
        calls.run(() -> {
            while (steps < options.rate().updates() && listener.onStep(next(data))) {
                // the next one
            }
            return steps;
        });
    }

    /**
     * Returns the mean negative log-probability of a scored token, in nats, over adjacent windows of the context
     * length, or the windows of packed documents: all of them, or {@code max} evenly spaced ones.
     *
     * @param max maximum number of windows to evaluate
     * @throws IllegalArgumentException if {@code max} is below 1, or no shard has a window and the id after it
     * @throws CancellationException after {@link #cancel}, if the {@link #setCallOptions call options} end the call, or
     *     if the thread is interrupted, which stays set
     */
    public double evaluate(TokenData data, int max) {
        Objects.requireNonNull(data, "data");
        return calls.run(() -> model.meanLoss(data, options.batches(), max, calls::check));
    }

    /** Measures the seconds of an update by computing one with meaningless ids; the weights stay unchanged. */
    public double secondsOfStep() {
        return calls.run(() -> updates.seconds(options.batches()));
    }

    /**
     * Writes a checkpoint, a folder that {@link #restore} reads and that is also a model. The folder is written
     * atomically; an existing checkpoint is replaced.
     *
     * @throws java.io.UncheckedIOException if it cannot be written, or the folder contains other files
     */
    public void save(Path checkpoint) {
        Objects.requireNonNull(checkpoint, "checkpoint");
        TrainingJson json = new TrainingJson(steps, options, position.fingerprint(), position.state());
        new TrainingCheckpoint(checkpoint, json).write(files, model.parameters(), optimizer);
    }

    /**
     * Writes only the model into a folder, each file atomically: config.json, model.safetensors, the tokenizer; or the
     * adapters: adapter_config.json, adapter_model.safetensors, the tokenizer. Creates the folder if it does not exist.
     *
     * @throws java.io.UncheckedIOException if a file cannot be written
     */
    public void saveModel(Path folder) {
        Objects.requireNonNull(folder, "folder");
        try {
            Files.createDirectories(folder);
        } catch (IOException failure) {
            throw new UncheckedIOException(folder + ": cannot make the folder: " + failure.getMessage(), failure);
        }
        files.write(folder, model.tensors());
    }

    /** Adds the files of a folder: tokenizer, templates, defaults for sampling and the ids that end a text. */
    void addFiles(Path folder) {
        files = files.with(CopiedFile.tokenizer(folder)).withGeneration(folder);
    }

    /** Sets the text of chat_template.jinja in all later checkpoints and models of this run. */
    public void setChatTemplate(String template) {
        files = files.with("chat_template.jinja", Objects.requireNonNull(template, "template"));
    }

    /** Sets the text of generation_config.json in all later checkpoints and models of this run. */
    public void setGenerationConfig(String json) {
        files = files.with("generation_config.json", Objects.requireNonNull(json, "json"));
    }

    /**
     * Sets other batches, before the first update; the context must be set.
     *
     * @throws IllegalArgumentException if the context is 0
     * @throws IllegalStateException if the run has made an update
     * @throws MemoryLimitException if Java's heap cannot hold them
     */
    public void setBatches(TrainingOptions.Batches batches) {
        Objects.requireNonNull(batches, "batches");
        TrainingOptions.check("context", batches.context() > 0, "1 or more", batches.context());
        if (steps > 0) {
            throw new IllegalStateException("batches: expected a run without updates, found " + steps);
        }
        TrainingLimits.checkMemory(config, batches, rank);
        options = options.withBatches(batches);
        position = new DataPosition(options, null, new long[0]);
        updates.makeRoom(batches);
    }

    /**
     * Lengthens the run by {@code more} updates, even if it has finished. The moments of the optimizer and the position
     * in the data stay. During the first twentieth of the remaining updates, the learning rate moves to the rate that a
     * run of the new length would have, and then falls to the minimum.
     *
     * @throws IllegalArgumentException if {@code more} is below 1, or the run would be too long
     */
    public void lengthen(long more) {
        TrainingOptions.check("more", more >= 1 && more <= Integer.MAX_VALUE, "1 to " + Integer.MAX_VALUE, more);
        LearningRate rate = options.rate();
        long longer = rate.updates() + more;
        setRate(rate.renewed(steps, steps + Math.ceilDiv(longer - steps, 20), longer));
    }

    /**
     * Sets another learning rate schedule, and with it the length of the run. The moments of the optimizer and the
     * position in the data stay, so a run can continue with a {@link LearningRate#renewed} plan.
     *
     * @throws IllegalArgumentException if the run has made more steps than the schedule has
     */
    public void setRate(LearningRate rate) {
        Objects.requireNonNull(rate, "rate");
        if (rate.updates() < steps) {
            throw new IllegalArgumentException(
                    "rate: expected at least " + steps + " updates, which the run has made, found " + rate.updates());
        }
        options = options.withRate(rate);
    }

    /** Returns the number of updates made so far. */
    public long steps() {
        return steps;
    }

    /** Returns the options; their context length is set. */
    public TrainingOptions options() {
        return options;
    }

    /** Returns the arrays of the parameters. */
    List<TrainingTensor> tensors() {
        return model.tensors();
    }

    /** Returns the trained parameters in the family's order; a tied matrix appears once. */
    public List<Parameter> parameters() {
        return model.parameters();
    }

    /** Returns the size of the vocabulary; every id is below it. */
    public int vocabulary() {
        return config.sizes().vocabulary();
    }

    /**
     * Returns the tokenizer for models without one, if the family was trained on its ids: {@link Tokenizer#gpt2}, or
     * none.
     */
    public Optional<Tokenizer> defaultTokenizer() {
        return Families.usesGpt2Tokenizer(config)
                ? Optional.of(Tokenizer.gpt2()).filter(gpt2 -> gpt2.size() <= vocabulary())
                : Optional.empty();
    }

    /** Returns the name of the model's attention for display: T6, MHA, … */
    public String attention() {
        return config.name();
    }

    /** Returns the number of trained elements: of all weights, or of the adapters. */
    public long parameterCount() {
        return model.parameters().stream().mapToLong(parameter -> parameter.spec().elements()).sum();
    }

    /** Returns the number of elements of the model without adapters. */
    public long modelParameterCount() {
        return Families.parameters(config);
    }

    /** Returns the bytes of weights off the heap that are not trained; 0 without adapters. */
    public long frozenBytes() {
        return model.frozenBytes();
    }

    /** Returns the model whose adapters are trained, or none if all weights are. */
    public Optional<Base> base() {
        return Optional.ofNullable(base);
    }

    /**
     * Returns the approximate memory of training in bytes: 16 per trained element (value, gradient and two moments),
     * the activations that the forward pass keeps per token for the backward pass, the largest buffers that the layers
     * share, and the weights that are not trained, off the heap in the types of their files.
     */
    public long memory() {
        return TrainingLimits.memory(config, options.batches(), rank) + frozenBytes();
    }

    /** Ends the threads and frees the native memory. Closing twice has no effect. */
    @Override
    public void close() {
        model.close();
    }
}
