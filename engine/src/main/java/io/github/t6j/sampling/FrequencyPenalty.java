package io.github.t6j.sampling;

/**
 * OpenAI's frequency and presence penalties: subtracts n · frequency + presence from the logit of an id that was
 * generated n > 0 times. Ids of the prompt do not count.
 */
record FrequencyPenalty(double frequency, double presence, History history) implements Step {
    @Override
    public void apply(Candidates candidates) {
        for (int i = 0; i < history.size(); i++) {
            int id = history.get(i);
            int times = history.timesGenerated(id);
            if (times > 0) {
                candidates.logits[id] -= times * frequency + presence;
            }
        }
    }
}
