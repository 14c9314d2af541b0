package io.github.t6j.sampling;

/**
 * One step between logits and the draw: it changes logits, or keeps fewer candidates. A step allocates what it needs
 * when it is made, and nothing when it is applied.
 */
@FunctionalInterface
interface Step {
    void apply(Candidates candidates);
}
