package io.github.t6j.chat;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Function that the model may call.
 *
 * @param name name that the model uses to call it
 * @param description purpose of the tool, for the model
 * @param parameters JSON Schema of its arguments: texts, numbers, booleans, lists, maps and null
 */
public record Tool(String name, String description, Map<String, Object> parameters) {
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
     * Returns a tool whose parameters are the text of a JSON Schema.
     *
     * @throws io.github.t6j.ModelFormatException if {@code schema} is not a JSON object
     */
    public static Tool of(String name, String description, String schema) {
        Objects.requireNonNull(schema, "schema");
        return new Tool(name, description, Json.parseObject(
                schema.getBytes(StandardCharsets.UTF_8), "parameters of the tool " + name));
    }

    /**
     * Returns the tool that a JSON object describes: name, description and parameters or, as in OpenAI's API, an object
     * whose function has them. The default description is empty, and the default is no parameters; null counts as
     * missing.
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

    private static Map<String, Object> ordered(String key, Object value, String secondKey, Object secondValue) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put(key, value);
        map.put(secondKey, secondValue);
        return map;
    }
}
