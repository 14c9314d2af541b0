package io.github.t6j.speculation;

import io.github.t6j.DraftSource;
import java.util.Arrays;

/** Ids of a session and of its generation so far, after the ids of a prediction. */
final class DraftedText {
    /** Last ids of the prompt that are also put before a prediction, so that the prediction is found after them. */
    private static final int REPEATED = 4;

    private final int start;
    private int[] ids; // with spare capacity
    private int length;

    DraftedText(int[] prediction, int[] session) {
        int repeated = prediction.length == 0 ? 0 : Math.min(REPEATED, session.length);
        start = repeated + prediction.length;
        length = start + session.length;
        ids = new int[length + DraftSource.MAX_DRAFTS];
        System.arraycopy(session, session.length - repeated, ids, 0, repeated);
        System.arraycopy(prediction, 0, ids, repeated, prediction.length);
        System.arraycopy(session, 0, ids, start, session.length);
    }

    void add(int id) {
        if (length == ids.length) {
            ids = Arrays.copyOf(ids, 2 * length);
        }
        ids[length++] = id;
    }

    /** Returns all ids, with spare capacity. */
    int[] ids() {
        return ids;
    }

    /** Returns the index of the session's first id. */
    int start() {
        return start;
    }

    /** Returns the index after the last id. */
    int length() {
        return length;
    }
}
