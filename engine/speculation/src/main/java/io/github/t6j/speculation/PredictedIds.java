package io.github.t6j.speculation;

/**
 * Ids of a prediction, or of a second source where the prediction has no match.
 *
 * @param prediction source that is free
 */
record PredictedIds(NextIds prediction, NextIds second) implements NextIds {
    @Override
    public int propose(DraftedText text, int[] into, int max) {
        int found = prediction.propose(text, into, max);
        return found > 0 ? found : second.propose(text, into, max);
    }

    @Override
    public boolean isFree() {
        return second.isFree();
    }

    @Override
    public void close() {
        prediction.close();
        second.close();
    }
}
