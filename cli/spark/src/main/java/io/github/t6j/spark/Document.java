package io.github.t6j.spark;

import io.github.t6j.cli.generate.Line;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.json.Json;
import io.github.t6j.spark.DocumentArguments.Input;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * A row of the input.
 *
 * @param id its id, or null if it has none
 * @param json its columns as a JSON object, unless it is malformed
 * @param where its file, and the number of its line or row
 * @param first place of the first row with the same id, or null if it is this one
 */
record Document(String id, byte[] json, String where, String first) {
    /** Returns the id of a row, which may be a text or a number; null if it has none or is malformed. */
    static String id(byte[] json) {
        try {
            return switch (Json.parseObject(json, "row").get("id")) {
                case String text -> text;
                case Number number -> Json.writeLine(number).strip();
                case null, default -> null;
            };
        } catch (RuntimeException malformed) { // line reports it
            return null;
        }
    }

    /** Returns the columns as they were read. */
    String text() {
        return new String(json, StandardCharsets.UTF_8);
    }

    /**
     * Returns the columns for a command that reads many lines.
     *
     * @param input names of the columns
     * @throws RuntimeException if the row is malformed, or its id is missing or not unique
     */
    Line line(Input input) {
        Map<String, Object> fields = Json.parseObject(json, where);
        Line line = new Line(text(), where);
        if (id == null) {
            throw line.expected("id", "a text or a number", fields);
        }
        if (first != null) {
            throw new CommandFailure(where + ": id: expected one that no other row has, found that of " + first);
        }
        boolean replaced = input.instead() != null && fields.containsKey(input.instead());
        if (input.column().equals(input.key()) || replaced) {
            return line;
        }
        if (!fields.containsKey(input.column())) {
            throw line.expected(input.column(), "a text", fields);
        }
        Map<String, Object> renamed = new LinkedHashMap<>(fields);
        renamed.put(input.key(), renamed.remove(input.column()));
        return new Line(Json.writeLine(renamed), where);
    }

    /** Returns a number that depends on the id alone: 48 bits of a hash, which any JSON reader keeps. */
    long hash() {
        return UUID.nameUUIDFromBytes(id.getBytes(StandardCharsets.UTF_8)).getMostSignificantBits() >>> 16;
    }
}
