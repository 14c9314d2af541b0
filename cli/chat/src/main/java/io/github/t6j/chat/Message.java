package io.github.t6j.chat;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A message of a conversation.
 *
 * @param role one of {@link #ROLES}
 * @param content unchanged text; an answer's may begin with its thinking
 */
public record Message(String role, String content) {
    static final String SYSTEM = "system";
    static final String USER = "user";
    static final String ASSISTANT = "assistant";
    /** Roles of messages. */
    public static final List<String> ROLES = List.of(SYSTEM, USER, ASSISTANT);

    /** Returns a system message, which instructs the model. */
    public static Message system(String content) {
        return new Message(SYSTEM, content);
    }

    /** Returns a message of the user. */
    public static Message user(String content) {
        return new Message(USER, content);
    }

    /** Returns a message of the model. */
    public static Message assistant(String content) {
        return new Message(ASSISTANT, content);
    }

    /**
     * Returns the message in a JSON object with role and content.
     *
     * @param where name of the object in errors
     * @throws ModelFormatException if it is not a message
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

    /** Returns the fields as templates and files have them. */
    Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("role", role);
        fields.put("content", content);
        return fields;
    }
}
