package io.github.t6j.family;

import io.github.t6j.family.mlra.MlraConfig;
import io.github.t6j.family.t6.T6Config;
import io.github.t6j.family.t6.T6Config.Attention;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Named shapes: the paper's sizes (tables 9 and 10); nano, micro and mini, which a CPU can train, and whose attentions
 * have about equal numbers of parameters, as in the paper; tiny; and those of the MLRA checkpoints, in the published
 * size and small.
 */
public final class Presets {
    private Presets() {}

    private static final Map<String, NewModel> PRESETS = new LinkedHashMap<>();
    private static final Map<String, Object> SMALL_SIZES =
            Map.of("head_dim", 32L, "vocab_size", 4096L, "block_size", 512L);

    static {
        preset("t6-small", Attention.TPA, 12, 768, 34);
        preset("t6-medium", Attention.TPA, 24, 1024, 47);
        preset("t6-large", Attention.TPA, 36, 1280, 61);
        preset("t6-xl", Attention.TPA, 48, 1600, 78);
        preset("t6-kvonly-small", Attention.TPA_KVONLY, 12, 768, 22);
        preset("t6-kvonly-medium", Attention.TPA_KVONLY, 24, 1024, 29);
        preset("t6-kvonly-large", Attention.TPA_KVONLY, 36, 1280, 37);
        preset("t6-kvonly-xl", Attention.TPA_KVONLY, 48, 1600, 47);
        preset("mha-small", Attention.MHA, 12, 768, 12);
        preset("mha-medium", Attention.MHA, 24, 1024, 16);
        preset("mha-large", Attention.MHA, 36, 1280, 20);
        preset("mha-xl", Attention.MHA, 48, 1600, 25);
        preset("gqa-small", Attention.GQA, 12, 768, 22).put("group_size", 11L);
        preset("gqa-medium", Attention.GQA, 24, 1024, 30).put("group_size", 15L);
        preset("gqa-large", Attention.GQA, 36, 1280, 38).put("group_size", 19L);
        preset("gqa-xl", Attention.GQA, 48, 1600, 48).put("group_size", 24L);
        preset("mqa-small", Attention.GQA, 12, 768, 23).put("group_size", 23L);
        preset("mqa-medium", Attention.GQA, 24, 1024, 31).put("group_size", 31L);
        preset("mqa-large", Attention.GQA, 36, 1280, 39).put("group_size", 39L);
        preset("mqa-xl", Attention.GQA, 48, 1600, 49).put("group_size", 49L);
        preset("mla-small", Attention.MLA, 12, 768, 13);
        preset("mla-medium", Attention.MLA, 24, 1024, 23);
        preset("mla-large", Attention.MLA, 36, 1280, 34);
        preset("mla-xl", Attention.MLA, 48, 1600, 49);
        forCpu("nano", 4, 128, new int[] {5, 6, 4, 6, 7, 5}, 80, 40);
        forCpu("micro", 6, 192, new int[] {11, 9, 6, 10, 11, 7}, 128, 64);
        forCpu("mini", 8, 256, new int[] {17, 13, 8, 14, 15, 9}, 168, 80);
        preset("tiny", Attention.TPA, 6, 192, 8).putAll(SMALL_SIZES);
        for (MlraConfig.Attention published : MlraConfig.Attention.values()) {
            String name = "mlra-" + published.name().toLowerCase(Locale.ROOT).replace('_', '-');
            PRESETS.put(name, MlraConfig.published(published));
            PRESETS.put(name + "-small", MlraConfig.small(published));
        }
    }

    /**
     * @param heads of T6, T6 KV-only, MHA, GQA, MQA and MLA; they give each attention about 4 · width² parameters a
     *     layer
     */
    private static void forCpu(String size, long layers, long width, int[] heads, long queryLatent, long latent) {
        preset("t6-" + size, Attention.TPA, layers, width, heads[0]).putAll(SMALL_SIZES);
        preset("t6-kvonly-" + size, Attention.TPA_KVONLY, layers, width, heads[1]).putAll(SMALL_SIZES);
        preset("mha-" + size, Attention.MHA, layers, width, heads[2]).putAll(SMALL_SIZES);
        gqa("gqa-" + size, layers, width, heads[3], heads[3] / 2);
        gqa("mqa-" + size, layers, width, heads[4], heads[4]);
        Map<String, Object> mla = preset("mla-" + size, Attention.MLA, layers, width, heads[5]);
        mla.putAll(SMALL_SIZES);
        mla.putAll(Map.of(
                "q_lora_rank", queryLatent, "kv_lora_rank", latent, "qk_rope_head_dim", 16L, "v_head_dim", 32L));
    }

    private static void gqa(String name, long layers, long width, long heads, long groupSize) {
        Map<String, Object> config = preset(name, Attention.GQA, layers, width, heads);
        config.putAll(SMALL_SIZES);
        config.put("group_size", groupSize);
    }

    private static Map<String, Object> preset(String name, Attention attention, long layers, long width, long heads) {
        Map<String, Object> config = new TreeMap<>(Map.of(
                "n_layer", layers,
                "n_embd", width,
                "n_head", heads,
                "head_dim", 64L,
                "vocab_size", 50304L,
                "block_size", 1024L));
        switch (attention) {
            case TPA -> config.putAll(Map.of("rank", 2L, "q_rank", 6L));
            case TPA_KVONLY -> config.put("rank", 2L);
            case MLA -> config.putAll(T6Config.LATENT_SIZES);
            case MHA, GQA -> {
            }
        }
        PRESETS.put(name, new T6Config(attention, config, VariantJson.none()));
        return config;
    }

    /** Returns the presets' names, for messages. */
    public static String names() {
        return String.join(", ", PRESETS.keySet());
    }

    /** @throws IllegalArgumentException if {@code name} is not a preset */
    public static NewModel of(String name) {
        NewModel preset = PRESETS.get(name);
        if (preset == null) {
            throw new IllegalArgumentException("preset: expected one of " + names() + ", found " + name);
        }
        return preset;
    }
}
