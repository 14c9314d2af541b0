package io.github.t6j.cli.chat;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What somebody said.
 *
 * @param role one of {@link #ROLES}
 * @param content what was said, as it was; an answer's may begin with its thinking
 */
public record Message(String role, String content) {
    static final String SYSTEM = "system";
    static final String USER = "user";
    static final String ASSISTANT = "assistant";
    /** Who may speak. */
    public static final List<String> ROLES = List.of(SYSTEM, USER, ASSISTANT);

    /** What the model is told before everything else. */
    public static Message system(String content) {
        return new Message(SYSTEM, content);
    }

    /** What a person says. */
    public static Message user(String content) {
        return new Message(USER, content);
    }

    /** What the model says. */
    public static Message assistant(String content) {
        return new Message(ASSISTANT, content);
    }

    /**
     * One that is an object of JSON with role and content.
     *
     * @throws ModelFormatException if it is none; it is called {@code where}
     */
    public static Message from(Object json, String where) {
        Map<String, Object> fields = Json.object(json, where);
        if (!(fields.get("role") instanceof String role) || !ROLES.contains(role)) {
            throw new ModelFormatException(where + ": role: expected " + String.join(", ", ROLES) + ", found "
                    + Json.writeLine(fields.get("role")).strip());
        }
        if (!(fields.get("content") instanceof String content)) {
            throw new ModelFormatException(where + ": content: expected a text, found "
                    + Json.writeLine(fields.get("content")).strip());
        }
        return new Message(role, content);
    }

    boolean isOf(String other) {
        return role.equals(other);
    }

    /** As templates and files have it. */
    Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("role", role);
        fields.put("content", content);
        return fields;
    }
}
