package io.github.t6j.grammar;

import java.util.List;
import java.util.Map;

/** Forms of characters and constants in generated JSON. */
final class JsonText {
    static final CodePoints CONTROLS = CodePoints.of(0, 0x1F);
    /** Characters that JSON does not allow unescaped. */
    static final CodePoints ESCAPED = CONTROLS.union(CodePoints.anyOf("\"\\"));

    private JsonText() {}

    /** Returns the shortest escape of a member of {@link #ESCAPED}. */
    static String escape(int c) {
        return switch (c) {
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            case '\b' -> "\\b";
            case '\f' -> "\\f";
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> String.format("\\u%04x", c);
        };
    }

    /** Returns {@code text} as a JSON string in quotes. */
    static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            if (ESCAPED.contains(c)) {
                quoted.append(escape(c));
            } else {
                quoted.appendCodePoint(c);
            }
        });
        return quoted.append('"').toString();
    }

    /** Returns the JSON of a constant in a schema, compact, with the escapes that the language of strings uses. */
    static String write(Object value) {
        return switch (value) {
            case null -> "null";
            case String string -> JsonText.quote(string);
            case List<?> list -> "[" + String.join(",", list.stream().map(JsonText::write).toList()) + "]";
            case Map<?, ?> map -> "{" + String.join(",", map.entrySet().stream()
                    .map(entry -> JsonText.quote((String) entry.getKey()) + ":" + write(entry.getValue()))
                    .toList()) + "}";
            default -> value.toString();
        };
    }

    /** Returns the JSON type of a value; integers are numbers without a fraction. */
    static String type(Object value) {
        return switch (value) {
            case null -> "null";
            case String string -> "string";
            case Boolean bool -> "boolean";
            case List<?> list -> "array";
            case Map<?, ?> map -> "object";
            case Number number -> number.doubleValue() == Math.rint(number.doubleValue()) ? "integer" : "number";
            default -> throw new IllegalArgumentException("schema: expected JSON, found " + value);
        };
    }
}
