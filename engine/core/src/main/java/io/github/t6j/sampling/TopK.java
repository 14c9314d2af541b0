package io.github.t6j.sampling;

/** Keeps the K most likely candidates, or all if there are fewer; of equally likely ones the lowest ids. */
record TopK(int k) implements Step {

    /**
     * Makes one pass with a heap of the best candidates in the first K elements, whose top ranks last. Few ids enter
     * the heap, so the cost is little more than a comparison per candidate.
     */
    @Override
    public void apply(Candidates candidates) {
        if (candidates.size <= k) {
            return;
        }
        int[] ids = candidates.ids;
        order(candidates);
        double min = candidates.logits[ids[0]];
        for (int i = k; i < candidates.size; i++) {
            int id = ids[i];
            if (candidates.logits[id] >= min && candidates.precedes(id, ids[0])) {
                sink(id, 0, candidates);
                min = candidates.logits[ids[0]];
            }
        }
        candidates.size = k;
    }

    /**
     * Combines {@link Candidates#load} and {@link #apply} in one pass that writes only ids that enter the heap. Writing
     * all candidates would go to memory, since reading the weights has just evicted them from the caches.
     *
     * @param source logits, at least the capacity of {@code candidates}
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
        double min = candidates.logits[candidates.ids[0]];
        for (int id = k; id < count; id++) {
            if (source[id] > min) { // an equally likely id ranks after all lower ids
                candidates.logits[id] = source[id];
                sink(id, 0, candidates);
                min = candidates.logits[candidates.ids[0]];
            }
        }
    }

    /** Makes a heap of the first K ids. */
    private void order(Candidates candidates) {
        for (int at = k / 2 - 1; at >= 0; at--) {
            sink(candidates.ids[at], at, candidates);
        }
    }

    /** Puts {@code id} into element {@code at} of the heap, or sinks it until it ranks after both its children. */
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
