package io.github.t6j;

import io.github.t6j.sampling.Constraint;
import io.github.t6j.sampling.SamplingOptions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/** Options of a generation, immutable: {@link #defaults} and the methods that change one of them in a copy. */
public final class GenerationOptions {
    private static final GenerationOptions DEFAULTS =
            new GenerationOptions(
                    new Values(128, SamplingOptions.defaults(), List.of(), false, 0, null, null, null, null));

    private final Values values;

    private record Values(int maxTokens, SamplingOptions sampling, List<String> stop, boolean ignoreEndOfText,
            int topLogprobs, Instant deadline, Duration timeout, BooleanSupplier cancellation, Constraint grammar) {}

    private GenerationOptions(Values values) {
        this.values = values;
    }

    /**
     * Returns the defaults: at most 128 ids, {@link SamplingOptions#defaults()}, no stop strings, no alternatives, no
     * deadline.
     */
    public static GenerationOptions defaults() {
        return DEFAULTS;
    }

    /** Returns the most ids to generate. */
    public int maxTokens() {
        return values.maxTokens;
    }

    /** Returns the options for choosing ids. */
    public SamplingOptions sampling() {
        return values.sampling;
    }

    /** Returns the stop strings, any of which ends the generation where it appears; it may span tokens. */
    public List<String> stop() {
        return values.stop;
    }

    /** Returns true if the generation continues after {@link Model#endIds()}. */
    public boolean ignoreEndOfText() {
        return values.ignoreEndOfText;
    }

    /** Returns the number of most likely ids that each token reports ({@link Token#topLogprobs}). */
    public int topLogprobs() {
        return values.topLogprobs;
    }

    /** Returns the time at which the generation ends, or null for none. */
    public Instant deadline() {
        return values.deadline;
    }

    /** Returns the longest time that the generation takes, from its call or its submission, or null for no limit. */
    public Duration timeout() {
        return values.timeout;
    }

    /** Returns the function that ends the generation once it returns true, or null for none. */
    public BooleanSupplier cancellation() {
        return values.cancellation;
    }

    /**
     * Returns these options with another limit of ids.
     *
     * @throws IllegalArgumentException if {@code maxTokens} is negative
     */
    public GenerationOptions withMaxTokens(int maxTokens) {
        if (maxTokens < 0) {
            throw new IllegalArgumentException("maxTokens: expected 0 or more, found " + maxTokens);
        }
        return new GenerationOptions(new Values(
                maxTokens, values.sampling, values.stop, values.ignoreEndOfText, values.topLogprobs, values.deadline,
                values.timeout, values.cancellation, values.grammar));
    }

    /** Returns these options with other options for choosing ids. */
    public GenerationOptions withSampling(SamplingOptions sampling) {
        Objects.requireNonNull(sampling, "sampling");
        return new GenerationOptions(new Values(
                values.maxTokens, sampling, values.stop, values.ignoreEndOfText, values.topLogprobs, values.deadline,
                values.timeout, values.cancellation, values.grammar));
    }

    /**
     * Returns these options with other stop strings.
     *
     * @throws IllegalArgumentException if a stop string is empty
     */
    public GenerationOptions withStop(String... stop) {
        Objects.requireNonNull(stop, "stop");
        for (String one : stop) {
            if (Objects.requireNonNull(one, "stop").isEmpty()) {
                throw new IllegalArgumentException(
                        "stop: expected strings of one character or more, found an empty one");
            }
        }
        return new GenerationOptions(new Values(
                values.maxTokens, values.sampling, List.of(stop), values.ignoreEndOfText, values.topLogprobs,
                values.deadline, values.timeout, values.cancellation, values.grammar));
    }

    /** Returns these options with {@code ignoreEndOfText} set or cleared. */
    public GenerationOptions withIgnoreEndOfText(boolean ignoreEndOfText) {
        return new GenerationOptions(new Values(
                values.maxTokens, values.sampling, values.stop, ignoreEndOfText, values.topLogprobs, values.deadline,
                values.timeout, values.cancellation, values.grammar));
    }

    /**
     * Returns these options with another number of most likely ids that each token reports; 0 for none.
     *
     * @param topLogprobs number of ids; of a smaller vocabulary, all are reported
     * @throws IllegalArgumentException if {@code topLogprobs} is negative
     */
    public GenerationOptions withTopLogprobs(int topLogprobs) {
        if (topLogprobs < 0) {
            throw new IllegalArgumentException("topLogprobs: expected 0 or more, found " + topLogprobs);
        }
        return new GenerationOptions(new Values(
                values.maxTokens, values.sampling, values.stop, values.ignoreEndOfText, topLogprobs, values.deadline,
                values.timeout, values.cancellation, values.grammar));
    }

    /**
     * Returns these options with another deadline; null for none. Past it, the generation ends with
     * {@link FinishReason#DEADLINE} before the next block of a prompt or the next token, also if it has not begun.
     */
    public GenerationOptions withDeadline(Instant deadline) {
        return new GenerationOptions(new Values(
                values.maxTokens, values.sampling, values.stop, values.ignoreEndOfText, values.topLogprobs, deadline,
                values.timeout, values.cancellation, values.grammar));
    }

    /**
     * Returns these options with another timeout; null for none. It is a deadline that begins to run with the call, or
     * with the submission to a scheduler. The earlier of deadline and timeout counts.
     *
     * @throws IllegalArgumentException if {@code timeout} is negative
     */
    public GenerationOptions withTimeout(Duration timeout) {
        if (timeout != null && timeout.isNegative()) {
            throw new IllegalArgumentException("timeout: expected zero or more, found " + timeout);
        }
        return new GenerationOptions(new Values(
                values.maxTokens, values.sampling, values.stop, values.ignoreEndOfText, values.topLogprobs,
                values.deadline, timeout, values.cancellation, values.grammar));
    }

    /**
     * Returns these options with a function that ends the generation with {@link FinishReason#CANCELLED} once it
     * returns true; null for none. A computing thread calls it between the blocks of a prompt and before each token, so
     * it must be fast and safe for use by that thread.
     */
    public GenerationOptions withCancellation(BooleanSupplier cancellation) {
        return new GenerationOptions(new Values(
                values.maxTokens, values.sampling, values.stop, values.ignoreEndOfText, values.topLogprobs,
                values.deadline, values.timeout, cancellation, values.grammar));
    }

    /** Returns the grammar that the generated text matches, or null for none. */
    public Constraint grammar() {
        return values.grammar;
    }

    /**
     * Returns these options with a grammar that the generated text matches; null for none. The generation may end early
     * only by its limits: of ids, context and time, stop strings and cancellation. The end of the grammar is the end of
     * the text; where the grammar may end, an end id ends it, even with {@link #ignoreEndOfText}. The model needs a
     * tokenizer.
     */
    public GenerationOptions withGrammar(Constraint grammar) {
        return new GenerationOptions(new Values(
                values.maxTokens, values.sampling, values.stop, values.ignoreEndOfText, values.topLogprobs,
                values.deadline, values.timeout, values.cancellation, grammar));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof GenerationOptions options && values.equals(options.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return values.toString().replaceFirst("Values", "GenerationOptions");
    }
}
