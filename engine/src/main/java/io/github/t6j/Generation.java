package io.github.t6j;

import java.time.Duration;
import java.util.List;

/**
 * What a generation gave.
 *
 * @param text the continuation, without the prompt and without the stop string that ended it: what a listener
 *     heard
 * @param tokens the generated ids, each with its log-probability
 * @param finishReason why it ended
 * @param promptTokens ids of the prompt
 * @param seed the seed that gives this text again
 * @param prefillTime time from the call to the first logits
 * @param decodeTime time from the first logits to the end
 */
public record Generation(
        String text,
        List<Token> tokens,
        FinishReason finishReason,
        int promptTokens,
        long seed,
        Duration prefillTime,
        Duration decodeTime) {}
