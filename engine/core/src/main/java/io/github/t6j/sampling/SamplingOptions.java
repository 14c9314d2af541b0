package io.github.t6j.sampling;

import java.util.Map;
import java.util.Objects;

/**
 * Options for choosing the next id from logits, immutable: {@link #defaults} or {@link #greedy} and the methods that
 * change one of them in a copy. The steps are applied in this order: the caller's own step, penalties and bias,
 * temperature, top-k, top-p, min-p, draw.
 */
public final class SamplingOptions {
    private final Values values;

    private record Values(
            float temperature, int topK, float topP, float minP, Penalties penalties, Map<Integer, Float> logitBias,
            SamplingStep step, Long seed) {
        Values {
            check(temperature >= 0 && Float.isFinite(temperature), "temperature", "0 or more, finite", temperature);
            check(topK >= 0, "topK", "0 (all) or more", topK);
            check(topP > 0 && topP <= 1, "topP", "above 0 and at most 1", topP);
            check(minP >= 0 && minP < 1, "minP", "0 or more and below 1", minP);
            logitBias.forEach((id, bias) -> {
                check(id != null && id >= 0, "logitBias", "ids of 0 or more", id);
                check(bias != null && bias < Float.POSITIVE_INFINITY,
                        "logitBias of id " + id, "a finite number or -Infinity", bias);
            });
            logitBias = Map.copyOf(logitBias);
        }
    }

    private SamplingOptions(Values values) {
        this.values = values;
    }

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

        /**
         * Creates penalties.
         *
         * @throws IllegalArgumentException if a value is out of range; the message names it and the expected range
         */
        public Penalties {
            check(repetition > 0 && Float.isFinite(repetition), "repetitionPenalty", "above 0, finite", repetition);
            check(Float.isFinite(frequency), "frequencyPenalty", "a finite number", frequency);
            check(Float.isFinite(presence), "presencePenalty", "a finite number", presence);
        }
    }

    private static void check(boolean valid, String name, String expected, Object found) {
        if (!valid) {
            throw new IllegalArgumentException(name + ": expected " + expected + ", found " + found);
        }
    }

    /** Returns the defaults: temperature 0.8, top-k 40, top-p 0.95, no penalties or biases, a random seed. */
    public static SamplingOptions defaults() {
        return new SamplingOptions(new Values(0.8f, 40, 0.95f, 0f, Penalties.NONE, Map.of(), null, null));
    }

    /** Returns options that always choose the most likely id. */
    public static SamplingOptions greedy() {
        return new SamplingOptions(new Values(0f, 0, 1f, 0f, Penalties.NONE, Map.of(), null, null));
    }

    /** Returns the divisor of the logits; 0 always chooses the most likely id, the lowest of equally likely ones. */
    public float temperature() {
        return values.temperature;
    }

    /** Returns K of the most likely ids that are kept; 0 keeps all. */
    public int topK() {
        return values.topK;
    }

    /** Returns P: the fewest of the most likely ids whose probabilities together reach it are kept; 1 keeps all. */
    public float topP() {
        return values.topP;
    }

    /** Returns P: ids at least P times as likely as the most likely one are kept; 0 keeps all. */
    public float minP() {
        return values.minP;
    }

    /** Returns the penalties for ids that occurred before. */
    public Penalties penalties() {
        return values.penalties;
    }

    /** Returns the biases by id, added to the logits; negative infinity bans an id. */
    public Map<Integer, Float> logitBias() {
        return values.logitBias;
    }

    /** Returns the caller's own step, or null for none. */
    public SamplingStep step() {
        return values.step;
    }

    /** Returns the seed of the draws, or null for a random seed. */
    public Long seed() {
        return values.seed;
    }

    /**
     * Returns these options with another temperature; 0 always chooses the most likely id.
     *
     * @throws IllegalArgumentException if it is negative or not finite
     */
    public SamplingOptions withTemperature(float temperature) {
        return new SamplingOptions(new Values(
                temperature, values.topK, values.topP, values.minP, values.penalties, values.logitBias, values.step,
                values.seed));
    }

    /**
     * Returns these options with another top-k; 0 keeps all ids.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public SamplingOptions withTopK(int topK) {
        return new SamplingOptions(new Values(
                values.temperature, topK, values.topP, values.minP, values.penalties, values.logitBias, values.step,
                values.seed));
    }

    /**
     * Returns these options with another top-p; 1 keeps all ids.
     *
     * @throws IllegalArgumentException if it is not above 0 and at most 1
     */
    public SamplingOptions withTopP(float topP) {
        return new SamplingOptions(new Values(
                values.temperature, values.topK, topP, values.minP, values.penalties, values.logitBias, values.step,
                values.seed));
    }

    /**
     * Returns these options with another min-p; 0 keeps all ids.
     *
     * @throws IllegalArgumentException if it is not 0 or more and below 1
     */
    public SamplingOptions withMinP(float minP) {
        return new SamplingOptions(new Values(
                values.temperature, values.topK, values.topP, minP, values.penalties, values.logitBias, values.step,
                values.seed));
    }

    /** Returns these options with other penalties. */
    public SamplingOptions withPenalties(Penalties penalties) {
        Objects.requireNonNull(penalties, "penalties");
        return new SamplingOptions(new Values(
                values.temperature, values.topK, values.topP, values.minP, penalties, values.logitBias, values.step,
                values.seed));
    }

    /**
     * Returns these options with other biases, which are copied. Negative infinity bans an id. Positive infinity is
     * rejected, since two such ids could not be compared; a bias of 1000 also forces an id.
     *
     * @throws IllegalArgumentException if an id is negative, or a bias is NaN or positive infinity
     */
    public SamplingOptions withLogitBias(Map<Integer, Float> logitBias) {
        Objects.requireNonNull(logitBias, "logitBias");
        return new SamplingOptions(new Values(
                values.temperature, values.topK, values.topP, values.minP, values.penalties, logitBias, values.step,
                values.seed));
    }

    /** Returns these options with a step of the caller's own; null for none. */
    public SamplingOptions withStep(SamplingStep step) {
        return new SamplingOptions(new Values(
                values.temperature, values.topK, values.topP, values.minP, values.penalties, values.logitBias, step,
                values.seed));
    }

    /** Returns these options with another seed; null for a random one. */
    public SamplingOptions withSeed(Long seed) {
        return new SamplingOptions(new Values(
                values.temperature, values.topK, values.topP, values.minP, values.penalties, values.logitBias,
                values.step, seed));
    }

    /**
     * Returns these options with another repetition penalty, see {@link Penalties}.
     *
     * @throws IllegalArgumentException if it is out of range
     */
    public SamplingOptions withRepetitionPenalty(float penalty) {
        Penalties old = values.penalties;
        return withPenalties(new Penalties(penalty, old.frequency, old.presence));
    }

    /**
     * Returns these options with another frequency penalty, see {@link Penalties}.
     *
     * @throws IllegalArgumentException if it is out of range
     */
    public SamplingOptions withFrequencyPenalty(float penalty) {
        Penalties old = values.penalties;
        return withPenalties(new Penalties(old.repetition, penalty, old.presence));
    }

    /**
     * Returns these options with another presence penalty, see {@link Penalties}.
     *
     * @throws IllegalArgumentException if it is out of range
     */
    public SamplingOptions withPresencePenalty(float penalty) {
        Penalties old = values.penalties;
        return withPenalties(new Penalties(old.repetition, old.frequency, penalty));
    }

    /** Returns these options with another seed. */
    public SamplingOptions withSeed(long seed) {
        return withSeed((Long) seed);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SamplingOptions options && values.equals(options.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return values.toString().replaceFirst("Values", "SamplingOptions");
    }
}
