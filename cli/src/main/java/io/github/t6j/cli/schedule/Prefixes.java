package io.github.t6j.cli.schedule;

import io.github.t6j.Session;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;

/** Sessions that are kept because a prompt may begin as theirs did; the one that was of use last goes last. */
final class Prefixes {
    /** A kept session, its ids, and its bytes, which are asked for in every step. */
    private record Kept(Session session, int[] ids, long bytes) {}

    private final Deque<Kept> kept = new ArrayDeque<>(); // of use last first
    private long bytes; // of all; what they share is counted by each
    private final int cut; // a common prefix counts in multiples of so many ids
    private final int most; // of them

    /**
     * @param cut 1, or where passes begin if bits depend on that
     * @param most that are kept
     */
    Prefixes(int cut, int most) {
        this.cut = cut;
        this.most = most;
    }

    /** How many sessions' logits, twice in floats, a quarter of the heap holds. */
    static int most(int vocabulary) {
        return Math.clamp(Runtime.getRuntime().maxMemory() / 4 / (8L * vocabulary), 1, 1 << 20);
    }

    /** The first ids of {@code length} that may be kept. */
    int keepable(int length) {
        return length / cut * cut;
    }

    /** Whether what a generation added serves prompts that begin with it. */
    boolean keepsContinuations() {
        return cut == 1;
    }

    /**
     * A session that holds the longest beginning of {@code prompt} that one of the kept ones has; at least one id is left
     * to be fed, for the logits after it.
     *
     * @return null if none begins so
     */
    Session fork(int[] prompt) {
        Kept best = null;
        int longest = 0;
        for (Kept one : kept) {
            int common = keepable(Math.min(prefix(one.ids, prompt), prompt.length - 1));
            if (common > longest) {
                best = one;
                longest = common;
            }
        }
        if (best == null) {
            return null;
        }
        kept.remove(best);
        kept.addFirst(best);
        return truncated(best.session.fork(), longest);
    }

    private static Session truncated(Session session, int length) {
        try {
            session.truncate(length);
            return session;
        } catch (IllegalStateException sum) { // linear attention cannot forget some
            session.close();
            return null;
        }
    }

    private static int prefix(int[] a, int[] b) {
        int differ = Arrays.mismatch(a, b);
        return differ < 0 ? a.length : differ;
    }

    /** Keeps {@code session}, or closes it if there is one that begins with all its ids. */
    void keep(Session session) {
        int[] ids = session.ids();
        for (Iterator<Kept> all = kept.iterator(); all.hasNext();) {
            Kept other = all.next();
            int common = prefix(other.ids, ids);
            if (common == ids.length) {
                session.close();
                return;
            }
            if (common == other.ids.length) {
                all.remove();
                close(other);
            }
        }
        kept.addFirst(new Kept(session, ids, session.cacheBytes()));
        bytes += session.cacheBytes();
    }

    private void close(Kept one) {
        bytes -= one.bytes;
        one.session.close();
    }

    /** Bytes of all caches; what they share is counted by each. */
    long bytes() {
        return bytes;
    }

    /** Closes those that were of use longest ago, until they have {@code mostBytes} or fewer, and are not too many. */
    void shrink(long mostBytes) {
        while (!kept.isEmpty() && (bytes > mostBytes || mostBytes == 0 || kept.size() > most)) {
            close(kept.removeLast());
        }
    }
}
