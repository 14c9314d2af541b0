package io.github.t6j;

import java.time.Duration;
import java.util.List;

/**
 * Result of a generation.
 *
 * @param text the continuation, without the prompt and without the stop string that ended it: the text that a listener
 *     received
 * @param tokens generated ids, each with its log-probability
 * @param finishReason reason why it ended
 * @param promptTokens number of ids of the prompt
 * @param seed seed that reproduces this text
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
