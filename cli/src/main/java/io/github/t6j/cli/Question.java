package io.github.t6j.cli;

import io.github.t6j.json.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A multiple-choice question.
 *
 * @param where its file and line
 * @param gold index of the right choice
 */
record Question(String where, String context, List<String> choices, int gold) {

    /** Those of a file, one a line. @throws CommandFailure if a line is none, naming the line and what is wrong */
    static List<Question> read(Path file) {
        String[] lines = Text.decode(Text.readAll(file), file.toString()).split("\r?\n");
        List<Question> questions = new ArrayList<>();
        for (int i = 0; i < lines.length; i++) {
            if (!lines[i].isBlank()) {
                questions.add(parse(lines[i], file + ", line " + (i + 1)));
            }
        }
        if (questions.isEmpty()) {
            throw new CommandFailure(file + ": expected a question a line, found none");
        }
        return questions;
    }

    private static Question parse(String line, String where) {
        Map<String, Object> fields = Json.parseObject(line.getBytes(StandardCharsets.UTF_8), where);
        if (!(fields.get("context") instanceof String context)) {
            throw expected(where, "context", "a text", fields);
        }
        if (!(fields.get("choices") instanceof List<?> list) || list.isEmpty()) {
            throw expected(where, "choices", "an array of texts", fields);
        }
        List<String> choices = new ArrayList<>();
        for (Object choice : list) {
            if (!(choice instanceof String text) || text.isEmpty()) {
                throw new CommandFailure(where + ": choices: expected texts that are not empty, found "
                        + (choice instanceof String ? "an empty one" : choice) + " at index " + choices.size());
            }
            choices.add(text);
        }
        if (!(fields.get("gold") instanceof Long gold) || gold < 0 || gold >= choices.size()) {
            throw expected(where, "gold", "the right choice's index, 0 to " + (choices.size() - 1), fields);
        }
        return new Question(where, context, choices, gold.intValue());
    }

    private static CommandFailure expected(String where, String key, String what, Map<String, Object> fields) {
        String found = fields.containsKey(key) ? Json.writeLine(fields.get(key)).strip() : "no such key";
        return new CommandFailure(where + ": " + key + ": expected " + what + ", found " + found);
    }

    /** Characters of a choice, as Python counts them. */
    int characters(int choice) {
        return choices.get(choice).codePointCount(0, choices.get(choice).length());
    }

    /** The context without white space at its end, which goes to the choices. */
    String contextStripped() {
        int end = context.length();
        while (end > 0 && isSpace(context.charAt(end - 1))) {
            end--;
        }
        return context.substring(0, end);
    }

    /** What follows {@link #contextStripped}: its white space, or one space if neither side has any, and the choice. */
    String continuation(int choice) {
        String space = context.substring(contextStripped().length());
        String text = choices.get(choice);
        return (space.isEmpty() && !isSpace(text.charAt(0)) ? " " : space) + text;
    }

    /** White space as Python's rstrip knows it. */
    private static boolean isSpace(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
    }
}
