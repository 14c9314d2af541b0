package io.github.t6j.sampling;

/** Keeps the K likeliest candidates, exactly K where there are as many: of equally likely ones the lowest ids. */
record TopK(int k) implements Step {

    /**
     * One pass with a heap of the best so far in the first K places, whose top ranks last of them. Few ids ever get
     * in, so that it costs little more than a comparison per candidate.
     */
    @Override
    public void apply(Candidates candidates) {
        if (candidates.size <= k) {
            return;
        }
        int[] ids = candidates.ids;
        order(candidates);
        double least = candidates.logits[ids[0]];
        for (int i = k; i < candidates.size; i++) {
            int id = ids[i];
            if (candidates.logits[id] >= least && candidates.precedes(id, ids[0])) {
                sink(id, 0, candidates);
                least = candidates.logits[ids[0]];
            }
        }
        candidates.size = k;
    }

    /**
     * {@link Candidates#load} and {@link #apply} in one pass, which writes only what gets in: all else that a vocabulary's
     * candidates take would come from memory, where the weights have just passed.
     *
     * @param source logits, at least as many as there are candidates
     */
    void load(Candidates candidates, float[] source) {
        int count = candidates.ids.length;
        if (count <= k) {
            candidates.load(source);
            return;
        }
        candidates.size = k;
        for (int id = 0; id < k; id++) {
            candidates.ids[id] = id;
            candidates.logits[id] = source[id];
        }
        order(candidates);
        double least = candidates.logits[candidates.ids[0]];
        for (int id = k; id < count; id++) {
            if (source[id] > least) { // as likely a one ranks after all lower ids
                candidates.logits[id] = source[id];
                sink(id, 0, candidates);
                least = candidates.logits[candidates.ids[0]];
            }
        }
    }

    /** Makes a heap of the first K. */
    private void order(Candidates candidates) {
        for (int at = k / 2 - 1; at >= 0; at--) {
            sink(candidates.ids[at], at, candidates);
        }
    }

    /** Puts {@code id} in the heap's place {@code at}, or below: until it ranks after both its children. */
    private void sink(int id, int at, Candidates candidates) {
        int[] heap = candidates.ids;
        int free = at;
        for (int child = 2 * free + 1; child < k; child = 2 * free + 1) {
            if (child + 1 < k && candidates.precedes(heap[child], heap[child + 1])) {
                child++;
            }
            if (candidates.precedes(heap[child], id)) {
                break;
            }
            heap[free] = heap[child];
            free = child;
        }
        heap[free] = id;
    }
}
