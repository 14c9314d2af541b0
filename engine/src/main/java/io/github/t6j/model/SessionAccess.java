package io.github.t6j.model;

/**
 * Access for benchmarks to a function that sessions do not offer otherwise: filling the cache instead of computing it.
 * The class of sessions, in a package above this one, registers the implementation. Any code that may use this package
 * may call it.
 */
public final class SessionAccess {
    private static volatile Filler filler;

    private SessionAccess() {}

    /** Fills a session. */
    @FunctionalInterface
    public interface Filler {
        /** Implements {@link SessionAccess#fill}. */
        void fill(Object session, int length, long seed);
    }

    /** Registers the implementation; the class of sessions calls it once. */
    public static void set(Filler newFiller) {
        filler = newFiller;
    }

    /**
     * Fills the cache of an empty session with {@code length} positions of random elements, the same for the same seed;
     * a million positions take seconds. The session's ids are zeros. Logits are unavailable until an id is fed.
     *
     * @throws IllegalArgumentException if {@code length} is not in 0 … the session's context length
     * @throws IllegalStateException if the session is not empty
     */
    public static void fill(Object session, int length, long seed) {
        filler.fill(session, length, seed);
    }
}
