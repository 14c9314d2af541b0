package io.github.t6j.family.lora;

import io.github.t6j.ModelFormatException;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.json.Json;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Keys of adapter_config.json: rank and scale of each module. Keys that need more than adding scale · B · A are
 * rejected; keys that only list the trained modules have no effect, since the matrices show it.
 */
public final class LoraConfig {
    /** Name of the file. */
    public static final String NAME = "adapter_config.json";

    /** Name of the file with the matrices. */
    public static final String WEIGHTS = "adapter_model.safetensors";

    /** Remedy for an adapter that only PEFT understands. */
    static final String REMEDY = ": merge it into its model with PEFT (merge_and_unload), and load the saved model";

    /** Initialisations that leave the model's own matrices unchanged. */
    private static final Set<Object> PLAIN = Set.of(true, false, "gaussian", "eva", "orthogonal");

    /** Keys that must be missing, null, false or empty. */
    private static final List<String> UNUSED = List.of("use_dora", "use_qalora", "lora_bias", "fan_in_fan_out",
            "modules_to_save", "layer_replication", "target_parameters", "trainable_token_indices",
            "alora_invocation_tokens", "megatron_config");

    /** Name of a module, or the end of one; ^ marks a whole name. */
    private static final Pattern MODULE = Pattern.compile("\\^?[\\w.-]+");

    private final ConfigJson json;
    private final ConfigJson ranks;
    private final ConfigJson alphas;
    private final List<String> rankPatterns;
    private final List<String> alphaPatterns;

    /**
     * @param where name of the file in errors
     * @throws ModelFormatException if the adapter is not a LoRA that can be merged; the message names the key
     */
    public LoraConfig(Map<String, Object> keys, String where) {
        json = new ConfigJson(keys, where);
        check("peft_type", json.text("peft_type", "none"), "LORA");
        check("bias", json.text("bias", "none"), "none");
        UNUSED.forEach(key -> checkUnused(key, keys.get(key)));
        keys.forEach((key, value) -> { // features of later versions
            if (key.startsWith("use_") && !key.equals("use_rslora")) {
                checkUnused(key, value);
            }
        });
        Object initialization = keys.get("init_lora_weights");
        if (initialization != null && !PLAIN.contains(initialization)) {
            throw json.wrong("init_lora_weights", "true, false, gaussian, eva or orthogonal", initialization
                    + ", which also changes the model: save the adapter with PEFT's"
                    + " path_initial_model_for_weight_conversion").asUnsupported();
        }
        rankPatterns = patterns(keys, "rank_pattern");
        alphaPatterns = patterns(keys, "alpha_pattern");
        ranks = json.object("rank_pattern");
        alphas = json.object("alpha_pattern");
    }

    private void check(String key, String found, String expected) {
        if (!found.equals(expected)) {
            throw unsupported(key, expected, found);
        }
    }

    private void checkUnused(String key, Object value) {
        boolean empty = value == null || value.equals(false) || value instanceof List<?> list && list.isEmpty()
                || value instanceof Map<?, ?> map && map.isEmpty();
        if (!empty) {
            throw unsupported(key, value instanceof Boolean ? "false" : "none", value);
        }
    }

    private ModelFormatException unsupported(String key, String expected, Object found) {
        return json.wrong(key, expected, found + REMEDY).asUnsupported();
    }

    private List<String> patterns(Map<String, Object> keys, String key) {
        if (keys.get(key) == null) {
            return List.of();
        }
        List<String> patterns = List.copyOf(Json.object(keys.get(key), json.where() + ": " + key).keySet());
        for (String pattern : patterns) {
            if (!MODULE.matcher(pattern).matches()) {
                throw unsupported(key, "names of modules, such as q_proj", pattern);
            }
        }
        return patterns;
    }

    /** Returns the rank of a module, such as model.layers.0.self_attn.q_proj. */
    int rank(String module) {
        String pattern = pattern(rankPatterns, module);
        return pattern == null ? json.optional("r", 8) : ranks.required(pattern, "rank");
    }

    /** Returns the factor of B · A for a module. */
    double scale(String module) {
        String pattern = pattern(alphaPatterns, module);
        double alpha = pattern == null ? json.number("lora_alpha", 8) : alphas.number(pattern, 8);
        int rank = rank(module);
        double scale = alpha / (json.flag("use_rslora", false) ? Math.sqrt(rank) : rank);
        if (!Double.isFinite(scale)) {
            throw json.wrong("lora_alpha", "a finite number", alpha);
        }
        return scale;
    }

    /** Returns the first pattern that is the module's name or its end, as in PEFT; or null. */
    private static String pattern(List<String> patterns, String module) {
        return patterns.stream().filter(pattern -> pattern.startsWith("^")
                ? module.equals(pattern.substring(1))
                : ("." + module).endsWith("." + pattern)).findFirst().orElse(null);
    }

    /** Returns the remedy for an adapter that does not fit a model. */
    String rightModel() {
        String base = json.text("base_model_name_or_path", "");
        return ": use the model that the adapter was trained on"
                + (base.isBlank() ? "" : ", according to " + NAME + " " + base);
    }
}
