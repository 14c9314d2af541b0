package io.github.t6j.cli.generate;

import io.github.t6j.ModelFormatException;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Text;
import io.github.t6j.json.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A line of a file, expected to be a JSON object.
 *
 * @param where its file and line number
 */
public record Line(String text, String where) {
    /** Returns all lines of a file. */
    public static List<Line> read(Path file) {
        List<Line> lines = new ArrayList<>();
        Text.decode(Text.readAll(file), file.toString()).lines()
                .forEach(text -> lines.add(new Line(text, file + ", line " + (lines.size() + 1))));
        return lines;
    }

    /** @throws ModelFormatException if the line is not a JSON object */
    public Map<String, Object> fields() {
        return Json.parseObject(text.getBytes(StandardCharsets.UTF_8), where);
    }

    /** Returns a failure that says {@code what} was expected of {@code key}, and what the line has. */
    public CommandFailure expected(String key, String what, Map<String, Object> fields) {
        String found = fields.containsKey(key) ? Json.writeLine(fields.get(key)).strip() : "no such key";
        return new CommandFailure(where + ": " + key + ": expected " + what + ", found " + found);
    }
}
