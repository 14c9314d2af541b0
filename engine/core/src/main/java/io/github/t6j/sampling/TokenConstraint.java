package io.github.t6j.sampling;

/** {@link Constraint} prepared for the tokens of a model. Thread-safe. */
public interface TokenConstraint {
    /** Returns a matcher at the beginning of a text. */
    ConstraintMatcher newMatcher();
}
