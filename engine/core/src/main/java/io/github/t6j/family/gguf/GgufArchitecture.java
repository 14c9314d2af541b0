package io.github.t6j.family.gguf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Keys of config.json that only some architectures have: smollm3, granite, phi3, gemma2 and gemma3. GGUF files lack
 * some; this class then makes llama.cpp's assumptions.
 *
 * @param keys keys of the file
 * @param config keys of config.json, to which these are added
 * @param factors as {@link GgufConfig#read}
 */
record GgufArchitecture(GgufConfig keys, Map<String, Object> config, Function<String, float[]> factors) {
    private static final String SHORT = "rope_factors_short.weight";
    private static final String LONG = "rope_factors_long.weight";

    /** Interval of layers of smollm3 that do not rotate (llama.cpp, src/llama-model.cpp); no key states it. */
    private static final long UNROTATED_INTERVAL = 4;

    /** Tensors that are part of {@link GgufNames#config} and not of {@link GgufNames#tensors}. */
    static final Set<String> LISTS = Set.of(SHORT, LONG);

    void add(String architecture) {
        switch (architecture) {
            case "smollm3" -> config.put("no_rope_layer_interval", UNROTATED_INTERVAL);
            case "granite" -> granite();
            case "phi3" -> phi3();
            case "gemma2" -> gemma(2, 4096, 46);
            case "gemma3" -> gemma(6, 0, 62);
            default -> {
            }
        }
    }

    private void granite() {
        double scale = keys.number("attention.scale", 0);
        config.put("attention_multiplier", scale == 0 ? 1 / Math.sqrt((Long) config.get("head_dim")) : scale);
        config.put("embedding_multiplier", orOne("embedding_scale"));
        config.put("residual_multiplier", orOne("residual_scale"));
        config.put("logits_scaling", keys.required("logit_scale", Number.class, "a number").doubleValue());
    }

    private double orOne(String key) {
        double found = keys.number(key, 0);
        return found == 0 ? 1 : found;
    }

    private void phi3() {
        long headDim = (Long) config.get("head_dim");
        long rotary = keys.whole("rope.dimension_count", headDim);
        double part = (double) rotary / headDim;
        config.put("partial_rotary_factor", (long) (headDim * part) < rotary ? Math.nextUp(part) : part);
        keys.put(config, "original_max_position_embeddings", "rope.scaling.original_context_length");
        Number window = keys.optional("attention.sliding_window", Number.class, "a number");
        config.put("sliding_window", window == null || window.longValue() == 0 ? null : window.longValue());
        float[] shorts = factors.apply(SHORT);
        float[] longs = factors.apply(LONG);
        if (shorts == null != (longs == null)) {
            throw keys.wrong(shorts == null ? SHORT : LONG, "this tensor too, like the other list of factors", "none");
        }
        if (shorts != null) {
            Map<String, Object> scaling = new LinkedHashMap<>();
            scaling.put("type", "longrope");
            scaling.put("short_factor", list(shorts));
            scaling.put("long_factor", list(longs));
            scaling.put("attention_factor", keys.number("rope.scaling.attn_factor", 1));
            config.put("rope_scaling", scaling);
        }
    }

    private static List<Double> list(float[] floats) {
        return IntStream.range(0, floats.length).mapToObj(i -> (double) floats[i]).toList();
    }

    /**
     * @param period distance between layers that see all positions, if no key states it
     * @param window positions that other layers see, if no key states it; 0 for all
     * @param layersOf27b number of layers of the model whose query scale differs from its heads'; no key states it
     */
    private void gemma(int period, long window, int layersOf27b) {
        config.remove("hidden_act");
        config.put("hidden_activation", "gelu_pytorch_tanh");
        boolean is27b = (Long) config.get("num_hidden_layers") == layersOf27b;
        config.put("query_pre_attn_scalar", is27b
                ? (Long) config.get("hidden_size") / (Long) config.get("num_attention_heads")
                : config.get("head_dim"));
        Number stated = keys.optional("attention.sliding_window", Number.class, "a number");
        long seen = stated == null ? window : stated.longValue();
        if (seen < 0) {
            throw keys.wrong(keys.key("attention.sliding_window"), "0 or more", seen);
        }
        config.put("layer_types", layerTypes(period, seen > 0));
        if (seen > 0) {
            config.put("sliding_window", seen);
        }
        boolean isGemma2 = period == 2;
        if (isGemma2) {
            config.put("attn_logit_softcapping", keys.number("attn_logit_softcapping", 50));
            config.put("final_logit_softcapping", keys.number("final_logit_softcapping", 30));
        } else {
            config.put("model_type", "gemma3_text");
            config.put("rope_local_base_freq", keys.number("rope.freq_base_swa", 10000));
            keys.put(config, "final_logit_softcapping", "final_logit_softcapping");
        }
    }

    private List<String> layerTypes(int period, boolean windows) {
        int layers = Math.toIntExact((Long) config.get("num_hidden_layers"));
        String key = "attention.sliding_window_pattern";
        boolean[] slides = new boolean[layers];
        if (keys.optional(key, Object.class, "") instanceof boolean[] pattern) {
            if (pattern.length != layers) {
                throw keys.wrong(keys.key(key), "one entry for each of " + layers + " layers", pattern.length);
            }
            slides = pattern;
        } else {
            long every = keys.whole(key, period);
            for (int layer = 0; layer < layers; layer++) {
                slides[layer] = layer % every < every - 1;
            }
        }
        List<String> types = new ArrayList<>();
        for (boolean slide : slides) {
            types.add(windows && slide ? "sliding_attention" : "full_attention");
        }
        return types;
    }
}
