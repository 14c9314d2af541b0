package io.github.t6j.sampling;

/** Which ids were seen, and how often each was generated; ids from {@code capacity} on are not recorded. */
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

    /** How many different ids were seen, in the prompt or generated. */
    int size() {
        return size;
    }

    /** The {@code i}-th different id that was seen. */
    int get(int i) {
        return distinct[i];
    }

    /** How often {@code id} was generated. */
    int timesGenerated(int id) {
        return generated[id];
    }
}
