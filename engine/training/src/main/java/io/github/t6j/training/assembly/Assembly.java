package io.github.t6j.training.assembly;

import static io.github.t6j.model.TensorSpec.NO_LAYER;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.attention.tpa.steps.SteppedConfig;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.training.layers.GroupedQueryHeads;
import io.github.t6j.training.layers.LatentHeads;
import io.github.t6j.training.layers.LinearLayer;
import io.github.t6j.training.layers.LowRankAdapter;
import io.github.t6j.training.layers.OutputLayer;
import io.github.t6j.training.layers.Resources;
import io.github.t6j.training.layers.Rotation;
import io.github.t6j.training.layers.SteppedHeads;
import io.github.t6j.training.layers.TensorProductHeads;
import io.github.t6j.training.layers.TrainableAttention;
import io.github.t6j.training.layers.TrainingBlock;
import io.github.t6j.training.layers.TrainingEmbedding;
import io.github.t6j.training.layers.TrainingFeedForward;
import io.github.t6j.training.layers.TrainingNorm;
import io.github.t6j.training.layers.TrainingTensor;
import io.github.t6j.training.lora.FrozenWeights;
import io.github.t6j.training.lora.NewAdapter;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Builder of the parameters and operations of a model from the roles of its tensors. */
public final class Assembly {
    /** Roles of matrices that get an adapter. */
    private static final Set<TensorRole> ADAPTED = EnumSet.of(
            TensorRole.PROJECTION, TensorRole.QUERY_UP, TensorRole.KEY_VALUE_UP, TensorRole.ATTENTION_OUTPUT,
            TensorRole.GATE_UP, TensorRole.DOWN);

    private final Resources resources;
    private final ModelConfig config;
    private final List<TensorSpec> specs;
    private final FrozenWeights frozen; // null if all weights are trained
    private final Map<TensorSpec, TrainingTensor> tensors = new LinkedHashMap<>(); // without frozen matrices
    private final Map<TensorSpec, LowRankAdapter.Pair> adapters = new LinkedHashMap<>(); // of frozen matrices
    private final float scale; // of the adapters
    private final Rotation rotation; // of all layers

    /** Creates the parameters of a model that is trained as a whole. */
    public Assembly(Resources resources, ModelConfig config, List<TensorSpec> specs) {
        this.resources = resources;
        this.config = config;
        this.specs = specs;
        frozen = null;
        scale = 0;
        specs.forEach(spec -> tensors.put(spec, TrainingTensor.of(spec)));
        rotation = new Rotation(resources, config.rope());
    }

    /**
     * Creates the adapters of a model whose weights are frozen.
     *
     * @throws IllegalArgumentException if the rank is larger than a matrix
     */
    public Assembly(
            Resources resources, ModelConfig config, List<TensorSpec> specs, FrozenWeights frozen, NewAdapter adapter) {
        this.resources = resources;
        this.config = config;
        this.specs = specs;
        this.frozen = frozen;
        scale = (float) (adapter.alpha() / adapter.rank());
        for (TensorSpec spec : specs) {
            if (spec.shape().size() == 1) {
                TrainingTensor vector = TrainingTensor.frozen(spec);
                frozen.read(spec, vector.value());
                tensors.put(spec, vector);
            }
        }
        for (TensorSpec spec : adapted(specs)) {
            checkRank(spec, adapter.rank());
            adapters.put(spec, new LowRankAdapter.Pair(
                    TrainingTensor.of(adapter.a(spec)), TrainingTensor.of(adapter.b(spec))));
        }
        rotation = new Rotation(resources, config.rope());
    }

    /** Returns the matrices that get an adapter. */
    public static List<TensorSpec> adapted(List<TensorSpec> specs) {
        return specs.stream().filter(spec -> ADAPTED.contains(spec.role())).toList();
    }

    private static void checkRank(TensorSpec spec, int rank) {
        long max = Math.max(spec.shape().getFirst(), spec.shape().getLast());
        if (rank > max) {
            throw new IllegalArgumentException(
                    "rank: expected at most " + max + ", the larger side of " + spec.name() + ", found " + rank);
        }
    }

    /** Returns all trained parameters in the order of the specifications. */
    public List<TrainingTensor> parameters() {
        return frozen == null
                ? List.copyOf(tensors.values())
                : adapters.values().stream().flatMap(pair -> Stream.of(pair.a(), pair.b())).toList();
    }

    /** Returns the embedding of ids. */
    public TrainingEmbedding embedding() {
        return frozen == null
                ? new TrainingEmbedding(only(TensorRole.EMBEDDING, NO_LAYER))
                : new TrainingEmbedding(frozen.matrix(specs(TensorRole.EMBEDDING, NO_LAYER).getFirst()));
    }

    /** Returns the layers from first to last. */
    public List<TrainingBlock> blocks() {
        return IntStream.range(0, config.sizes().layers()).mapToObj(this::block).toList();
    }

    /** Returns the last norm, the output matrix and the loss. */
    public OutputLayer output() {
        boolean tied = specs(TensorRole.OUTPUT, NO_LAYER).isEmpty();
        return new OutputLayer(
                resources, norm(TensorRole.OUTPUT_NORM, NO_LAYER),
                linear(tied ? TensorRole.EMBEDDING : TensorRole.OUTPUT, null, NO_LAYER));
    }

    private TrainingBlock block(int layer) {
        AttentionConfig attention = config.attention();
        TrainingTensor headGain = only(TensorRole.HEAD_NORM, layer);
        TrainingNorm headNorm =
                headGain == null
                        ? null
                        : new TrainingNorm(resources, attention.valueDim(), ModelConfig.Norms.HEAD_EPSILON, headGain,
                                1);
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
                    resources, sizes, layer, projection, vectorNorm(TensorRole.QUERY_NORM, sizes, layer),
                    vectorNorm(TensorRole.KEY_NORM, sizes, layer),
                    sizes.options().unrotated().contains(layer) ? null : rotation);
            case SteppedConfig sizes -> new SteppedHeads(
                    resources, sizes, projection, only(TensorRole.QUERY_NORM, layer),
                    only(TensorRole.SOFTMAX_SCALE, layer), rotation);
            case LatentConfig sizes -> new LatentHeads(
                    resources, sizes, projection, linear(TensorRole.QUERY_UP, null, layer),
                    linear(TensorRole.KEY_VALUE_UP, null, layer),
                    only(TensorRole.QUERY_LATENT_NORM, layer), only(TensorRole.LATENT_NORM, layer), rotation);
            default -> throw new IllegalArgumentException("training: unsupported attention: " + attention);
        };
    }

    private TrainingNorm vectorNorm(TensorRole role, GroupedQueryConfig sizes, int layer) {
        TrainingTensor gain = only(role, layer);
        return gain == null
                ? null
                : new TrainingNorm(resources, sizes.headDim(), sizes.options().normEpsilon(), gain, 1);
    }

    /** Returns a norm of the residual stream. */
    private TrainingNorm norm(TensorRole role, int layer) {
        return new TrainingNorm(resources, config.sizes().width(), config.norms().epsilon(), only(role, layer), 1);
    }

    /** Returns a layer with all matrices of {@code role} and the biases of {@code biasRole}, if the model has them. */
    private LinearLayer linear(TensorRole role, TensorRole biasRole, int layer) {
        if (frozen == null) {
            return new LinearLayer(resources, all(role, layer), all(biasRole, layer));
        }
        List<TensorSpec> matrices = specs(role, layer);
        List<LowRankAdapter.Pair> pairs = matrices.stream().map(adapters::get).filter(Objects::nonNull).toList();
        return new LinearLayer(
                resources, matrices.stream().map(frozen::matrix).toList(), all(biasRole, layer),
                pairs.isEmpty() ? null : new LowRankAdapter(resources, pairs, scale));
    }

    private List<TensorSpec> specs(TensorRole role, int layer) {
        return specs.stream().filter(spec -> spec.role() == role && spec.layer() == layer).toList();
    }

    /** Returns the tensors of a role that are in arrays: all, or only vectors if the model is frozen. */
    private List<TrainingTensor> all(TensorRole role, int layer) {
        return specs(role, layer).stream().map(tensors::get).toList();
    }

    /** Returns the only tensor of a role, or null if the model has none. */
    private TrainingTensor only(TensorRole role, int layer) {
        List<TrainingTensor> all = all(role, layer);
        return all.isEmpty() ? null : all.getFirst();
    }
}
