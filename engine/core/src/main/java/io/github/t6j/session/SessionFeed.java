package io.github.t6j.session;

import io.github.t6j.LogitsListener;
import io.github.t6j.model.Batch;
import io.github.t6j.model.Transformer;
import java.util.ArrayList;
import java.util.List;

/**
 * Feed of several sessions: single ids and parts of prompts, which pass through the model together. The caller adds the
 * ids of each session within a call of that session, then runs the passes. Feeding single ids allocates only if there
 * are more sessions than before.
 */
public final class SessionFeed {
    private final List<Part> parts = new ArrayList<>(); // the first ones, size of them, are in use
    private final int[] owners = new int[Batch.MAX_PASS_ROWS]; //    parts of the rows whose logits are needed
    private final int[] positions = new int[Batch.MAX_PASS_ROWS]; // positions of these rows in their sessions
    private int needed; // number of these rows
    private float[] reported; // [vocabulary], buffer for listeners, or null without one
    private Runnable pause = Batch.NO_PAUSE; // of the run in progress
    private int size;

    /** Ids of one session. */
    private static final class Part {
        private SessionState session;
        private int[] ids;
        private int next; // index of the next id to feed
        private int end; //  after the last id
        private int now; //  number of ids in the current pass
        private int drafts; // number of the last ids that are drafts, which are not fed
        private LogitsListener listener; // or null

        /** Returns the number of ids in the next pass, split as a prompt of one session. */
        int count() {
            return Math.min(Transformer.MAX_PASS_ROWS, end - next);
        }

        boolean isSingle() {
            return end - next == 1 && listener == null;
        }
    }

    /** Creates an empty feed. */
    public SessionFeed() {}

    void clear() {
        for (int i = 0; i < size; i++) {
            Part part = parts.get(i);
            part.session = null;
            part.ids = null;
            part.listener = null;
        }
        size = 0;
        reported = null;
        pause = Batch.NO_PAUSE;
    }

    /**
     * Adds {@code count} ids for {@code session}, from index {@code from} of {@code ids}.
     *
     * @param session a session without ids in this feed
     * @param listener listener to the logits after every id, or null if only the last are needed
     * @throws IllegalArgumentException if there are no ids, or an id is not below the vocabulary's size
     * @throws IllegalStateException if the context has no room for them
     */
    public void add(SessionState session, int[] ids, int from, int count, LogitsListener listener) {
        add(session, ids, from, count, 0, listener);
    }

    /** Adds an id and drafts of the ids after it, {@code count} in all; only the first one is fed. */
    public void addWithDrafts(SessionState session, int[] ids, int count) {
        add(session, ids, 0, count, count - 1, null);
    }

    private void add(SessionState session, int[] ids, int from, int count, int drafts, LogitsListener listener) {
        session.check(ids, from, count);
        if (size == parts.size()) {
            parts.add(new Part());
        }
        Part part = parts.get(size++);
        part.session = session;
        part.ids = ids;
        part.next = from;
        part.end = from + count;
        part.drafts = drafts;
        part.listener = listener;
        if (listener != null && reported == null) {
            reported = new float[session.vocabulary()];
        }
    }

    /**
     * Computes the missing tokens of each session, then feeds all ids as {@link #run} does.
     *
     * @param newPause called several times in each block of a pass of several ids; it may feed other sessions
     */
    public void catchUpAndRun(Runnable newPause) {
        pause = newPause;
        try {
            for (int i = 0; i < size; i++) {
                Part part = parts.get(i);
                part.session.catchUp(part.session.position() + part.end - part.next, () -> false);
            }
            run();
        } finally {
            clear();
        }
    }

    /**
     * Feeds all ids to sessions that have caught up ({@link SessionState#catchUp}), so that each has the logits after
     * its last id, and empties this feed.
     *
     * @return false if there were no ids
     */
    public boolean run() {
        try {
            if (size == 1 && parts.getFirst().isSingle()) {
                Part part = parts.getFirst();
                part.session.feedCaughtUp(part.ids[part.next], () -> false);
            } else {
                runPasses();
            }
            return size > 0;
        } finally {
            clear();
        }
    }

    private void runPasses() {
        for (int first = 0; first < size;) {
            if (parts.get(first).count() == 0) {
                first++;
            } else {
                pass(first);
            }
        }
    }

    /** Makes one pass of the parts from {@code first} that fit. */
    private void pass(int first) {
        Transformer model = parts.get(first).session.transformer();
        Batch batch = model.batch();
        try {
            pass(first, batch, model.logitStride());
        } finally {
            batch.release();
        }
    }

    private void pass(int first, Batch batch, int logitStride) {
        needed = 0;
        int end = first;
        for (; end < size && batch.rows() + parts.get(end).count() <= Batch.MAX_PASS_ROWS; end++) {
            Part part = parts.get(end);
            part.now = part.count();
            if (part.now > 0) {
                batch.add(
                        part.session.fedSequence(), part.ids, part.next, part.now, need(end), part.drafts);
            }
        }
        batch.forward(pause);
        for (int i = first; i < end; i++) {
            Part part = parts.get(i);
            part.session.append(part.ids, part.next, part.now - part.drafts);
            part.next += part.now;
        }
        setLogits(batch, logitStride);
    }

    /** Records the rows of a part whose logits are needed. @return their number: 0, 1 or all */
    private int need(int owner) {
        Part part = parts.get(owner);
        int first = part.listener != null || part.drafts > 0
                ? 0
                : part.next + part.now == part.end ? part.now - 1 : part.now;
        for (int i = first; i < part.now; i++) {
            owners[needed] = owner;
            positions[needed++] = part.session.position() + i;
        }
        return part.now - first;
    }

    /**
     * Passes logits to sessions and listeners. A session takes only the logits after its last row, so a listener that
     * throws or forks the session never leaves it with an earlier row's logits.
     */
    private void setLogits(Batch batch, int logitStride) {
        for (int from = 0; from < needed; from += Transformer.MAX_LOGIT_ROWS) {
            int count = Math.min(Transformer.MAX_LOGIT_ROWS, needed - from);
            float[] all = batch.logits(from, count);
            for (int i = 0; i < count; i++) {
                Part part = parts.get(owners[from + i]);
                int draft = positions[from + i] - part.session.position(); // its index
                if (draft >= 0) {
                    int id = part.ids[part.next - part.drafts + draft];
                    part.session.addDraft(id, all, i * logitStride, part.drafts);
                } else if (draft == -1) {
                    part.session.setLogits(all, i * logitStride);
                }
                if (part.listener != null) {
                    System.arraycopy(all, i * logitStride, reported, 0, reported.length);
                    part.listener.onLogits(positions[from + i], reported);
                }
            }
        }
    }
}
