package io.github.t6j;

import io.github.t6j.model.Batch;
import io.github.t6j.model.Sequence;
import io.github.t6j.model.Transformer;
import java.util.List;

/** Implementation of {@link Model#decode}: one id of each of several sessions passes through the model together. */
final class SessionBatch {
    private SessionBatch() {}

    static void decode(Model model, List<Session> sessions, int[] ids) {
        if (ids.length != sessions.size()) {
            throw new IllegalArgumentException(
                    "ids: expected one per session, " + sessions.size() + ", found " + ids.length);
        }
        check(model, sessions);
        int begun = 0;
        try {
            for (; begun < ids.length; begun++) {
                sessions.get(begun).use().begin();
            }
            for (int i = 0; i < ids.length; i++) {
                sessions.get(i).state().checkNext(ids[i]);
            }
            for (int from = 0; from < ids.length; from += Transformer.MOST_ROWS) {
                pass(sessions, ids, from, Math.min(Transformer.MOST_ROWS, ids.length - from));
            }
        } finally {
            end(sessions, begun);
        }
    }

    /** @throws IllegalArgumentException if a session is a duplicate or belongs to another model than {@code model} */
    static void check(Model model, List<Session> sessions) {
        for (int i = 0; i < sessions.size(); i++) {
            if (sessions.get(i).model() != model) {
                throw new IllegalArgumentException(
                        "sessions: expected sessions of this model, found one of another model at index " + i);
            }
            for (int other = 0; other < i; other++) {
                if (sessions.get(other) == sessions.get(i)) {
                    throw new IllegalArgumentException(
                            "sessions: expected each once, found a duplicate at indices " + other + " and " + i);
                }
            }
        }
    }

    /** Ends the calls of the first {@code begun} sessions. */
    static void end(List<Session> sessions, int begun) {
        for (int i = 0; i < begun; i++) {
            sessions.get(i).use().end();
        }
    }

    /** Makes one pass of {@code count} sessions from {@code from}, in the buffers of the first. */
    private static void pass(List<Session> sessions, int[] ids, int from, int count) {
        Sequence first = sessions.get(from).state().fedSequence();
        Batch batch = first.batch();
        for (int i = from; i < from + count; i++) {
            batch.add(sessions.get(i).state().fedSequence(), ids, i, 1);
        }
        batch.forward();
        for (int i = from; i < from + count; i++) {
            sessions.get(i).state().keep(ids, i, 1);
        }
        for (int row = 0; row < count; row += Transformer.MOST_LOGIT_ROWS) {
            int some = Math.min(Transformer.MOST_LOGIT_ROWS, count - row);
            float[] all = first.logits(row, some);
            for (int i = 0; i < some; i++) {
                sessions.get(from + row + i).state().take(all, i * first.logitStride());
            }
        }
    }
}
