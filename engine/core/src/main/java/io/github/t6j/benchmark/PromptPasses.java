package io.github.t6j.benchmark;

import io.github.t6j.Session;
import io.github.t6j.session.SessionCore;

/** Passes in which a prompt goes through a model. */
public final class PromptPasses {
    private PromptPasses() {}

    /** Returns true if the session's bits depend on how a prompt is split into passes. */
    public static boolean matter(Session session) {
        return SessionCore.of(session).state().passesMatter();
    }
}
