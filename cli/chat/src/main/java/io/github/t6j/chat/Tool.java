package io.github.t6j.chat;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Function that the model may call.
 *
 * @param name name by which the model calls it
 * @param description purpose of the tool, for the model
 * @param parameters JSON Schema of its arguments: texts, numbers, booleans, lists, maps and null
 */
public record Tool(String name, String description, Map<String, Object> parameters) {
    /** Longest chain of references in a schema that is followed; each may branch. */
    private static final int MOST_REFERENCES = 2;

    /** @throws IllegalArgumentException if the name is empty */
    public Tool {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(description, "description");
        Objects.requireNonNull(parameters, "parameters");
        if (name.isBlank()) {
            throw new IllegalArgumentException("name: expected the name of a tool, found none");
        }
    }

    /**
     * Returns a tool whose parameters are a JSON Schema as text.
     *
     * @throws io.github.t6j.ModelFormatException if {@code schema} is not a JSON object
     */
    public static Tool of(String name, String description, String schema) {
        Objects.requireNonNull(schema, "schema");
        return new Tool(name, description, Json.parseObject(
                schema.getBytes(StandardCharsets.UTF_8), "parameters of the tool " + name));
    }

    /**
     * Returns the tool that a JSON object describes: name, description and parameters, or as in OpenAI's API an object
     * with these as its function. A missing or null description is empty, and missing or null parameters are none.
     *
     * @throws io.github.t6j.ModelFormatException if {@code json} is not such an object
     */
    public static Tool parse(String json) {
        Objects.requireNonNull(json, "json");
        Map<String, Object> fields = Json.parseObject(json.getBytes(StandardCharsets.UTF_8), "tool");
        if (fields.get("function") != null) {
            fields = Json.object(fields.get("function"), "tool: function");
        }
        if (!(fields.get("name") instanceof String name)) {
            throw new ModelFormatException("tool: name: expected a text, found "
                    + Json.writeLine(fields.get("name")).strip());
        }
        Object parameters = fields.get("parameters") == null
                ? Map.of("type", "object", "properties", Map.of())
                : fields.get("parameters");
        return new Tool(name, fields.get("description") instanceof String description ? description : "",
                Json.object(parameters, "tool " + name + ": parameters"));
    }

    /** Returns the tool as templates expect it: an object with type and function. */
    Map<String, Object> fields() {
        return ordered("type", "function", "function", function());
    }

    /** Returns the object with name, description and parameters. */
    Map<String, Object> function() {
        Map<String, Object> function = ordered("name", name, "description", description);
        function.put("parameters", parameters);
        return function;
    }

    private static Map<String, Object> ordered(String key, Object value, String otherKey, Object other) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put(key, value);
        map.put(otherKey, other);
        return map;
    }

    /** Returns whether the schema allows a value for a parameter; an unknown parameter is a text. */
    boolean allows(String parameter, Object value) {
        return parameters.get("properties") instanceof Map<?, ?> properties && properties.containsKey(parameter)
                ? allows(properties.get(parameter), value, MOST_REFERENCES)
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
        return types.stream().anyMatch(one -> isOf(value, String.valueOf(one)))
                && list(schema, "enum", value).stream().anyMatch(one -> Objects.equals(one, value))
                && (!schema.containsKey("const") || Objects.equals(schema.get("const"), value))
                && list(schema, "anyOf", true).stream().anyMatch(one -> allows(one, value, references))
                && list(schema, "oneOf", true).stream().anyMatch(one -> allows(one, value, references))
                && list(schema, "allOf", true).stream().allMatch(one -> allows(one, value, references));
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
