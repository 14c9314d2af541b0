package io.github.t6j.attention.mamba;

import io.github.t6j.attention.LayerWeights;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.kernels.HeadStep;

/**
 * Weights of a Mamba-3 mixer other than its matrices.
 *
 * @param keyNorm [stateDim], gain
 * @param queryNorm [stateDim], gain
 * @param heads biases of keys and queries, which are added after the norm, and factors of values, gates and outputs
 * @param stepBias [heads]
 * @param skip [heads], factors of the token's values in the output
 * @param outputNorm [heads · headDim], gain, or null without that norm
 */
public record MambaWeights(
        float[] keyNorm, float[] queryNorm, HeadStep.Weights heads, float[] stepBias, float[] skip,
        float[] outputNorm) {
    static MambaWeights of(LayerWeights weights) {
        return new MambaWeights(
                weights.floats(TensorRole.KEY_NORM), weights.floats(TensorRole.QUERY_NORM),
                new HeadStep.Weights(
                        weights.floats(TensorRole.STATE_KEY_BIAS), weights.floats(TensorRole.STATE_QUERY_BIAS),
                        weights.floats(TensorRole.STATE_VALUE_FACTORS), weights.floats(TensorRole.STATE_GATE_FACTORS),
                        weights.floats(TensorRole.STATE_OUTPUT_FACTORS)),
                weights.floats(TensorRole.STATE_STEP_BIAS), weights.floats(TensorRole.STATE_SKIP),
                weights.floats(TensorRole.STATE_OUTPUT_NORM));
    }
}
