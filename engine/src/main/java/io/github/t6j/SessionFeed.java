package io.github.t6j;

import io.github.t6j.model.Batch;
import io.github.t6j.model.Sequence;
import io.github.t6j.model.Transformer;
import io.github.t6j.session.SessionState;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Implementation of {@link Model#feed}: single ids and parts of prompts of several sessions pass through the model
 * together.
 */
final class SessionFeed {
    private final List<Session> sessions;
    private final int[][] ids; // of each session
    private final LogitsListener[] listeners; // of each session, or null
    private final int[] fed; //   number of ids fed, of each session
    private final int[] now; //   number of ids in the current pass, of each session
    private final int[] rows = new int[Batch.MOST_ROWS]; //      rows of a pass whose logits are needed
    private final int[] owners = new int[Batch.MOST_ROWS]; //    sessions of these rows
    private final int[] positions = new int[Batch.MOST_ROWS]; // positions of these rows in their sessions
    private final float[] told; // [vocabulary], buffer for listeners

    private SessionFeed(List<Session> sessions, int[][] ids, LogitsListener[] listeners) {
        this.sessions = sessions;
        this.ids = ids;
        this.listeners = listeners;
        fed = new int[ids.length];
        now = new int[ids.length];
        told = new float[Arrays.stream(listeners).allMatch(Objects::isNull)
                ? 0
                : sessions.getFirst().state().vocabulary()];
    }

    static void feed(Model model, List<Session> sessions, int[][] ids, LogitsListener[] listeners) {
        check("ids: expected an array per session", sessions, ids.length);
        check("listeners: expected one per session", sessions, listeners.length);
        SessionBatch.check(model, sessions);
        int begun = 0;
        try {
            for (; begun < ids.length; begun++) {
                sessions.get(begun).use().begin();
            }
            for (int i = 0; i < ids.length; i++) {
                sessions.get(i).state().check(ids[i]);
            }
            new SessionFeed(sessions, ids, listeners).run();
        } finally {
            SessionBatch.end(sessions, begun);
        }
    }

    private static void check(String expected, List<Session> sessions, int found) {
        if (found != sessions.size()) {
            throw new IllegalArgumentException(expected + ", " + sessions.size() + ", found " + found);
        }
    }

    private void run() {
        for (int first = 0; first < ids.length;) {
            if (count(first) == 0) {
                first++;
            } else {
                pass(first);
            }
        }
    }

    /** Returns the number of ids of session {@code i} in its next pass, split as in {@link Session#prefill}. */
    private int count(int i) {
        return Math.min(Transformer.MOST_ROWS, ids[i].length - fed[i]);
    }

    /** Makes one pass of the sessions from {@code first} that fit, in the buffers of the first. */
    private void pass(int first) {
        Sequence leader = sessions.get(first).state().fedSequence();
        Batch batch = leader.batch();
        int asked = 0;
        int end = first;
        for (; end < ids.length && batch.rows() + count(end) <= Batch.MOST_ROWS; end++) {
            now[end] = count(end);
            if (now[end] > 0) {
                batch.add(sessions.get(end).state().fedSequence(), ids[end], fed[end], now[end]);
                asked = ask(end, batch.rows() - now[end], asked);
            }
        }
        batch.forward();
        for (int i = first; i < end; i++) {
            sessions.get(i).state().keep(ids[i], fed[i], now[i]);
            fed[i] += now[i];
        }
        takeLogits(leader, asked);
    }

    /**
     * Records the rows of session {@code i}, which begin at {@code row}, whose logits are needed. Returns their new
     * number.
     */
    private int ask(int i, int row, int askedBefore) {
        int asked = askedBefore;
        for (int id = 0; id < now[i]; id++) {
            if (listeners[i] != null || fed[i] + id + 1 == ids[i].length) {
                rows[asked] = row + id;
                owners[asked] = i;
                positions[asked++] = sessions.get(i).state().position() + id;
            }
        }
        return asked;
    }

    /**
     * Passes logits to listeners and sessions. A session takes only the logits after its last row, so that a listener
     * that throws, or forks the session, never leaves it with others.
     */
    private void takeLogits(Sequence leader, int asked) {
        for (int from = 0; from < asked; from += Transformer.MOST_LOGIT_ROWS) {
            int some = Math.min(Transformer.MOST_LOGIT_ROWS, asked - from);
            float[] all = leader.logits(rows, from, some);
            for (int i = 0; i < some; i++) {
                int owner = owners[from + i];
                SessionState state = sessions.get(owner).state();
                if (from + i + 1 == asked || owners[from + i + 1] != owner) {
                    state.take(all, i * leader.logitStride());
                }
                if (listeners[owner] != null) {
                    System.arraycopy(all, i * leader.logitStride(), told, 0, told.length);
                    listeners[owner].onLogits(positions[from + i], told);
                }
            }
        }
    }
}
