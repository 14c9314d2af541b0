package io.github.t6j;

/**
 * Listener to the logits of each position of a prefill, in order. It may read the session, but not feed or change it.
 */
@FunctionalInterface
public interface LogitsListener {
    /**
     * Called once per position.
     *
     * @param position position in the session
     * @param logits [vocabulary], a buffer that is reused after the call
     */
    void onLogits(int position, float[] logits);
}
