package io.github.t6j.chat;

import io.github.t6j.grammar.Grammar;
import io.github.t6j.json.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Format in which a model writes calls of tools, found by how its template renders a call. */
enum CallFormat {
    /** {@code {"name": …, "arguments": …}}, as {@link ToolPrompt} asks for it. */
    JSON("", "", "arguments", "", "\n"),
    /** {@code {"name": …, "parameters": …}} of Llama. */
    PARAMETERS("", "", "parameters", "", "\n"),
    /** JSON in {@code <tool_call>}, of Hermes, Qwen and SmolLM3. */
    TAGGED("", "<tool_call>\n", "arguments", "\n</tool_call>", "\n"),
    /** {@link FunctionTags} in {@code <tool_call>}, of Qwen 3.5. */
    FUNCTION("", "<tool_call>\n", "arguments", "\n</tool_call>", "\n"),
    /** Array of JSON after {@code [TOOL_CALLS]}, of Mistral. */
    ARRAY("[TOOL_CALLS]", "", "arguments", "", ", "),
    /** Array of JSON after {@code <|tool_call|>}, of Granite. */
    LIST("<|tool_call|>", "", "arguments", "", ", "),
    /** {@code [TOOL_CALLS]NAME[ARGS]{…}} of Mistral's newer models. */
    NAMED("[TOOL_CALLS]", "", "", "", "[TOOL_CALLS]"),
    /** JSON in XML, of Olala, in a channel that the prompt of a required call opens. */
    XML("", "<call id=\"\"><name>", "", "</arguments></call>", "");

    private static final Tool TOOL = new Tool("probed_tool", "probe", Map.of("type", "object", "properties", Map.of()));
    private static final String VALUE = "probed value";
    private static final ToolCall CALL = new ToolCall("probed123", TOOL.name(), "{\"probed_key\": \"" + VALUE + "\"}");
    /** Id of a call, which some of Mistral's models write. */
    private static final Grammar ID = Grammar.regex(", \"id\": \"[a-zA-Z0-9]{9}\"");
    private static final String BEFORE_NAMES = "\\{[^{}]*";

    /** Conversation with a call, whose rendering shows the format. */
    static final List<Message> PROBE = List.of(Message.user("probe"), Message.assistant("", "", List.of(CALL)),
            Message.toolResult(CALL, "{}"));
    /** Tools of that conversation. */
    static final List<Tool> PROBED_TOOLS = List.of(TOOL);

    private final String tag; // special token before all calls, which no grammar can write; or ""
    private final String open; // of each call
    private final String arguments; // key of the arguments
    private final String close; // of each call
    private final String between; // calls

    CallFormat(String tag, String open, String arguments, String close, String between) {
        this.tag = tag;
        this.open = open;
        this.arguments = arguments;
        this.close = close;
        this.between = between;
    }

    /** Returns the format of a template. @param rendered {@link #PROBE} with its tools */
    static CallFormat of(String rendered) {
        if (rendered.contains("<toolcalls>")) {
            return XML;
        }
        int at = rendered.lastIndexOf(TOOL.name(), Math.max(0, rendered.indexOf(VALUE)));
        if (!isIn(rendered) || at < 0) { // a template that leaves calls out
            if (rendered.contains("<function=")) {
                return FUNCTION;
            }
            return rendered.contains("<tool_call>") ? TAGGED : rendered.contains(LIST.tag) ? LIST : JSON;
        }
        String before = rendered.substring(0, at);
        if (ends(before, "\\[TOOL_CALLS]\\s*")) {
            return NAMED;
        }
        if (ends(before, "<tool_call>\\s*<function=")) {
            return FUNCTION;
        }
        if (ends(before, "<tool_call>\\s*" + BEFORE_NAMES)) {
            return TAGGED;
        }
        if (ends(before, "\\[TOOL_CALLS]\\s*\\[\\s*" + BEFORE_NAMES)) {
            return ARRAY;
        }
        if (ends(before, "<\\|tool_call\\|>\\s*(?:\\[\\s*)?" + BEFORE_NAMES)) {
            return LIST;
        }
        return rendered.indexOf("\"parameters\"", at) >= 0 ? PARAMETERS : JSON;
    }

    private static boolean ends(String text, String regex) {
        return Pattern.compile("(?:" + regex + ")$").matcher(text).find();
    }

    /** Returns the special token before all calls, with which the prompt of a required call ends; or "". */
    String tag() {
        return tag;
    }

    /**
     * Returns the grammar of an answer that is a call of one of {@code tools}, or several calls.
     *
     * @throws IllegalArgumentException if a tool's parameters are no object, or have an unsupported schema
     */
    Grammar grammar(List<Tool> tools, boolean several) {
        Grammar call = Grammar.sequence(Grammar.text(open),
                Grammar.choice(tools.stream().map(this::call).toArray(Grammar[]::new)), Grammar.text(close));
        Grammar calls = several
                ? Grammar.sequence(call, Grammar.sequence(Grammar.text(between), call).repeated())
                : call;
        if (this == XML) {
            return Grammar.sequence(Grammar.text("<toolcalls>"), calls, Grammar.text("</toolcalls>"));
        }
        return isArray() ? Grammar.sequence(Grammar.regex(" ?\\["), calls, Grammar.text("]")) : calls;
    }

    private boolean isArray() {
        return this == ARRAY || this == LIST;
    }

    /** Returns calls as JSON between the tags of the format, for templates that leave calls out. */
    String text(List<ToolCall> calls) {
        String all = calls.stream().map(call -> open + json(call) + close).collect(Collectors.joining(between));
        return tag + (isArray() ? "[" + all + "]" : all);
    }

    private static String json(ToolCall call) {
        String given = call.arguments().isBlank() ? "{}" : call.arguments();
        return "{\"name\": " + Json.writeLine(call.name()).strip() + ", \"arguments\": " + given + "}";
    }

    /** Returns true if a rendered {@link #PROBE} has the call. */
    static boolean isIn(String rendered) {
        return rendered.contains(VALUE);
    }

    private Grammar call(Tool tool) {
        if (this == FUNCTION && FunctionTags.fit(tool)) {
            return FunctionTags.grammar(tool);
        }
        if (this == XML) {
            return Grammar.sequence(Grammar.text(tool.name() + "</name><arguments>"), arguments(tool));
        }
        if (this == NAMED) {
            return Grammar.sequence(Grammar.text(tool.name() + "[ARGS]"), arguments(tool));
        }
        return Grammar.sequence(
                Grammar.text("{\"name\": " + Json.writeLine(tool.name()).strip() + ", \"" + arguments + "\": "),
                arguments(tool), this == ARRAY ? ID.optional() : Grammar.text(""), Grammar.text("}"));
    }

    /** Returns the JSON objects that are arguments of a tool. */
    private static Grammar arguments(Tool tool) {
        Map<String, Object> schema = new LinkedHashMap<>(tool.parameters());
        schema.putIfAbsent("type", "object");
        String where = "tool " + tool.name() + ": parameters: ";
        if (!schema.get("type").equals("object")) {
            throw new IllegalArgumentException(where + "type: expected \"object\", found "
                    + Json.writeLine(schema.get("type")).strip());
        }
        try {
            return Grammar.jsonSchema(Json.writeLine(schema));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(where + e.getMessage(), e);
        }
    }
}
