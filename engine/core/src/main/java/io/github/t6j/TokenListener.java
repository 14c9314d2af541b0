package io.github.t6j;

/**
 * Listener to every generated id, called on the generating thread. The texts that it receives join to
 * {@link Generation#text()}.
 *
 * <p>It may read, fork, save, cancel and close the session, and use other sessions; feeding, truncating or restoring
 * the session throws an IllegalStateException. The generation waits while the listener runs.
 *
 * <p>An exception of the listener ends the generation and propagates to the caller. The session then contains the
 * prompt and the reported ids, and can be used again.
 */
@FunctionalInterface
public interface TokenListener {
    /**
     * Called after {@code token} was chosen from the session's logits and before it is fed. The last call may be for
     * the buffered tail of the text ({@link Token#isTail}), whatever the reason for the end.
     *
     * @return false to end the generation with this token; ignored for the tail
     */
    boolean onToken(Token token);

    /**
     * Called once after the last token with the result, which says why the generation ended. It is not called if the
     * generation fails with an exception. The default does nothing.
     */
    default void onFinish(Generation generation) {}
}
