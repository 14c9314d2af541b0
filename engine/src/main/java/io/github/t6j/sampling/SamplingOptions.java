package io.github.t6j.sampling;

import java.util.Map;

/**
 * How the next id is chosen from logits. Steps work in this order: penalties and bias, temperature, top-k, top-p,
 * min-p, draw.
 *
 * @param temperature divides the logits; 0 chooses the likeliest id always
 * @param topK keeps the K likeliest ids; 0 keeps all
 * @param topP keeps the likeliest ids whose probabilities together reach P; 1 keeps all
 * @param minP keeps ids at least P times as likely as the likeliest; 0 keeps all
 * @param repetitionPenalty divides positive and multiplies negative logits of ids seen in prompt or text; 1 does nothing
 * @param frequencyPenalty subtracted from an id's logit once for each time it was generated
 * @param presencePenalty subtracted from an id's logit if it was generated
 * @param logitBias added to the logits of its ids
 * @param seed where the draws start, or null for a random one
 */
public record SamplingOptions(
        float temperature,
        int topK,
        float topP,
        float minP,
        float repetitionPenalty,
        float frequencyPenalty,
        float presencePenalty,
        Map<Integer, Float> logitBias,
        Long seed) {

    /** Temperature 0.8, top-k 40, top-p 0.95, nothing else, a random seed. */
    public static SamplingOptions defaults() {
        return new SamplingOptions(0.8f, 40, 0.95f, 0f, 1f, 0f, 0f, Map.of(), null);
    }

    /** Always the likeliest id. */
    public static SamplingOptions greedy() {
        return new SamplingOptions(0f, 0, 1f, 0f, 1f, 0f, 0f, Map.of(), null);
    }
}
