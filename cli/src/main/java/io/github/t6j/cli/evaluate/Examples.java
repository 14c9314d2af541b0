package io.github.t6j.cli.evaluate;

import io.github.t6j.cli.generate.Line;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Solved questions before each question, for few-shot prompts.
 *
 * @param shots number of examples
 * @param text the examples, each followed by an empty line as in lm-evaluation-harness; empty without examples
 */
public record Examples(int shots, String text) {
    public static final Examples NONE = new Examples(0, "");

    /**
     * Returns the examples of lines.
     *
     * @throws RuntimeException if a line is not a question of the kind, with the reason
     */
    static Examples of(List<Line> lines, boolean continuations) {
        return new Examples(lines.size(), lines.stream()
                .map(line -> continuations ? Question.parseContinuation(line) : Question.parse(line))
                .map(question -> question.solved() + "\n\n").collect(Collectors.joining()));
    }

    /** Adds the number of examples to a result. */
    void nameIn(Map<String, Object> result) {
        if (shots > 0) {
            result.put("shots", (long) shots);
        }
    }

    /** Returns true if a result was computed with this number of examples. */
    boolean areOf(Map<String, Object> result) {
        return result.getOrDefault("shots", 0L).equals((long) shots);
    }
}
