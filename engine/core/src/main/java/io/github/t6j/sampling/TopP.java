package io.github.t6j.sampling;

/**
 * Nucleus sampling (Holtzman et al. 2020): keeps the fewest of the most likely candidates whose probabilities together
 * reach P, at least one; of equally likely ones the lowest ids come first.
 */
record TopP(double p) implements Step {

    /**
     * Finds the nucleus by quickselect, by weight instead of rank: a few passes over ever fewer candidates and no sort,
     * whatever the size of the nucleus. It consists of the ids before {@code from} and of as many ids between
     * {@code from} and {@code to} as add the missing weight.
     */
    @Override
    public void apply(Candidates candidates) {
        double missing = p * candidates.weigh();
        int from = 0;
        int to = candidates.size;
        while (to - from > 1) {
            int pivot = partition(candidates, from, to);
            double before = weight(candidates, from, pivot);
            double through = before + candidates.weights[candidates.ids[pivot]];
            if (before >= missing) {
                to = pivot;
            } else if (through >= missing) {
                from = pivot;
                to = pivot + 1;
            } else {
                missing -= through;
                from = pivot + 1;
            }
        }
        candidates.size = to;
    }

    private static double weight(Candidates candidates, int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += candidates.weights[candidates.ids[i]];
        }
        return sum;
    }

    /**
     * Partitions the range by its middle id, so that higher-ranking ids come before it, and returns the index of that
     * id.
     */
    private static int partition(Candidates candidates, int from, int to) {
        int[] ids = candidates.ids;
        int middle = (from + to) >>> 1;
        int pivot = ids[middle];
        ids[middle] = ids[from];
        int place = from;
        for (int i = from + 1; i < to; i++) {
            int id = ids[i];
            if (candidates.precedes(id, pivot)) {
                ids[i] = ids[place + 1];
                ids[place++] = id;
            }
        }
        ids[place] = pivot;
        return place;
    }
}
