package io.github.t6j.cli.serve;

import io.github.t6j.CallOptions;
import io.github.t6j.GenerationOptions;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.speculation.Speculation;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Sampling fields of a request: OpenAI's, and top_k, min_p, repetition_penalty and ignore_eos. */
final class SamplingFields {
    private static final String BIAS = "logit_bias";
    private static final int MAX_STOPS = 16;
    private static final double MAX_BIAS = 100;

    /** Default of a model without generation_config.json: the model's own distribution. */
    static final SamplingOptions PLAIN = SamplingOptions.defaults().withTemperature(1).withTopK(0).withTopP(1);

    /** Speculation of requests with a prediction, if the server has none. */
    private static final Speculation PREDICTED = Speculation.ngrams();

    private SamplingFields() {}

    /**
     * Returns the options of a request.
     *
     * @param served model, whose generation_config.json has the defaults
     */
    static GenerationOptions options(Fields fields, ServedModel served, int maxTokens) {
        ForeignFields.check(fields);
        SamplingOptions sampling = served.sampling() == null ? PLAIN : served.sampling();
        sampling = sampling.withSeed(fields.longOrNull("seed", Long.MIN_VALUE, Long.MAX_VALUE));
        Float temperature = fields.number("temperature", 0, 2);
        sampling = temperature == null ? sampling : sampling.withTemperature(temperature);
        Float topP = fields.number("top_p", 0, 1);
        sampling = topP == null ? sampling : sampling.withTopP(Math.max(topP, Float.MIN_NORMAL));
        sampling = fields.has("top_k")
                ? sampling.withTopK(Math.max(0, fields.whole("top_k", -1, Integer.MAX_VALUE, 0)))
                : sampling;
        Float minP = fields.number("min_p", 0, 1);
        sampling = minP == null ? sampling : sampling.withMinP(Math.min(minP, Math.nextDown(1f)));
        Float repetition = fields.number(fields.either("repetition_penalty", "repeat_penalty"), 0.01, 100);
        sampling = repetition == null ? sampling : sampling.withRepetitionPenalty(repetition);
        Float frequency = fields.number("frequency_penalty", -2, 2);
        sampling = frequency == null ? sampling : sampling.withFrequencyPenalty(frequency);
        Float presence = fields.number("presence_penalty", -2, 2);
        sampling = presence == null ? sampling : sampling.withPresencePenalty(presence);
        sampling = fields.has(BIAS)
                ? sampling.withLogitBias(bias(fields.object(BIAS), served.model().sampleableIds()))
                : sampling;
        List<String> stop = fields.texts("stop", MAX_STOPS);
        return GenerationOptions.defaults().withMaxTokens(maxTokens).withSampling(sampling)
                .withStop(stop.toArray(String[]::new)).withIgnoreEndOfText(fields.flag("ignore_eos"))
                .withSpeculation(speculation(fields, served))
                .withCall(CallOptions.defaults().withTimeout(TimeLimit.of(fields).request()));
    }

    /** Returns the maximum number of tokens; -1 stands for no limit. @param names names of the field, the last wins */
    static int maxTokens(Fields fields, int fallback, String... names) {
        int max = fallback;
        for (String name : names) {
            if (fields.has(name)) {
                int given = fields.whole(name, -1, Integer.MAX_VALUE, 0);
                max = given < 0 ? Integer.MAX_VALUE : given;
            }
        }
        return max;
    }

    /** Returns the server's speculation; a prediction in the request begins one for this request. */
    private static Speculation speculation(Fields fields, ServedModel served) {
        if (!fields.has("prediction")) {
            return served.speculation();
        }
        Fields prediction = fields.object("prediction");
        if (!"content".equals(prediction.text("type", "content"))) {
            throw prediction.wrong("type", "\"content\"");
        }
        Speculation speculation = served.speculation() == null ? PREDICTED : served.speculation();
        return speculation.withPrediction(served.model().tokenizer().encode(ChatMessages.content(prediction)));
    }

    /** @param ids number of ids that may be chosen */
    private static Map<Integer, Float> bias(Fields biases, int ids) {
        Map<Integer, Float> bias = new HashMap<>();
        for (String key : biases.json().keySet()) {
            Float value = biases.number(key, -MAX_BIAS, MAX_BIAS);
            if (value == null) {
                throw biases.wrong(key, "a number from " + -MAX_BIAS + " to " + MAX_BIAS);
            }
            bias.put(id(key, ids), value);
        }
        return bias;
    }

    private static int id(String key, int ids) {
        try {
            return Objects.checkIndex(Integer.parseInt(key), ids);
        } catch (NumberFormatException | IndexOutOfBoundsException e) {
            throw ApiException.invalid(
                    BIAS, BIAS + ": expected ids from 0 to " + (ids - 1) + " as keys, found \"" + key + "\"");
        }
    }
}
