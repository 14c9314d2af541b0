package io.github.t6j.speculation;

import io.github.t6j.MemoryLimitException;
import io.github.t6j.Model;
import io.github.t6j.Session;
import java.util.Arrays;

/**
 * Drafts of a second model: its most likely ids. Its session follows the text: it drops the drafts that were wrong, and
 * feeds the ids after the right ones.
 */
final class ModelDrafts implements NextIds {
    /** Largest number of ids that are fed before drafts; more are fed without drafts, so that no pass waits long. */
    private static final int SHORT = 16;

    private final DraftModel model;
    private Session session; // null before the first drafts, and after a failure
    private boolean closed;

    ModelDrafts(DraftModel model) {
        this.model = model;
    }

    /** {@inheritDoc} Proposes none if the text does not fit in memory or the second model's context. */
    @Override
    public int propose(DraftedText text, int[] into, int max) {
        if (closed) {
            return 0;
        }
        try {
            session = session == null ? model.take() : session;
            return follow(text) ? draft(into, max) : 0;
        } catch (MemoryLimitException | IllegalStateException failure) { // full, interrupted, or the model is closed
            close();
            return 0;
        }
    }

    /** Feeds ids until the session has the ids of the text. Returns false if it has not yet, or too many for drafts. */
    private boolean follow(DraftedText text) {
        int length = text.length() - text.start();
        if (length > session.contextLength()) {
            return false;
        }
        int[] fed = session.ids();
        int same = Arrays.mismatch(fed, 0, fed.length, text.ids(), text.start(), text.length());
        int kept = Math.min(same < 0 ? fed.length : same, length - 1); // the last id is fed again for its logits
        session.truncate(kept);
        int end = Math.min(length, kept + Model.maxPassRows());
        session.prefill(Arrays.copyOfRange(text.ids(), text.start() + kept, text.start() + end));
        return end - kept <= SHORT;
    }

    private int draft(int[] into, int max) {
        int count = Math.min(max, session.contextLength() - session.position() + 1);
        for (int i = 1; i <= count; i++) {
            into[i] = mostLikely(session.logits());
            if (i < count) {
                session.step(into[i]);
            }
        }
        return count;
    }

    private int mostLikely(float[] logits) {
        int best = 0;
        for (int id = 1; id < model.vocabulary(); id++) {
            best = logits[id] > logits[best] ? id : best;
        }
        return best;
    }

    @Override
    public boolean isFree() {
        return false;
    }

    @Override
    public void close() {
        closed = true;
        if (session != null) {
            model.give(session);
            session = null;
        }
    }
}
