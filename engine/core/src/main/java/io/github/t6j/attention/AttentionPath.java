package io.github.t6j.attention;

import io.github.t6j.SessionOptions;
import java.util.function.BiFunction;

/** Algorithm that computes attention. Both give the same results up to rounding. */
public enum AttentionPath {
    /** FlashTPA: directly from the cached factors. */
    FACTORED,
    /** Oracle in float64: rebuilds K and V from the cache in every step. Slow. */
    MATERIALIZED;

    private static volatile BiFunction<SessionOptions, AttentionPath, SessionOptions> hook = (options, path) -> {
        throw new IllegalStateException(
                "attention path " + path + ": expected a loaded model, found none; load it first");
    };

    /** Registers the function that sets the path of options; the class of models, above this one, calls it once. */
    public static void setHook(BiFunction<SessionOptions, AttentionPath, SessionOptions> newHook) {
        hook = newHook;
    }

    /** Returns options for sessions on this path, which embedders do not choose. A model must have been loaded. */
    public SessionOptions of(SessionOptions options) {
        return hook.apply(options, this);
    }
}
