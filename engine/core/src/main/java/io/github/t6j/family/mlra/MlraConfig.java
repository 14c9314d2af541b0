package io.github.t6j.family.mlra;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.attention.grouped.GroupedTiedConfig;
import io.github.t6j.attention.grouped.MultiMatrixConfig;
import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.family.NewModel;
import io.github.t6j.family.VariantJson;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.TensorSpec;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Configuration of a new model of the MLRA family, with the published sizes or an eighth of them.
 *
 * @param attention its attention
 * @param config keys of config.json
 * @param variant keys of t6j.json
 */
public record MlraConfig(Attention attention, Map<String, Object> config, VariantJson variant) implements NewModel {
    private static final int SMALLER = 8;

    /**
     * Published attentions by their published names, with the size of the feed-forward part and sizes by keys of
     * config.json.
     */
    public enum Attention {
        TPA(10760, Map.of("head_dim", 128L, "rank", 2L, "q_rank", 6L)),
        MHA(8192, Map.of("head_dim", 128L)),
        GQA(9728, Map.of("head_dim", 128L, "group_size", 4L)),
        MQA(10152, Map.of("head_dim", 128L, "group_size", 24L)),
        GTA(9960, Map.of("head_dim", 128L, "group_size", 4L)),
        MFA(8024, Map.of("head_dim", 256L, "share_q_dim", 2048L)),
        MLA(9448, latent(1536)),
        GLA_2(10048, latent(1024), 2, 1),
        GLA_4(10136, latent(1024), 4, 1),
        MLRA_2(10048, latent(1024), 4, 2),
        MLRA_4(9880, latent(1024), 4, 4);

        /** Keys that a smaller model keeps unchanged. */
        private static final Set<String> COUNTS = Set.of("rank", "q_rank", "group_size");

        private final long hidden;
        private final Map<String, Long> sizes;
        private final LatentConfig.Parts parts;

        Attention(long hidden, Map<String, Long> sizes) {
            this(hidden, sizes, 1, 1);
        }

        Attention(long hidden, Map<String, Long> sizes, int latents, int branches) {
            this.hidden = hidden;
            this.sizes = sizes;
            parts = new LatentConfig.Parts(latents, branches);
        }

        private static Map<String, Long> latent(long queryRank) {
            return Map.of(
                    "q_lora_rank", queryRank, "kv_lora_rank", 512L, "qk_nope_head_dim", 128L, "qk_rope_head_dim", 64L);
        }

        private Map<String, Object> config(long layers, long vocabulary, long context, int smaller) {
            Map<String, Object> config = new TreeMap<>(Map.of(
                    "n_layer", layers, "n_head", 24L, "n_embd", 3072L / smaller, "intermediate_size", hidden / smaller,
                    "vocab_size", vocabulary, "block_size", context));
            sizes.forEach((key, size) -> config.put(key, COUNTS.contains(key) ? size : size / smaller));
            return config;
        }
    }

    /** Returns a configuration of the published size, 2.9 billion parameters. */
    public static MlraConfig published(Attention attention) {
        return new MlraConfig(attention, attention.config(24, 50304, 2048, 1), VariantJson.none());
    }

    /** Returns a configuration of the same shape with vectors of an eighth of the size, and few layers. */
    public static MlraConfig small(Attention attention) {
        return new MlraConfig(attention, attention.config(4, 4096, 512, SMALLER), VariantJson.none());
    }

    @Override
    public MlraConfig with(Map<String, Object> newConfig, VariantJson newVariant) {
        return new MlraConfig(attention, newConfig, newVariant);
    }

    @Override
    public List<TensorSpec> tensors() {
        variant.steps().refuse();
        variant.refuseHeads();
        variant.refuseWindow();
        variant.refuse(VariantJson.FACTOR_KEYS, "the MLRA checkpoints have a fixed set of factors");
        if (!attention.sizes.containsKey("kv_lora_rank")) {
            variant.refuseNoScale();
        }
        ModelConfig.Sizes sizes = new ModelConfig.Sizes(
                size("vocab_size"), size("n_layer"), size("n_embd"), size("intermediate_size"), size("block_size"));
        MlraFamily family = new MlraFamily();
        return family.tensors(new ModelConfig(
                family.name(), attention.name(), sizes, sizes(), new Rope.Config(0, 0f, Rope.Form.OFFICIAL),
                new ModelConfig.Norms(0f, false), List.of()));
    }

    private AttentionConfig sizes() {
        int heads = size("n_head");
        return switch (attention) {
            case TPA -> new TpaConfig(
                    heads, size("head_dim"), size("head_dim"), size("q_rank"), size("rank"), size("rank"));
            case MHA -> new GroupedQueryConfig(heads, size("head_dim"), heads);
            case GQA, MQA -> new GroupedQueryConfig(heads, size("head_dim"), heads / size("group_size"));
            case GTA -> new GroupedTiedConfig(
                    heads, size("head_dim"), heads / size("group_size"), size("head_dim") / 2);
            case MFA -> new MultiMatrixConfig(heads, size("head_dim"), size("share_q_dim"));
            case MLA, GLA_2, GLA_4, MLRA_2, MLRA_4 -> new LatentConfig(
                    heads, size("qk_nope_head_dim"), size("qk_nope_head_dim"), size("q_lora_rank"),
                    size("kv_lora_rank"), size("qk_rope_head_dim"), attention.parts, LatentConfig.Factors.NONE);
        };
    }

    private int size(String key) {
        return ((Long) config.get(key)).intValue();
    }
}
