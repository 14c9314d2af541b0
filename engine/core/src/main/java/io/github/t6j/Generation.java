package io.github.t6j;

import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * Result of a generation. Two results that differ only in their durations and drafts are equal.
 *
 * @param text the continuation, as a listener received it: without the prompt and the stop string that ended it
 * @param tokens generated ids, each with its log-probability
 * @param finishReason reason why it ended
 * @param promptTokens number of ids of the prompt
 * @param seed seed that reproduces this text; 0 for a greedy generation without a seed
 * @param prefillTime time from the call to the first logits
 * @param decodeTime time from the first logits to the end
 * @param drafts number of accepted and rejected drafts of a generation with a {@link Drafter}
 */
public record Generation(
        String text,
        List<Token> tokens,
        FinishReason finishReason,
        int promptTokens,
        long seed,
        Duration prefillTime,
        Duration decodeTime,
        Drafts drafts) {

    @Override
    public boolean equals(Object other) {
        return other instanceof Generation that && text.equals(that.text) && tokens.equals(that.tokens)
                && finishReason == that.finishReason && promptTokens == that.promptTokens && seed == that.seed;
    }

    @Override
    public int hashCode() {
        return Objects.hash(text, tokens, finishReason, promptTokens, seed);
    }
}
