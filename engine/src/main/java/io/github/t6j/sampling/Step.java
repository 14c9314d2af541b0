package io.github.t6j.sampling;

/**
 * Step between logits and the draw: changes logits or removes candidates. A step may allocate in its constructor, but
 * not in {@link #apply}.
 */
@FunctionalInterface
interface Step {
    void apply(Candidates candidates);
}
