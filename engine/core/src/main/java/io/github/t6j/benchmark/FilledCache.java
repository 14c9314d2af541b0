package io.github.t6j.benchmark;

import io.github.t6j.Session;
import io.github.t6j.session.SessionCore;
import io.github.t6j.session.SessionUse;

/** Fills a session's cache for benchmarks at great depth, without computing it. */
public final class FilledCache {
    private FilledCache() {}

    /**
     * Fills the cache of an empty session with {@code length} positions of random elements, the same for the same seed;
     * a million positions take seconds. The session's ids are zeros. Logits are unavailable until an id is fed.
     *
     * @throws IllegalArgumentException if {@code length} is not in 0 … the session's context length
     * @throws IllegalStateException if the session is not empty
     */
    public static void fill(Session session, int length, long seed) {
        SessionCore core = SessionCore.of(session);
        try (SessionUse.Call _ = core.use().begin()) {
            core.state().fill(length, seed);
        }
    }
}
