package io.github.t6j.cli.serve;

import io.github.t6j.chat.Message;
import io.github.t6j.chat.Role;
import io.github.t6j.chat.ToolCall;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads the field messages of a request. */
final class ChatMessages {
    private static final String CONTENT = "content";
    private static final String CALLS = "tool_calls";

    private ChatMessages() {}

    static List<Message> of(Fields fields) {
        List<Message> messages = new ArrayList<>();
        Map<String, String> called = new HashMap<>(); // name of the tool by the id of the call
        for (Fields message : fields.objects("messages")) {
            message.refuse(Set.of("function_call", "audio"));
            String given = message.requiredText("role");
            String role = given.equals("developer") ? "system" : given; // the newer name of the same role
            Role parsed = Role.of(role).orElseThrow(() -> ApiException.invalid("messages", "messages["
                    + messages.size() + "].role: expected system, user, assistant or tool, found \"" + given + "\""));
            messages.add(switch (parsed) {
                case SYSTEM -> Message.system(content(message));
                case USER -> Message.user(content(message));
                case ASSISTANT -> answer(message, called);
                case TOOL -> result(message, called);
            });
        }
        return messages;
    }

    private static Message answer(Fields message, Map<String, String> called) {
        List<ToolCall> calls = new ArrayList<>();
        if (message.has(CALLS) && !List.of().equals(message.value(CALLS))) {
            for (Fields call : message.objects(CALLS)) {
                calls.add(call(call));
                called.put(calls.getLast().id(), calls.getLast().name());
            }
        }
        String content = calls.isEmpty() || message.has(CONTENT) ? content(message) : "";
        return Message.assistant(content, message.text("reasoning_content", ""), calls);
    }

    private static ToolCall call(Fields call) {
        if (!call.text("type", "function").equals("function")) {
            throw call.wrong("type", "\"function\"");
        }
        Fields function = call.object("function");
        return new ToolCall(call.requiredText("id"), function.requiredText("name"), function.text("arguments", "{}"));
    }

    private static Message result(Fields message, Map<String, String> called) {
        String id = message.requiredText("tool_call_id");
        String name = called.get(id);
        if (name == null) {
            throw message.wrong("tool_call_id", "the id of a call in an earlier message");
        }
        return Message.toolResult(id, name, content(message));
    }

    /** Returns a text, or the joined texts of an array of parts. */
    static String content(Fields message) {
        if (!(message.value(CONTENT) instanceof List<?>)) {
            return message.requiredText(CONTENT);
        }
        StringBuilder text = new StringBuilder();
        for (Fields part : message.objects(CONTENT)) {
            String type = part.requiredText("type");
            if (!type.equals("text")) {
                throw ApiException.unsupported(message.place(CONTENT) + " of type " + type);
            }
            text.append(part.requiredText("text"));
        }
        return text.toString();
    }
}
