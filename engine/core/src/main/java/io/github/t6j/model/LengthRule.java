package io.github.t6j.model;

/** Rule for keys that depend on the length of the whole text ({@link LongRope}). Other models have {@link #NONE}. */
public interface LengthRule {
    /** Rule of models whose keys do not depend on the length. */
    LengthRule NONE = new LengthRule() {};

    /** Announces that the sequence will have at least {@code length} tokens before anything reads its logits. */
    default void expect(int length) {}

    /**
     * Prepares for passes after which the sequence has {@code length} tokens. Empties the cache if the sequence
     * {@link #outgrows} its keys.
     */
    default void prepare(int length) {}

    /** Returns true if all keys must be computed again before the sequence can have {@code length} tokens. */
    default boolean outgrows(int length) {
        return false;
    }

    /**
     * Checks that the sequence is prepared for {@code length} tokens.
     *
     * @throws IllegalStateException if it is not
     */
    default void check(int length) {}
}
