package io.github.t6j.family.llama;

import static io.github.t6j.attention.TensorRole.EXPERT_DOWN;
import static io.github.t6j.attention.TensorRole.EXPERT_GATE_UP;
import static io.github.t6j.attention.TensorRole.ROUTER;

import io.github.t6j.ModelFormatException;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.TensorSpec;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Experts of Qwen3-MoE and Mixtral. Tensors have Qwen3-MoE's names; Mixtral's names are aliases. In a Qwen3-MoE model,
 * some layers may be dense.
 */
final class LlamaExperts {
    /** Limit of the experts of all layers of a new model; Qwen3-30B-A3B has 6144. */
    private static final long MAX_EXPERTS = 1 << 18;

    /** Names of the routers, in a layer. */
    private static final List<String> ROUTERS = List.of("mlp.gate.weight", "block_sparse_moe.gate.weight");

    /** Tensors that hold all experts of a layer, as transformers 5 keeps them in memory. */
    private static final List<String> STACKED = List.of("mlp.experts.gate_up_proj", "mlp.experts.down_proj");

    private final NamedTensors tensors;
    private final ConfigJson config;
    private final LlamaType type;
    private final int layers;

    LlamaExperts(NamedTensors tensors, ConfigJson config, LlamaType type, int layers) {
        this.tensors = tensors;
        this.config = config;
        this.type = type;
        this.layers = layers;
    }

    /**
     * Returns the experts of a checkpoint, or null if its type has none. Tensors give their numbers and sizes.
     */
    ModelConfig.Experts read() {
        if (!type.hasExperts()) {
            return null;
        }
        checkLayers();
        boolean isMixtral = type == LlamaType.MIXTRAL;
        int layer = withRouter().first();
        int count = Math.toIntExact(tensors.matrix(router(layer)).rowCount());
        long matrices = 3L * count * withRouter().size();
        if (matrices > tensors.count()) {
            throw new ModelFormatException(tensors.where() + ": expected " + matrices + " matrices of " + count
                    + " experts, one for each row of " + router(layer) + ", found only " + tensors.count()
                    + " tensors");
        }
        String gate = LlamaNames.layer(
                layer, isMixtral ? "block_sparse_moe.experts.0.w1.weight" : "mlp.experts.0.gate_proj.weight");
        int hidden = Math.toIntExact(tensors.matrix(gate).rowCount());
        config.check(isMixtral ? "num_local_experts" : "num_experts", count, "the rows of the router");
        config.check(isMixtral ? "intermediate_size" : "moe_intermediate_size", hidden, "the rows of " + gate);
        return experts(config, type, count, hidden, withRouter());
    }

    /** Returns the experts that config.json describes for a new model, or null if its type has none. */
    static ModelConfig.Experts described(ConfigJson config, LlamaType type, int layers) {
        if (!type.hasExperts()) {
            return null;
        }
        boolean isMixtral = type == LlamaType.MIXTRAL;
        String why = "a size of the new model";
        String key = isMixtral ? "num_local_experts" : "num_experts";
        int count = config.required(key, why);
        if ((long) count * layers > MAX_EXPERTS) {
            throw config.wrong(key, "at most " + MAX_EXPERTS / layers + " in each of " + layers + " layers", count);
        }
        return experts(
                config, type, count,
                config.required(isMixtral ? "intermediate_size" : "moe_intermediate_size", why),
                layers(config, type, layers));
    }

    private static ModelConfig.Experts experts(
            ConfigJson config, LlamaType type, int count, int hidden, SortedSet<Integer> layers) {
        boolean isMixtral = type == LlamaType.MIXTRAL;
        int used = config.optional("num_experts_per_tok", isMixtral ? 2 : 8);
        if (used > count) {
            throw config.wrong("num_experts_per_tok", "at most the number of experts, " + count, used);
        }
        return new ModelConfig.Experts(
                count, used, hidden, isMixtral || config.flag("norm_topk_prob", false), layers);
    }

    /** Returns the layers that have experts by config.json. */
    private static SortedSet<Integer> layers(ConfigJson config, LlamaType type, int layers) {
        int step = config.optional("decoder_sparse_step", 1);
        return which(layers, layer -> type == LlamaType.MIXTRAL
                || !config.list("mlp_only_layers").contains((long) layer) && (layer + 1) % step == 0);
    }

    private static SortedSet<Integer> which(int layers, IntPredicate layer) {
        return IntStream.range(0, layers).filter(layer).boxed().collect(Collectors.toCollection(TreeSet::new));
    }

    private SortedSet<Integer> withRouter() {
        return which(layers, layer -> router(layer) != null);
    }

    private String router(int layer) {
        return ROUTERS.stream().map(name -> LlamaNames.layer(layer, name)).filter(tensors::has).findFirst()
                .orElse(null);
    }

    /** Compares the layers that have a router with config.json. */
    private void checkLayers() {
        SortedSet<Integer> expected = layers(config, type, layers);
        SortedSet<Integer> found = withRouter();
        if (found.isEmpty() || !found.equals(expected)) {
            throw new ModelFormatException(tensors.where() + ": expected routers (" + String.join(" or ", ROUTERS)
                    + ") in the layers " + expected + ", as config.json describes this " + type.word()
                    + " model, found them in " + found);
        }
        for (String name : STACKED) {
            if (tensors.has(LlamaNames.layer(found.first(), name))) {
                throw ModelFormatException.unsupported(tensors.where() + ": " + LlamaNames.layer(found.first(), name)
                        + ": expected a tensor for each matrix of each expert, found all experts in one: save the model"
                        + " with transformers 4, or convert it to GGUF");
            }
        }
    }

    /** Returns true if a matrix is a router. */
    static boolean isRouter(String name) {
        return ROUTERS.stream().anyMatch(name::endsWith);
    }

    /** Adds the tensors of a layer's router and experts. */
    static void add(int layer, ModelConfig config, List<TensorSpec> specs) {
        ModelConfig.Experts experts = config.experts();
        long width = config.sizes().width();
        add(layer, ROUTER, ROUTERS.get(0), ROUTERS.get(1), specs, experts.count(), width);
        for (int expert = 0; expert < experts.count(); expert++) {
            String name = "mlp.experts." + expert + ".";
            String alias = "block_sparse_moe.experts." + expert + ".";
            long hidden = experts.hidden();
            add(layer, EXPERT_GATE_UP, name + "gate_proj.weight", alias + "w1.weight", specs, hidden, width);
            add(layer, EXPERT_GATE_UP, name + "up_proj.weight", alias + "w3.weight", specs, hidden, width);
            add(layer, EXPERT_DOWN, name + "down_proj.weight", alias + "w2.weight", specs, width, hidden);
        }
    }

    private static void add(
            int layer, TensorRole role, String name, String alias, List<TensorSpec> specs, long rows, long columns) {
        specs.add(new TensorSpec(LlamaNames.layer(layer, name), LlamaNames.layer(layer, alias),
                List.of(rows, columns), role, layer));
    }
}
