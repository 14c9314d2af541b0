package io.github.t6j.cli.schedule;

import java.util.List;

/**
 * Texts of which somebody wants to know how likely they are.
 *
 * @param prompt ids that stand before each of them; or none: then nothing predicts the texts' first ids
 * @param continuations ids of one or more texts, each one id or more, two or more without a prompt
 */
public record Scoring(int[] prompt, List<int[]> continuations) {
    /** @throws IllegalArgumentException if a text has no id that is predicted, or there is none */
    public Scoring {
        continuations = List.copyOf(continuations);
        int least = prompt.length == 0 ? 2 : 1;
        if (continuations.isEmpty() || continuations.stream().anyMatch(one -> one.length < least)) {
            throw new IllegalArgumentException("continuations: expected one or more, of " + least + " ids or more");
        }
    }

    /** Ids of the longest continuation. */
    int longest() {
        return continuations.stream().mapToInt(one -> one.length).max().orElseThrow();
    }
}
