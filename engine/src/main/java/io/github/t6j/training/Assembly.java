package io.github.t6j.training;

import static io.github.t6j.model.TensorSpec.NO_LAYER;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.TensorRole;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.training.layers.GroupedQueryHeads;
import io.github.t6j.training.layers.LatentHeads;
import io.github.t6j.training.layers.LinearLayer;
import io.github.t6j.training.layers.OutputLayer;
import io.github.t6j.training.layers.Resources;
import io.github.t6j.training.layers.Rotation;
import io.github.t6j.training.layers.TensorProductHeads;
import io.github.t6j.training.layers.TrainableAttention;
import io.github.t6j.training.layers.TrainingBlock;
import io.github.t6j.training.layers.TrainingEmbedding;
import io.github.t6j.training.layers.TrainingFeedForward;
import io.github.t6j.training.layers.TrainingNorm;
import java.util.List;
import java.util.stream.IntStream;

/** Builds the parameters and operations of a model from the roles of its tensors. */
final class Assembly {
    /** Epsilon of the norm of each head's output, the group norm of the official models. */
    private static final float HEAD_EPSILON = 1e-5f;

    private final Resources resources;
    private final ModelConfig config;
    private final List<Parameter> parameters;
    private final Rotation rotation; // of all layers

    Assembly(Resources resources, ModelConfig config, List<TensorSpec> specs) {
        this.resources = resources;
        this.config = config;
        parameters = specs.stream().map(Parameter::new).toList();
        rotation = new Rotation(resources, config.rope());
    }

    /** Returns all parameters in the order of the specifications. */
    List<Parameter> parameters() {
        return parameters;
    }

    TrainingEmbedding embedding() {
        return new TrainingEmbedding(one(TensorRole.EMBEDDING, NO_LAYER));
    }

    List<TrainingBlock> blocks() {
        return IntStream.range(0, config.sizes().layers()).mapToObj(this::block).toList();
    }

    OutputLayer output() {
        boolean tied = one(TensorRole.OUTPUT, NO_LAYER) == null;
        return new OutputLayer(
                resources, norm(TensorRole.OUTPUT_NORM, NO_LAYER),
                linear(tied ? TensorRole.EMBEDDING : TensorRole.OUTPUT, null, NO_LAYER));
    }

    private TrainingBlock block(int layer) {
        AttentionConfig attention = config.attention();
        Parameter headGain = one(TensorRole.HEAD_NORM, layer);
        TrainingNorm headNorm =
                headGain == null ? null : new TrainingNorm(resources, attention.valueDim(), HEAD_EPSILON, headGain, 1);
        TrainingFeedForward feedForward = new TrainingFeedForward(
                resources, linear(TensorRole.GATE_UP, TensorRole.GATE_UP_BIAS, layer),
                linear(TensorRole.DOWN, TensorRole.DOWN_BIAS, layer));
        return new TrainingBlock(resources, attention.heads(), new TrainingBlock.Parts(
                norm(TensorRole.ATTENTION_NORM, layer), attention(attention, layer), headNorm,
                linear(TensorRole.ATTENTION_OUTPUT, TensorRole.ATTENTION_OUTPUT_BIAS, layer),
                norm(TensorRole.FEED_FORWARD_NORM, layer), feedForward));
    }

    private TrainableAttention attention(AttentionConfig attention, int layer) {
        LinearLayer projection = linear(TensorRole.PROJECTION, TensorRole.PROJECTION_BIAS, layer);
        return switch (attention) {
            case TpaConfig form -> new TensorProductHeads(resources, form, projection, rotation);
            case GroupedQueryConfig sizes -> new GroupedQueryHeads(
                    resources, sizes, projection, vectorNorm(TensorRole.QUERY_NORM, sizes, layer),
                    vectorNorm(TensorRole.KEY_NORM, sizes, layer),
                    sizes.options().unrotated().contains(layer) ? null : rotation);
            case LatentConfig sizes -> new LatentHeads(
                    resources, sizes, projection, linear(TensorRole.QUERY_UP, null, layer),
                    linear(TensorRole.KEY_VALUE_UP, null, layer),
                    one(TensorRole.QUERY_LATENT_NORM, layer), one(TensorRole.LATENT_NORM, layer), rotation);
            default -> throw new IllegalArgumentException("training: unsupported attention: " + attention);
        };
    }

    private TrainingNorm vectorNorm(TensorRole role, GroupedQueryConfig sizes, int layer) {
        Parameter gain = one(role, layer);
        return gain == null
                ? null
                : new TrainingNorm(resources, sizes.headDim(), sizes.options().normEpsilon(), gain, 1);
    }

    /** Returns a norm of the residual stream. */
    private TrainingNorm norm(TensorRole role, int layer) {
        return new TrainingNorm(resources, config.sizes().width(), config.norms().epsilon(), one(role, layer), 1);
    }

    /** Returns a layer with all matrices of {@code role} and the biases of {@code biasRole}, if the model has them. */
    private LinearLayer linear(TensorRole role, TensorRole biasRole, int layer) {
        return new LinearLayer(resources, all(role, layer), all(biasRole, layer));
    }

    private List<Parameter> all(TensorRole role, int layer) {
        return parameters.stream()
                .filter(parameter -> parameter.spec().role() == role && parameter.spec().layer() == layer)
                .toList();
    }

    /** Returns the only tensor of a role, or null if the model has none. */
    private Parameter one(TensorRole role, int layer) {
        List<Parameter> all = all(role, layer);
        return all.isEmpty() ? null : all.getFirst();
    }
}
