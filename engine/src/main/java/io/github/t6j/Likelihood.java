package io.github.t6j;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Id that may come next, with its probability.
 *
 * @param id the id
 * @param logProbability natural logarithm of its probability under the model's unmodified logits
 */
public record Likelihood(int id, float logProbability) {
    /** Returns the {@code count} most likely ids, most likely first; of equally likely ones the lower first. */
    static List<Likelihood> best(float[] logits, int count, Model model) {
        if (count < 1 || count > logits.length) {
            throw new IllegalArgumentException(
                    "count: expected 1 to the vocabulary's " + logits.length + ", found " + count);
        }
        int[] best = new int[count]; // in descending order of logits
        int found = 0;
        for (int id = 0; id < logits.length; id++) {
            if (found == count && !(logits[id] > logits[best[count - 1]])) {
                continue;
            }
            int at = found < count ? found++ : count - 1;
            for (; at > 0 && logits[id] > logits[best[at - 1]]; at--) {
                best[at] = best[at - 1];
            }
            best[at] = id;
        }
        double logSumExp = model.logSumExp(logits);
        List<Likelihood> mostLikely = new ArrayList<>(count);
        for (int id : best) {
            mostLikely.add(new Likelihood(id, (float) (logits[id] - logSumExp)));
        }
        return Collections.unmodifiableList(mostLikely);
    }
}
