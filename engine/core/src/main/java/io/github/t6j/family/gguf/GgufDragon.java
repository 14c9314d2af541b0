package io.github.t6j.family.gguf;

import io.github.t6j.weights.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Keys and names of GGUF files of the architecture dragon, Olala's, in the form of Hugging Face. Files store whole gains of
 * norms. What no key states is what llama.cpp assumes. By default its reading of the window holds, too: the window limits
 * the logarithm of the scalable softmax and masks nothing; t6j.json can ask for Hugging Face's.
 *
 * @param keys keys of the file
 * @param config keys of config.json, to which these are added
 */
record GgufDragon(GgufConfig keys, Map<String, Object> config) {
    static final String ARCHITECTURE = "dragon";

    private static final Pattern BLOCK = Pattern.compile("blk\\.(\\d+)\\.(\\w+?)(?:\\.weight|\\.bias)?");

    private static final Map<String, String> OUTER = Map.of(
            "token_embd.weight", "model.embedding.weight",
            "output_norm.weight", "model.final_norm.norm.weight",
            "output.weight", "lm_head.weight");

    private static final Map<String, String> OF_A_BLOCK = Map.ofEntries(
            Map.entry("attn_q", "mixer.c_q.weight"),
            Map.entry("attn_wa_k", "mixer.W_A_k.weight"),
            Map.entry("attn_wa_v", "mixer.W_A_v.weight"),
            Map.entry("attn_wb_k", "mixer.W_B_k.weight"),
            Map.entry("attn_wb_v", "mixer.W_B_v.weight"),
            Map.entry("attn_shift_k", "mixer.shift_proj_k.weight"),
            Map.entry("attn_shift_v", "mixer.shift_proj_v.weight"),
            Map.entry("attn_lambda", "mixer.lambda_proj.weight"),
            Map.entry("attn_softmax_scaler", "mixer.softmax_scaler"),
            Map.entry("attn_q_norm", "mixer.q_norm.norm.weight"),
            Map.entry("attn_k_norm", "mixer.k_norm.norm.weight"),
            Map.entry("attn_gate", "gate_proj.weight"),
            Map.entry("attn_output", "mixer_proj.weight"),
            Map.entry("ssm_in", "mixer.in_proj.weight"),
            Map.entry("ssm_in_dyn", "mixer.in_proj_dyn.weight"),
            Map.entry("ssm_b_norm", "mixer.B_norm.norm.weight"),
            Map.entry("ssm_c_norm", "mixer.C_norm.norm.weight"),
            Map.entry("ssm_b_bias", "mixer.B_bias"),
            Map.entry("ssm_c_bias", "mixer.C_bias"),
            Map.entry("ssm_dt_bias", "mixer.dt_bias"),
            Map.entry("ssm_d", "mixer.D"),
            Map.entry("ssm_mimo_x", "mixer.in_proj_mimo_x"),
            Map.entry("ssm_mimo_z", "mixer.in_proj_mimo_z"),
            Map.entry("ssm_mimo_o", "mixer.out_proj_mimo"),
            Map.entry("geo_mixer_scale", "geodesic_mixer.scale"),
            Map.entry("geo_mixer_bias", "geodesic_mixer.bias"),
            Map.entry("geo_mlp_scale", "geodesic_mlp.scale"),
            Map.entry("geo_mlp_bias", "geodesic_mlp.bias"),
            Map.entry("ffn_gate_inp", "mlp.moe_gate.weight"),
            Map.entry("exp_probs_b", "mlp.expert_bias"),
            Map.entry("ffn_latent_down", "mlp.down_proj.weight"),
            Map.entry("ffn_latent_up", "mlp.up_proj.weight"),
            Map.entry("ffn_up_exps", "mlp.experts.experts.weight"),
            Map.entry("ffn_down_exps", "mlp.experts.output_experts.weight"),
            Map.entry("ffn_up_shexp", "mlp.shared_experts.fc_1.weight"),
            Map.entry("ffn_down_shexp", "mlp.shared_experts.fc_2.weight"));

    /** Returns true for a tensor that repeats others, packed for GPUs. */
    static boolean isRepeated(String name) {
        return name.contains(".ssm_m3_");
    }

    /** Returns the name of a tensor at Hugging Face, or null for an unknown one. */
    static String name(String stored) {
        Matcher block = BLOCK.matcher(stored);
        String inBlock = block.matches() ? OF_A_BLOCK.get(block.group(2)) : null;
        return inBlock == null ? OUTER.get(stored) : "model.layers." + block.group(1) + "." + inBlock;
    }

    void add(Map<String, Tensor> tensors) {
        config.put("model_type", "olala");
        config.put("architectures", List.of("OlalaForCausalLM"));
        sizes(tensors);
        fixed();
        attention();
        mamba();
        experts();
    }

    private void sizes(Map<String, Tensor> tensors) {
        config.put("hidden_size", keys.whole("embedding_length"));
        config.put("num_hidden_layers", keys.blocks());
        config.put("layers_config", keys.required("layer_types", String.class, "a letter for each layer"));
        config.put("max_position_embeddings", keys.whole("context_length"));
        config.put("norm_epsilon",
                keys.required("attention.layer_norm_rms_epsilon", Number.class, "a number").doubleValue());
        if (tensors.get("token_embd.weight") instanceof Tensor embedding) {
            config.put("vocab_size", embedding.shape().getFirst());
        }
        config.put("tie_lm_head", !tensors.containsKey("output.weight"));
    }

    /** Adds what llama.cpp fixes. */
    private void fixed() {
        for (String on : List.of(
                "use_completed_p", "token_shift_attn", "qk_norm", "scalable_softmax", "normalize_embeddings_ngpt",
                "moe")) {
            config.put(on, true);
        }
        config.put("mixer_gn", false);
        config.put("zero_centered_gamma", false); // the file's gains are whole
        config.put("geodesic_update", flag("geodesic_update", true));
        config.put("final_norm", flag("final_norm", false));
    }

    private boolean flag(String key, boolean absent) {
        Boolean found = keys.optional(key, Boolean.class, "true or false");
        return found == null ? absent : found;
    }

    private void attention() {
        config.put("num_attention_heads", keys.whole("attention.head_count"));
        config.put("num_signal_heads_diff", keys.whole("num_signal_heads"));
        config.put("head_dim", keys.whole("attention.key_length"));
        config.put("tpa_rank", keys.whole("tpa_rank"));
        config.put("softcap_attn", keys.number("attn_logit_softcapping", 0));
        config.put("slw_wsize", (long) keys.number("attention.sliding_window", -1));
        config.put("gate_attn", flag("gate_attn", true));
        double bias = keys.number("gate_bias", 0);
        if (bias != 0 && Math.abs(bias - 1.15) > 1e-6) {
            throw keys.wrong(keys.key("gate_bias"), "0 or 1.15", bias).asUnsupported();
        }
        config.put("zero_centered_gate", bias != 0);
    }

    private void mamba() {
        config.put("mamba_d_state", keys.whole("ssm.state_size", 128));
        config.put("mamba_headdim", keys.whole("mamba_headdim", 64));
        config.put("mamba_mimo_dim", keys.whole("mamba_mimo_dim", 4));
        config.put("mamba_ngroups", keys.whole("ssm.group_count", 1));
    }

    private void experts() {
        config.put("moe_num_routed_experts", keys.whole("expert_count"));
        config.put("moe_num_active_experts", keys.whole("expert_used_count"));
        config.put("moe_routed_input_dim", (long) keys.number("moe_latent_size", 0));
        config.put("moe_routed_intermediate_size", expertWidth());
        config.put("moe_shared_intermediate_size", (long) keys.number("expert_shared_feed_forward_length", 0));
        config.put("moe_routed_scaling_factor", keys.number("expert_weights_scale", 1));
        if (keys.whole("expert_gating_func", 2) != 2) {
            throw keys.wrong(keys.key("expert_gating_func"), "2, a sigmoid", keys.whole("expert_gating_func", 2))
                    .asUnsupported();
        }
    }

    /** Returns the width of an expert; newer files state it for each block. */
    private long expertWidth() {
        Object found = keys.required("expert_feed_forward_length", Object.class, "a whole number");
        if (found instanceof int[] each) {
            if (Arrays.stream(each).distinct().count() != 1 || each[0] < 1) {
                throw keys.wrong(keys.key("expert_feed_forward_length"), "the same number for all blocks",
                        Arrays.toString(each)).asUnsupported();
            }
            return each[0];
        }
        return keys.whole("expert_feed_forward_length");
    }
}
