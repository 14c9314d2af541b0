package io.github.t6j.sampling;

/**
 * Nucleus sampling (Holtzman et al. 2020): keeps the fewest of the likeliest candidates whose probabilities together
 * reach P; of equally likely ones the lowest ids come first. At least one is kept.
 */
record TopP(double p) implements Step {

    /**
     * Quickselect by weight instead of rank: whatever the nucleus' size, a few passes over ever fewer candidates, and
     * no sort. The nucleus is the ids before {@code from} and those, of the next ones up to {@code to}, that add the
     * weight that is missing.
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

    /** Moves the middle id to the place, returned, where those that rank before it are before, and the others after. */
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
