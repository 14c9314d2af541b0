package io.github.t6j.family.llama;

import io.github.t6j.attention.Rope;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.NewModel;
import io.github.t6j.family.VariantJson;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.TensorSpec;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Shape of a new model of the Llama family, with every key of config.json that affects results. */
public record LlamaPreset(Map<String, Object> config, VariantJson variant) implements NewModel {
    private static final int MAX_LAYERS = 1 << 12;

    /** Returns true if a config.json describes a model of these types. */
    public static boolean describes(Map<String, Object> config) {
        return Arrays.stream(LlamaType.values()).anyMatch(type -> type.word().equals(config.get("model_type")));
    }

    @Override
    public Map<String, Object> configJson(String torchType) {
        Map<String, Object> json = new TreeMap<>(config);
        json.put("torch_dtype", torchType);
        return json;
    }

    @Override
    public LlamaPreset with(Map<String, Object> newConfig, VariantJson newVariant) {
        return new LlamaPreset(newConfig, newVariant);
    }

    @Override
    public float gain() {
        return family() instanceof GemmaFamily ? 0f : 1f;
    }

    private ConfigJson json() {
        return new ConfigJson(config, "config.json");
    }

    private LlamaType type() {
        return LlamaType.of(json());
    }

    private LlamaFamily family() {
        return switch (type()) {
            case GEMMA2, GEMMA3_TEXT -> new GemmaFamily();
            case PHI3 -> new Phi3Family();
            default -> new LlamaFamily();
        };
    }

    @Override
    public List<TensorSpec> tensors() {
        LlamaReader.refuseOthers(variant);
        LlamaType type = type();
        LlamaFamily family = family();
        int heads = size("num_attention_heads");
        int layers = size("num_hidden_layers");
        int width = size("hidden_size");
        if (layers > MAX_LAYERS) {
            throw json().wrong("num_hidden_layers", "at most " + MAX_LAYERS, layers);
        }
        if (width < heads && !json().has("head_dim")) {
            throw json().wrong("hidden_size", "at least num_attention_heads, " + heads, width);
        }
        ModelConfig.Experts experts = LlamaExperts.described(json(), type, layers);
        boolean areAllExperts = experts != null && experts.layers().size() == layers;
        List<TensorSpec> specs = family.tensors(new ModelConfig(
                family.name(), type.word(),
                new ModelConfig.Sizes(
                        size("vocab_size"), layers, width, areAllExperts ? experts.hidden() : size("intermediate_size"),
                        json().optional("max_position_embeddings", type.contextLength)),
                new GroupedQueryConfig(
                        heads, json().optional("head_dim", width / heads),
                        json().optional("num_key_value_heads", heads)),
                false, new Rope.Config(0, 0f, Rope.Form.OFFICIAL), new ModelConfig.Norms(0f, false), experts,
                optional(type), List.of(), ModelConfig.Scales.PLAIN, ModelConfig.NO_IMAGE));
        return type == LlamaType.MIXTRAL ? specs.stream().map(LlamaPreset::named).toList() : specs;
    }

    private Set<TensorRole> optional(LlamaType type) {
        Set<TensorRole> optional = EnumSet.noneOf(TensorRole.class);
        if (json().flag("attention_bias", type == LlamaType.QWEN2)) {
            optional.add(TensorRole.PROJECTION_BIAS);
        }
        if (json().flag("attention_bias", false)) {
            optional.add(TensorRole.ATTENTION_OUTPUT_BIAS);
        }
        if (json().flag("mlp_bias", false)) {
            optional.addAll(List.of(TensorRole.GATE_UP_BIAS, TensorRole.DOWN_BIAS));
        }
        if (type.normsHeads()) {
            optional.addAll(List.of(TensorRole.QUERY_NORM, TensorRole.KEY_NORM));
        }
        if (!json().flag("tie_word_embeddings", type.tied)) {
            optional.add(TensorRole.OUTPUT);
        }
        return optional;
    }

    /** Returns a tensor of an expert under its other name, which Mixtral's files have. */
    private static TensorSpec named(TensorSpec spec) {
        return switch (spec.role()) {
            case ROUTER, EXPERT_GATE_UP, EXPERT_DOWN ->
                new TensorSpec(spec.alias(), spec.name(), spec.shape(), spec.role(), spec.layer());
            default -> spec;
        };
    }

    private int size(String key) {
        return json().required(key, "a size of the new model");
    }
}
