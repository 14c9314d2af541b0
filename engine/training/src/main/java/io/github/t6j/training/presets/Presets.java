package io.github.t6j.training.presets;

import io.github.t6j.family.NewModel;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.mlra.MlraConfig;
import io.github.t6j.family.olala.OlalaPreset;
import io.github.t6j.family.t6.T6Config;
import io.github.t6j.family.t6.T6Config.Attention;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Named shapes: the paper's sizes (tables 9 and 10); nano, micro and mini, which a CPU can train, and whose attentions
 * have about equal numbers of parameters, as in the paper; tiny; the MLRA checkpoints, in the published size and small;
 * and some published models of the Llama family.
 */
public final class Presets {
    private Presets() {}

    private static final Map<String, NewModel> PRESETS = new LinkedHashMap<>();
    private static final Map<String, Object> SMALL_SIZES =
            Map.of("head_dim", 32L, "vocab_size", 4096L, "block_size", 512L);

    static {
        official("t6", Attention.TPA, 34, 47, 61, 78);
        official("t6-kvonly", Attention.TPA_KVONLY, 22, 29, 37, 47);
        official("mha", Attention.MHA, 12, 16, 20, 25);
        official("gqa", Attention.GQA, 22, 30, 38, 48);
        official("mqa", Attention.GQA, 23, 31, 39, 49);
        official("mla", Attention.MLA, 13, 23, 34, 49);
        forCpu("nano", 4, 128, new int[] {5, 6, 4, 6, 7, 5}, 80, 40);
        forCpu("micro", 6, 192, new int[] {11, 9, 6, 10, 11, 7}, 128, 64);
        withSteps("groups", 12, Map.of("groups", 4L));
        withSteps("shift", 10, Map.of("shift", true));
        withSteps("norm", 11, Map.of("qkNorm", true));
        withSteps("gate", 6, Map.of("gate", "elementwise"));
        withSteps("headgate", 11, Map.of("gate", "headwise"));
        withSteps("differential", 15, Map.of("differential", true, "groups", 5L));
        withSteps("scaled", 11, Map.of("scalableSoftmax", true));
        withSteps("capped", 11, Map.of("softCap", 15L));
        withSteps("scale", 11, Map.of("scale", "1/d"));
        withSteps("window", 11, Map.of("slidingWindow", 128L));
        withSteps("steps", 8, Map.of("shift", true, "qkNorm", true, "gate", "elementwise", "gateActivation", "silu",
                "gateOffset", 1.15, "differential", true, "groups", 2L, "scalableSoftmax", true, "softCap", 150L,
                "scale", "1/d"));
        forCpu("mini", 8, 256, new int[] {17, 13, 8, 14, 15, 9}, 168, 80);
        preset("tiny", Attention.TPA, 6, 192, 8).putAll(SMALL_SIZES);
        for (MlraConfig.Attention published : MlraConfig.Attention.values()) {
            String name = "mlra-" + published.name().toLowerCase(Locale.ROOT).replace('_', '-');
            PRESETS.put(name, MlraConfig.published(published));
            PRESETS.put(name + "-small", MlraConfig.small(published));
        }
        PRESETS.put("smollm2-135m", LlamaShapes.smolLm2());
        PRESETS.put("qwen3-0.6b", LlamaShapes.qwen3());
        PRESETS.put("gemma3-270m", LlamaShapes.gemma270m());
        PRESETS.put("gemma3-1b", LlamaShapes.gemma1b());
        PRESETS.put("phi-4-mini", LlamaShapes.phi4Mini());
        PRESETS.put("qwen3-30b-a3b", LlamaShapes.qwen3Moe());
        PRESETS.put("olala-7a1b", OlalaPreset.of7A1B());
        PRESETS.put("olala-nano", OlalaPreset.nano());
    }

    /** @param heads number of heads of small, medium, large and xl */
    private static void official(String name, Attention attention, int... heads) {
        preset(name + "-small", attention, 12, 768, heads[0]);
        preset(name + "-medium", attention, 24, 1024, heads[1]);
        preset(name + "-large", attention, 36, 1280, heads[2]);
        preset(name + "-xl", attention, 48, 1600, heads[3]);
    }

    /**
     * @param heads heads of T6, T6 KV-only, MHA, GQA, MQA and MLA; they give each attention about 4 · width² parameters
     *     a layer
     */
    private static void forCpu(String size, long layers, long width, int[] heads, long queryLatent, long latent) {
        preset("t6-" + size, Attention.TPA, layers, width, heads[0]).putAll(SMALL_SIZES);
        preset("t6-kvonly-" + size, Attention.TPA_KVONLY, layers, width, heads[1]).putAll(SMALL_SIZES);
        preset("mha-" + size, Attention.MHA, layers, width, heads[2]).putAll(SMALL_SIZES);
        preset("gqa-" + size, Attention.GQA, layers, width, heads[3]).putAll(SMALL_SIZES);
        preset("mqa-" + size, Attention.GQA, layers, width, heads[4]).putAll(SMALL_SIZES);
        Map<String, Object> mla = preset("mla-" + size, Attention.MLA, layers, width, heads[5]);
        mla.putAll(SMALL_SIZES);
        mla.putAll(Map.of(
                "q_lora_rank", queryLatent, "kv_lora_rank", latent, "qk_rope_head_dim", 16L, "v_head_dim", 32L));
    }

    /** @param heads number of heads that gives the model about as many parameters as t6-micro */
    private static void withSteps(String name, long heads, Map<String, Object> steps) {
        Map<String, Object> config = new TreeMap<>(PRESETS.get("t6-micro").config());
        config.put("n_head", heads);
        PRESETS.put("t6-" + name + "-micro", new T6Config(
                Attention.TPA, config, new VariantJson(new TreeMap<>(steps), "t6j.json")));
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
            case GQA -> config.put("group_size", name.startsWith("mqa") ? heads : heads / 2);
            case MHA -> {
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
