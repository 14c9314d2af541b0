package io.github.t6j.sampling;

/**
 * Keeps the candidates that are at least P times as likely as the most likely one (Nguyen et al. 2024). It needs no
 * softmax: probability ≥ P · greatest probability if and only if logit ≥ greatest logit + ln P.
 */
final class MinP implements Step {
    private final double logP;

    MinP(double p) {
        logP = StrictMath.log(p);
    }

    @Override
    public void apply(Candidates candidates) {
        double least = candidates.logits[candidates.mostLikely()] + logP;
        int kept = 0;
        for (int i = 0; i < candidates.size; i++) {
            int id = candidates.ids[i];
            if (candidates.logits[id] >= least) {
                candidates.ids[kept++] = id;
            }
        }
        candidates.size = kept;
    }
}
