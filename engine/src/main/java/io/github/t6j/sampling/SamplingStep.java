package io.github.t6j.sampling;

/**
 * A step of the caller's own between the model's logits and the choice of an id, such as a grammar that allows few ids.
 * It works first; penalties, bias, temperature and the rest work on what it leaves.
 *
 * <p>Options may be used by several generations at a time, so that a step keeps no state between calls: all that it needs
 * of the generation is given. It is called on the thread that generates, and what it throws comes out of the call.
 */
@FunctionalInterface
public interface SamplingStep {
    /**
     * Changes logits; {@link Float#NEGATIVE_INFINITY} bans an id. To end the text a grammar leaves the model's end ids,
     * to choose the next id itself it leaves just that one.
     *
     * @param logits [vocabulary], a copy; what is left in it must be numbers or negative infinity, not all of them this
     * @param generated the ids that were generated so far, the prompt's not among them; a copy
     */
    void apply(float[] logits, int[] generated);
}
