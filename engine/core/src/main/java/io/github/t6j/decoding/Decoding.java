package io.github.t6j.decoding;

import io.github.t6j.DraftSource;
import io.github.t6j.session.SessionFeed;
import io.github.t6j.session.SessionState;
import io.github.t6j.session.SessionUse;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/**
 * Decoding loop of one generation: chooses ids until one must be fed, and then adds it to a pass, followed by drafts of
 * the next ids. The pass computes the logits after each of them. An id that equals its draft needs no pass; the first
 * one that differs is fed in the next pass, and the remaining drafts are forgotten. So the ids, their logits and the
 * session are the same as without drafts.
 *
 * <p>{@code Generator}, in a package above this one, registers a function that returns the loop of a generator.
 */
public final class Decoding {
    private static volatile Function<Object, Decoding> hook;

    private final SessionState state;
    private final SessionUse use;
    private final IntSupplier left;
    private final Supplier<DraftSource> drafter; // or null without speculation
    private final int[] ids = new int[1 + DraftSource.MAX_DRAFTS]; // to feed: the last id and drafts
    private final int[] found = new int[ids.length]; // what the source proposed, not yet checked
    private DraftSource drafts; // null before the first id
    private int count; // of them, or 0 if the last id is fed
    private int rows; // of the pass to measure, or 0
    private int sharing = 1; // generations that share a pass
    private int proposed;
    private int accepted;

    /** Choices of a generation, for one thread. */
    public interface Choices {
        /** Chooses the next id from the session's logits; returns −1 at the end. */
        int choose();

        /** Reports the chosen id. Returns true if another may follow. */
        boolean report();
    }

    /**
     * @param left returns the maximum number of ids that may still be chosen
     * @param drafter begins the drafts at the first id; null without speculation
     */
    public Decoding(SessionState state, SessionUse use, IntSupplier left, Supplier<DraftSource> drafter) {
        this.state = state;
        this.use = use;
        this.left = left;
        this.drafter = drafter;
    }

    /** Registers the function that returns the loop of a generator; {@code Generator} calls it once. */
    public static void setHook(Function<Object, Decoding> newHook) {
        hook = newHook;
    }

    /** Returns the loop of {@code generator}. */
    public static Decoding of(Object generator) {
        return hook.apply(generator);
    }

    /**
     * Chooses and reports ids until one must be fed, see {@link #addTo}, or the session's call is cancelled.
     *
     * @return false if none was chosen, because the generation had ended
     */
    public boolean advance(Choices choices) {
        boolean chosen = false;
        boolean more = true;
        while (more) {
            more = step(choices);
            chosen |= more || count > 0;
            more &= !use.isCancelled();
        }
        return chosen;
    }

    /**
     * Chooses and reports one id. If it must be fed, even though the report failed, {@link #addTo} adds it to a pass.
     *
     * @return true if it is fed already, because it was drafted
     */
    public boolean step(Choices choices) {
        int id = choices.choose();
        if (id < 0) {
            count = 0;
            rows = 0;
            return false;
        }
        boolean isDraft = state.isDraft(id);
        ids[0] = id;
        count = isDraft ? 0 : 1;
        if (drafter != null) {
            drafts = drafts == null ? drafter.get() : drafts;
            drafts.add(id);
        }
        boolean goesOn;
        try {
            goesOn = choices.report();
        } finally {
            if (isDraft) {
                feedDraft(id);
            }
        }
        rows = isDraft || !goesOn || drafts == null ? 0 : 1 + draft();
        count = Math.max(count, rows);
        return isDraft;
    }

    private void feedDraft(int id) {
        try (SessionUse.Call _ = use.beginLongReading()) { // also within a call
            state.feedDraft(id);
            accepted++;
        }
    }

    private int draft() {
        int limit = ids.length / sharing - 1;
        int max = Math.min(Math.min(left.getAsInt(), limit), state.maxDrafts());
        int number = max <= 0 ? 0 : drafts.propose(found, max, sharing);
        if (number < 0 || number > max) {
            throw new IllegalStateException(
                    "DraftSource.propose: expected 0 to " + max + " drafts, found " + number);
        }
        for (int i = 1; i <= number; i++) {
            if (found[i] < 0 || found[i] >= state.vocabulary()) {
                throw new IllegalStateException("DraftSource.propose: draft " + i + ": expected an id from 0 to "
                        + (state.vocabulary() - 1) + ", found " + found[i]);
            }
        }
        System.arraycopy(found, 1, ids, 1, number);
        proposed += number;
        return number;
    }

    /** Begins the drafts again at the next id, since other ids of the session were removed. */
    public void restart() {
        close();
        drafts = null;
    }

    /** Ends the drafts; the generation has ended. */
    public void close() {
        if (drafts != null) {
            drafts.close();
        }
    }

    /** Sets the number of generations that share the rows of the next pass, this one included. */
    public void share(int generations) {
        sharing = generations;
    }

    /**
     * Measures a pass of this generation alone that began at {@code start}, in System.nanoTime, if it may speculate.
     */
    public void measure(long start) {
        if (rows > 0) {
            state.logits();
            drafts.record(rows, System.nanoTime() - start);
            rows = 0;
        }
    }

    /** Returns the number of drafts so far. */
    public int proposed() {
        return proposed;
    }

    /** Returns the number of drafts that were chosen. */
    public int accepted() {
        return accepted;
    }

    /** Returns the ids to feed: the last chosen one and drafts, or none if it is fed. */
    public int[] ids() {
        return Arrays.copyOf(ids, count);
    }

    /**
     * Feeds the ids in a call of the session.
     *
     * @throws CancellationException if the session was cancelled; nothing is fed then
     */
    public void feed() {
        try (SessionUse.Call _ = use.beginComputing()) {
            SessionFeed feed = state.sharedFeed();
            if (use.isCancelled() || !addTo(feed, use::isCancelled)) {
                throw new CancellationException("the generation was cancelled at position " + state.position());
            }
            long start = System.nanoTime();
            feed.run();
            measure(start);
        }
    }

    /**
     * Computes missing tokens of the session, and adds the ids to feed to {@code feed}.
     *
     * @param stop ends the computation of missing tokens
     * @return false if {@code stop} ended it; the session records the id then, as the last one
     */
    public boolean addTo(SessionFeed feed, BooleanSupplier stop) {
        if (count == 0) {
            return true;
        }
        int fed = count;
        count = 0;
        if (!state.catchUp(state.position() + 1, stop)) {
            state.record(ids[0]);
            rows = 0;
            return false;
        }
        feed.addWithDrafts(state, ids, fed);
        return true;
    }
}
