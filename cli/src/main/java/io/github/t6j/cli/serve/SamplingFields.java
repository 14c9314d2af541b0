package io.github.t6j.cli.serve;

import io.github.t6j.GenerationOptions;
import io.github.t6j.sampling.SamplingOptions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Sampling fields of a request: OpenAI's, and top_k, min_p, repetition_penalty and ignore_eos. */
final class SamplingFields {
    private static final int MOST_STOPS = 16;

    /** Default of a model without generation_config.json: the model's own distribution. */
    static final SamplingOptions PLAIN = SamplingOptions.defaults().withTemperature(1).withTopK(0).withTopP(1);

    private SamplingFields() {}

    /**
     * Returns the options of a request.
     *
     * @param model options of generation_config.json, or null
     */
    static GenerationOptions options(Fields fields, SamplingOptions model, int maxTokens) {
        SamplingOptions sampling = model == null ? PLAIN : model;
        sampling = sampling.withSeed(fields.longOrNull("seed", Long.MIN_VALUE, Long.MAX_VALUE));
        Float temperature = fields.number("temperature", 0, 2);
        sampling = temperature == null ? sampling : sampling.withTemperature(temperature);
        Float topP = fields.number("top_p", 0, 1);
        sampling = topP == null ? sampling : sampling.withTopP(Math.max(topP, Float.MIN_NORMAL));
        sampling = fields.has("top_k")
                ? sampling.withTopK(Math.max(0, fields.whole("top_k", -1, Integer.MAX_VALUE, 0)))
                : sampling;
        Float minP = fields.number("min_p", 0, 1);
        sampling = minP == null ? sampling : sampling.withMinP(minP);
        Float repetition = fields.number("repetition_penalty", 0.01, 100);
        sampling = repetition == null ? sampling : sampling.withRepetitionPenalty(repetition);
        Float frequency = fields.number("frequency_penalty", -2, 2);
        sampling = frequency == null ? sampling : sampling.withFrequencyPenalty(frequency);
        Float presence = fields.number("presence_penalty", -2, 2);
        sampling = presence == null ? sampling : sampling.withPresencePenalty(presence);
        sampling = fields.has("logit_bias") ? sampling.withLogitBias(bias(fields.object("logit_bias"))) : sampling;
        List<String> stop = fields.texts("stop", MOST_STOPS);
        return GenerationOptions.defaults().withMaxTokens(maxTokens).withSampling(sampling)
                .withStop(stop.toArray(String[]::new)).withIgnoreEndOfText(fields.flag("ignore_eos"))
                .withTimeout(TimeLimit.of(fields).request());
    }

    private static Map<Integer, Float> bias(Fields biases) {
        Map<Integer, Float> bias = new HashMap<>();
        for (String id : biases.json().keySet()) {
            try {
                bias.put(Integer.valueOf(id), biases.number(id, -100, 100));
            } catch (NumberFormatException e) {
                throw ApiException.invalid("logit_bias", "logit_bias: expected ids as keys, found \"" + id + "\"");
            }
        }
        return bias;
    }
}
