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
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Shape of a new model of the Llama family, with every key of config.json that affects results. */
public record LlamaPreset(Map<String, Object> config, VariantJson variant) implements NewModel {
    private static final int MAX_LAYERS = 1 << 12;

    /** Returns true if a config.json describes a model of these types. */
    public static boolean describes(Map<String, Object> config) {
        return Arrays.stream(LlamaType.values()).anyMatch(type -> type.word().equals(config.get("model_type")));
    }

    /** Returns Qwen3-MoE of 30.5 billion weights; a token reads 3 billion of them. */
    public static LlamaPreset qwen3Moe() {
        Map<String, Object> config = sizes("qwen3_moe", 48, 2048, 6144, 40_960, 151_936);
        config.putAll(Map.of(
                "architectures", List.of("Qwen3MoeForCausalLM"), "num_attention_heads", 32L, "num_key_value_heads", 4L,
                "head_dim", 128L, "rope_theta", 1_000_000.0, "rms_norm_eps", 1e-6, "hidden_act", "silu",
                "tie_word_embeddings", false));
        config.putAll(Map.of(
                "num_experts", 128L, "num_experts_per_tok", 8L, "moe_intermediate_size", 768L, "norm_topk_prob", true,
                "decoder_sparse_step", 1L, "mlp_only_layers", List.of()));
        config.putAll(Map.of("bos_token_id", 151_643L, "eos_token_id", 151_645L));
        return new LlamaPreset(config, VariantJson.none());
    }

    /** Returns Gemma 3 of 270 million weights. */
    public static LlamaPreset gemma270m() {
        return gemma(18, 640, 2048, 32_768, 262_144);
    }

    /** Returns Gemma 3 of a billion weights. */
    public static LlamaPreset gemma1b() {
        return gemma(26, 1152, 6912, 32_768, 262_144);
    }

    /** Returns SmolLM2 of 135 million weights. */
    public static LlamaPreset smolLm2() {
        Map<String, Object> config = sizes("llama", 30, 576, 1536, 8192, 49_152);
        config.putAll(Map.of(
                "architectures", List.of("LlamaForCausalLM"), "num_attention_heads", 9L, "num_key_value_heads", 3L,
                "rope_theta", 100_000.0, "rms_norm_eps", 1e-5, "hidden_act", "silu", "bos_token_id", 1L,
                "eos_token_id", 2L));
        return new LlamaPreset(config, VariantJson.none());
    }

    /** Returns Qwen3 of 600 million weights. */
    public static LlamaPreset qwen3() {
        Map<String, Object> config = sizes("qwen3", 28, 1024, 3072, 40_960, 151_936);
        config.putAll(Map.of(
                "architectures", List.of("Qwen3ForCausalLM"), "num_attention_heads", 16L, "num_key_value_heads", 8L,
                "head_dim", 128L, "rope_theta", 1_000_000.0, "rms_norm_eps", 1e-6, "hidden_act", "silu",
                "bos_token_id", 151_643L, "eos_token_id", 151_645L));
        return new LlamaPreset(config, VariantJson.none());
    }

    private static LlamaPreset gemma(long layers, long width, long hidden, long context, long vocabulary) {
        Map<String, Object> config = sizes("gemma3_text", layers, width, hidden, context, vocabulary);
        config.putAll(Map.of(
                "architectures", List.of("Gemma3ForCausalLM"), "num_attention_heads", 4L, "num_key_value_heads", 1L,
                "head_dim", 256L, "query_pre_attn_scalar", 256L, "sliding_window", 512L,
                "hidden_activation", "gelu_pytorch_tanh", "rope_theta", 1_000_000.0, "rope_local_base_freq", 10_000.0,
                "layer_types", IntStream.range(0, (int) layers)
                        .mapToObj(layer -> (layer + 1) % 6 == 0 ? LlamaLayers.FULL : LlamaLayers.SLIDING).toList()));
        config.putAll(Map.of("rms_norm_eps", 1e-6, "bos_token_id", 2L, "eos_token_id", List.of(1L, 106L)));
        return new LlamaPreset(config, VariantJson.none());
    }

    /** Returns Phi-4-mini of 3.8 billion weights; its lists of longrope are made up. */
    public static LlamaPreset phi4Mini() {
        Map<String, Object> config = sizes("phi3", 32, 3072, 8192, 131_072, 200_064);
        config.putAll(Map.of(
                "architectures", List.of("Phi3ForCausalLM"), "num_attention_heads", 24L, "num_key_value_heads", 8L,
                "partial_rotary_factor", 0.75, "original_max_position_embeddings", 4096L, "sliding_window", 262_144L,
                "rope_theta", 10_000.0, "rms_norm_eps", 1e-5, "hidden_act", "silu", "rope_scaling", Map.of(
                        "type", "longrope", "short_factor", Collections.nCopies(48, 1.0), "long_factor",
                        IntStream.range(0, 48).mapToObj(i -> 1 + i * 1.0).toList())));
        config.putAll(Map.of("bos_token_id", 199_999L, "eos_token_id", List.of(200_020L, 199_999L)));
        return new LlamaPreset(config, VariantJson.none());
    }

    private static Map<String, Object> sizes(
            String type, long layers, long width, long hidden, long context, long vocabulary) {
        return new TreeMap<>(Map.of(
                "model_type", type, "num_hidden_layers", layers, "hidden_size", width, "intermediate_size", hidden,
                "max_position_embeddings", context, "vocab_size", vocabulary, "tie_word_embeddings", true));
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
