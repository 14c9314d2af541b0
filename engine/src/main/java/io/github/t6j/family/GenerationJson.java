package io.github.t6j.family;

import io.github.t6j.ModelFormatException;
import io.github.t6j.sampling.SamplingOptions;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What {@code generation_config.json} says, beside a model of the Llama family; every key may be missing, and the file, too.
 *
 * @param json its keys
 */
public record GenerationJson(ConfigJson json) {
    /** A file that says nothing. */
    public static GenerationJson none() {
        return new GenerationJson(ConfigJson.empty("generation_config.json"));
    }

    /**
     * The ids that end a text: {@code eos_token_id}, a number or a list, or else that of config.json; none if neither says.
     *
     * @throws ModelFormatException if they are no ids
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
     * {@link SamplingOptions#defaults()} with what the file says instead, or null: it does not ask to sample
     * ({@code do_sample}).
     *
     * @throws ModelFormatException if a value makes no sense
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
                    .withRepetitionPenalty(
                            (float) json.number("repetition_penalty", defaults.penalties().repetition()));
        } catch (IllegalArgumentException wrong) {
            throw new ModelFormatException(json.where() + ": " + wrong.getMessage(), wrong);
        }
    }
}
