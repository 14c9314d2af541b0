package io.github.t6j;

/**
 * Hears of every generated id, on the thread that generates. The texts that it is told, joined, are {@link
 * Generation#text()}.
 *
 * <p>It may read the session, fork it, save it, cancel and close it, and use other sessions; what would feed, cut or
 * restore the session throws an IllegalStateException. While it runs, nothing is computed.
 *
 * <p>What it throws ends the generation, and comes out of the call. The session then holds the prompt and the ids that
 * were told, and can be used again.
 */
@FunctionalInterface
public interface TokenListener {
    /**
     * Called after {@code token} was chosen, before it is fed: the session's logits are those that it was chosen from. The
     * last call may be for what was held back of the text ({@link Token#isTail}), for whatever reason the generation
     * ended.
     *
     * @return false to end the generation with this token; of the tail it does not matter
     */
    boolean onToken(Token token);
}
