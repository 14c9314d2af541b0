package io.github.t6j.sampling;

/** {@link Constraint} over the tokens of a vocabulary; for any number of threads. */
public interface TokenConstraint {
    /** Returns a matcher at the beginning of a text. */
    ConstraintMatcher newMatcher();
}
