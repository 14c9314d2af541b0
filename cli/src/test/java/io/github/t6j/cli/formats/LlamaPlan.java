package io.github.t6j.cli.formats;

import io.github.t6j.cli.formats.ModelKind.Plan;
import io.github.t6j.cli.formats.ModelKind.PlannedTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** config.json and tensors of the Llama family's models, as Hugging Face's transformers have them. */
final class LlamaPlan {
    private static final int EXPERTS = 5;

    private final ModelKind kind;
    private final ModelSizes sizes;
    private final List<PlannedTensor> tensors = new ArrayList<>();

    LlamaPlan(ModelKind kind, ModelSizes sizes) {
        this.kind = kind;
        this.sizes = sizes;
    }

    private boolean tied() {
        return kind == ModelKind.QWEN2 || kind == ModelKind.QWEN3 || kind == ModelKind.SMOLLM3 || isGemma();
    }

    private boolean isGemma() {
        return kind == ModelKind.GEMMA2 || kind == ModelKind.GEMMA3;
    }

    Plan plan() {
        add("model.embed_tokens.weight", tied() ? "lm_head.weight" : null, sizes.vocabulary(), sizes.width());
        for (int layer = 0; layer < ModelKind.LAYERS; layer++) {
            layer("model.layers." + layer + ".");
        }
        add("model.norm.weight", null, sizes.width());
        if (!tied()) {
            add("lm_head.weight", null, sizes.vocabulary(), sizes.width());
        }
        return new Plan(config(), kind == ModelKind.LLAMA_AS_TPA ? Map.of("heads", "factors") : Map.of(), tensors);
    }

    private void layer(String prefix) {
        int width = sizes.width();
        int queries = sizes.heads() * sizes.headDim();
        boolean allBiases = kind == ModelKind.LLAMA_BIAS;
        boolean biases = allBiases || kind == ModelKind.QWEN2;
        add(prefix + "input_layernorm.weight", null, width);
        if (kind == ModelKind.PHI3) {
            linear(prefix + "self_attn.qkv_proj", 2 * queries, width, false);
            linear(prefix + "self_attn.o_proj", width, queries, false);
            add(prefix + "post_attention_layernorm.weight", null, width);
            linear(prefix + "mlp.gate_up_proj", 2 * sizes.hidden(), width, false);
            linear(prefix + "mlp.down_proj", width, sizes.hidden(), false);
            return;
        }
        linear(prefix + "self_attn.q_proj", queries, width, biases);
        linear(prefix + "self_attn.k_proj", queries / 2, width, biases);
        linear(prefix + "self_attn.v_proj", queries / 2, width, biases);
        if (kind == ModelKind.QWEN3 || kind == ModelKind.QWEN3_MOE || kind == ModelKind.GEMMA3) {
            add(prefix + "self_attn.q_norm.weight", null, sizes.headDim());
            add(prefix + "self_attn.k_norm.weight", null, sizes.headDim());
        }
        linear(prefix + "self_attn.o_proj", width, queries, allBiases);
        add(prefix + "post_attention_layernorm.weight", null, width);
        if (isGemma()) {
            add(prefix + "pre_feedforward_layernorm.weight", null, width);
            add(prefix + "post_feedforward_layernorm.weight", null, width);
        }
        switch (kind) {
            case QWEN3_MOE -> experts(prefix + "mlp.", List.of("gate_proj", "up_proj", "down_proj"));
            case MIXTRAL -> experts(prefix + "block_sparse_moe.", List.of("w1", "w3", "w2"));
            default -> dense(prefix, width, allBiases);
        }
    }

    private void experts(String prefix, List<String> names) {
        linear(prefix + "gate", EXPERTS, sizes.width(), false);
        for (int expert = 0; expert < EXPERTS; expert++) {
            String expertPrefix = prefix + "experts." + expert + ".";
            linear(expertPrefix + names.get(0), sizes.hidden(), sizes.width(), false);
            linear(expertPrefix + names.get(1), sizes.hidden(), sizes.width(), false);
            linear(expertPrefix + names.get(2), sizes.width(), sizes.hidden(), false);
        }
    }

    private void dense(String prefix, int width, boolean allBiases) {
        linear(prefix + "mlp.gate_proj", sizes.hidden(), width, allBiases);
        linear(prefix + "mlp.up_proj", sizes.hidden(), width, allBiases);
        linear(prefix + "mlp.down_proj", width, sizes.hidden(), allBiases);
    }

    private void linear(String name, int rows, int columns, boolean bias) {
        add(name + ".weight", null, rows, columns);
        if (bias) {
            add(name + ".bias", null, rows);
        }
    }

    private void add(String name, String alias, long... shape) {
        tensors.add(new PlannedTensor(name, alias, Arrays.stream(shape).boxed().toList()));
    }

    private Map<String, Object> config() {
        String type = switch (kind) {
            case LLAMA_BIAS, LLAMA_AS_TPA -> "llama";
            case GEMMA3 -> "gemma3_text";
            default -> kind.name().toLowerCase(Locale.ROOT);
        };
        Map<String, Object> config = new TreeMap<>(Map.of(
                "model_type", type, "hidden_act", "silu", "hidden_size", (long) sizes.width(),
                "intermediate_size", (long) sizes.hidden(), "num_hidden_layers", ModelKind.LAYERS,
                "num_attention_heads", (long) sizes.heads(), "num_key_value_heads", sizes.heads() / 2L,
                "head_dim", (long) sizes.headDim(), "vocab_size", (long) sizes.vocabulary(),
                "max_position_embeddings", ModelKind.CONTEXT));
        config.putAll(Map.of("rms_norm_eps", 1e-5, "rope_theta", 10000.0, "tie_word_embeddings", tied()));
        switch (kind) {
            case LLAMA_BIAS -> config.putAll(Map.of("attention_bias", true, "mlp_bias", true));
            case MISTRAL -> config.put("sliding_window", 70L); // ends inside a page
            case SMOLLM3 -> config.put("no_rope_layers", List.of(1L, 0L));
            case GRANITE -> config.putAll(Map.of(
                    "embedding_multiplier", 6.0, "attention_multiplier", 0.25, "residual_multiplier", 0.5,
                    "logits_scaling", 1.5));
            case PHI3 -> config.putAll(phi3());
            case GEMMA2 -> config.putAll(Map.of(
                    "query_pre_attn_scalar", (long) sizes.headDim(), "sliding_window", 70L, "attn_logit_softcapping",
                    5.0, "final_logit_softcapping", 7.0));
            case GEMMA3 -> config.putAll(Map.of(
                    "query_pre_attn_scalar", (long) sizes.headDim(), "sliding_window", 70L, "sliding_window_pattern",
                    2L, "rope_local_base_freq", 500.0));
            case QWEN3_MOE -> config.putAll(Map.of(
                    "num_experts", (long) EXPERTS, "num_experts_per_tok", 3L, "moe_intermediate_size",
                    (long) sizes.hidden(), "norm_topk_prob", true));
            case MIXTRAL -> config.putAll(Map.of("num_local_experts", (long) EXPERTS, "num_experts_per_tok", 2L));
            default -> {
            }
        }
        return config;
    }

    /** RoPE of half a head by longrope, whose short list serves all lengths here. */
    private Map<String, Object> phi3() {
        int pairs = sizes.headDim() / 4;
        List<Double> factors = IntStream.range(0, pairs).mapToObj(i -> 1 + i * 0.25).toList();
        return Map.of(
                "partial_rotary_factor", Math.nextUp(2.0 * pairs / sizes.headDim()),
                "original_max_position_embeddings", ModelKind.CONTEXT, "sliding_window", 70L, "rope_scaling", Map.of(
                        "type", "longrope", "attention_factor", 1.25, "short_factor", factors, "long_factor",
                        factors.reversed()));
    }
}
