package io.github.t6j.model;

/**
 * What benchmarks need of a session and nobody else should: a cache that is filled instead of computed. The class of
 * sessions, which is above this package, says how; whoever may use this package may use it.
 */
public final class SessionAccess {
    private static volatile Filler filler;

    private SessionAccess() {}

    /** How a session is filled. */
    @FunctionalInterface
    public interface Filler {
        /** Does it, see {@link SessionAccess#fill}. */
        void fill(Object session, int length, long seed);
    }

    /** Says how; called once, by the class of sessions. */
    public static void set(Filler newFiller) {
        filler = newFiller;
    }

    /**
     * Makes an empty session hold {@code length} ids that were never fed: its cache is filled with random numbers, the
     * same for the same seed, which takes seconds for a million ids. There are no logits before an id is fed; the ids
     * are zeros.
     *
     * @throws IllegalArgumentException if {@code length} is not in 0 … the session's context length
     * @throws IllegalStateException if the session is not empty
     */
    public static void fill(Object session, int length, long seed) {
        filler.fill(session, length, seed);
    }
}
