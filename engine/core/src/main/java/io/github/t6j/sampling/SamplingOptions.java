package io.github.t6j.sampling;

import java.util.Map;
import java.util.Objects;

/**
 * Options for choosing the next id from logits: {@link #defaults} or {@link #greedy} and the methods that change one of
 * them in a copy. The steps are applied in this order: the custom step, penalties and bias, temperature, top-k, top-p,
 * min-p, draw.
 *
 * @param temperature divisor of the logits; 0 always chooses the most likely id, and the lowest of equally likely ones
 * @param topK number of most likely ids that are kept; 0 keeps all
 * @param topP sum of probabilities that the kept ids must reach, the fewest of the most likely ones; 1 keeps all
 * @param minP probability of the least likely id that is kept, relative to the most likely one; 0 keeps all
 * @param repetitionPenalty divisor of positive logits, and factor of negative ones, for ids of the prompt or the
 *     answer; 1 has no effect
 * @param frequencyPenalty amount subtracted from an id's logit for each time that it was generated
 * @param presencePenalty amount subtracted from an id's logit if it was generated
 * @param logitBias biases by id, added to the logits; negative infinity bans an id
 * @param step custom step, or null for none
 * @param seed seed of the draws, or null for a random seed
 */
public record SamplingOptions(
        float temperature, int topK, float topP, float minP, float repetitionPenalty, float frequencyPenalty,
        float presencePenalty, Map<Integer, Float> logitBias, SamplingStep step, Long seed) {

    /** @throws IllegalArgumentException if a value is out of range; the message names it and the expected range */
    public SamplingOptions {
        Objects.requireNonNull(logitBias, "logitBias");
        check(temperature >= 0 && Float.isFinite(temperature), "temperature", "0 or more, finite", temperature);
        check(topK >= 0, "topK", "0 (all) or more", topK);
        check(topP > 0 && topP <= 1, "topP", "above 0 and at most 1", topP);
        check(minP >= 0 && minP < 1, "minP", "0 or more and below 1", minP);
        check(repetitionPenalty > 0 && Float.isFinite(repetitionPenalty),
                "repetitionPenalty", "above 0, finite", repetitionPenalty);
        check(Float.isFinite(frequencyPenalty), "frequencyPenalty", "a finite number", frequencyPenalty);
        check(Float.isFinite(presencePenalty), "presencePenalty", "a finite number", presencePenalty);
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
        return new SamplingOptions(0.8f, 40, 0.95f, 0, 1, 0, 0, Map.of(), null, null);
    }

    /** Returns options that always choose the most likely id. */
    public static SamplingOptions greedy() {
        return new SamplingOptions(0, 0, 1, 0, 1, 0, 0, Map.of(), null, null);
    }

    /**
     * Returns these options with another temperature; 0 always chooses the most likely id.
     *
     * @throws IllegalArgumentException if it is negative or not finite
     */
    public SamplingOptions withTemperature(float temperature) {
        return new SamplingOptions(temperature, topK, topP, minP, repetitionPenalty, frequencyPenalty, presencePenalty,
                logitBias, step, seed);
    }

    /**
     * Returns these options with another top-k; 0 keeps all ids.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public SamplingOptions withTopK(int topK) {
        return new SamplingOptions(temperature, topK, topP, minP, repetitionPenalty, frequencyPenalty, presencePenalty,
                logitBias, step, seed);
    }

    /**
     * Returns these options with another top-p; 1 keeps all ids.
     *
     * @throws IllegalArgumentException if it is not above 0 and at most 1
     */
    public SamplingOptions withTopP(float topP) {
        return new SamplingOptions(temperature, topK, topP, minP, repetitionPenalty, frequencyPenalty, presencePenalty,
                logitBias, step, seed);
    }

    /**
     * Returns these options with another min-p; 0 keeps all ids.
     *
     * @throws IllegalArgumentException if it is not 0 or more and below 1
     */
    public SamplingOptions withMinP(float minP) {
        return new SamplingOptions(temperature, topK, topP, minP, repetitionPenalty, frequencyPenalty, presencePenalty,
                logitBias, step, seed);
    }

    /**
     * Returns these options with another repetition penalty; 1 for none.
     *
     * @throws IllegalArgumentException if it is not above 0 and finite
     */
    public SamplingOptions withRepetitionPenalty(float repetitionPenalty) {
        return new SamplingOptions(temperature, topK, topP, minP, repetitionPenalty, frequencyPenalty, presencePenalty,
                logitBias, step, seed);
    }

    /**
     * Returns these options with another frequency penalty; 0 for none.
     *
     * @throws IllegalArgumentException if it is not finite
     */
    public SamplingOptions withFrequencyPenalty(float frequencyPenalty) {
        return new SamplingOptions(temperature, topK, topP, minP, repetitionPenalty, frequencyPenalty, presencePenalty,
                logitBias, step, seed);
    }

    /**
     * Returns these options with another presence penalty; 0 for none.
     *
     * @throws IllegalArgumentException if it is not finite
     */
    public SamplingOptions withPresencePenalty(float presencePenalty) {
        return new SamplingOptions(temperature, topK, topP, minP, repetitionPenalty, frequencyPenalty, presencePenalty,
                logitBias, step, seed);
    }

    /**
     * Returns these options with other biases, which are copied. Negative infinity bans an id. Positive infinity is
     * rejected, since two such ids could not be compared; a bias of 1000 also forces an id.
     *
     * @throws IllegalArgumentException if an id is negative, or a bias is NaN or positive infinity
     */
    public SamplingOptions withLogitBias(Map<Integer, Float> logitBias) {
        return new SamplingOptions(temperature, topK, topP, minP, repetitionPenalty, frequencyPenalty, presencePenalty,
                logitBias, step, seed);
    }

    /** Returns these options with a custom step; null for none. */
    public SamplingOptions withStep(SamplingStep step) {
        return new SamplingOptions(temperature, topK, topP, minP, repetitionPenalty, frequencyPenalty, presencePenalty,
                logitBias, step, seed);
    }

    /** Returns these options with another seed; null for a random one. */
    public SamplingOptions withSeed(Long seed) {
        return new SamplingOptions(temperature, topK, topP, minP, repetitionPenalty, frequencyPenalty, presencePenalty,
                logitBias, step, seed);
    }

    /** Returns these options with another seed. */
    public SamplingOptions withSeed(long seed) {
        return withSeed((Long) seed);
    }
}
