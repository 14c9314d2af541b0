package io.github.t6j.sampling;

import java.util.Map;

/** Adds a fixed bias to the logits of some ids. */
final class LogitBias implements Step {
    private final int[] ids;
    private final double[] biases;

    LogitBias(Map<Integer, Float> biasOfId) {
        ids = biasOfId.keySet().stream().mapToInt(Integer::intValue).toArray();
        biases = new double[ids.length];
        for (int i = 0; i < ids.length; i++) {
            biases[i] = biasOfId.get(ids[i]);
        }
    }

    @Override
    public void apply(Candidates candidates) {
        for (int i = 0; i < ids.length; i++) {
            candidates.logits[ids[i]] += biases[i];
        }
    }
}
