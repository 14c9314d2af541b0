package io.github.t6j.sampling;

/** Divides the logits by the temperature: below 1 likely ids become more likely, above 1 less likely. */
record Temperature(double temperature) implements Step {
    @Override
    public void apply(Candidates candidates) {
        for (int i = 0; i < candidates.size; i++) {
            candidates.logits[candidates.ids[i]] /= temperature;
        }
    }
}
