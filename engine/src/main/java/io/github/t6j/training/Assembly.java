package io.github.t6j.training;

import static io.github.t6j.model.TensorRole.ATTENTION_NORM;
import static io.github.t6j.model.TensorRole.ATTENTION_OUTPUT;
import static io.github.t6j.model.TensorRole.ATTENTION_OUTPUT_BIAS;
import static io.github.t6j.model.TensorRole.DOWN;
import static io.github.t6j.model.TensorRole.DOWN_BIAS;
import static io.github.t6j.model.TensorRole.EMBEDDING;
import static io.github.t6j.model.TensorRole.FEED_FORWARD_NORM;
import static io.github.t6j.model.TensorRole.GATE_UP;
import static io.github.t6j.model.TensorRole.GATE_UP_BIAS;
import static io.github.t6j.model.TensorRole.HEAD_NORM;
import static io.github.t6j.model.TensorRole.KEY_NORM;
import static io.github.t6j.model.TensorRole.KEY_VALUE_UP;
import static io.github.t6j.model.TensorRole.LATENT_NORM;
import static io.github.t6j.model.TensorRole.OUTPUT;
import static io.github.t6j.model.TensorRole.OUTPUT_NORM;
import static io.github.t6j.model.TensorRole.PROJECTION;
import static io.github.t6j.model.TensorRole.PROJECTION_BIAS;
import static io.github.t6j.model.TensorRole.QUERY_LATENT_NORM;
import static io.github.t6j.model.TensorRole.QUERY_NORM;
import static io.github.t6j.model.TensorRole.QUERY_UP;
import static io.github.t6j.model.TensorSpec.NO_LAYER;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.attention.linear.LinearConfig;
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
import java.util.ArrayList;
import java.util.List;

/** Builds the parameters and operations of a model from the roles of its tensors. */
final class Assembly {
    /** Epsilon of the norm of each head's output, the group norm of the official models. */
    private static final float HEAD_EPSILON = 1e-5f;

    private final Resources resources;
    private final ModelConfig config;
    private final List<Parameter> parameters;
    private final Rotation rotation;
    private final int width;

    /** Parts of a {@link TrainableModel}. */
    record Parts(List<Parameter> parameters, TrainingEmbedding embedding, Rotation rotation, List<TrainingBlock> blocks,
            OutputLayer output) {}

    Assembly(Resources resources, ModelConfig config, List<TensorSpec> specs) {
        this.resources = resources;
        this.config = config;
        parameters = specs.stream().map(Parameter::new).toList();
        rotation = new Rotation(resources, config.rope());
        width = config.sizes().width();
    }

    Parts parts() {
        List<TrainingBlock> blocks = new ArrayList<>();
        for (int layer = 0; layer < config.sizes().layers(); layer++) {
            blocks.add(block(layer));
        }
        Parameter embedding = one(EMBEDDING, NO_LAYER);
        Parameter untied = one(OUTPUT, NO_LAYER);
        OutputLayer output = new OutputLayer(
                resources, norm(OUTPUT_NORM, NO_LAYER), untied == null ? embedding : untied, width);
        return new Parts(parameters, new TrainingEmbedding(embedding, width), rotation, List.copyOf(blocks), output);
    }

    private TrainingBlock block(int layer) {
        AttentionConfig attention = config.attention();
        Parameter headGain = one(HEAD_NORM, layer);
        TrainingNorm headNorm =
                headGain == null ? null : new TrainingNorm(resources, attention.valueDim(), HEAD_EPSILON, headGain);
        TrainingFeedForward feedForward = new TrainingFeedForward(
                resources, linear(GATE_UP, GATE_UP_BIAS, layer), linear(DOWN, DOWN_BIAS, layer));
        return new TrainingBlock(resources, width, attention.heads(), new TrainingBlock.Parts(
                norm(ATTENTION_NORM, layer), attention(attention, layer), headNorm,
                linear(ATTENTION_OUTPUT, ATTENTION_OUTPUT_BIAS, layer), norm(FEED_FORWARD_NORM, layer), feedForward));
    }

    private TrainableAttention attention(AttentionConfig attention, int layer) {
        LinearLayer projection = linear(PROJECTION, PROJECTION_BIAS, layer);
        boolean softmax = !(attention instanceof LinearConfig);
        return switch (attention.dense()) {
            case TpaConfig form ->
                new TensorProductHeads(resources, form, softmax, projection, rotation, width);
            case GroupedQueryConfig sizes -> groupedQuery(sizes, softmax, projection, layer);
            case LatentConfig sizes -> new LatentHeads(
                    resources, sizes,
                    new LatentHeads.Layers(projection, linear(QUERY_UP, null, layer),
                            linear(KEY_VALUE_UP, null, layer)),
                    one(QUERY_LATENT_NORM, layer), one(LATENT_NORM, layer), rotation, width);
            default -> throw new IllegalArgumentException("training: unsupported attention: " + attention);
        };
    }

    private GroupedQueryHeads groupedQuery(GroupedQueryConfig sizes, boolean softmax, LinearLayer projection,
            int layer) {
        LayerOptions options = sizes.options();
        return new GroupedQueryHeads(
                resources, sizes, softmax, projection, vectorNorm(QUERY_NORM, sizes, layer),
                vectorNorm(KEY_NORM, sizes, layer), options.unrotated().contains(layer) ? null : rotation, width);
    }

    private TrainingNorm vectorNorm(TensorRole role, GroupedQueryConfig sizes, int layer) {
        Parameter gain = one(role, layer);
        return gain == null ? null : new TrainingNorm(resources, sizes.headDim(), sizes.options().normEpsilon(), gain);
    }

    /** Returns a norm of the residual stream. */
    private TrainingNorm norm(TensorRole role, int layer) {
        return new TrainingNorm(resources, width, config.norms().epsilon(), one(role, layer));
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
