package io.github.t6j;

import io.github.t6j.sampling.SamplingOptions;
import java.util.List;

/**
 * Options of a generation.
 *
 * @param maxTokens most ids to generate
 * @param sampling options for choosing ids
 * @param stop stop strings, any of which ends the generation where it appears; it may span tokens
 * @param ignoreEndOfText true to continue after {@link Model#endIds()}
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

    /** Returns the defaults: at most 128 ids, {@link SamplingOptions#defaults()}, no stop strings. */
    public static GenerationOptions defaults() {
        return new GenerationOptions(128, SamplingOptions.defaults(), List.of(), false);
    }

    /** Returns these options with another limit of ids. */
    public GenerationOptions withMaxTokens(int newMaxTokens) {
        return new GenerationOptions(newMaxTokens, sampling, stop, ignoreEndOfText);
    }

    /** Returns these options with other sampling options. */
    public GenerationOptions withSampling(SamplingOptions newSampling) {
        return new GenerationOptions(maxTokens, newSampling, stop, ignoreEndOfText);
    }

    /** Returns these options with other stop strings. */
    public GenerationOptions withStop(String... newStop) {
        return new GenerationOptions(maxTokens, sampling, List.of(newStop), ignoreEndOfText);
    }

    /** Returns these options with {@code ignoreEndOfText} set or cleared. */
    public GenerationOptions withIgnoreEndOfText(boolean newIgnoreEndOfText) {
        return new GenerationOptions(maxTokens, sampling, stop, newIgnoreEndOfText);
    }
}
