package io.github.t6j.session;

import java.util.function.Function;

/**
 * State of a session and the tracker of the calls that use it.
 *
 * <p>{@code Session}, in a package above this one, registers a function that returns the core of a session, like the
 * JDK's SharedSecrets. A public method of {@code Session} would become part of the public API.
 */
public record SessionCore(SessionState state, SessionUse use) {
    private static volatile Function<Object, SessionCore> hook;

    /** Registers the function that returns the core of a session; {@code Session} calls it once. */
    public static void setHook(Function<Object, SessionCore> newHook) {
        hook = newHook;
    }

    /** Returns the core of {@code session}. */
    public static SessionCore of(Object session) {
        return hook.apply(session);
    }
}
