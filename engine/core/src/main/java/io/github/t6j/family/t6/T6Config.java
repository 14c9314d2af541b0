package io.github.t6j.family.t6;

import io.github.t6j.ModelFormatException;
import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.attention.tpa.forms.Factor;
import io.github.t6j.attention.tpa.forms.HeadActivation;
import io.github.t6j.attention.tpa.forms.TpaForm;
import io.github.t6j.family.NewModel;
import io.github.t6j.family.VariantJson;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.TensorSpec;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Configuration of a new model of the T6 family; the keys of config.json determine the shapes of its tensors.
 *
 * @param attention its attention
 * @param config keys of config.json
 * @param variant keys of t6j.json: fixed or shared factors, a third factor
 */
public record T6Config(Attention attention, Map<String, Object> config, VariantJson variant) implements NewModel {

    /** Attentions of the official code. */
    public enum Attention {
        /** T6. */
        TPA,
        /** T6 KV-only. */
        TPA_KVONLY,
        /** As many key heads as query heads. */
        MHA,
        /** Fewer key heads than query heads, including MQA. */
        GQA,
        /** Attention on latents. */
        MLA
    }

    /** Class defaults of the official llama-mla, which all its checkpoints have, regardless of their config.json. */
    public static final Map<String, Long> LATENT_SIZES =
            Map.of("q_lora_rank", 512L, "kv_lora_rank", 256L, "qk_rope_head_dim", 32L, "v_head_dim", 64L);

    /**
     * Returns the attention of a config.json, as far as its keys determine it: T6 KV-only with q_rank looks like T6.
     */
    public static Attention attentionOf(Map<String, Object> config) {
        if (config.containsKey("kv_lora_rank")) {
            return Attention.MLA;
        }
        if (config.containsKey("group_size")) {
            return Attention.GQA;
        }
        if (!config.containsKey("rank") && !config.containsKey("k_rank")) {
            return Attention.MHA;
        }
        return config.containsKey("q_rank") ? Attention.TPA : Attention.TPA_KVONLY;
    }

    @Override
    public T6Config with(Map<String, Object> newConfig, VariantJson newVariant) {
        return new T6Config(attention, newConfig, newVariant);
    }

    @Override
    public List<TensorSpec> tensors() {
        int width = size("n_embd");
        int layers = size("n_layer");
        checkVariant();
        AttentionConfig heads = attentionConfig();
        ModelConfig.Sizes sizes = new ModelConfig.Sizes(
                size("vocab_size"), layers, width, Math.toIntExact(8L * width / 3), 1);
        boolean headNorm = Boolean.TRUE.equals(config.get("using_groupnorm"));
        T6Family family = new T6Family();
        return family.tensors(new ModelConfig(
                family.name(), attention.name(), sizes, heads, new Rope.Config(0, 0f, Rope.Form.OFFICIAL),
                new ModelConfig.Norms(0f, headNorm), List.of()));
    }

    private AttentionConfig attentionConfig() {
        int heads = size("n_head");
        int headDim = attention == Attention.MHA ? size("n_embd") / heads : size("head_dim");
        return switch (attention) {
            case TPA -> factors(heads, headDim, rank("q"));
            case TPA_KVONLY -> factors(heads, headDim, 0);
            case MHA -> new GroupedQueryConfig(heads, headDim, heads);
            case GQA -> new GroupedQueryConfig(heads, headDim, heads / size("group_size"));
            case MLA -> new LatentConfig(
                    heads, headDim, latentSize("v_head_dim"), latentSize("q_lora_rank"), latentSize("kv_lora_rank"),
                    latentSize("qk_rope_head_dim"));
        };
    }

    private AttentionConfig factors(int heads, int headDim, int queryRank) {
        boolean hasThird = variant.order(2) == 3;
        if (hasThird && headDim % size("c_dim") != 0) {
            throw new ModelFormatException("config.json: c_dim: expected a divisor of head_dim " + headDim + ", found "
                    + size("c_dim"));
        }
        Set<Factor> fixed = EnumSet.noneOf(Factor.class);
        variant.fixed().forEach(name -> fixed.add(Factor.valueOf(name.toUpperCase(Locale.ROOT))));
        TpaConfig sizes = new TpaConfig(heads, headDim, headDim, queryRank, rank("k"), rank("v"));
        if (variant.steps().any()) {
            return T6Steps.of(sizes, variant);
        }
        return new TpaForm(
                sizes, hasThird ? size("c_dim") : 0, HeadActivation.LINEAR, variant.sharedB(false), fixed).simplified();
    }

    private int latentSize(String key) {
        return config.containsKey(key) ? size(key) : Math.toIntExact(LATENT_SIZES.get(key));
    }

    /** Checks that the model has the factors that t6j.json mentions. */
    private void checkVariant() {
        variant.refuseNoScale();
        variant.refuseHeads();
        variant.refuseWindow();
        for (String factor : variant.fixed()) {
            if (!hasFactor(factor)) {
                throw new ModelFormatException(variant.where() + ": fixed: found " + factor + ", but this model has no "
                        + "such projection to fix: remove it, or choose another attention");
            }
        }
        if (!isFactored()) {
            variant.refuse(VariantJson.FACTOR_KEYS, "this model has no factors; the attention tpa has");
            variant.steps().refuse();
        }
        if (variant.sharedB(false) && rank("k") != rank("v")) {
            throw new ModelFormatException(variant.where() + ": shared_b: expected equal ranks of keys and values, "
                    + "found " + rank("k") + " and " + rank("v"));
        }
    }

    private boolean isFactored() {
        return attention == Attention.TPA || attention == Attention.TPA_KVONLY;
    }

    private boolean hasFactor(String name) {
        boolean ofQuery = name.endsWith("_q");
        return isFactored() && !(ofQuery && attention == Attention.TPA_KVONLY)
                && !(name.equals("b_v") && variant.sharedB(false));
    }

    private int rank(String of) {
        return size(of.equals("q") || config.containsKey(of + "_rank") ? of + "_rank" : "rank");
    }

    private int size(String key) {
        if (config.get(key) instanceof Long value && value > 0 && value <= Integer.MAX_VALUE) {
            return value.intValue();
        }
        throw new ModelFormatException("config.json: " + key + ": expected a whole number above 0, found "
                + config.get(key) + ": add it, or choose another attention");
    }
}
