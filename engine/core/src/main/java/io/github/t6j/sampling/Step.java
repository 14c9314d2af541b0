package io.github.t6j.sampling;

import java.util.Map;

/**
 * Step between logits and the draw: changes logits or removes candidates. A step may allocate when it is created, but
 * not in {@link #apply}.
 */
@FunctionalInterface
interface Step {
    void apply(Candidates candidates);

    /**
     * Makes every id seen in the prompt or generated less likely, once: divides a positive logit by the penalty (Keskar
     * et al. 2019, CTRL, §4.1) and multiplies a negative one, since dividing it would favour the id.
     */
    static Step repetitionPenalty(double penalty, History history) {
        return candidates -> {
            double[] logits = candidates.logits;
            for (int i = 0; i < history.size(); i++) {
                int id = history.get(i);
                logits[id] = logits[id] > 0 ? logits[id] / penalty : logits[id] * penalty;
            }
        };
    }

    /**
     * OpenAI's frequency and presence penalties: subtracts n · frequency + presence from the logit of an id that was
     * generated n > 0 times. Ids of the prompt do not count.
     */
    static Step frequencyPenalty(double frequency, double presence, History history) {
        return candidates -> {
            for (int i = 0; i < history.size(); i++) {
                int id = history.get(i);
                int times = history.timesGenerated(id);
                if (times > 0) {
                    candidates.logits[id] -= times * frequency + presence;
                }
            }
        };
    }

    /** Adds a fixed bias to the logits of some ids. */
    static Step logitBias(Map<Integer, Float> biasOfId) {
        int[] ids = biasOfId.keySet().stream().mapToInt(Integer::intValue).toArray();
        double[] biases = biasOfId.values().stream().mapToDouble(Float::doubleValue).toArray(); // in the same order
        return candidates -> {
            for (int i = 0; i < ids.length; i++) {
                candidates.logits[ids[i]] += biases[i];
            }
        };
    }

    /** Divides the logits by the temperature: below 1 likely ids become more likely, above 1 less likely. */
    static Step temperature(double temperature) {
        return candidates -> {
            for (int i = 0; i < candidates.size; i++) {
                candidates.logits[candidates.ids[i]] /= temperature;
            }
        };
    }

    /**
     * Keeps the candidates that are at least P times as likely as the most likely one (Nguyen et al. 2024). It needs no
     * softmax: probability ≥ P · greatest probability if and only if logit ≥ greatest logit + ln P.
     */
    static Step minP(double p) {
        double logP = StrictMath.log(p);
        return candidates -> {
            double min = candidates.logits[candidates.mostLikely()] + logP;
            int kept = 0;
            for (int i = 0; i < candidates.size; i++) {
                int id = candidates.ids[i];
                if (candidates.logits[id] >= min) {
                    candidates.ids[kept++] = id;
                }
            }
            candidates.size = kept;
        };
    }
}
