package io.github.t6j;

import java.util.Arrays;
import java.util.Objects;

/** The ids that a session was fed, and which more it may be fed. */
final class FedIds {
    private final int contextLength;
    private final int vocabulary;
    private int[] ids; // the first of them are in the cache

    FedIds(int contextLength, int vocabulary, int[] ids) {
        this.contextLength = contextLength;
        this.vocabulary = vocabulary;
        this.ids = ids;
    }

    /** Id number {@code index}. */
    int get(int index) {
        return ids[index];
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

    /** Whether {@code more} may follow the {@code position} ids that the cache holds. */
    void check(int[] more, int position) {
        Objects.requireNonNull(more, "ids");
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
        if (count > contextLength - position) {
            throw new IllegalStateException("the context has room for " + contextLength + " ids and holds " + position
                    + "; expected at most " + (contextLength - position) + " more, found " + count
                    + "; shorten the prompt or open the session with a longer context");
        }
    }
}
