package io.github.t6j.grammar;

import java.util.List;
import java.util.Map;

/** JSON of constants in schemas, compact and with the escapes that the language of strings uses. */
final class SchemaText {
    private SchemaText() {}

    static String write(Object value) {
        return switch (value) {
            case null -> "null";
            case String string -> JsonText.quote(string);
            case List<?> list -> "[" + String.join(",", list.stream().map(SchemaText::write).toList()) + "]";
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
