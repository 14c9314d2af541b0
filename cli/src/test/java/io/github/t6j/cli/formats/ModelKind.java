package io.github.t6j.cli.formats;

import io.github.t6j.family.NewModel;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.t6.T6Config;
import io.github.t6j.training.presets.Presets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Models of every family, each with another attention or variant. */
public enum ModelKind {
    T6, T6_KVONLY, T6_GROUP_NORM, T6_PARTIAL_ROPE, T6_DECAY, T6_LINEAR, T6_FIXED, T6_SHARED_B, T6_THIRD_ORDER,
    T6_SOFTMAX, MHA, GQA, GQA_DECAY, GQA_LINEAR, MQA, MLA, MLRA_TPA, MLRA_MHA, MLRA_GQA, MLRA_MQA, MLRA_GTA, MLRA_MFA,
    MLRA_MLA, MLRA_GLA_2, MLRA_GLA_4, MLRA_MLRA_2, MLRA_MLRA_4, LLAMA, LLAMA_BIAS, LLAMA_AS_TPA, MISTRAL, QWEN2, QWEN3,
    SMOLLM3, GRANITE, PHI3, GEMMA2, GEMMA3, QWEN3_MOE, MIXTRAL;

    static final long LAYERS = 2;
    static final long CONTEXT = 400;

    private static final Map<String, Object> PARTIAL = Map.of("rope_partial_factor", 0.5);
    private static final Map<String, Object> DECAY = Map.of("rope_partial_factor", 0.5, "rope_decay_base", 0.97);

    /**
     * Files of a model without its elements.
     *
     * @param config config.json
     * @param variant t6j.json; empty for none
     */
    record Plan(Map<String, Object> config, Map<String, Object> variant, List<PlannedTensor> tensors) {}

    /** A tensor without its elements; {@code alias} is another name of it in a state dict, or null. */
    record PlannedTensor(String name, String alias, List<Long> shape) {}

    /** Returns true if a GGUF file can have such a model. */
    public boolean isInGguf() {
        return switch (this) {
            case LLAMA, LLAMA_BIAS, QWEN2, QWEN3, GRANITE, PHI3, GEMMA2, GEMMA3, QWEN3_MOE, MIXTRAL -> true;
            default -> false;
        };
    }

    /** Returns true if the cache is a sum over all tokens, from which none can be removed. */
    public boolean isLinear() {
        return this == T6_LINEAR || this == GQA_LINEAR;
    }

    /**
     * Returns the rows of a pass from which attention has another form; only passes of one form have the same bits
     * (records 9, 30 and 31). Returns 0 if there is one form (records 3, 11 and 24).
     */
    public int longPass(ModelSizes sizes) {
        return switch (this) {
            case T6, T6_KVONLY, T6_GROUP_NORM, T6_PARTIAL_ROPE, T6_DECAY, T6_FIXED, T6_SHARED_B, T6_THIRD_ORDER,
                    T6_SOFTMAX, MLRA_TPA, LLAMA_AS_TPA ->
                32;
            case MLA -> sizes.headDim() < sizes.latentDim() ? 40 : 0;
            case MLRA_MLA, MLRA_GLA_2, MLRA_GLA_4, MLRA_MLRA_2, MLRA_MLRA_4 ->
                sizes.headDim() / 2 < sizes.latentDim() ? 40 : 0;
            default -> 0;
        };
    }

    Plan plan(ModelSizes sizes) {
        return switch (this) {
            case T6 -> t6(T6Config.Attention.TPA, sizes, Map.of(), Map.of());
            case T6_KVONLY -> t6(T6Config.Attention.TPA_KVONLY, sizes, Map.of(), Map.of());
            case T6_GROUP_NORM -> t6(T6Config.Attention.TPA, sizes, Map.of("using_groupnorm", true), Map.of());
            case T6_PARTIAL_ROPE -> t6(T6Config.Attention.TPA, sizes, PARTIAL, Map.of());
            case T6_DECAY -> t6(T6Config.Attention.TPA, sizes, DECAY, Map.of("variant", "partialrope-decay"));
            case T6_LINEAR -> t6(T6Config.Attention.TPA, sizes, DECAY, Map.of("variant", "linearattn"));
            case T6_FIXED -> t6(T6Config.Attention.TPA, sizes, Map.of(), Map.of("fixed", List.of("b_k", "a_v")));
            case T6_SHARED_B -> t6(T6Config.Attention.TPA, sizes, equalRanks(sizes), Map.of("shared_b", true));
            case T6_THIRD_ORDER ->
                t6(T6Config.Attention.TPA, sizes, Map.of("c_dim", sizes.headDim() / 2L), Map.of("order", 3L));
            case T6_SOFTMAX -> t6(T6Config.Attention.TPA, sizes, Map.of(), Map.of("head_factors", "softmax"));
            case MHA -> t6(T6Config.Attention.GQA, sizes, Map.of("group_size", 1L), Map.of());
            case GQA -> t6(T6Config.Attention.GQA, sizes, Map.of("group_size", 2L), Map.of());
            case GQA_DECAY -> t6(T6Config.Attention.GQA, sizes, with(DECAY, "group_size", 2L),
                    Map.of("variant", "partialrope-decay"));
            case GQA_LINEAR -> t6(T6Config.Attention.GQA, sizes, with(DECAY, "group_size", 2L),
                    Map.of("variant", "linearattn"));
            case MQA -> t6(T6Config.Attention.GQA, sizes, Map.of("group_size", (long) sizes.heads()), Map.of());
            case MLA -> t6(T6Config.Attention.MLA, sizes, Map.of(), Map.of());
            case LLAMA, LLAMA_BIAS, LLAMA_AS_TPA, MISTRAL, QWEN2, QWEN3, SMOLLM3, GRANITE, PHI3, GEMMA2, GEMMA3,
                    QWEN3_MOE,
                    MIXTRAL ->
                new LlamaPlan(this, sizes).plan();
            default -> mlra(sizes);
        };
    }

    private static Map<String, Object> with(Map<String, Object> keys, String key, Object value) {
        Map<String, Object> more = new TreeMap<>(keys);
        more.put(key, value);
        return more;
    }

    private static Map<String, Object> equalRanks(ModelSizes sizes) {
        return Map.of("k_rank", (long) sizes.rank(), "v_rank", (long) sizes.rank());
    }

    private static Plan t6(T6Config.Attention attention, ModelSizes sizes, Map<String, Object> more,
            Map<String, Object> variant) {
        boolean grouped = attention == T6Config.Attention.GQA;
        Map<String, Object> config = new TreeMap<>(Map.of(
                "n_layer", LAYERS, "block_size", CONTEXT, "n_embd", (long) sizes.width(),
                "vocab_size", (long) sizes.vocabulary(), "n_head", sizes.heads() - (grouped ? 0L : 1L),
                "head_dim", (long) sizes.headDim()));
        switch (attention) {
            case TPA -> config.putAll(Map.of(
                    "q_rank", 2L * sizes.rank(), "k_rank", (long) sizes.rank(), "v_rank", 1L + sizes.rank() % 3));
            case TPA_KVONLY -> config.putAll(Map.of("k_rank", (long) sizes.rank(), "v_rank", 1L + sizes.rank() % 3));
            case MLA -> config.putAll(Map.of(
                    "q_lora_rank", (long) sizes.hidden(), "kv_lora_rank", (long) sizes.latentDim(),
                    "qk_rope_head_dim", 6L, "v_head_dim", (long) sizes.headDim()));
            default -> {
            }
        }
        config.putAll(more);
        T6Config model = new T6Config(attention, config, new VariantJson(variant, "t6j.json"));
        long official = 8L * sizes.width() / 3;
        List<PlannedTensor> tensors = new ArrayList<>();
        model.tensors().forEach(tensor -> tensors.add(new PlannedTensor(
                tensor.name(), tensor.alias(),
                tensor.name().contains(".mlp.")
                        ? tensor.shape().stream().map(n -> n == official ? sizes.hidden() : n).toList()
                        : tensor.shape())));
        return new Plan(model.configJson("float32"), variant, tensors);
    }

    private Plan mlra(ModelSizes sizes) {
        String name = name().toLowerCase(Locale.ROOT).replaceFirst("mlra_", "").replace('_', '-');
        NewModel preset = Presets.of("mlra-" + name + "-small");
        long heads = 2L * sizes.heads();
        long headDim = this == MLRA_GTA ? Math.ceilDiv(sizes.headDim(), 4) * 4 : sizes.headDim();
        long latents = this == MLRA_MLA ? 1 : this == MLRA_GLA_2 ? 2 : 4;
        Map<String, Long> possible = Map.of(
                "head_dim", headDim, "rank", (long) sizes.rank(), "q_rank", 2L * sizes.rank(),
                "group_size", this == MLRA_MQA ? heads : 2L, "share_q_dim", (long) sizes.hidden(),
                "q_lora_rank", (long) sizes.hidden(), "kv_lora_rank", latents * sizes.latentDim(),
                "qk_nope_head_dim", headDim / 2, "qk_rope_head_dim", 6L);
        Map<String, Object> config = new TreeMap<>(possible);
        config.keySet().retainAll(preset.config().keySet());
        config.putAll(Map.of(
                "n_layer", LAYERS, "block_size", CONTEXT, "n_embd", (long) sizes.width(), "n_head", heads,
                "intermediate_size", (long) sizes.hidden(), "vocab_size", (long) sizes.vocabulary()));
        NewModel model = preset.with(config);
        return new Plan(model.configJson("float32"), Map.of(), model.tensors().stream()
                .map(tensor -> new PlannedTensor(tensor.name(), tensor.alias(), tensor.shape())).toList());
    }
}
