package io.github.t6j.sampling;

/**
 * Custom step between the model's logits and the choice of an id, for example a grammar that allows few ids. It is
 * applied first; penalties, bias, temperature and the other steps work on its result.
 *
 * <p>Several generations may share options at the same time, so a step must not keep state between calls; the arguments
 * contain everything about the generation. The step is called on the generating thread. Its exceptions propagate to the
 * caller of the generation.
 */
@FunctionalInterface
public interface SamplingStep {
    /**
     * Changes logits; {@link Float#NEGATIVE_INFINITY} bans an id. A grammar ends the text by banning all but the
     * model's end ids, and forces an id by banning all others.
     *
     * @param logits [vocabulary], a copy to modify; afterwards each must be finite or negative infinity, and at least
     *     one finite
     * @param generated ids generated so far, without the prompt; a copy
     */
    void apply(float[] logits, int[] generated);
}
