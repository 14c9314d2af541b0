package io.github.t6j.schedule.prefixes;

import io.github.t6j.Session;
import io.github.t6j.session.SessionCore;
import io.github.t6j.session.SessionState;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.function.BooleanSupplier;

/** Kept sessions for prompts with the same beginning; the least recently used one is dropped first. */
public final class Prefixes {
    /** Kept session with its ids and its bytes, which are stored because every step needs them. */
    private record Kept(Session session, int[] ids, long bytes) {}

    private final Deque<Kept> kept = new ArrayDeque<>(); // most recently used first
    private long bytes; // of all sessions; shared pages count for each
    private final int cut; // common prefixes are cut to multiples of this number of ids
    private final int capacity; // maximum number of sessions

    /**
     * @param cut 1, or the pass size where results depend on pass boundaries
     * @param capacity maximum number of kept sessions
     */
    public Prefixes(int cut, int capacity) {
        this.cut = cut;
        this.capacity = capacity;
    }

    /** Returns how many of the first {@code length} ids can be kept. */
    public int keepable(int length) {
        return length / cut * cut;
    }

    /** Returns true if the ids of a generation can be kept, too. */
    public boolean keepsContinuations() {
        return cut == 1;
    }

    /**
     * Returns how many of the {@code common} first ids of {@code prompt} can be used: at least one id remains to be
     * fed, for its logits.
     */
    public int usable(int common, int[] prompt) {
        return keepable(Math.min(common, prompt.length - 1));
    }

    /** Returns the number of ids of {@code prompt} that {@link #fork} finds. */
    public int found(int[] prompt) {
        Kept best = longest(prompt);
        return best == null ? 0 : usable(prefix(best.ids, prompt), prompt);
    }

    /** Returns the kept session with the longest usable prefix of {@code prompt}, or null. */
    private Kept longest(int[] prompt) {
        Kept best = null;
        int longest = 0;
        for (Kept candidate : kept) {
            int common = usable(prefix(candidate.ids, prompt), prompt);
            if (common > longest && reaches(candidate.session, common, prompt)) {
                best = candidate;
                longest = common;
            }
        }
        return best;
    }

    /**
     * Returns a fork of the kept session with the longest common prefix with {@code prompt}, cut to {@link #usable}.
     *
     * @return null if no session has a common prefix
     */
    public Session fork(int[] prompt) {
        Kept best = longest(prompt);
        if (best == null) {
            return null;
        }
        kept.remove(best);
        kept.addFirst(best);
        return truncated(best.session.fork(), usable(prefix(best.ids, prompt), prompt));
    }

    /** Returns the number of usable ids in the longest common beginning that no kept cache can be cut back to. */
    public int beyondReach(int[] prompt) {
        int max = 0;
        for (Kept candidate : kept) {
            int common = usable(prefix(candidate.ids, prompt), prompt);
            if (common > max && !reaches(candidate.session, common, prompt)) {
                max = common;
            }
        }
        return max;
    }

    private static Session truncated(Session session, int length) {
        session.truncate(length);
        session.trim();
        return session;
    }

    /** Returns true if {@code session}, cut to {@code length} ids, can continue a prompt without recomputing ids. */
    private static boolean reaches(Session session, int length, int[] prompt) {
        SessionState state = SessionCore.of(session).state();
        return state.reaches(length) && !state.lengthRule().outgrows(prompt.length);
    }

    /** Returns true if {@code session} can be cut to all ids of {@code other} and then replaces it. */
    private static boolean covers(Session session, Session other) {
        SessionState state = SessionCore.of(session).state();
        return state.reaches(other.position()) && state.isRotatedLike(SessionCore.of(other).state());
    }

    private static int prefix(int[] a, int[] b) {
        int differ = Arrays.mismatch(a, b);
        return differ < 0 ? a.length : differ;
    }

    /**
     * Keeps {@code session}, or closes it if a kept one, cut, has the same ids. Closes kept ones that {@code session},
     * cut, replaces.
     */
    public void keep(Session session) {
        int[] ids = session.ids();
        for (Iterator<Kept> all = kept.iterator(); all.hasNext();) {
            Kept candidate = all.next();
            int common = prefix(candidate.ids, ids);
            if (common == ids.length && covers(candidate.session, session)) {
                session.close();
                return;
            }
            if (common == candidate.ids.length && covers(session, candidate.session)) {
                all.remove();
                close(candidate);
            }
        }
        kept.addFirst(new Kept(session, ids, session.cacheBytes()));
        bytes += session.cacheBytes();
    }

    private void close(Kept dropped) {
        bytes -= dropped.bytes;
        dropped.session.close();
    }

    /** Returns the bytes of all caches; shared pages count for each. */
    public long bytes() {
        return bytes;
    }

    /** Closes the least recently used sessions until the rest fits in memory and is not too many. */
    public void shrink(BooleanSupplier fits) {
        while (!kept.isEmpty() && (kept.size() > capacity || !fits.getAsBoolean())) {
            close(kept.removeLast());
        }
    }
}
