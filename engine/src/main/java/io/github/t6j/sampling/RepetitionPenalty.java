package io.github.t6j.sampling;

/**
 * Makes every id seen in the prompt or generated less likely, once: divides a positive logit by the penalty (Keskar et
 * al. 2019, CTRL, §4.1) and multiplies a negative one, since dividing it would favour the id.
 */
record RepetitionPenalty(double penalty, History history) implements Step {
    @Override
    public void apply(Candidates candidates) {
        double[] logits = candidates.logits;
        for (int i = 0; i < history.size(); i++) {
            int id = history.get(i);
            logits[id] = logits[id] > 0 ? logits[id] / penalty : logits[id] * penalty;
        }
    }
}
