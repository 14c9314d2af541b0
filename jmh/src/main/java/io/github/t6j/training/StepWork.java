package io.github.t6j.training;

import io.github.t6j.attention.TensorProduct;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.family.Families;
import io.github.t6j.family.NewModel;
import io.github.t6j.family.Presets;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.TensorSpec;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * The parts of a training step of a T6, apart: what the engine's package keeps to itself, for a benchmark. A step is all three,
 * one after the other. Operations are multiplications and additions; what is computed again from less is not counted, but for
 * the scores of the way back.
 */
public final class StepWork implements AutoCloseable {
    /** Of a parameter: two of the norm, twelve of AdamW's formulas; divisions and roots are not counted. */
    private static final long OPTIMIZER_FLOPS = 14;

    /** Floats of a parameter: the gradient, for the norm and again for the update; both moments; the value. */
    private static final long OPTIMIZER_READS = 5;

    private static final float SCALE = 0.035f; // of uniform weights, whose standard deviation is then 0.02
    private static final double RATE = 1e-4;

    private final ModelConfig config;
    private final TensorProduct form;
    private final TrainableModel model;
    private final AdamW optimizer;
    private final MicroBatch batch;
    private long updates;

    /**
     * A model of seeded weights, and a micro-batch of seeded ids.
     *
     * @param preset a T6's shape
     * @throws IllegalArgumentException if it is another attention's
     */
    public StepWork(Kernels kernels, int threads, String preset, int sequences, int length) {
        NewModel shape = Presets.of(preset);
        config = Families.describe(shape);
        if (!(config.attention().dense() instanceof TensorProduct tensorProduct)) {
            throw new IllegalArgumentException("preset: expected a T6's, found " + preset + ", " + config.name());
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
        optimizer = new AdamW(model.parameters(), TrainingOptions.Optimizer.DEFAULT, model.workers());
        batch = model.begin(ids, targets, sequences, length);
    }

    /** Bytes that a step takes about: 16 a parameter, and what is kept of a token. */
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

    /** From ids to the last activations. */
    public void forward() {
        model.forward(batch);
    }

    /** From those to the loss, and back to all gradients, which it clears first. {@link #forward} must come before. */
    public double backward() {
        model.clearGradients();
        return model.backward(batch, 1f);
    }

    /** The gradients' norm, and an update of all parameters. */
    public double optimizer() {
        double norm = optimizer.gradientNorm();
        optimizer.step(RATE, ++updates, TrainingOptions.Optimizer.DEFAULT.factor(norm));
        return norm;
    }

    /** The loss of the weights as they are. */
    double loss() {
        return model.loss(batch.ids(), batch.targets(), batch.sequences(), batch.length());
    }

    List<Parameter> parameters() {
        return model.parameters();
    }

    /** Operations of {@link #forward}: two a weight of the blocks and token, the products of factors, scores, values. */
    public long forwardFlops() {
        return batch.rows() * (2 * blockWeights() + config.sizes().layers() * 2 * factors()) + 2 * pairs();
    }

    /**
     * Operations of {@link #backward}: four a weight of the blocks and six a weight of the tied matrix, whose logits are made
     * here; twice the products of factors; scores again, and the four products of attention's derivatives.
     */
    public long backwardFlops() {
        long output = (long) config.sizes().vocabulary() * config.sizes().width();
        return batch.rows() * (4 * blockWeights() + 6 * output + config.sizes().layers() * 4 * factors())
                + 5 * pairs();
    }

    /** Operations of {@link #optimizer}. */
    public long optimizerFlops() {
        return OPTIMIZER_FLOPS * Families.parameters(config);
    }

    /** Bytes that {@link #optimizer} reads. */
    public long optimizerBytes() {
        return OPTIMIZER_READS * Float.BYTES * Families.parameters(config);
    }

    private long blockWeights() {
        return Families.tensors(config).stream()
                .filter(spec -> spec.layer() != TensorSpec.NO_LAYER && spec.shape().size() == 2)
                .mapToLong(TensorSpec::elements).sum();
    }

    /** Multiply-adds that make a token's queries, keys and values of a layer of its factors. */
    private long factors() {
        TensorProduct.Ranks ranks = form.ranks();
        return (long) form.heads()
                * ((ranks.query() + ranks.key()) * form.headDim() + ranks.value() * form.valueDim());
    }

    /** Operations of all layers' scores, or values: two an element of each head, of each pair of tokens that is not masked. */
    private long pairs() {
        long pairs = IntStream.rangeClosed(1, batch.length()).asLongStream().sum() * batch.sequences();
        return 2L * config.sizes().layers() * form.heads() * form.headDim() * pairs;
    }

    /** Ends the threads. */
    @Override
    public void close() {
        model.close();
    }
}
