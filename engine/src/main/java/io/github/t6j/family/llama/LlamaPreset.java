package io.github.t6j.family.llama;

import io.github.t6j.attention.Rope;
import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.family.NewModel;
import io.github.t6j.family.VariantJson;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.TensorRole;
import io.github.t6j.model.TensorSpec;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Shape of a published model in Hugging Face's layout, with every key of config.json that affects results. */
public record LlamaPreset(Map<String, Object> config, VariantJson variant) implements NewModel {
    /** Returns Gemma 3 of 270 million weights. */
    public static LlamaPreset gemma270m() {
        return gemma(18, 640, 2048, 32_768, 262_144);
    }

    /** Returns Gemma 3 of a billion weights. */
    public static LlamaPreset gemma1b() {
        return gemma(26, 1152, 6912, 32_768, 262_144);
    }

    private static LlamaPreset gemma(long layers, long width, long hidden, long context, long vocabulary) {
        Map<String, Object> config = sizes("gemma3_text", layers, width, hidden, context, vocabulary);
        config.putAll(Map.of(
                "architectures", List.of("Gemma3ForCausalLM"), "num_attention_heads", 4L, "num_key_value_heads", 1L,
                "head_dim", 256L, "query_pre_attn_scalar", 256L, "sliding_window", 512L,
                "hidden_activation", "gelu_pytorch_tanh", "rope_theta", 1_000_000.0, "rope_local_base_freq", 10_000.0,
                "layer_types", IntStream.range(0, (int) layers)
                        .mapToObj(layer -> (layer + 1) % 6 == 0 ? "full_attention" : "sliding_attention").toList()));
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

    private LlamaType type() {
        String type = (String) config.get("model_type");
        return List.of(LlamaType.values()).stream().filter(one -> one.word().equals(type)).findFirst().orElseThrow();
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
        int heads = size("num_attention_heads");
        int headDim = config.containsKey("head_dim") ? size("head_dim") : size("hidden_size") / heads;
        Set<TensorRole> optional = EnumSet.noneOf(TensorRole.class);
        if (type().normsHeads()) {
            optional.addAll(List.of(TensorRole.QUERY_NORM, TensorRole.KEY_NORM));
        }
        if (!Boolean.TRUE.equals(config.get("tie_word_embeddings"))) {
            optional.add(TensorRole.OUTPUT);
        }
        LlamaFamily family = family();
        return family.tensors(new ModelConfig(
                family.name(), type().word(),
                new ModelConfig.Sizes(size("vocab_size"), size("num_hidden_layers"), size("hidden_size"),
                        size("intermediate_size"), size("max_position_embeddings")),
                new GroupedQueryConfig(heads, headDim, size("num_key_value_heads")), false,
                new Rope.Config(0, 0f, Rope.Form.OFFICIAL), new ModelConfig.Norms(0f, true, false), optional,
                List.of()));
    }

    private int size(String key) {
        return ((Long) config.get(key)).intValue();
    }
}
