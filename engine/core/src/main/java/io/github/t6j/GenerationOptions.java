package io.github.t6j;

import io.github.t6j.sampling.Constraint;
import io.github.t6j.sampling.SamplingOptions;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Options of a generation: {@link #defaults} and the methods that change one of them in a copy.
 *
 * @param maxTokens maximum number of ids to generate
 * @param sampling options for choosing ids
 * @param stop stop strings, any of which ends the generation where it appears; it may span tokens
 * @param ignoreEndOfText true to continue after {@link Model#endIds()}
 * @param topLogprobs number of most likely ids that each token reports ({@link Token#topLogprobs})
 * @param call time limits and cancellation; they end the generation with {@link FinishReason#DEADLINE} or
 *     {@link FinishReason#CANCELLED} before the next block of a prompt or the next token, also if it has not begun
 * @param grammar grammar that the generated text matches, or null for none
 * @param speculation drafts of the next ids, which change only the time that a generation takes; null for none
 */
public record GenerationOptions(
        int maxTokens, SamplingOptions sampling, List<String> stop, boolean ignoreEndOfText, int topLogprobs,
        CallOptions call, Constraint grammar, Drafter speculation) {
    private static final GenerationOptions DEFAULTS = new GenerationOptions(
            128, SamplingOptions.defaults(), List.of(), false, 0, CallOptions.defaults(), null, null);

    /** @throws IllegalArgumentException if a number is negative or a stop string is empty */
    public GenerationOptions {
        Objects.requireNonNull(sampling, "sampling");
        Objects.requireNonNull(stop, "stop");
        Objects.requireNonNull(call, "call");
        if (maxTokens < 0) {
            throw new IllegalArgumentException("maxTokens: expected 0 or more, found " + maxTokens);
        }
        if (topLogprobs < 0) {
            throw new IllegalArgumentException("topLogprobs: expected 0 or more, found " + topLogprobs);
        }
        for (String string : stop) {
            if (Objects.requireNonNull(string, "stop").isEmpty()) {
                throw new IllegalArgumentException(
                        "stop: expected strings of one character or more, found an empty one");
            }
        }
        stop = List.copyOf(stop);
    }

    /**
     * Returns the defaults: at most 128 ids, {@link SamplingOptions#defaults()}, no stop strings, no alternatives, no
     * time limit.
     */
    public static GenerationOptions defaults() {
        return DEFAULTS;
    }

    /**
     * Returns these options with another limit of ids.
     *
     * @throws IllegalArgumentException if {@code maxTokens} is negative
     */
    public GenerationOptions withMaxTokens(int maxTokens) {
        return new GenerationOptions(
                maxTokens, sampling, stop, ignoreEndOfText, topLogprobs, call, grammar, speculation);
    }

    /** Returns these options with other options for choosing ids. */
    public GenerationOptions withSampling(SamplingOptions sampling) {
        return new GenerationOptions(
                maxTokens, sampling, stop, ignoreEndOfText, topLogprobs, call, grammar, speculation);
    }

    /**
     * Returns these options with other stop strings.
     *
     * @throws IllegalArgumentException if a stop string is empty
     */
    public GenerationOptions withStop(String... stop) {
        List<String> strings = Arrays.asList(Objects.requireNonNull(stop, "stop"));
        return new GenerationOptions(
                maxTokens, sampling, strings, ignoreEndOfText, topLogprobs, call, grammar, speculation);
    }

    /** Returns these options with {@code ignoreEndOfText} set or cleared. */
    public GenerationOptions withIgnoreEndOfText(boolean ignoreEndOfText) {
        return new GenerationOptions(
                maxTokens, sampling, stop, ignoreEndOfText, topLogprobs, call, grammar, speculation);
    }

    /**
     * Returns these options with another number of most likely ids that each token reports; 0 for none.
     *
     * @param topLogprobs number of ids; if the vocabulary is smaller, all of them are reported
     * @throws IllegalArgumentException if {@code topLogprobs} is negative
     */
    public GenerationOptions withTopLogprobs(int topLogprobs) {
        return new GenerationOptions(
                maxTokens, sampling, stop, ignoreEndOfText, topLogprobs, call, grammar, speculation);
    }

    /** Returns these options with other time limits and cancellation. */
    public GenerationOptions withCall(CallOptions call) {
        return new GenerationOptions(
                maxTokens, sampling, stop, ignoreEndOfText, topLogprobs, call, grammar, speculation);
    }

    /**
     * Returns these options with a grammar that the generated text matches; null for none. Only the limits of ids,
     * context and time, stop strings and cancellation can end the generation early. The text ends where the grammar
     * ends. Where the grammar may end, an end id ends it, even with {@link #ignoreEndOfText}. Needs a tokenizer.
     */
    public GenerationOptions withGrammar(Constraint grammar) {
        return new GenerationOptions(
                maxTokens, sampling, stop, ignoreEndOfText, topLogprobs, call, grammar, speculation);
    }

    /** Returns these options with speculation; null for none. */
    public GenerationOptions withSpeculation(Drafter speculation) {
        return new GenerationOptions(
                maxTokens, sampling, stop, ignoreEndOfText, topLogprobs, call, grammar, speculation);
    }
}
