package io.github.t6j.speculation;

import io.github.t6j.DraftSource;
import io.github.t6j.sampling.ConstraintMatcher;
import java.util.function.IntPredicate;

/** Drafts of one generation: their source, the text that they continue, and their number. */
final class Drafting implements DraftSource {
    private static final int[] NONE = {};

    private final NextIds source;
    private final DraftedText text;
    private final int max;
    private final ConstraintMatcher matcher; // or null
    private final PassTimes times;
    private final Pace pace; // or null for as many drafts as possible
    private final Pace forcedPace; // of drafts that a grammar forces, or null
    private Pace last; // pace of the last drafts
    private final int[] proposed = new int[1 + MAX_DRAFTS]; // ids that a pass computes, or only to compare them
    private int next = 1; // index of the proposed id to compare
    private int end = 1; // of the proposed ids
    private long spent; // time of the last proposal

    /** @param isReady returns true if passes of a number of rows are compiled; null for as many drafts as possible */
    Drafting(
            NextIds source, DraftedText text, int max, ConstraintMatcher matcher, PassTimes times,
            IntPredicate isReady) {
        this.source = source;
        this.text = text;
        this.max = max;
        this.matcher = matcher;
        this.times = times;
        pace = isReady == null ? null : new Pace(times, isReady, Pace.FIRST, source.isFree());
        forcedPace = isReady == null ? null : new Pace(times, isReady, Pace.FORCED, true);
    }

    @Override
    public void add(int id) {
        text.add(id);
        if (next < end) {
            boolean isRight = proposed[next] == id;
            next = isRight ? next + 1 : end;
            if (last != null) {
                last.record(isRight);
            }
        }
    }

    @Override
    public int propose(int[] into, int limit, int sharing) {
        int most = Math.min(max, limit);
        int[] forced = matcher == null ? NONE : matcher.forced(most);
        int count;
        int found;
        spent = 0;
        if (forced.length > 0) {
            last = forcedPace;
            count = last == null ? most : last.drafts(forced.length, sharing);
            found = forced.length;
            System.arraycopy(forced, 0, proposed, 1, found);
        } else {
            last = pace;
            count = last == null ? most : last.drafts(most, sharing);
            long began = System.nanoTime();
            found = count > 0 || source.isFree() ? source.propose(text, proposed, Math.max(1, count)) : 0;
            spent = found == 0 ? 0 : System.nanoTime() - began;
        }
        next = 1;
        end = 1 + found;
        int computed = Math.min(found, count);
        System.arraycopy(proposed, 1, into, 1, computed);
        return computed;
    }

    /** {@inheritDoc} Adds the time of the drafts. */
    @Override
    public void record(int rows, long nanos) {
        times.record(rows, rows == 1 ? nanos : nanos + spent);
    }

    @Override
    public void close() {
        source.close();
    }
}
