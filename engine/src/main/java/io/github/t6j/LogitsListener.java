package io.github.t6j;

/** Receives the logits of each position of a prefill, in order; may read the session, but not feed or change it. */
@FunctionalInterface
public interface LogitsListener {
    /**
     * Called once a position.
     *
     * @param position the position in the session
     * @param logits [vocabulary], a buffer that is reused after the call
     */
    void onLogits(int position, float[] logits);
}
