package io.github.t6j.chat;

import io.github.t6j.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Messages for models whose template has no tools: tools, calls and results are JSON in ordinary messages. */
final class ToolPrompt {
    private static final String BETWEEN = "\n\n";

    private ToolPrompt() {}

    /** Returns the instructions that come before the conversation. */
    static String instructions(List<Tool> tools) {
        return "You can call these tools. Each has a name, a description and a JSON Schema of its parameters:\n"
                + tools.stream().map(tool -> json(tool.function())).collect(Collectors.joining("\n"))
                + "\nTo call a tool, answer with JSON only: {\"name\": \"NAME\", \"arguments\": {\"PARAMETER\": VALUE}}."
                + " You will receive its result.";
    }

    private static String json(Map<String, Object> object) {
        return Json.writeLine(object).strip();
    }

    /** Returns {@code messages} with the instructions in the system message, and without the role of tools. */
    static List<Message> with(List<Tool> tools, List<Message> messages) {
        List<Message> all = new ArrayList<>();
        Message before = null;
        for (Message message : messages) {
            Message plain = plain(message);
            // a result and what follows it are one message of the user, since templates expect alternating roles
            boolean result = message.role() == Role.TOOL || before != null && before.role() == Role.TOOL;
            if (result && plain.role() == Role.USER && !all.isEmpty() && all.getLast().role() == Role.USER) {
                plain = Message.user(all.removeLast().content() + BETWEEN + plain.content());
            }
            all.add(plain);
            before = message;
        }
        if (!tools.isEmpty()) {
            boolean hasSystem = !all.isEmpty() && all.getFirst().role() == Role.SYSTEM;
            String system = hasSystem ? BETWEEN + all.removeFirst().content() : "";
            all.addFirst(Message.system(instructions(tools) + system));
        }
        return all;
    }

    private static Message plain(Message message) {
        return switch (message.role()) {
            case TOOL -> Message.user((message.toolName().isEmpty() ? "Result" : "Result of " + message.toolName())
                    + ": " + message.content());
            case ASSISTANT -> message.toolCalls().isEmpty()
                    ? message
                    : Message.assistant(Stream.concat(
                            Stream.of(message.content()).filter(content -> !content.isEmpty()),
                            message.toolCalls().stream().map(call -> json(call.function())))
                            .collect(Collectors.joining("\n")), message.reasoning(), List.of());
            default -> message;
        };
    }
}
