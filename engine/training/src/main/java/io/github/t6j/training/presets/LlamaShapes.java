package io.github.t6j.training.presets;

import io.github.t6j.family.VariantJson;
import io.github.t6j.family.llama.LlamaPreset;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Shapes of published models of the Llama family. */
final class LlamaShapes {
    private LlamaShapes() {}

    /** Returns Qwen3-MoE of 30.5 billion weights; a token reads 3 billion of them. */
    static LlamaPreset qwen3Moe() {
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
    static LlamaPreset gemma270m() {
        return gemma(18, 640, 2048, 32_768, 262_144);
    }

    /** Returns Gemma 3 of a billion weights. */
    static LlamaPreset gemma1b() {
        return gemma(26, 1152, 6912, 32_768, 262_144);
    }

    /** Returns SmolLM2 of 135 million weights. */
    static LlamaPreset smolLm2() {
        Map<String, Object> config = sizes("llama", 30, 576, 1536, 8192, 49_152);
        config.putAll(Map.of(
                "architectures", List.of("LlamaForCausalLM"), "num_attention_heads", 9L, "num_key_value_heads", 3L,
                "rope_theta", 100_000.0, "rms_norm_eps", 1e-5, "hidden_act", "silu", "bos_token_id", 1L,
                "eos_token_id", 2L));
        return new LlamaPreset(config, VariantJson.none());
    }

    /** Returns Qwen3 of 600 million weights. */
    static LlamaPreset qwen3() {
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
                        .mapToObj(layer -> (layer + 1) % 6 == 0 ? "full_attention" : "sliding_attention").toList()));
        config.putAll(Map.of("rms_norm_eps", 1e-6, "bos_token_id", 2L, "eos_token_id", List.of(1L, 106L)));
        return new LlamaPreset(config, VariantJson.none());
    }

    /** Returns Phi-4-mini of 3.8 billion weights; its lists of longrope are made up. */
    static LlamaPreset phi4Mini() {
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
}
