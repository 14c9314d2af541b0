package io.github.t6j.cli.gguf;

import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.llama.RopeProperties;
import io.github.t6j.model.ModelConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Keys of a GGUF file that describe the model, by its config.json. Properties that llama.cpp assumes for an
 * architecture, and that no key states, must be those of the model.
 */
final class ModelKeys {
    private static final Map<String, String> ARCHITECTURES = Map.ofEntries(
            Map.entry("llama", "llama"), Map.entry("mistral", "llama"), Map.entry("mixtral", "llama"),
            Map.entry("qwen2", "qwen2"), Map.entry("qwen3", "qwen3"), Map.entry("qwen3_moe", "qwen3moe"),
            Map.entry("smollm3", "smollm3"), Map.entry("granite", "granite"), Map.entry("phi3", "phi3"),
            Map.entry("gemma2", "gemma2"), Map.entry("gemma3_text", "gemma3"));
    private static final Set<String> WINDOWED = Set.of("phi3", "gemma2", "gemma3");
    private static final String SLIDING = "sliding_attention";

    private final ConfigJson config;
    private final ModelConfig model;
    private final String architecture;
    private final Map<String, Object> rope;
    private final Map<String, Object> keys = new LinkedHashMap<>();

    private ModelKeys(ConfigJson config, ModelConfig model) {
        this.config = config;
        this.model = model;
        architecture = architecture(config);
        rope = RopeProperties.of(config);
    }

    /**
     * Returns the keys of a model.
     *
     * @param config its config.json
     * @throws CommandFailure if llama.cpp does not run the model, or would compute other results
     */
    static Map<String, Object> of(ConfigJson config, ModelConfig model) {
        return new ModelKeys(textPart(config), model).keys();
    }

    /** Returns the part of a model of text and images that describes the text model. */
    static ConfigJson textPart(ConfigJson config) {
        boolean isNested = config.text("model_type", "").equals("gemma3") && config.object("text_config") != null;
        return isNested ? config.object("text_config") : config;
    }

    /** Returns the architecture of a model that llama.cpp runs. */
    static String architecture(ConfigJson config) {
        String type = config.text("model_type", "none");
        if (!ARCHITECTURES.containsKey(type)) {
            throw new CommandFailure(config.where() + ": --to-gguf: expected a model that llama.cpp runs, with the"
                    + " model_type " + String.join(", ", ARCHITECTURES.keySet().stream().sorted().toList())
                    + ", found " + type);
        }
        return ARCHITECTURES.get(type);
    }

    private void put(String key, Object value) {
        keys.put(architecture + "." + key, value);
    }

    private Map<String, Object> keys() {
        ModelConfig.Sizes sizes = model.sizes();
        int heads = model.attention().heads();
        keys.put("general.architecture", architecture);
        put("vocab_size", sizes.vocabulary());
        put("context_length", sizes.contextLength());
        put("embedding_length", sizes.width());
        put("block_count", sizes.layers());
        put("feed_forward_length", architecture.equals("qwen3moe")
                ? config.optional("intermediate_size", sizes.hidden())
                : sizes.hidden());
        put("attention.head_count", heads);
        put("attention.head_count_kv", model.attention().sizes().getOrDefault("kv_heads", heads));
        put("attention.key_length", model.attention().headDim());
        put("attention.value_length", model.attention().headDim());
        put("attention.layer_norm_rms_epsilon", model.norms().epsilon());
        rope();
        experts();
        switch (architecture) {
            case "granite" -> granite();
            case "phi3" -> put("attention.sliding_window", config.optional("sliding_window", 0));
            case "gemma2" -> gemma(2, 46);
            case "gemma3" -> gemma(period(), 62);
            case "smollm3" -> checkLayers("no_rope_layers", 1L, layer -> (layer + 1) % 4 != 0);
            default -> {
            }
        }
        return keys;
    }

    private void rope() {
        double part = rope.get("rotated_part") instanceof Double rotated ? rotated : 1;
        put("rope.dimension_count", (int) (model.attention().headDim() * part));
        put("rope.freq_base", rope.get("base"));
        String type = (String) rope.get("type");
        long original = rope.get("original_length") instanceof Long length ? length : model.sizes().contextLength();
        switch (type) {
            case "default", "llama3", "gguf_factors" -> {
                // nothing, or a tensor of factors
            }
            case "linear" -> {
                put("rope.scaling.type", type);
                put("rope.scaling.factor", rope.get("factor"));
            }
            case "yarn" -> yarn(original);
            case "longrope" -> {
                put("rope.scaling.original_context_length", original(4096));
                put("rope.scaling.attn_factor", model.rope().factor());
            }
            default -> throw refused("rope_type", "default, linear, llama3, yarn or longrope", type);
        }
    }

    private long original(int absent) {
        return rope.get("original_length") instanceof Long length ? length : absent;
    }

    private void yarn(long original) {
        ConfigJson scaling = config.object("rope_scaling") == null
                ? config.object("rope_parameters")
                : config.object("rope_scaling");
        for (String key : List.of("attention_factor", "mscale", "mscale_all_dim")) {
            if (scaling.has(key)) {
                throw refused("rope_scaling: " + key, "none", scaling.number(key, 0));
            }
        }
        put("rope.scaling.type", "yarn");
        put("rope.scaling.factor", rope.get("factor"));
        put("rope.scaling.original_context_length", original);
        put("rope.scaling.yarn_beta_fast", scaling.number("beta_fast", 32));
        put("rope.scaling.yarn_beta_slow", scaling.number("beta_slow", 1));
    }

    private void experts() {
        ModelConfig.Experts experts = model.experts();
        if (experts == null) {
            return;
        }
        if (experts.layers().size() < model.sizes().layers()) {
            throw refused("mlp_only_layers, decoder_sparse_step", "experts in all layers", "dense layers");
        }
        if (!experts.normalised()) {
            throw refused("norm_topk_prob", "true", false);
        }
        put("expert_count", experts.count());
        put("expert_used_count", experts.used());
        if (architecture.equals("qwen3moe")) {
            put("expert_feed_forward_length", experts.hidden());
        }
    }

    private void granite() {
        put("attention.scale", config.number("attention_multiplier", 1));
        put("embedding_scale", config.number("embedding_multiplier", 1));
        put("residual_scale", config.number("residual_multiplier", 1));
        put("logit_scale", config.number("logits_scaling", 1));
    }

    /**
     * @param period distance between layers that see all positions
     * @param layersOf27b number of layers of the model whose query scale differs from its heads'
     */
    private void gemma(int period, int layersOf27b) {
        put("attention.sliding_window", config.optional("sliding_window", 4096));
        checkLayers("layer_types", SLIDING, layer -> (layer + 1) % period != 0);
        boolean is27b = model.sizes().layers() == layersOf27b;
        int scaled = is27b ? model.sizes().width() / model.attention().heads() : model.attention().headDim();
        if (config.number("query_pre_attn_scalar", 256) != scaled) {
            throw refused("query_pre_attn_scalar", scaled, config.number("query_pre_attn_scalar", 256));
        }
        if (architecture.equals("gemma2")) {
            put("attn_logit_softcapping", cap("attn_logit_softcapping", 50));
            put("final_logit_softcapping", cap("final_logit_softcapping", 30));
        } else {
            put("attention.sliding_window_pattern", period);
            put("rope.freq_base_swa", rope.getOrDefault("windowed_base", 10_000.0));
            if (model.scales().logitCap() != 0) {
                put("final_logit_softcapping", model.scales().logitCap());
            }
        }
    }

    /** Returns the distance between layers of Gemma 3 that see all positions. */
    private int period() {
        int full = config.list("layer_types").indexOf("full_attention");
        return full < 0 ? config.optional("sliding_window_pattern", 6) : full + 1;
    }

    private double cap(String key, double absent) {
        if (config.mentions(key) && !config.has(key)) {
            throw refused(key, "a number", "null");
        }
        return config.number(key, absent);
    }

    /** Checks that a list of config.json, if it exists, marks the layers that llama.cpp assumes. */
    private void checkLayers(String key, Object mark, IntPredicate assumed) {
        List<?> list = config.list(key);
        int wrong = IntStream.range(0, list.size()).filter(layer -> mark.equals(list.get(layer)) != assumed.test(layer))
                .findFirst().orElse(-1);
        if (wrong >= 0) {
            throw refused(key + "[" + wrong + "]", "the value that llama.cpp assumes", list.get(wrong));
        }
    }

    private CommandFailure refused(String key, Object expected, Object found) {
        return new CommandFailure(config.where() + ": " + key + ": expected, for a GGUF file of " + architecture + ", "
                + expected + ", found " + found + ": llama.cpp would compute other results");
    }

    /** Returns true if llama.cpp ignores the windows of a model of this architecture. */
    static boolean ignoresWindows(String architecture, ModelConfig model) {
        return !WINDOWED.contains(architecture) && model.name().contains(", window ");
    }
}
