package io.github.t6j;

import io.github.t6j.sampling.SamplingOptions;
import java.util.List;

/**
 * How a text is continued.
 *
 * @param maxTokens the most ids to generate
 * @param sampling how an id is chosen
 * @param stop strings that end the generation where one appears; it may span tokens
 * @param ignoreEndOfText true to go on past {@link Model#endIds()}
 */
public record GenerationOptions(int maxTokens, SamplingOptions sampling, List<String> stop, boolean ignoreEndOfText) {

    /** @throws IllegalArgumentException if {@code maxTokens} is negative or a stop string is empty */
    public GenerationOptions {
        if (maxTokens < 0) {
            throw new IllegalArgumentException("maxTokens: expected 0 or more, found " + maxTokens);
        }
        stop = List.copyOf(stop);
        if (stop.contains("")) {
            throw new IllegalArgumentException("stop: expected strings of one character or more, found an empty one");
        }
    }

    /** 128 ids, sampled as {@link SamplingOptions#defaults()} says. */
    public static GenerationOptions defaults() {
        return new GenerationOptions(128, SamplingOptions.defaults(), List.of(), false);
    }

    /** These options with another limit of ids. */
    public GenerationOptions withMaxTokens(int newMaxTokens) {
        return new GenerationOptions(newMaxTokens, sampling, stop, ignoreEndOfText);
    }

    /** These options with another way of choosing ids. */
    public GenerationOptions withSampling(SamplingOptions newSampling) {
        return new GenerationOptions(maxTokens, newSampling, stop, ignoreEndOfText);
    }

    /** These options with other stop strings. */
    public GenerationOptions withStop(String... newStop) {
        return new GenerationOptions(maxTokens, sampling, List.of(newStop), ignoreEndOfText);
    }

    /** These options, going on past the end of text or not. */
    public GenerationOptions withIgnoreEndOfText(boolean newIgnoreEndOfText) {
        return new GenerationOptions(maxTokens, sampling, stop, newIgnoreEndOfText);
    }
}
