package io.github.t6j.cli.evaluate;

import io.github.t6j.cli.generate.Line;
import io.github.t6j.cli.io.CommandFailure;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A multiple-choice question, or a text with its continuation, which is a question with one choice.
 *
 * @param where its file and line number
 * @param gold index of the correct choice
 */
record Question(String where, String context, List<String> choices, int gold) {

    /** Returns the lines of a file that are not blank, one question each. */
    static List<Line> lines(Path file) {
        List<Line> lines = Line.read(file).stream().filter(line -> !line.text().isBlank()).toList();
        if (lines.isEmpty()) {
            throw new CommandFailure(file + ": expected one question per line, found none");
        }
        return lines;
    }

    /** @throws CommandFailure if the line is not a question, with the reason */
    static Question parse(Line line) {
        Map<String, Object> fields = line.fields();
        if (!(fields.get("context") instanceof String context)) {
            throw line.expected("context", "a text", fields);
        }
        if (!(fields.get("choices") instanceof List<?> list) || list.isEmpty()) {
            throw line.expected("choices", "an array of texts", fields);
        }
        List<String> choices = new ArrayList<>();
        for (Object choice : list) {
            if (!(choice instanceof String text) || text.isEmpty()) {
                throw new CommandFailure(line.where() + ": choices: expected texts that are not empty, found "
                        + (choice instanceof String ? "an empty one" : choice) + " at index " + choices.size());
            }
            choices.add(text);
        }
        if (!(fields.get("gold") instanceof Long gold) || gold < 0 || gold >= choices.size()) {
            throw line.expected("gold", "the index of the correct choice, 0 to " + (choices.size() - 1), fields);
        }
        return new Question(line.where(), context, choices, gold.intValue());
    }

    /** @throws CommandFailure if the line is not a text with its continuation, with the reason */
    static Question parseContinuation(Line line) {
        Map<String, Object> fields = line.fields();
        if (!(fields.get("context") instanceof String context)) {
            throw line.expected("context", "a text", fields);
        }
        if (!(fields.get("continuation") instanceof String text) || text.isEmpty()) {
            throw line.expected("continuation", "a text that is not empty", fields);
        }
        return new Question(line.where(), context, List.of(text), 0);
    }

    /** Returns true if a line has a continuation instead of choices. */
    static boolean isContinuation(Line line) {
        return line.fields().containsKey("continuation");
    }

    /** Returns the context and the correct answer as one text. */
    String solved() {
        return contextStripped() + continuation(gold);
    }

    /** Returns the number of characters of a choice, as Python counts them. */
    int characters(int choice) {
        return choices.get(choice).codePointCount(0, choices.get(choice).length());
    }

    /** Returns the context without the white space at its end, which belongs to the choices. */
    String contextStripped() {
        int end = context.length();
        while (end > 0 && isSpace(context.charAt(end - 1))) {
            end--;
        }
        return context.substring(0, end);
    }

    /**
     * Returns the text after {@link #contextStripped}: its white space, or one space if neither side has any, and the
     * choice.
     */
    String continuation(int choice) {
        String space = context.substring(contextStripped().length());
        String text = choices.get(choice);
        return (space.isEmpty() && !isSpace(text.charAt(0)) ? " " : space) + text;
    }

    /** Returns true if {@code c} is white space for Python's rstrip. */
    private static boolean isSpace(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
    }
}
