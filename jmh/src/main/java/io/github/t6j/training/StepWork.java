package io.github.t6j.training;

import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.family.NewModel;
import io.github.t6j.family.registry.Families;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.training.layers.MicroBatch;
import io.github.t6j.training.presets.Presets;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Three parts of a training step of a T6, which run one after the other; gives a benchmark access to package-private
 * code of the engine. Operations are multiplications and additions. Recomputed values are not counted, except the
 * scores of the backward pass.
 */
public final class StepWork implements AutoCloseable {
    /** Operations per parameter: two for the norm, twelve for AdamW's formulas; divisions and roots are not counted. */
    private static final long OPTIMIZER_FLOPS = 14;

    /** Floats read per parameter: the gradient for the norm and again for the update, both moments, and the value. */
    private static final long OPTIMIZER_READS = 5;

    private static final float SCALE = 0.035f; // scale of uniform weights for a standard deviation of 0.02
    private static final double RATE = 1e-4;

    private final ModelConfig config;
    private final TpaConfig form;
    private final TrainableModel model;
    private final AdamW optimizer;
    private final MicroBatch batch;
    private long updates;

    /**
     * Creates a model of seeded weights, and a micro-batch of seeded ids.
     *
     * @param preset preset of a T6
     * @throws IllegalArgumentException if the preset has another attention
     */
    public StepWork(Kernels kernels, int threads, String preset, int sequences, int length) {
        NewModel shape = Presets.of(preset);
        config = Families.describe(shape);
        if (!(config.attention() instanceof TpaConfig tensorProduct)) {
            throw new IllegalArgumentException("preset: expected a T6, found " + preset + ", " + config.name());
        }
        form = tensorProduct;
        SplittableRandom random = new SplittableRandom(1);
        int[] ids = random.ints((long) sequences * length, 0, config.sizes().vocabulary()).toArray();
        int[] targets = random.ints(ids.length, 0, config.sizes().vocabulary()).toArray();
        model = TrainableModel.of(config, Families.tensors(config), threads, kernels);
        for (Parameter parameter : model.parameters()) {
            for (int i = 0; i < parameter.value().length; i++) {
                parameter.value()[i] = SCALE * (float) random.nextDouble(-1, 1);
            }
        }
        optimizer = new AdamW(model.parameters(), TrainingOptions.Optimizer.defaults(), model.workers());
        batch = model.begin(ids, targets, sequences, length);
    }

    /** Estimates the bytes of a step: 16 per parameter, and the activations of each token. */
    public static long bytes(String preset, int sequences, int length) {
        ModelConfig config = Families.describe(Presets.of(preset));
        ModelConfig.Sizes sizes = config.sizes();
        long parameters = Families.parameters(config);
        long kept = Families.tensors(config).stream().filter(spec -> spec.role() == TensorRole.PROJECTION)
                .mapToLong(spec -> spec.shape().getFirst()).sum();
        long layer = 2L * sizes.width() + 2L * sizes.hidden()
                + config.attention().heads() * (config.attention().valueDim() + 1L);
        return 16 * parameters + 4L * sequences * length * (kept + sizes.layers() * layer);
    }

    /** Computes the last activations from ids. */
    public void forward() {
        model.forward(batch);
    }

    /** Computes the loss, then all gradients, which it clears first. {@link #forward} must run before. */
    public double backward() {
        model.clearGradients();
        return model.backward(batch, 1f);
    }

    /** Computes the norm of the gradients, and updates all parameters. */
    public double optimizer() {
        double norm = optimizer.gradientNorm();
        optimizer.step(RATE, ++updates, TrainingOptions.Optimizer.defaults().factor(norm));
        return norm;
    }

    /** Computes a step. @return its loss and gradient norm, then the gradients and new weights of each tensor */
    public float[][] firstStep() {
        forward();
        double loss = backward();
        double norm = optimizer();
        Stream<float[]> tensors =
                model.parameters().stream().flatMap(each -> Stream.of(each.gradient(), each.value()));
        return Stream.concat(Stream.of(new float[] {(float) loss, (float) norm}), tensors).toArray(float[][]::new);
    }

    /** Returns the number of elements of a head. */
    public int headDim() {
        return form.headDim();
    }

    /** Returns the loss of the current weights. */
    double loss() {
        return model.loss(batch.ids(), batch.targets(), batch.sequences(), batch.length());
    }

    List<Parameter> parameters() {
        return model.parameters();
    }

    /**
     * Returns operations of {@link #forward}: two per weight of the blocks and token, products of factors, scores,
     * values.
     */
    public long forwardFlops() {
        return batch.rows() * (2 * blockWeights() + config.sizes().layers() * 2 * factors()) + 2 * pairs();
    }

    /**
     * Returns operations of {@link #backward}: four per weight of the blocks and six per weight of the tied matrix,
     * whose logits it computes; twice the products of factors; scores again, and the four products of attention's
     * derivatives.
     */
    public long backwardFlops() {
        long output = (long) config.sizes().vocabulary() * config.sizes().width();
        return batch.rows() * (4 * blockWeights() + 6 * output + config.sizes().layers() * 4 * factors())
                + 5 * pairs();
    }

    /** Returns operations of {@link #optimizer}. */
    public long optimizerFlops() {
        return OPTIMIZER_FLOPS * Families.parameters(config);
    }

    /** Returns bytes that {@link #optimizer} reads. */
    public long optimizerBytes() {
        return OPTIMIZER_READS * Float.BYTES * Families.parameters(config);
    }

    private long blockWeights() {
        return Families.tensors(config).stream()
                .filter(spec -> spec.layer() != TensorSpec.NO_LAYER && spec.shape().size() == 2)
                .mapToLong(TensorSpec::elements).sum();
    }

    /** Returns multiply-adds that build a token's queries, keys and values in a layer from its factors. */
    private long factors() {
        return (long) form.heads()
                * ((form.queryRank() + form.keyRank()) * form.headDim() + form.valueRank() * form.valueDim());
    }

    /**
     * Returns operations of all layers' scores, or values: two per element of each head, for each unmasked pair of
     * tokens.
     */
    private long pairs() {
        long pairs = IntStream.rangeClosed(1, batch.length()).asLongStream().sum() * batch.sequences();
        return 2L * config.sizes().layers() * form.heads() * form.headDim() * pairs;
    }

    /** Stops the threads. */
    @Override
    public void close() {
        model.close();
    }
}
