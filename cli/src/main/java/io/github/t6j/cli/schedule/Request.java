package io.github.t6j.cli.schedule;

import io.github.t6j.GenerationOptions;
import java.util.Objects;

/**
 * What somebody wants generated.
 *
 * @param prompt ids, one or more
 * @param options how it goes on; with several copies, copy i has the seed + i
 * @param likeliest how many of the likeliest ids to tell with each token, or 0
 * @param copies how many continuations of the prompt
 */
public record Request(int[] prompt, GenerationOptions options, int likeliest, int copies) {
    /** @throws IllegalArgumentException if there is no prompt, or a number is negative */
    public Request {
        Objects.requireNonNull(options, "options");
        if (prompt.length == 0) {
            throw new IllegalArgumentException("prompt: expected one id or more, found none");
        }
        if (likeliest < 0 || copies < 1) {
            throw new IllegalArgumentException(
                    "likeliest and copies: expected 0 or more and 1 or more, found " + likeliest + " and " + copies);
        }
    }

    /** One continuation, without other ids. */
    public static Request of(int[] prompt, GenerationOptions options) {
        return new Request(prompt, options, 0, 1);
    }
}
