package io.github.t6j.sampling;

/**
 * Position of one generation in the texts of a {@link Constraint}: says which ids may come next, and takes the chosen one.
 * For one thread.
 */
public interface ConstraintMatcher {
    /** Returns whether {@code id} may come next. */
    boolean allows(int id);

    /**
     * Sets the logits of all ids that may not come next to negative infinity. At least one id may come next before the
     * text is complete.
     *
     * @param logits [vocabulary], modified
     * @throws IllegalArgumentException if there are fewer logits than ids that may be generated
     */
    void mask(float[] logits);

    /**
     * Takes the next id of the text.
     *
     * @throws IllegalArgumentException if the id may not come next; the matcher stays as it was
     */
    void accept(int id);

    /** Returns whether the text so far matches the constraint. */
    boolean mayEnd();

    /** Returns whether the text so far matches the constraint, and nothing may follow. */
    boolean isComplete();

    /** Returns a matcher at the same position that goes its own way. */
    ConstraintMatcher copy();
}
