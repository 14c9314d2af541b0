package io.github.t6j.family.olala;

import io.github.t6j.attention.TensorRole;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.NewModel;
import io.github.t6j.family.VariantJson;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.weights.DType;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Shape of a new Olala model, with every key of config.json that affects results. */
public record OlalaPreset(Map<String, Object> config, VariantJson variant) implements NewModel {
    private static final String ROUND = "MMMMV";

    /** Returns true if a config.json describes an Olala model. */
    public static boolean describes(Map<String, Object> config) {
        return config.get("layers_config") instanceof String;
    }

    /** Returns Olala 7A1B: 6.8 billion weights, of which a token reads a billion. */
    public static OlalaPreset of7A1B() {
        Map<String, Object> config = common(ROUND.repeat(7) + "M", 1536, 151_936);
        config.putAll(Map.of(
                "num_attention_heads", 48L, "num_signal_heads_diff", 36L, "head_dim", 128L, "tpa_rank", 4L,
                "softcap_attn", 150.0, "slw_wsize", 32_768L, "max_position_embeddings", 32_768L));
        config.putAll(Map.of("mamba_d_state", 128L, "mamba_headdim", 64L, "mamba_mimo_dim", 4L));
        config.putAll(Map.of(
                "moe_num_routed_experts", 256L, "moe_num_active_experts", 6L, "moe_routed_input_dim", 384L,
                "moe_routed_intermediate_size", 768L, "moe_shared_intermediate_size", 1536L));
        return new OlalaPreset(config, VariantJson.none());
    }

    /** Returns a model of the same kind with a few million weights. */
    public static OlalaPreset nano() {
        Map<String, Object> config = common(ROUND, 128, 4096);
        config.putAll(Map.of(
                "num_attention_heads", 8L, "num_signal_heads_diff", 6L, "head_dim", 32L, "tpa_rank", 4L,
                "softcap_attn", 150.0, "slw_wsize", 1024L, "max_position_embeddings", 2048L));
        config.putAll(Map.of("mamba_d_state", 32L, "mamba_headdim", 32L, "mamba_mimo_dim", 4L));
        config.putAll(Map.of(
                "moe_num_routed_experts", 16L, "moe_num_active_experts", 2L, "moe_routed_input_dim", 64L,
                "moe_routed_intermediate_size", 96L, "moe_shared_intermediate_size", 128L));
        return new OlalaPreset(config, VariantJson.none());
    }

    private static Map<String, Object> common(String layers, long width, long vocabulary) {
        Map<String, Object> config = new TreeMap<>();
        config.put("architectures", List.of("OlalaForCausalLM"));
        config.put("model_type", "olala");
        config.put("layers_config", layers);
        config.put("num_hidden_layers", (long) layers.length());
        config.put("hidden_size", width);
        config.put("vocab_size", vocabulary);
        for (String on : List.of(
                "qk_norm", "token_shift_attn", "scalable_softmax", "use_completed_p", "gate_attn", "zero_centered_gate",
                "zero_centered_gamma", "geodesic_update", "normalize_embeddings_ngpt", "mamba3_remove_conv", "moe")) {
            config.put(on, true);
        }
        for (String off : List.of("mixer_gn", "final_norm", "tie_lm_head", "mamba3_postgate_norm")) {
            config.put(off, false);
        }
        config.put("norm_epsilon", 1e-6);
        config.put("moe_routed_scaling_factor", 2.5);
        config.put("bos_token_id", vocabulary - 293);
        config.put("eos_token_id", vocabulary - 291);
        return config;
    }

    @Override
    public Map<String, Object> configJson(String torchType) {
        Map<String, Object> keys = new TreeMap<>(config);
        keys.put("torch_dtype", torchType);
        return keys;
    }

    @Override
    public float gain() {
        return new ConfigJson(config, "config.json").flag("zero_centered_gamma", false) ? 0f : 1f;
    }

    /**
     * Returns the types of the published quantised files: rows of the latent's width have no whole blocks of K-quants, so
     * the experts' first matrices are q8_0, and the matrix out of the latent is bf16.
     */
    @Override
    public DType storedType(TensorSpec tensor, DType asked) {
        boolean isKQuant = asked.isQuantized() && asked.blockSize() == 256;
        if (isKQuant && tensor.role() == TensorRole.EXPERT_GATE_UP) {
            return DType.Q8_0;
        }
        return isKQuant && tensor.role() == TensorRole.EXPERT_LATENT_UP
                ? DType.BF16
                : NewModel.super.storedType(tensor, asked);
    }

    @Override
    public OlalaPreset with(Map<String, Object> newConfig, VariantJson newVariant) {
        return new OlalaPreset(newConfig, newVariant);
    }

    @Override
    public List<TensorSpec> tensors() {
        return new OlalaFamily().tensors(new OlalaReader(new ConfigJson(config, "config.json"), variant).read());
    }
}
