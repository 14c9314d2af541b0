package io.github.t6j.family;

import io.github.t6j.ModelFormatException;
import io.github.t6j.sampling.SamplingOptions;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Keys of {@code generation_config.json}, a file in the folders of Llama models. All keys, and the file, are optional.
 *
 * @param json its keys
 */
public record GenerationJson(ConfigJson json) {
    /** Returns an object without keys. */
    public static GenerationJson none() {
        return new GenerationJson(ConfigJson.empty("generation_config.json"));
    }

    /**
     * Returns the ids that end a text: {@code eos_token_id}, a number or a list, otherwise config.json's; empty if
     * neither file has it.
     *
     * @throws ModelFormatException if the value is not an id or a list of ids
     */
    public Set<Integer> endIds(ConfigJson config) {
        ConfigJson where = json.has("eos_token_id") ? json : config;
        Set<Integer> ids = new LinkedHashSet<>();
        for (Object id : where.list("eos_token_id")) {
            if (!(id instanceof Long number) || number < 0 || number > Integer.MAX_VALUE) {
                throw where.wrong("eos_token_id", "an id, or a list of ids", id);
            }
            ids.add(number.intValue());
        }
        return ids;
    }

    /**
     * Returns {@link SamplingOptions#defaults()} with the values of the file, or null if {@code do_sample} is not true.
     *
     * @throws ModelFormatException if a value is out of range
     */
    public SamplingOptions sampling() {
        if (!json.flag("do_sample", false)) {
            return null;
        }
        SamplingOptions defaults = SamplingOptions.defaults();
        try {
            return defaults
                    .withTemperature((float) json.number("temperature", defaults.temperature()))
                    .withTopK(json.countOr("top_k", defaults.topK()))
                    .withTopP((float) json.number("top_p", defaults.topP()))
                    .withMinP((float) json.number("min_p", defaults.minP()))
                    .withRepetitionPenalty((float) json.number("repetition_penalty", defaults.repetitionPenalty()));
        } catch (IllegalArgumentException wrong) {
            throw new ModelFormatException(json.where() + ": " + wrong.getMessage(), wrong);
        }
    }
}
