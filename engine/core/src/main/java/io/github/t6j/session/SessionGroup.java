package io.github.t6j.session;

import io.github.t6j.LogitsListener;
import io.github.t6j.model.Batch;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/** Calls that feed several sessions of one model in shared passes. */
public final class SessionGroup {
    private SessionGroup() {}

    /** Feeds {@code ids[i]} to session i of {@code model}; {@code core} returns the core of a session. */
    public static <S> void step(List<S> sessions, Function<S, SessionCore> core, ModelUse model, int[] ids) {
        Objects.requireNonNull(ids, "ids");
        checkOnePerSession("ids: expected one", sessions, ids.length);
        begin(sessions, core, model);
        try {
            SessionFeed feed = sharedFeed(sessions, core);
            for (int i = 0; i < ids.length; i++) {
                feed.add(core.apply(sessions.get(i)).state(), ids, i, 1, null);
            }
            feed.catchUpAndRun(Batch.NO_PAUSE);
        } finally {
            end(sessions, core, ids.length);
        }
    }

    /** Feeds the ids {@code ids[i]} to session i of {@code model}; {@code core} returns the core of a session. */
    public static <S> void feed(
            List<S> sessions, Function<S, SessionCore> core, ModelUse model, int[][] ids, LogitsListener[] listeners,
            Runnable pause) {
        Objects.requireNonNull(ids, "ids");
        Objects.requireNonNull(listeners, "listeners");
        Objects.requireNonNull(pause, "pause");
        checkOnePerSession("ids: expected an array", sessions, ids.length);
        checkOnePerSession("listeners: expected one", sessions, listeners.length);
        begin(sessions, core, model);
        try {
            SessionFeed feed = sharedFeed(sessions, core);
            for (int i = 0; i < ids.length; i++) {
                int count = Objects.requireNonNull(ids[i], "ids").length;
                feed.add(core.apply(sessions.get(i)).state(), ids[i], 0, count, listeners[i]);
            }
            feed.catchUpAndRun(pause);
        } finally {
            end(sessions, core, ids.length);
        }
    }

    private static void checkOnePerSession(String expected, List<?> sessions, int found) {
        if (found != Objects.requireNonNull(sessions, "sessions").size()) {
            throw new IllegalArgumentException(expected + " per session, " + sessions.size() + ", found " + found);
        }
    }

    /** Begins a call of each session, or of none if one is closed, in use, a duplicate or of another model. */
    private static <S> void begin(List<S> sessions, Function<S, SessionCore> core, ModelUse model) {
        for (int i = 0; i < sessions.size(); i++) {
            if (core.apply(Objects.requireNonNull(sessions.get(i), "sessions")).use().model != model) {
                throw new IllegalArgumentException(
                        "sessions: expected sessions of this model, found one of another model at index " + i);
            }
            for (int earlier = 0; earlier < i; earlier++) {
                if (sessions.get(earlier) == sessions.get(i)) {
                    throw new IllegalArgumentException(
                            "sessions: expected each once, found a duplicate at indices " + earlier + " and " + i);
                }
            }
        }
        int begun = 0;
        try {
            for (; begun < sessions.size(); begun++) {
                core.apply(sessions.get(begun)).use().begin();
            }
        } finally {
            if (begun < sessions.size()) {
                end(sessions, core, begun);
            }
        }
    }

    private static <S> void end(List<S> sessions, Function<S, SessionCore> core, int count) {
        for (int i = 0; i < count; i++) {
            core.apply(sessions.get(i)).use().end();
        }
    }

    /** Returns an empty feed, which the first session holds, since its call is in progress. */
    private static <S> SessionFeed sharedFeed(List<S> sessions, Function<S, SessionCore> core) {
        return sessions.isEmpty() ? new SessionFeed() : core.apply(sessions.getFirst()).state().sharedFeed();
    }
}
