package io.github.t6j.cli;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A line of a file that should be a JSON object.
 *
 * @param where its file and number
 */
record Line(String text, String where) {
    /** All lines of a file. */
    static List<Line> read(Path file) {
        List<Line> lines = new ArrayList<>();
        Text.decode(Text.readAll(file), file.toString()).lines()
                .forEach(text -> lines.add(new Line(text, file + ", line " + (lines.size() + 1))));
        return lines;
    }

    /** @throws ModelFormatException if it is no JSON object */
    Map<String, Object> fields() {
        return Json.parseObject(text.getBytes(StandardCharsets.UTF_8), where);
    }

    /** Says that its {@code key} is not {@code what} was expected. */
    CommandFailure expected(String key, String what, Map<String, Object> fields) {
        String found = fields.containsKey(key) ? Json.writeLine(fields.get(key)).strip() : "no such key";
        return new CommandFailure(where + ": " + key + ": expected " + what + ", found " + found);
    }
}
