package io.github.t6j.decoding;

import io.github.t6j.session.SessionState;
import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;

/** Drafts of one generation: their source, the text that they continue, and their number. */
public final class Drafting {
    /** Last ids of the prompt that are also put before a prediction, so that the prediction is found after them. */
    private static final int REPEATED = 4;

    private final DraftSource source;
    private final int[] prediction;
    private final int max;
    private final PassTimes times;
    private final IntFunction<int[]> forced; // or null
    private final Pace pace; // or null for as many drafts as possible
    private final Pace forcedPace; // of drafts that a grammar forces, or null
    private Pace last; // pace of the last drafts
    private int[] text = new int[0]; // the prediction and the session's ids, with spare capacity
    private int start; // index of the session's first id
    private int length;
    private int expected = -1; // the next id by a draft that no pass computes, or −1

    /**
     * @param prediction ids of a text that the answer probably repeats in part, or none
     * @param max maximum number of drafts in a pass
     * @param times times of the model's passes
     * @param isReady returns true if passes of a number of rows are compiled; or null for as many drafts as possible
     * @param forced returns at most a number of ids that a grammar forces next; or null without a grammar
     */
    public Drafting(
            DraftSource source, int[] prediction, int max, PassTimes times, IntPredicate isReady,
            IntFunction<int[]> forced) {
        this.source = source;
        this.prediction = prediction;
        this.max = max;
        this.times = times;
        this.forced = forced;
        pace = isReady == null ? null : new Pace(times, isReady, Pace.FIRST);
        forcedPace = isReady == null ? null : new Pace(times, isReady, Pace.FORCED);
    }

    /** Appends an id that was chosen, but not fed, to the text, which begins with the ids of {@code state}. */
    void add(int id, SessionState state) {
        if (length == 0) {
            begin(state.ids());
        }
        if (length == text.length) {
            text = Arrays.copyOf(text, Math.max(64, 2 * length));
        }
        text[length++] = id;
        if (expected >= 0) {
            record(expected == id);
        }
    }

    /** Records that a draft was right or wrong. */
    void record(boolean isRight) {
        if (last != null) {
            last.record(isRight);
        }
    }

    /** Records the time of a pass of {@code rows} rows. */
    void record(int rows, long nanos) {
        if (pace != null) {
            times.record(rows, nanos);
        }
    }

    private void begin(int[] ids) {
        int repeated = prediction.length == 0 ? 0 : Math.min(REPEATED, ids.length);
        start = repeated + prediction.length;
        length = start + ids.length;
        text = new int[length + Decoding.MAX_DRAFTS];
        System.arraycopy(ids, ids.length - repeated, text, 0, repeated);
        System.arraycopy(prediction, 0, text, repeated, prediction.length);
        System.arraycopy(ids, 0, text, start, ids.length);
    }

    /** Writes at most {@code limit} drafts to {@code into}, from index 1 on, and returns their number. */
    int propose(int[] into, int limit) {
        int most = Math.min(max, limit);
        expected = -1;
        int[] ids = forced == null ? new int[0] : forced.apply(most);
        if (ids.length > 0) {
            System.arraycopy(ids, 0, into, 1, ids.length);
            return compared(into, ids.length, forcedPace == null ? most : forcedPace.drafts(ids.length), forcedPace);
        }
        int count = pace == null ? most : pace.drafts(most);
        if (count == 0 && (pace == null || !source.isFree())) {
            return 0;
        }
        int found = source.propose(text, start, length, into, Math.max(1, count));
        return compared(into, found, count, pace);
    }

    /** Keeps the first draft to compare it, if none is computed. Returns the number of drafts to compute. */
    private int compared(int[] into, int found, int count, Pace newLast) {
        last = newLast;
        expected = found == 0 || count > 0 ? -1 : into[1];
        return Math.min(found, count);
    }
}
