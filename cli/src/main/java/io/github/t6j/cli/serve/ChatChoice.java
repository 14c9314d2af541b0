package io.github.t6j.cli.serve;

import io.github.t6j.chat.AnswerPart;
import io.github.t6j.chat.Message;
import io.github.t6j.chat.ToolCall;
import io.github.t6j.chat.internal.AnswerParser;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;

/** One answer to a chat request: its text, reasoning and calls of tools, in OpenAI's format. */
final class ChatChoice {
    private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private static final String CALLS = "tool_calls";
    private static final String REASONING = "reasoning_content";

    private final boolean several;
    private final AnswerParser parser;
    private List<Map<String, Object>> deltas = new ArrayList<>(); // not returned yet
    private final List<String> ids = new ArrayList<>(); // of the calls, unique over conversations
    private Message message; // null before the end

    ChatChoice(ChatPrompt prompt) {
        several = prompt.tools().several();
        parser = prompt.newParser(this::add);
    }

    /** Takes the next piece of the text. @return its deltas; none while they depend on the text that follows */
    List<Map<String, Object>> append(String text) {
        parser.append(text);
        return taken();
    }

    /** Ends the answer. @return the last deltas */
    List<Map<String, Object>> finish() {
        message = parser.finish();
        return taken();
    }

    private List<Map<String, Object>> taken() {
        List<Map<String, Object>> taken = deltas;
        deltas = new ArrayList<>();
        return taken;
    }

    private void add(AnswerPart part) {
        switch (part) {
            case AnswerPart.Text(String text) -> deltas.add(Map.of("content", text));
            case AnswerPart.Reasoning(String text) -> deltas.add(Map.of(REASONING, text));
            case AnswerPart.CallBegun(int index, String _, String name) -> {
                ids.add(newId());
                add(index, call(ids.get(index), name, ""));
            }
            case AnswerPart.Arguments(int index, String text) ->
                add(index, new LinkedHashMap<>(Map.of("function", Map.of("arguments", text))));
            case AnswerPart.CallEnded _ -> {
                // the arguments are complete
            }
        }
    }

    /** Returns a new id of nine letters and digits, as Mistral's templates require. */
    private static String newId() {
        return ThreadLocalRandom.current().ints(9, 0, LETTERS.length())
                .mapToObj(i -> LETTERS.substring(i, i + 1)).collect(Collectors.joining());
    }

    private void add(int index, Map<String, Object> call) {
        if (several || index == 0) {
            Map<String, Object> delta = new LinkedHashMap<>();
            delta.put("index", (long) index);
            delta.putAll(call);
            deltas.add(Map.of(CALLS, List.of(delta)));
        }
    }

    private static Map<String, Object> call(String id, String name, String arguments) {
        Map<String, Object> function = new LinkedHashMap<>();
        function.put("name", name);
        function.put("arguments", arguments);
        Map<String, Object> call = new LinkedHashMap<>();
        call.put("id", id);
        call.put("type", "function");
        call.put("function", function);
        return call;
    }

    private List<ToolCall> calls() {
        List<ToolCall> calls = message.toolCalls();
        return several || calls.isEmpty() ? calls : calls.subList(0, 1);
    }

    /** Returns the finish reason of the ended answer. @param reason finish reason of its text */
    String finishReason(String reason) {
        return reason.equals("stop") && !calls().isEmpty() ? CALLS : reason;
    }

    /** Returns the message of the ended answer. */
    Map<String, Object> message() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("role", "assistant");
        json.put("content", message.content().isEmpty() && !calls().isEmpty() ? null : message.content());
        if (!message.reasoning().isEmpty()) {
            json.put(REASONING, message.reasoning());
        }
        json.put("refusal", null);
        if (!calls().isEmpty()) {
            List<Map<String, Object>> calls = new ArrayList<>();
            calls().forEach(call -> calls.add(call(ids.get(calls.size()), call.name(), call.arguments())));
            json.put(CALLS, calls);
        }
        return json;
    }
}
