package io.github.t6j.attention.tpa.steps;

import io.github.t6j.attention.LayerOptions.Scores;

/**
 * Steps of a layer beyond factored keys and values; each can be absent.
 *
 * @param shift true if a gate per head mixes a token's keys and values with its predecessor's
 * @param normEpsilon epsilon of the norms of queries and keys, after the shift, or 0 without norms
 * @param length scalable softmax, or null
 * @param scores divisor of scores, and their limit
 * @param window number of tokens that a query sees, including its own, or 0 for all
 * @param differential true if the last query head of each group is noise, of which the others subtract a part
 * @param gate gate of the output, or null
 * @param outputNorm norm of each head's output, or null
 */
public record Steps(boolean shift, float normEpsilon, Length length, Scores scores, int window, boolean differential,
        Gate gate, OutputNorm outputNorm) {
    /**
     * Scalable softmax: a query is multiplied by a factor per head and by the logarithm of the number of tokens so far.
     *
     * @param limit largest number of tokens that counts, or 0 for none
     */
    public record Length(int limit) {
        /** Returns the logarithm for the query at {@code position}. */
        public float logarithm(int position) {
            int tokens = limit > 0 ? Math.min(position + 1, limit) : position + 1;
            return (float) StrictMath.log(tokens);
        }
    }

    /**
     * Gate of the output.
     *
     * @param headwise true for one gate per head; false for one per element
     * @param sigmoid true for the sigmoid; false for SiLU
     * @param offset number that is added before the activation
     */
    public record Gate(boolean headwise, boolean sigmoid, float offset) {}

    /**
     * Norm of each head's output, with a gain per head and element.
     *
     * @param beforeGate true if it precedes the gate
     */
    public record OutputNorm(float epsilon, boolean beforeGate) {}

    /** Returns true if keys are normed. */
    public boolean norms() {
        return normEpsilon > 0f;
    }
}
