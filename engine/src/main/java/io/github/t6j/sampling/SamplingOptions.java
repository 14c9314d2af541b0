package io.github.t6j.sampling;

import java.util.Map;

/**
 * Options for choosing the next id from logits. The steps are applied in this order: the caller's own step, penalties
 * and bias, temperature, top-k, top-p, min-p, draw.
 *
 * @param temperature divides the logits; 0 always chooses the most likely id, the lowest of equally likely ones
 * @param topK keeps the K most likely ids; 0 keeps all
 * @param topP keeps the fewest of the most likely ids whose probabilities together reach P; 1 keeps all
 * @param minP keeps ids at least P times as likely as the most likely one; 0 keeps all
 * @param penalties penalties for ids that occurred before
 * @param logitBias biases by id, added to the logits; negative infinity bans an id. Positive infinity is rejected,
 *     since two such ids could not be compared; a bias of 1000 also forces an id
 * @param step the caller's own step, or null for none
 * @param seed seed of the draws, or null for a random seed
 */
public record SamplingOptions(
        float temperature,
        int topK,
        float topP,
        float minP,
        Penalties penalties,
        Map<Integer, Float> logitBias,
        SamplingStep step,
        Long seed) {

    /**
     * Penalties that make ids less likely that occurred before.
     *
     * @param repetition divides positive and multiplies negative logits of ids seen in the prompt or generated; 1 has
     *     no effect
     * @param frequency subtracted from an id's logit for each time it was generated
     * @param presence subtracted from an id's logit if it was generated
     */
    public record Penalties(float repetition, float frequency, float presence) {
        /** No penalties. */
        public static final Penalties NONE = new Penalties(1f, 0f, 0f);

        /** @throws IllegalArgumentException if a value is out of range; the message names it and the expected range */
        public Penalties {
            check(repetition > 0 && Float.isFinite(repetition), "repetitionPenalty", "above 0, finite", repetition);
            check(Float.isFinite(frequency), "frequencyPenalty", "a finite number", frequency);
            check(Float.isFinite(presence), "presencePenalty", "a finite number", presence);
        }
    }

    /** @throws IllegalArgumentException if a value is out of range; the message names it and the expected range */
    public SamplingOptions {
        check(temperature >= 0 && Float.isFinite(temperature), "temperature", "0 or more, finite", temperature);
        check(topK >= 0, "topK", "0 (all) or more", topK);
        check(topP > 0 && topP <= 1, "topP", "above 0 and at most 1", topP);
        check(minP >= 0 && minP < 1, "minP", "0 or more and below 1", minP);
        check(penalties != null, "penalties", "penalties or NONE", null);
        check(logitBias != null, "logitBias", "a map", null);
        logitBias.forEach((id, bias) -> {
            check(id != null && id >= 0, "logitBias", "ids of 0 or more", id);
            check(bias != null && bias < Float.POSITIVE_INFINITY,
                    "logitBias of id " + id, "a finite number or -Infinity", bias);
        });
        logitBias = Map.copyOf(logitBias);
    }

    private static void check(boolean valid, String name, String expected, Object found) {
        if (!valid) {
            throw new IllegalArgumentException(name + ": expected " + expected + ", found " + found);
        }
    }

    /** Returns the defaults: temperature 0.8, top-k 40, top-p 0.95, no penalties or biases, a random seed. */
    public static SamplingOptions defaults() {
        return new SamplingOptions(0.8f, 40, 0.95f, 0f, Penalties.NONE, Map.of(), null, null);
    }

    /** Returns options that always choose the most likely id. */
    public static SamplingOptions greedy() {
        return new SamplingOptions(0f, 0, 1f, 0f, Penalties.NONE, Map.of(), null, null);
    }

    /** Returns these options with another temperature. */
    public SamplingOptions withTemperature(float newTemperature) {
        return new SamplingOptions(newTemperature, topK, topP, minP, penalties, logitBias, step, seed);
    }

    /** Returns these options with another top-k. */
    public SamplingOptions withTopK(int newTopK) {
        return new SamplingOptions(temperature, newTopK, topP, minP, penalties, logitBias, step, seed);
    }

    /** Returns these options with another top-p. */
    public SamplingOptions withTopP(float newTopP) {
        return new SamplingOptions(temperature, topK, newTopP, minP, penalties, logitBias, step, seed);
    }

    /** Returns these options with another min-p. */
    public SamplingOptions withMinP(float newMinP) {
        return new SamplingOptions(temperature, topK, topP, newMinP, penalties, logitBias, step, seed);
    }

    /** Returns these options with another repetition penalty. */
    public SamplingOptions withRepetitionPenalty(float newRepetitionPenalty) {
        return withPenalties(new Penalties(newRepetitionPenalty, penalties.frequency, penalties.presence));
    }

    /** Returns these options with another frequency penalty. */
    public SamplingOptions withFrequencyPenalty(float newFrequencyPenalty) {
        return withPenalties(new Penalties(penalties.repetition, newFrequencyPenalty, penalties.presence));
    }

    /** Returns these options with another presence penalty. */
    public SamplingOptions withPresencePenalty(float newPresencePenalty) {
        return withPenalties(new Penalties(penalties.repetition, penalties.frequency, newPresencePenalty));
    }

    private SamplingOptions withPenalties(Penalties newPenalties) {
        return new SamplingOptions(temperature, topK, topP, minP, newPenalties, logitBias, step, seed);
    }

    /** Returns these options with other biases, which are copied. */
    public SamplingOptions withLogitBias(Map<Integer, Float> newLogitBias) {
        return new SamplingOptions(temperature, topK, topP, minP, penalties, newLogitBias, step, seed);
    }

    /** Returns these options with a step of the caller's own; null for none. */
    public SamplingOptions withStep(SamplingStep newStep) {
        return new SamplingOptions(temperature, topK, topP, minP, penalties, logitBias, newStep, seed);
    }

    /** Returns these options with another seed. */
    public SamplingOptions withSeed(long newSeed) {
        return withSeed((Long) newSeed);
    }

    /** Returns these options with another seed; null for a random one. */
    public SamplingOptions withSeed(Long newSeed) {
        return new SamplingOptions(temperature, topK, topP, minP, penalties, logitBias, step, newSeed);
    }
}
