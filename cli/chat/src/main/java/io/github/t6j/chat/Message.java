package io.github.t6j.chat;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Message of a conversation.
 *
 * @param role author of the message
 * @param content text; an answer's is without its reasoning and its tool calls
 * @param reasoning reasoning before an answer, or ""
 * @param toolCalls calls in an answer
 * @param toolCallId id of the call that a tool's message answers, or ""
 * @param toolName name of the tool that was called, or ""
 */
public record Message(Role role, String content, String reasoning, List<ToolCall> toolCalls, String toolCallId,
        String toolName) {
    private static final String ROLE = "role";
    private static final String CONTENT = "content";
    private static final String REASONING = "reasoning_content";
    private static final String CALLS = "tool_calls";
    private static final String CALL_ID = "tool_call_id";
    private static final String NAME = "name";

    /** Requires all components. */
    public Message {
        Objects.requireNonNull(role, ROLE);
        Objects.requireNonNull(content, CONTENT);
        Objects.requireNonNull(reasoning, "reasoning");
        toolCalls = List.copyOf(Objects.requireNonNull(toolCalls, "toolCalls"));
        Objects.requireNonNull(toolCallId, "toolCallId");
        Objects.requireNonNull(toolName, "toolName");
    }

    private static Message plain(Role role, String content) {
        return new Message(role, content, "", List.of(), "", "");
    }

    /** Returns a system message, which instructs the model. */
    public static Message system(String content) {
        return plain(Role.SYSTEM, content);
    }

    /** Returns a user message. */
    public static Message user(String content) {
        return plain(Role.USER, content);
    }

    /** Returns a message of the model. */
    public static Message assistant(String content) {
        return plain(Role.ASSISTANT, content);
    }

    /** Returns a message of the model with its reasoning, or "", and its tool calls. */
    public static Message assistant(String content, String reasoning, List<ToolCall> toolCalls) {
        return new Message(Role.ASSISTANT, content, reasoning, toolCalls, "", "");
    }

    /** Returns the result of a tool, usually JSON. */
    public static Message toolResult(ToolCall call, String content) {
        return toolResult(Objects.requireNonNull(call, "call").id(), call.name(), content);
    }

    /** Returns the result of the call with this id; {@code toolName} may be "". */
    public static Message toolResult(String toolCallId, String toolName, String content) {
        return new Message(Role.TOOL, content, "", List.of(), toolCallId, toolName);
    }

    /**
     * Returns the message in a JSON object with role and content, and optionally reasoning_content, tool_calls,
     * tool_call_id and name.
     *
     * @param where name of the object in errors
     * @throws ModelFormatException if it is not a message
     */
    public static Message from(Object json, String where) {
        return from(json, true, where);
    }

    /** @param needsIds false if tool calls may lack an id, as in many data sets */
    static Message from(Object json, boolean needsIds, String where) {
        Map<String, Object> fields = Json.object(json, where);
        Role role = fields.get(ROLE) instanceof String word ? Role.of(word).orElse(null) : null;
        if (role == null) {
            throw wrong(fields, ROLE, Role.words(), where);
        }
        List<ToolCall> calls = new ArrayList<>();
        if (role == Role.ASSISTANT && fields.get(CALLS) != null) {
            for (Object call : Json.array(fields.get(CALLS), where + ": " + CALLS)) {
                calls.add(ToolCall.from(call, needsIds, where + ": " + CALLS + "[" + calls.size() + "]"));
            }
        }
        boolean empty = !calls.isEmpty() && fields.get(CONTENT) == null;
        String content = empty ? "" : text(fields, CONTENT, null, where);
        String reasoning = role == Role.ASSISTANT ? text(fields, REASONING, "", where) : "";
        boolean result = role == Role.TOOL;
        return new Message(role, content, reasoning, calls,
                result ? text(fields, CALL_ID, "", where) : "", result ? text(fields, NAME, "", where) : "");
    }

    private static String text(Map<String, Object> fields, String key, String fallback, String where) {
        Object value = fields.get(key);
        if (value == null && fallback != null) {
            return fallback;
        }
        if (value instanceof String text) {
            return text;
        }
        throw wrong(fields, key, "a text", where);
    }

    private static ModelFormatException wrong(Map<String, Object> fields, String key, String expected, String where) {
        return new ModelFormatException(where + ": " + key + ": expected " + expected + ", found "
                + Json.writeLine(fields.get(key)).strip());
    }

    /** Returns this message with another text. */
    Message withContent(String newContent) {
        return new Message(role, newContent, reasoning, toolCalls, toolCallId, toolName);
    }

    /** Returns the JSON object of this message, which {@link #from} reads, as templates and files have it. */
    public Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put(ROLE, role.word());
        if (!toolName.isEmpty()) {
            fields.put(NAME, toolName);
        }
        if (!toolCallId.isEmpty()) {
            fields.put(CALL_ID, toolCallId);
        }
        fields.put(CONTENT, content);
        if (!reasoning.isEmpty()) {
            fields.put(REASONING, reasoning);
        }
        if (!toolCalls.isEmpty()) {
            fields.put(CALLS, toolCalls.stream().map(ToolCall::fields).toList());
        }
        return fields;
    }
}
