package io.github.t6j.sampling;

/** Divides the logits: below 1 the likely ids become likelier, above 1 less so. */
record Temperature(double temperature) implements Step {
    @Override
    public void apply(Candidates candidates) {
        for (int i = 0; i < candidates.size; i++) {
            candidates.logits[candidates.ids[i]] /= temperature;
        }
    }
}
