package io.github.t6j;

import java.util.Arrays;

/** The ids that a session was fed, and which more it may be fed. */
final class FedIds {
    private final int contextLength;
    private final int vocabulary;
    private int[] ids; // the first of them are in the cache
    private boolean closed;

    FedIds(int contextLength, int vocabulary, int[] ids) {
        this.contextLength = contextLength;
        this.vocabulary = vocabulary;
        this.ids = ids;
    }

    /** The first {@code count}. */
    int[] first(int count) {
        return Arrays.copyOf(ids, count);
    }

    /** Keeps ids that were fed, the last of the {@code position} that the cache holds now. */
    void keep(int[] fed, int from, int count, int position) {
        if (position > ids.length) {
            ids = Arrays.copyOf(ids, Math.max(position, 2 * ids.length));
        }
        System.arraycopy(fed, from, ids, position - count, count);
    }

    /** Nothing may be fed any more. */
    void close() {
        closed = true;
    }

    boolean isClosed() {
        return closed;
    }

    /** Whether {@code more} may follow the {@code position} ids that the cache holds. */
    void check(int[] more, int position) {
        if (more.length == 0) {
            throw new IllegalArgumentException("ids: expected one or more, found none");
        }
        for (int id : more) {
            check(id);
        }
        checkRoom(more.length, position);
    }

    void check(int id) {
        if (id < 0 || id >= vocabulary) {
            throw new IllegalArgumentException(
                    "id: expected 0 to " + (vocabulary - 1) + " (the model's vocabulary), found " + id);
        }
    }

    void checkRoom(int count, int position) {
        if (closed) {
            throw new IllegalStateException("the session is closed; open a new one");
        }
        if (count > contextLength - position) {
            throw new IllegalStateException("the context has room for " + contextLength + " ids and holds " + position
                    + "; expected at most " + (contextLength - position) + " more, found " + count
                    + "; shorten the prompt or open the session with a longer context");
        }
    }
}
