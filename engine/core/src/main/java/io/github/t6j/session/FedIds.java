package io.github.t6j.session;

import java.util.Arrays;
import java.util.Objects;

/** Ids fed to a session, which any thread may read, and checks of further ids. */
final class FedIds {
    private final int contextLength;
    private final int vocabulary;
    private int[] ids; // the first {length} belong to the session; the rest is spare
    private int length;

    FedIds(int contextLength, int vocabulary, int[] ids) {
        this.contextLength = contextLength;
        this.vocabulary = vocabulary;
        this.ids = ids;
        length = ids.length;
    }

    /** Returns the number of ids. */
    synchronized int length() {
        return length;
    }

    /** Returns the ids. */
    synchronized int[] all() {
        return Arrays.copyOf(ids, length);
    }

    /** Records ids as the last of {@code position} ids. */
    synchronized void append(int[] fed, int from, int count, int position) {
        if (position > ids.length) {
            ids = Arrays.copyOf(ids, Math.max(position, 2 * ids.length));
        }
        System.arraycopy(fed, from, ids, position - count, count);
        length = position;
    }

    /** Releases spare memory. */
    synchronized void trim() {
        ids = Arrays.copyOf(ids, length);
    }

    /** Removes the ids from {@code position} on. */
    synchronized void truncate(int position) {
        length = position;
    }

    /**
     * Checks that {@code count} ids of {@code more}, starting at {@code from}, may follow {@code position} ids.
     *
     * @throws IllegalArgumentException if there are none, or an id is not below the vocabulary's size
     * @throws IllegalStateException if the context has no room for them
     */
    void check(int[] more, int from, int count, int position) {
        Objects.requireNonNull(more, "ids");
        if (count == 0) {
            throw new IllegalArgumentException("ids: expected one or more, found none");
        }
        for (int i = from; i < from + count; i++) {
            check(more[i]);
        }
        checkRoom(count, position);
    }

    void check(int id) {
        if (id < 0 || id >= vocabulary) {
            throw new IllegalArgumentException(
                    "id: expected 0 to " + (vocabulary - 1) + " (the model's vocabulary), found " + id);
        }
    }

    void checkRoom(int count, int position) {
        if (count > contextLength - position) {
            throw new IllegalStateException("the context has room for " + contextLength + " ids and holds " + position
                    + ": expected at most " + (contextLength - position) + " more, found " + count
                    + "; shorten the prompt or open the session with a longer context");
        }
    }
}
