package io.github.t6j.jmh.soak;

import io.github.t6j.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Texts and tool calls of answers, whole or streamed, in one form that can be compared. */
final class Answers {
    private Answers() {}

    /** Returns the choices of a whole answer, each on a line with its tool calls. */
    static String text(String answer) {
        Map<Long, StringBuilder> choices = new TreeMap<>();
        add(Json.parseObject(answer.getBytes(StandardCharsets.UTF_8), "answer"), choices);
        return String.join("\n", choices.values());
    }

    /** Returns the same of the lines of a stream. @throws IllegalStateException if the stream has no end */
    static String text(Stream<String> lines) {
        Map<Long, StringBuilder> choices = new TreeMap<>();
        List<String> data = lines.filter(line -> line.startsWith("data: ")).map(line -> line.substring(6)).toList();
        if (data.isEmpty() || !data.getLast().equals("[DONE]")) {
            throw new IllegalStateException("expected a stream with an end, found " + data);
        }
        for (String json : data.subList(0, data.size() - 1)) {
            add(Json.parseObject(json.getBytes(StandardCharsets.UTF_8), "part"), choices);
        }
        return String.join("\n", choices.values());
    }

    private static void add(Map<String, Object> part, Map<Long, StringBuilder> choices) {
        if (!(part.get("choices") instanceof List<?> list)) {
            throw new IllegalStateException("expected choices, found " + part);
        }
        for (Object element : list) {
            Map<String, Object> choice = Json.object(element, "choice");
            StringBuilder text = choices.computeIfAbsent((Long) choice.get("index"), _ -> new StringBuilder());
            Object message = choice.containsKey("message") ? choice.get("message") : choice.get("delta");
            if (message == null) {
                append(choice.get("text"), text);
            } else {
                Map<String, Object> fields = Json.object(message, "message");
                append(fields.get("content"), text);
                addCalls(fields.get("tool_calls"), text);
            }
        }
    }

    private static void addCalls(Object calls, StringBuilder text) {
        if (calls instanceof List<?> list) {
            for (Object call : list) {
                Map<String, Object> function = Json.object(Json.object(call, "call").get("function"), "function");
                append(function.get("name"), text);
                append(function.get("arguments"), text);
            }
        }
    }

    private static void append(Object value, StringBuilder text) {
        text.append(value == null ? "" : value);
    }
}
