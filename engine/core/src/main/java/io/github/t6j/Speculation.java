package io.github.t6j;

import io.github.t6j.decoding.Decoding;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Speculation: several tokens in one pass, with the same result. Ids that will probably follow, the drafts, are
 * computed together with the chosen id. Each token is then chosen as always; if it equals its draft, its logits are
 * known already. Text, tokens and the session's state are the same as without speculation.
 *
 * @param maxDrafts maximum number of drafts in a pass, from 0 to {@value #MAX_DRAFTS}; 0 for no speculation
 * @param prediction ids of a text that the answer probably repeats in part, such as a file to be changed; or none
 * @param adaptive false to propose {@code maxDrafts} drafts whenever there are any, for reproducible counts; true to
 *     propose as many as pay
 */
public record Speculation(int maxDrafts, List<Integer> prediction, boolean adaptive) {
    /** Largest {@link #maxDrafts}. */
    public static final int MAX_DRAFTS = Decoding.MAX_DRAFTS;

    private static final Speculation OFF = new Speculation(0, List.of(), true);

    /** @throws IllegalArgumentException if {@code maxDrafts} is not in 0 … {@value #MAX_DRAFTS} */
    public Speculation {
        if (maxDrafts < 0 || maxDrafts > MAX_DRAFTS) {
            throw new IllegalArgumentException(
                    "maxDrafts: expected 0 to " + MAX_DRAFTS + ", found " + maxDrafts);
        }
        prediction = List.copyOf(Objects.requireNonNull(prediction, "prediction"));
    }

    /** Returns no speculation. */
    public static Speculation off() {
        return OFF;
    }

    /** Returns drafts from the prompt and the answer so far: what followed the last ids there before. */
    public static Speculation ngrams() {
        return ngrams(7);
    }

    /**
     * Returns at most {@code maxDrafts} drafts from the prompt and the answer so far.
     *
     * @throws IllegalArgumentException if {@code maxDrafts} is not in 0 … {@value #MAX_DRAFTS}
     */
    public static Speculation ngrams(int maxDrafts) {
        return new Speculation(maxDrafts, List.of(), true);
    }

    /** Returns this speculation with a text that the answer probably repeats in part. */
    public Speculation withPrediction(int... ids) {
        List<Integer> predicted = Arrays.stream(Objects.requireNonNull(ids, "ids")).boxed().toList();
        return new Speculation(maxDrafts, predicted, adaptive);
    }

    /** Returns this speculation, adaptive or with as many drafts as possible. */
    public Speculation withAdaptive(boolean adaptive) {
        return new Speculation(maxDrafts, prediction, adaptive);
    }
}
