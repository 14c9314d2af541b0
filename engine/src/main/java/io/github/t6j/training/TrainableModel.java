package io.github.t6j.training;

import io.github.t6j.RopeVariant;
import io.github.t6j.family.Families;
import io.github.t6j.kernels.KernelChoice;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.TensorSpec;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * A model that can be trained: its parameters, the loss of a micro-batch, and the loss's derivatives. One thread at a time may
 * use it; it computes with several.
 */
public final class TrainableModel implements AutoCloseable {
    private final Resources resources;
    private final List<Parameter> parameters;
    private final Embedding embedding;
    private final Rotation rotation;
    private final List<Block> blocks;
    private final OutputLayer output;
    private final ModelConfig config;
    private float[] x = new float[0]; // [rows][width], the activations between blocks, and backwards their derivatives

    TrainableModel(Resources resources, ModelConfig config, Assembly.Parts parts) {
        this.resources = resources;
        this.config = config;
        parameters = parts.parameters();
        embedding = parts.embedding();
        rotation = parts.rotation();
        blocks = parts.blocks();
        output = parts.output();
    }

    /**
     * A model whose parameters are all zero.
     *
     * @param specs its tensors, as its family lists them
     * @param threads that compute; {@link #close} ends them
     * @throws io.github.t6j.ModelFormatException if it is of a kind that cannot be trained
     */
    static TrainableModel of(ModelConfig config, List<TensorSpec> specs, int threads) {
        return of(config, specs, threads, KernelChoice.kernels());
    }

    /** The same with chosen kernels. */
    static TrainableModel of(ModelConfig config, List<TensorSpec> specs, int threads, Kernels kernels) {
        Limits.check(config);
        Resources resources = new Resources(kernels, new Workers(threads));
        try {
            return new TrainableModel(resources, config, new Assembly(resources, config, specs).parts());
        } catch (RuntimeException | Error failure) {
            resources.close();
            throw failure;
        }
    }

    /**
     * A model with the weights of a model's files.
     *
     * @param path a folder in Hugging Face layout, or one weight file
     * @param variant what the files cannot say, or null
     * @param threads that compute
     * @throws io.github.t6j.ModelFormatException if it is no model that can be trained; the message says why
     * @throws java.io.UncheckedIOException when a file cannot be read
     */
    public static TrainableModel load(Path path, RopeVariant variant, int threads) {
        try (ModelSource source = new ModelSource(path, variant)) {
            TrainableModel model = of(source.config(), Families.tensors(source.config()), threads);
            try {
                source.copy(model.parameters());
                return model;
            } catch (RuntimeException | Error failure) {
                model.close();
                throw failure;
            }
        }
    }

    /** Every tensor, in the order of the model's files; a tied matrix once. */
    public List<Parameter> parameters() {
        return parameters;
    }

    /** Ids are below it. */
    public int vocabulary() {
        return config.sizes().vocabulary();
    }

    /** What the model is. */
    ModelConfig config() {
        return config;
    }

    /** The threads that compute, for work between the passes. */
    Workers workers() {
        return resources.workers;
    }

    /** All gradients become zero. */
    public void clearGradients() {
        for (Parameter parameter : parameters) {
            Arrays.fill(parameter.gradient(), 0f);
        }
    }

    /**
     * The mean cross entropy of the scored positions, in nats; NaN if there are none.
     *
     * @param ids [sequences][length], each sequence from position 0
     * @param targets [sequences][length], the id after each; −1: not scored
     * @throws IllegalArgumentException if sizes or ids are wrong, or a sequence is longer than what a layer sees
     */
    public double loss(int[] ids, int[] targets, int sequences, int length) {
        MicroBatch batch = begin(ids, targets, sequences, length);
        forward(batch);
        return output.loss(x, batch);
    }

    /**
     * The same, and adds {@code scale} × its derivatives to every parameter's gradient.
     *
     * @param scale 1 to sum micro-batches, 1/n for the mean of n
     */
    public double lossAndGradient(int[] ids, int[] targets, int sequences, int length, float scale) {
        MicroBatch batch = begin(ids, targets, sequences, length);
        forward(batch);
        return backward(batch, scale);
    }

    /** The checked micro-batch, and room for it. */
    MicroBatch begin(int[] ids, int[] targets, int sequences, int length) {
        ModelConfig.Sizes sizes = config.sizes();
        MicroBatch batch = MicroBatch.checked(ids, targets, sequences, length, sizes.vocabulary());
        Limits.check(config, batch);
        x = Resources.atLeast(x, batch.rows(), sizes.width());
        rotation.prepare(length);
        return batch;
    }

    /** From ids to the last activations, x. */
    void forward(MicroBatch batch) {
        embedding.forward(batch.ids(), x);
        for (Block block : blocks) {
            block.forward(x, batch);
        }
    }

    /** From x to the loss, and back to the gradients, to which it adds; logits are not kept, so they belong to this half. */
    double backward(MicroBatch batch, float scale) {
        double loss = output.lossAndGradient(x, batch, scale, x);
        for (Block block : blocks.reversed()) {
            block.backward(x, batch);
        }
        embedding.backward(batch.ids(), x);
        return loss;
    }

    /** Ends the threads and frees what they used. */
    @Override
    public void close() {
        resources.close();
    }
}
