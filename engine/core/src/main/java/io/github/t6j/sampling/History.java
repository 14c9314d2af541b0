package io.github.t6j.sampling;

/** History of a sequence: the ids seen, and how often each was generated. Ids from {@code capacity} on are ignored. */
final class History {
    private final boolean[] seen;
    private final int[] generated;
    private final int[] distinct;
    private int size;

    History(int capacity) {
        seen = new boolean[capacity];
        generated = new int[capacity];
        distinct = new int[capacity];
    }

    /** Records an id of the prompt. */
    void prompt(int id) {
        if (id < seen.length && !seen[id]) {
            seen[id] = true;
            distinct[size++] = id;
        }
    }

    /** Records a generated id. */
    void generated(int id) {
        prompt(id);
        if (id < generated.length) {
            generated[id]++;
        }
    }

    /** Returns the number of distinct ids seen, in the prompt or generated. */
    int size() {
        return size;
    }

    /** Returns the {@code i}-th distinct id seen. */
    int get(int i) {
        return distinct[i];
    }

    /** Returns the number of times that {@code id} was generated. */
    int timesGenerated(int id) {
        return generated[id];
    }
}
