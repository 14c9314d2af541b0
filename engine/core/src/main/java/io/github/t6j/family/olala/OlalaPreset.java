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
import java.util.function.Function;

/** Shape of a new Olala model, with every key of config.json that affects results. */
public record OlalaPreset(Map<String, Object> config, VariantJson variant) implements NewModel {
    private static final String ROUND = "MMMMV";

    /** A size by its key in config.json, of Olala 7A1B and of the small model. */
    private record Size(String key, long of7A1B, long nano) {}

    private static final List<Size> SIZES = List.of(
            new Size("hidden_size", 1536, 128), new Size("vocab_size", 151_936, 4096),
            new Size("max_position_embeddings", 32_768, 2048), new Size("slw_wsize", 32_768, 1024),
            new Size("num_attention_heads", 48, 8), new Size("num_signal_heads_diff", 36, 6),
            new Size("head_dim", 128, 32), new Size("tpa_rank", 4, 4),
            new Size("mamba_d_state", 128, 32), new Size("mamba_headdim", 64, 32), new Size("mamba_mimo_dim", 4, 4),
            new Size("moe_num_routed_experts", 256, 16), new Size("moe_num_active_experts", 6, 2),
            new Size("moe_routed_input_dim", 384, 64), new Size("moe_routed_intermediate_size", 768, 96),
            new Size("moe_shared_intermediate_size", 1536, 128));

    /** Returns true if a config.json describes an Olala model. */
    public static boolean describes(Map<String, Object> config) {
        return config.get("layers_config") instanceof String;
    }

    /** Returns Olala 7A1B: 6.8 billion weights, of which a token reads a billion. */
    public static OlalaPreset of7A1B() {
        return of(ROUND.repeat(7) + "M", Size::of7A1B);
    }

    /** Returns a model of the same kind with a few million weights. */
    public static OlalaPreset nano() {
        return of(ROUND, Size::nano);
    }

    private static OlalaPreset of(String layers, Function<Size, Long> sizes) {
        Map<String, Object> config = new TreeMap<>();
        config.put("architectures", List.of("OlalaForCausalLM"));
        config.put("model_type", "olala");
        config.put("layers_config", layers);
        config.put("num_hidden_layers", (long) layers.length());
        SIZES.forEach(size -> config.put(size.key, sizes.apply(size)));
        for (String on : List.of(
                "qk_norm", "token_shift_attn", "scalable_softmax", "use_completed_p", "gate_attn", "zero_centered_gate",
                "zero_centered_gamma", "geodesic_update", "normalize_embeddings_ngpt", "mamba3_remove_conv", "moe")) {
            config.put(on, true);
        }
        for (String off : List.of("mixer_gn", "final_norm", "tie_lm_head", "mamba3_postgate_norm")) {
            config.put(off, false);
        }
        config.putAll(Map.of("norm_epsilon", 1e-6, "moe_routed_scaling_factor", 2.5, "softcap_attn", 150.0));
        long vocabulary = (Long) config.get("vocab_size");
        config.put("bos_token_id", vocabulary - 293);
        config.put("eos_token_id", vocabulary - 291);
        return new OlalaPreset(config, VariantJson.none());
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
