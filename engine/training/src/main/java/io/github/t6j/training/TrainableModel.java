package io.github.t6j.training;

import io.github.t6j.ModelFormatException;
import io.github.t6j.RopeVariant;
import io.github.t6j.attention.tpa.steps.SteppedConfig;
import io.github.t6j.family.registry.Families;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.training.assembly.Assembly;
import io.github.t6j.training.assembly.SupportedModels;
import io.github.t6j.training.data.Windows;
import io.github.t6j.training.files.ModelSource;
import io.github.t6j.training.layers.MicroBatch;
import io.github.t6j.training.layers.OutputLayer;
import io.github.t6j.training.layers.Resources;
import io.github.t6j.training.layers.TrainingBlock;
import io.github.t6j.training.layers.TrainingEmbedding;
import io.github.t6j.training.layers.TrainingTensor;
import io.github.t6j.training.lora.FrozenWeights;
import io.github.t6j.training.lora.NewAdapter;
import io.github.t6j.training.products.Rows;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * Trainable model: parameters, the loss of a micro-batch and its gradients. Not thread-safe, but computes in parallel.
 */
public final class TrainableModel implements AutoCloseable {
    private final Resources resources;
    private final List<TrainingTensor> tensors;
    private final List<Parameter> parameters;
    private final TrainingEmbedding embedding;
    private final List<TrainingBlock> blocks;
    private final OutputLayer output;
    private final ModelConfig config;
    private final FrozenWeights frozen; // null if all weights are trained
    private Rows x = Rows.NONE; // [rows][width]: activations between blocks, then their derivatives

    private TrainableModel(Resources resources, ModelConfig config, Assembly parts, FrozenWeights frozen) {
        this.resources = resources;
        this.config = config;
        this.frozen = frozen;
        tensors = parts.parameters();
        parameters = tensors.stream().map(Parameter::new).toList();
        embedding = parts.embedding();
        blocks = parts.blocks();
        output = parts.output();
    }

    /**
     * Creates a model whose parameters are all zero.
     *
     * @param specs tensors of the model, as its family lists them
     * @param threads number of threads that compute; {@link #close} ends them
     * @throws io.github.t6j.ModelFormatException if training does not support the model
     */
    static TrainableModel of(ModelConfig config, List<TensorSpec> specs, int threads) {
        return of(config, specs, threads, KernelChoice.kernels());
    }

    /** Creates a model whose parameters are all zero and that computes with {@code kernels}. */
    static TrainableModel of(ModelConfig config, List<TensorSpec> specs, int threads, Kernels kernels) {
        SupportedModels.check(config);
        return made(config, threads, kernels, shared -> new Assembly(shared, config, specs), null);
    }

    /**
     * Creates a model whose weights are frozen and whose adapters, all zero, are its parameters.
     *
     * @param frozen weights of {@code specs}; {@link #close} frees them, and so does this method if it fails
     * @throws io.github.t6j.ModelFormatException if training does not support the model
     * @throws IllegalArgumentException if the rank is larger than a matrix
     */
    static TrainableModel adapted(
            ModelConfig config, List<TensorSpec> specs, FrozenWeights frozen, NewAdapter adapter, int threads) {
        try {
            SupportedModels.check(config);
            return made(config, threads, KernelChoice.kernels(),
                    shared -> new Assembly(shared, config, specs, frozen, adapter), frozen);
        } catch (RuntimeException | Error failure) {
            frozen.close();
            throw failure;
        }
    }

    private static TrainableModel made(
            ModelConfig config, int threads, Kernels kernels, Function<Resources, Assembly> parts,
            FrozenWeights frozen) {
        Resources shared = new Resources(kernels, new Workers(threads), !config.linear(), scoreCap(config));
        try {
            return new TrainableModel(shared, config, parts.apply(shared), frozen);
        } catch (RuntimeException | Error failure) {
            shared.close();
            throw failure;
        }
    }

    private static float scoreCap(ModelConfig config) {
        return config.attention() instanceof SteppedConfig sizes ? sizes.steps().scores().cap() : 0;
    }

    /**
     * Loads a model from its files.
     *
     * @param path a folder in Hugging Face layout, or one weight file
     * @param variant RoPE variant if the files do not determine it, else null
     * @param threads number of threads that compute
     * @throws io.github.t6j.ModelFormatException if the files are damaged or training does not support the model; the
     *     message gives the reason
     * @throws java.io.UncheckedIOException when a file cannot be read
     */
    public static TrainableModel load(Path path, RopeVariant variant, int threads) {
        Objects.requireNonNull(path, "path");
        try (ModelSource source = new ModelSource(path, variant)) {
            TrainableModel model = of(source.config(), Families.tensors(source.config()), threads);
            try {
                source.copy(model.tensors());
                return model;
            } catch (RuntimeException | Error failure) {
                model.close();
                throw failure;
            }
        } catch (ModelFormatException wrong) {
            throw wrong.of(path);
        }
    }

    /**
     * Returns all trained parameters in the order of the model's files; a tied matrix appears once. An adapter has A
     * and B of each matrix.
     */
    public List<Parameter> parameters() {
        return parameters;
    }

    /** Returns the arrays of the parameters, in their order. */
    List<TrainingTensor> tensors() {
        return tensors;
    }

    /** Returns the size of the vocabulary; every id is below it. */
    public int vocabulary() {
        return config.sizes().vocabulary();
    }

    /** Returns the configuration of the model. */
    ModelConfig config() {
        return config;
    }

    /** Returns the bytes of weights that are not trained. */
    long frozenBytes() {
        return frozen == null ? 0 : frozen.bytes();
    }

    /** Returns the threads that compute, for work between passes. */
    Workers workers() {
        return resources.workers;
    }

    /** Sets all gradients to zero. */
    public void clearGradients() {
        for (TrainingTensor tensor : tensors) {
            Arrays.fill(tensor.gradient(), 0f);
        }
    }

    /**
     * Returns the mean cross entropy of the scored positions, in nats; NaN if none is scored.
     *
     * @param ids [sequences][length], each sequence from position 0
     * @param targets [sequences][length], the id after each position; −1 if the position is not scored
     * @throws IllegalArgumentException if a size or an id is wrong, or a sequence is longer than a layer's window
     */
    public double loss(int[] ids, int[] targets, int sequences, int length) {
        return loss(begin(ids, targets, sequences, length));
    }

    /** Returns the loss of a micro-batch that {@link #begin} has checked. */
    double loss(MicroBatch batch) {
        forward(batch);
        return output.loss(x, batch, 0, null);
    }

    /**
     * Returns the mean loss of a scored token, for {@link Trainer#evaluate}.
     *
     * @param beforeBatch called before each micro-batch; an exception ends the evaluation
     */
    double meanLoss(TokenData data, TrainingOptions.Batches batches, int max, Runnable beforeBatch) {
        TrainingOptions.check("windows", max >= 1, "1 or more", max);
        int context = batches.context();
        Windows windows = new Windows(data.ids(), context);
        TrainingOptions.check("validation", windows.count() > 0,
                "data of more than " + context + " tokens (the context) in a shard",
                data.size() + " in all: give more text or a shorter context");
        int count = (int) Math.min(windows.count(), max);
        double sum = 0;
        double weights = 0; // windows, or of packed documents their scored share
        for (int from = 0; from < count; from += batches.sequences()) {
            beforeBatch.run();
            int rows = Math.min(batches.sequences(), count - from);
            int[] ids = new int[rows * context];
            int[] targets = new int[ids.length];
            int[] positions = new int[ids.length];
            for (int row = 0; row < rows; row++) {
                windows.read(windows.spaced(from + row, count), ids, targets, positions, row);
            }
            double weight = MicroBatch.scored(targets) / (double) context;
            sum += weight * loss(begin(ids, targets, positions, rows, context));
            weights += weight;
        }
        return sum / weights;
    }

    /**
     * Returns the loss, as {@link #loss}, and adds {@code scale} × its derivatives to the gradients of all parameters.
     *
     * @param scale 1 for the sum of micro-batches, 1/n for the mean of n
     */
    public double lossAndGradient(int[] ids, int[] targets, int sequences, int length, float scale) {
        return lossAndGradient(begin(ids, targets, sequences, length), scale);
    }

    /** Returns the loss of a micro-batch that {@link #begin} has checked, and adds to the gradients. */
    double lossAndGradient(MicroBatch batch, float scale) {
        forward(batch);
        return backward(batch, scale);
    }

    /** Checks a micro-batch whose sequences are documents, and makes room for it. */
    MicroBatch begin(int[] ids, int[] targets, int sequences, int length) {
        return begin(ids, targets, null, sequences, length);
    }

    /**
     * Checks a micro-batch and makes room for it.
     *
     * @param positions [sequences][length], position of each id in its document; null if each sequence is one document
     */
    MicroBatch begin(int[] ids, int[] targets, int[] positions, int sequences, int length) {
        Objects.requireNonNull(ids, "ids");
        Objects.requireNonNull(targets, "targets");
        ModelConfig.Sizes sizes = config.sizes();
        MicroBatch batch = MicroBatch.checked(ids, targets, positions, sequences, length, sizes.vocabulary());
        TrainingLimits.check(config, batch);
        x = x.atLeast(batch.rows(), sizes.width());
        return batch;
    }

    /** Computes the last activations x from the ids. */
    void forward(MicroBatch batch) {
        embedding.forward(batch.ids(), x);
        for (TrainingBlock block : blocks) {
            block.forward(x, batch);
        }
    }

    /**
     * Computes the loss from x and adds to the gradients. Logits are not kept between passes, so computing them belongs
     * to this half.
     */
    double backward(MicroBatch batch, float scale) {
        double loss = output.loss(x, batch, scale, x);
        for (TrainingBlock block : blocks.reversed()) {
            block.backward(x, batch);
        }
        embedding.backward(batch.ids(), x);
        return loss;
    }

    /** Ends the threads and frees the native memory. */
    @Override
    public void close() {
        resources.close();
        if (frozen != null) {
            frozen.close();
        }
    }
}
