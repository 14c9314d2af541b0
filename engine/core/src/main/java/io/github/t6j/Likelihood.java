package io.github.t6j;

import io.github.t6j.kernels.Kernels;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Id that may come next, with its probability.
 *
 * @param id the id
 * @param logProbability natural logarithm of its probability under the model's unmodified logits
 */
public record Likelihood(int id, float logProbability) {
    /** Returns the {@code count} most likely ids, most likely first, and equally likely ones in ascending order. */
    static List<Likelihood> best(float[] logits, int count, Kernels kernels) {
        if (count < 1 || count > logits.length) {
            throw new IllegalArgumentException(
                    "count: expected 1 to the vocabulary's " + logits.length + ", found " + count);
        }
        Comparator<Integer> leastLikelyFirst =
                (a, b) -> logits[a] < logits[b] ? -1 : logits[a] > logits[b] ? 1 : Integer.compare(b, a);
        PriorityQueue<Integer> best = new PriorityQueue<>(leastLikelyFirst);
        for (int id = 0; id < logits.length; id++) {
            if (best.size() < count) {
                best.add(id);
            } else if (logits[id] > logits[best.element()]) {
                best.remove();
                best.add(id);
            }
        }
        double logSumExp = kernels.logSumExp(logits, logits.length, new float[Kernels.LANES]);
        List<Likelihood> mostLikely = new ArrayList<>(count);
        while (!best.isEmpty()) {
            int id = best.remove();
            mostLikely.add(new Likelihood(id, (float) (logits[id] - logSumExp)));
        }
        return Collections.unmodifiableList(mostLikely.reversed());
    }
}
