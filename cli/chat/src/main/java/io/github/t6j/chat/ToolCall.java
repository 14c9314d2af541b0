package io.github.t6j.chat;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Call of a tool in an answer. The program runs the tool and returns its result by
 * {@link Message#toolResult(ToolCall, String)}.
 *
 * @param id id that distinguishes the calls of a conversation; "" in training data without ids
 * @param name name of the tool, which the model may have invented
 * @param arguments JSON object as the model wrote it; incomplete if the answer was cut off within it
 */
public record ToolCall(String id, String name, String arguments) {
    /** Requires all components. */
    public ToolCall {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(arguments, "arguments");
    }

    /** Returns true if the arguments are a JSON object. */
    public boolean isComplete() {
        return parsed() instanceof Map;
    }

    /** Returns the arguments as a JSON object, or their text if they are not one. */
    private Object parsed() {
        try {
            return Json.parseObject(arguments.getBytes(StandardCharsets.UTF_8), "arguments");
        } catch (ModelFormatException incomplete) {
            return arguments;
        }
    }

    /** Returns the call as templates and files have it. */
    Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        if (!id.isEmpty()) {
            fields.put("id", id);
        }
        fields.put("type", "function");
        fields.put("function", function());
        return fields;
    }

    /** Returns the object with name and arguments. */
    Map<String, Object> function() {
        Map<String, Object> function = new LinkedHashMap<>();
        function.put("name", name);
        function.put("arguments", parsed());
        return function;
    }

    /**
     * Returns the call in a JSON object with id and function, as files and OpenAI's API have it; the arguments are an
     * object or its text.
     *
     * @param needsId false if the id may be missing
     * @param where name of the object in errors
     * @throws ModelFormatException if it is not a call
     */
    static ToolCall from(Object json, boolean needsId, String where) {
        Map<String, Object> fields = Json.object(json, where);
        Map<String, Object> function = Json.object(fields.get("function"), where + ": function");
        Object arguments = function.get("arguments") == null ? Map.of() : function.get("arguments");
        String id = needsId || fields.get("id") != null ? text(fields, "id", where) : "";
        return new ToolCall(id, text(function, "name", where + ": function"),
                arguments instanceof String text ? text : Json.writeLine(arguments).strip());
    }

    private static String text(Map<String, Object> fields, String key, String where) {
        if (fields.get(key) instanceof String text) {
            return text;
        }
        throw new ModelFormatException(
                where + ": " + key + ": expected a text, found " + Json.writeLine(fields.get(key)).strip());
    }
}
