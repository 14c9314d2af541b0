package io.github.t6j.chat.internal;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Parameters of a tool.
 *
 * @param parameters JSON schema of an object
 */
record Parameters(Map<String, Object> parameters) {
    /** Longest chain of references in a schema that is followed; each may branch. */
    private static final int MAX_REFERENCES = 2;

    /** Returns true if the schema allows a value for a parameter; an unknown parameter is a text. */
    boolean allow(String parameter, Object value) {
        return parameters.get("properties") instanceof Map<?, ?> properties && properties.containsKey(parameter)
                ? allows(properties.get(parameter), value, MAX_REFERENCES)
                : value instanceof String;
    }

    private boolean allows(Object part, Object value, int references) {
        if (!(part instanceof Map<?, ?> schema)) {
            return true;
        }
        if (schema.get("$ref") instanceof String reference) {
            return references == 0 || allows(referred(reference), value, references - 1);
        }
        Object type = schema.get("type");
        List<?> types = type instanceof List<?> several ? several : List.of(type == null ? "any" : type);
        return types.stream().anyMatch(named -> isOf(value, String.valueOf(named)))
                && list(schema, "enum", value).stream().anyMatch(constant -> Objects.equals(constant, value))
                && (!schema.containsKey("const") || Objects.equals(schema.get("const"), value))
                && list(schema, "anyOf", true).stream().anyMatch(option -> allows(option, value, references))
                && list(schema, "oneOf", true).stream().anyMatch(option -> allows(option, value, references))
                && list(schema, "allOf", true).stream().allMatch(option -> allows(option, value, references));
    }

    /** Returns the list of a key, or one element if there is none. */
    private static List<?> list(Map<?, ?> schema, String key, Object otherwise) {
        return schema.get(key) instanceof List<?> list ? list : Collections.singletonList(otherwise);
    }

    /** Returns the schema that a reference such as {@code #/$defs/Unit} names, or null. */
    private Object referred(String reference) {
        Object part = parameters;
        for (String key : reference.replaceFirst("^#/?", "").split("/")) {
            part = part instanceof Map<?, ?> map ? map.get(key) : null;
        }
        return part;
    }

    private static boolean isOf(Object value, String type) {
        return switch (type) {
            case "string" -> value instanceof String;
            case "integer" -> value instanceof Long;
            case "number" -> value instanceof Number;
            case "boolean" -> value instanceof Boolean;
            case "null" -> value == null;
            case "array" -> value instanceof List<?>;
            case "object" -> value instanceof Map<?, ?>;
            default -> true;
        };
    }
}
