package io.github.t6j;

import io.github.t6j.model.Batch;
import io.github.t6j.model.Sequence;
import io.github.t6j.model.Transformer;
import java.util.List;

/** {@link Model#feed}: sessions whose next ids pass through the model together, of some one, of others parts of prompts. */
final class SessionFeed {
    private final List<Session> sessions;
    private final int[][] ids; // of each session
    private final int[] fed; //   how many of them are, of each session
    private final int[] now; //   how many of them the pass feeds
    private final int[] ends = new int[Batch.MOST_ROWS]; //         last rows of the sessions that end in a pass
    private final Session[] ending = new Session[Batch.MOST_ROWS]; // these sessions

    private SessionFeed(List<Session> sessions, int[][] ids) {
        this.sessions = sessions;
        this.ids = ids;
        fed = new int[ids.length];
        now = new int[ids.length];
    }

    static void feed(Model model, List<Session> sessions, int[]... ids) {
        if (ids.length != sessions.size()) {
            throw new IllegalArgumentException(
                    "ids: expected an array a session, " + sessions.size() + ", found " + ids.length);
        }
        SessionBatch.check(model, sessions);
        int begun = 0;
        try {
            for (; begun < ids.length; begun++) {
                sessions.get(begun).use().begin();
            }
            for (int i = 0; i < ids.length; i++) {
                sessions.get(i).state().check(ids[i]);
            }
            new SessionFeed(sessions, ids).run();
        } finally {
            SessionBatch.end(sessions, begun);
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

    /** Ids of session {@code i} in its next pass: cut where {@link Session#prefill} cuts. */
    private int count(int i) {
        return Math.min(Transformer.MOST_ROWS, ids[i].length - fed[i]);
    }

    /** One pass of the sessions from {@code first} that fit, in the buffers of the first. */
    private void pass(int first) {
        Sequence leader = sessions.get(first).state().fedSequence();
        Batch batch = leader.batch();
        int ended = 0;
        int end = first;
        for (; end < ids.length && batch.rows() + count(end) <= Batch.MOST_ROWS; end++) {
            now[end] = count(end);
            if (now[end] > 0) {
                batch.add(sessions.get(end).state().fedSequence(), ids[end], fed[end], now[end]);
                if (fed[end] + now[end] == ids[end].length) {
                    ends[ended] = batch.rows() - 1;
                    ending[ended++] = sessions.get(end);
                }
            }
        }
        batch.forward();
        for (int i = first; i < end; i++) {
            sessions.get(i).state().keep(ids[i], fed[i], now[i]);
            fed[i] += now[i];
        }
        takeLogits(leader, ended);
    }

    private void takeLogits(Sequence leader, int ended) {
        for (int from = 0; from < ended; from += Transformer.MOST_LOGIT_ROWS) {
            int some = Math.min(Transformer.MOST_LOGIT_ROWS, ended - from);
            float[] all = leader.logits(ends, from, some);
            for (int i = 0; i < some; i++) {
                ending[from + i].state().take(all, i * leader.logitStride());
            }
        }
    }
}
