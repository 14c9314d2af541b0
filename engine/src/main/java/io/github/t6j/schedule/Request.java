package io.github.t6j.schedule;

import io.github.t6j.GenerationOptions;
import java.util.Objects;

/**
 * A request to generate text, and to report a number of most likely ids with each token, or 0.
 *
 * @param prompt at least one id
 * @param options options of the generation; with several copies, copy i has the seed + i
 * @param copies number of continuations of the prompt
 */
public record Request(int[] prompt, GenerationOptions options, int alternatives, int copies) {
    /** @throws IllegalArgumentException if the prompt is empty, or a number is out of range */
    public Request {
        Objects.requireNonNull(options, "options");
        if (prompt.length == 0) {
            throw new IllegalArgumentException("prompt: expected at least one id, found none");
        }
        if (alternatives < 0 || copies < 1) {
            throw new IllegalArgumentException(
                    "alternatives and copies: expected at least 0 and 1, found " + alternatives + " and " + copies);
        }
    }

    /** Returns a request for one continuation, without alternatives. */
    public static Request of(int[] prompt, GenerationOptions options) {
        return new Request(prompt, options, 0, 1);
    }
}
