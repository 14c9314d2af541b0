package io.github.t6j.session;

import io.github.t6j.LogitsListener;
import io.github.t6j.model.Batch;
import java.util.List;
import java.util.Objects;

/** Calls that feed several sessions of one model in shared passes. */
public final class SessionGroup {
    private SessionGroup() {}

    /** Feeds {@code ids[i]} to session i of {@code model}. */
    public static void step(List<?> sessions, ModelUse model, int[] ids) {
        Objects.requireNonNull(ids, "ids");
        checkOnePerSession("ids: expected one", sessions, ids.length);
        begin(sessions, model);
        try {
            SessionFeed feed = sharedFeed(sessions);
            for (int i = 0; i < ids.length; i++) {
                feed.add(SessionCore.of(sessions.get(i)).state(), ids, i, 1, null);
            }
            feed.catchUpAndRun(Batch.NO_PAUSE);
        } finally {
            end(sessions, ids.length);
        }
    }

    /** Feeds the ids {@code ids[i]} to session i of {@code model}. */
    public static void feed(
            List<?> sessions, ModelUse model, int[][] ids, LogitsListener[] listeners, Runnable pause) {
        feed(sessions, model, ids, new boolean[Objects.requireNonNull(ids, "ids").length], listeners, pause);
    }

    /**
     * Feeds ids to several sessions of a model.
     *
     * @param drafted true for a session of whose ids only the first is fed, because the others are drafts
     */
    public static void feed(
            List<?> sessions, int[][] ids, boolean[] drafted, LogitsListener[] listeners, Runnable pause) {
        feed(sessions, SessionCore.of(sessions.getFirst()).use().model, ids, drafted, listeners, pause);
    }

    private static void feed(
            List<?> sessions, ModelUse model, int[][] ids, boolean[] drafted, LogitsListener[] listeners,
            Runnable pause) {
        Objects.requireNonNull(listeners, "listeners");
        Objects.requireNonNull(pause, "pause");
        checkOnePerSession("ids: expected an array", sessions, ids.length);
        checkOnePerSession("listeners: expected one", sessions, listeners.length);
        begin(sessions, model);
        try {
            SessionFeed feed = sharedFeed(sessions);
            for (int i = 0; i < ids.length; i++) {
                int count = Objects.requireNonNull(ids[i], "ids").length;
                SessionState state = SessionCore.of(sessions.get(i)).state();
                if (drafted[i]) {
                    feed.addWithDrafts(state, ids[i], count);
                } else {
                    feed.add(state, ids[i], 0, count, listeners[i]);
                }
            }
            feed.catchUpAndRun(pause);
        } finally {
            end(sessions, ids.length);
        }
    }

    private static void checkOnePerSession(String expected, List<?> sessions, int found) {
        if (found != Objects.requireNonNull(sessions, "sessions").size()) {
            throw new IllegalArgumentException(expected + " per session, " + sessions.size() + ", found " + found);
        }
    }

    /** Begins a call of each session, or of none if one is closed, in use, a duplicate or of another model. */
    private static void begin(List<?> sessions, ModelUse model) {
        for (int i = 0; i < sessions.size(); i++) {
            if (SessionCore.of(Objects.requireNonNull(sessions.get(i), "sessions")).use().model != model) {
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
                SessionCore.of(sessions.get(begun)).use().begin();
            }
        } finally {
            if (begun < sessions.size()) {
                end(sessions, begun);
            }
        }
    }

    private static void end(List<?> sessions, int count) {
        for (int i = 0; i < count; i++) {
            SessionCore.of(sessions.get(i)).use().end();
        }
    }

    /** Returns an empty feed, which the first session holds, since its call is in progress. */
    private static SessionFeed sharedFeed(List<?> sessions) {
        return sessions.isEmpty() ? new SessionFeed() : SessionCore.of(sessions.getFirst()).state().sharedFeed();
    }
}
