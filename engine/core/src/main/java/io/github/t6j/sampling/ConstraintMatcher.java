package io.github.t6j.sampling;

/**
 * Progress of one generation through a {@link Constraint}: which ids may come next, and the ids chosen so far. For one
 * thread.
 */
public interface ConstraintMatcher {
    /** Returns true if {@code id} may come next. */
    boolean allows(int id);

    /**
     * Sets the logits of all ids that may not come next to negative infinity. Until the text is complete, at least one
     * id may come next.
     *
     * @param logits [vocabulary], modified
     * @throws IllegalArgumentException if there are fewer logits than ids that may be generated
     */
    void mask(float[] logits);

    /**
     * Records the next id of the text.
     *
     * @throws IllegalArgumentException if the id may not come next; the matcher is unchanged then
     */
    void accept(int id);

    /**
     * Returns ids of the text that must come next, if there is only one: a guess, since other ids may have the same
     * text. The default returns none.
     *
     * @param max maximum number of ids
     */
    default int[] forced(int max) {
        return new int[0];
    }

    /** Returns true if the text so far matches the constraint. */
    boolean mayEnd();

    /** Returns true if the text so far matches the constraint and nothing may follow. */
    boolean isComplete();

    /** Returns an independent matcher at the same position. */
    ConstraintMatcher copy();
}
