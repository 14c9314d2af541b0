package io.github.t6j.sampling;

/**
 * Ids that may still be chosen: {@code ids[0]} to {@code ids[size − 1]}, in any order, each once. Logits and weights
 * are indexed by id, {@code logits[id]}, and also exist for ids that were removed.
 */
final class Candidates {
    final int[] ids;
    final double[] logits;
    final double[] weights;
    int size;

    /** Allocates room for the ids below {@code capacity}. */
    Candidates(int capacity) {
        ids = new int[capacity];
        logits = new double[capacity];
        weights = new double[capacity];
    }

    /** Makes all ids below the capacity candidates. {@code source} has their logits, and may have more. */
    void load(float[] source) {
        size = ids.length;
        for (int id = 0; id < size; id++) {
            ids[id] = id;
            logits[id] = source[id];
        }
    }

    /** Returns true if id {@code a} ranks before {@code b}: it is more likely, or equally likely and lower. */
    boolean precedes(int a, int b) {
        return logits[a] > logits[b] || logits[a] == logits[b] && a < b;
    }

    /**
     * Returns the id that ranks first.
     *
     * @throws IllegalStateException if the logits of all candidates are negative infinity
     */
    int mostLikely() {
        int best = ids[0];
        double greatest = logits[best];
        for (int i = 1; i < size; i++) {
            int id = ids[i];
            if (logits[id] >= greatest && precedes(id, best)) {
                best = id;
                greatest = logits[id];
            }
        }
        if (greatest == Double.NEGATIVE_INFINITY) {
            throw new IllegalStateException("logits: expected an id that may be chosen, found -Infinity for all"
                    + " ids, from the model, logitBias or a sampling step");
        }
        return best;
    }

    /**
     * Sets {@code weights[id] = exp(logits[id] − greatest logit)} of every candidate and returns their sum, added in
     * the order of {@code ids}. A weight divided by the sum is the softmax.
     */
    double weigh() {
        double greatest = logits[mostLikely()];
        double sum = 0;
        for (int i = 0; i < size; i++) {
            int id = ids[i];
            weights[id] = Exponential.of(logits[id] - greatest);
            sum += weights[id];
        }
        return sum;
    }
}
