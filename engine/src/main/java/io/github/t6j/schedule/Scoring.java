package io.github.t6j.schedule;

import java.util.List;

/**
 * A request for the likelihoods of texts.
 *
 * @param prompt ids before each text; may be empty, in which case nothing predicts the first id of a text
 * @param continuations ids of at least one text: at least one id each, or two without a prompt
 */
record Scoring(int[] prompt, List<int[]> continuations) {
    /** @throws IllegalArgumentException if there is no text, or one has no predicted id */
    Scoring {
        continuations = continuations.stream().map(int[]::clone).toList(); // the caller may change its own
        int least = prompt.length == 0 ? 2 : 1;
        if (continuations.isEmpty() || continuations.stream().anyMatch(one -> one.length < least)) {
            throw new IllegalArgumentException(
                    "continuations: expected one or more, each of at least " + least + " ids");
        }
    }

    /** Returns the number of ids of the longest continuation. */
    int longest() {
        return continuations.stream().mapToInt(one -> one.length).max().orElseThrow();
    }
}
