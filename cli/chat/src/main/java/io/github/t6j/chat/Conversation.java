package io.github.t6j.chat;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Conversation for training or evaluation.
 *
 * @param messages messages; at least one is the assistant's
 * @param tools tools that the assistant could call
 */
public record Conversation(List<Message> messages, List<Tool> tools) {
    private static final String MESSAGES = "messages";
    private static final String TOOLS = "tools";

    /** @throws IllegalArgumentException if no message is the assistant's */
    public Conversation {
        messages = List.copyOf(Objects.requireNonNull(messages, MESSAGES));
        tools = List.copyOf(Objects.requireNonNull(tools, TOOLS));
        if (messages.stream().noneMatch(message -> message.role() == Role.ASSISTANT)) {
            throw new IllegalArgumentException(MESSAGES + ": expected at least one with the role "
                    + Role.ASSISTANT.word() + ", found none among " + messages.size());
        }
    }

    /**
     * Returns the conversation that a JSON object describes: <code>{"messages": [{"role": "user", "content": "…"}, …],
     * "tools": […]}</code>, where tools, and the ids in tool_calls, may be missing.
     *
     * @param where name of the object in errors
     * @throws ModelFormatException if it is not such an object
     */
    public static Conversation parse(String json, String where) {
        Objects.requireNonNull(json, "json");
        Objects.requireNonNull(where, "where");
        Map<String, Object> fields = Json.parseObject(json.getBytes(StandardCharsets.UTF_8), where);
        if (!(fields.get(MESSAGES) instanceof List<?> list)) {
            throw new ModelFormatException(where + ": " + MESSAGES + ": expected an array of messages, found "
                    + (fields.containsKey(MESSAGES) ? Json.writeLine(fields.get(MESSAGES)).strip() : "no such key"));
        }
        List<Message> messages = new ArrayList<>();
        for (Object message : list) {
            messages.add(Message.from(message, false, where + ": " + MESSAGES + "[" + messages.size() + "]"));
        }
        List<Tool> tools = new ArrayList<>();
        if (fields.get(TOOLS) != null) {
            for (Object tool : Json.array(fields.get(TOOLS), where + ": " + TOOLS)) {
                tools.add(tool(tool, where + ": " + TOOLS + "[" + tools.size() + "]"));
            }
        }
        try {
            return new Conversation(messages, tools);
        } catch (IllegalArgumentException noAnswer) {
            throw new ModelFormatException(where + ": " + noAnswer.getMessage(), noAnswer);
        }
    }

    private static Tool tool(Object json, String where) {
        try {
            return Tool.parse(Json.writeLine(Json.object(json, where)));
        } catch (RuntimeException wrong) {
            throw wrong.getMessage().startsWith(where)
                    ? wrong
                    : new ModelFormatException(where + ": " + wrong.getMessage(), wrong);
        }
    }

    /** Returns the index of the last message of the assistant. */
    public int lastAnswer() {
        int last = messages.size() - 1;
        while (messages.get(last).role() != Role.ASSISTANT) {
            last--;
        }
        return last;
    }
}
