package io.github.t6j.cli.serve;

import io.github.t6j.chat.Tool;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The fields tools, tool_choice and parallel_tool_calls of a request.
 *
 * @param offered tools that the model may call
 * @param required tools if the answer must call one of them; empty if it may be a text
 * @param several true if an answer may have several calls
 */
record ToolFields(List<Tool> offered, List<Tool> required, boolean several) {
    private static final String TOOLS = "tools";
    private static final String CHOICE = "tool_choice";
    private static final String PARALLEL = "parallel_tool_calls";
    private static final String FUNCTION = "function";
    private static final String TYPE = "type";
    private static final int MAX_TOOLS = 128;
    private static final Pattern NAME = Pattern.compile("[\\w.-]{1,128}");

    /** Reads the fields. A required answer has one call, unless the request allows several by name. */
    static ToolFields of(Fields fields) {
        List<Tool> tools = tools(fields);
        Object choice = fields.value(CHOICE);
        boolean several = fields.flag(PARALLEL);
        if (choice instanceof Map<?, ?>) {
            return new ToolFields(tools, List.of(named(fields.object(CHOICE), tools)), false);
        }
        return switch (fields.text(CHOICE, "auto")) {
            case "auto" -> new ToolFields(tools, List.of(), several || !fields.has(PARALLEL));
            case "none" -> new ToolFields(List.of(), List.of(), false);
            case "required" -> {
                if (tools.isEmpty()) {
                    throw ApiException.invalid(CHOICE, CHOICE + ": expected tools with \"required\", found none");
                }
                yield new ToolFields(tools, tools, several);
            }
            default -> throw fields.wrong(CHOICE, "\"auto\", \"none\", \"required\" or a function");
        };
    }

    private static List<Tool> tools(Fields fields) {
        if (!fields.has(TOOLS) || List.of().equals(fields.value(TOOLS))) {
            return List.of();
        }
        Map<String, Tool> tools = new LinkedHashMap<>();
        for (Fields tool : fields.objects(TOOLS)) {
            Tool next = tool(tool);
            if (tools.put(next.name(), next) != null) {
                throw tool.object(FUNCTION).wrong("name", "a name that no other tool has");
            }
        }
        if (tools.size() > MAX_TOOLS) {
            throw fields.wrong(TOOLS, "an array of at most " + MAX_TOOLS + " tools");
        }
        return new ArrayList<>(tools.values());
    }

    private static Tool tool(Fields tool) {
        if (!tool.text(TYPE, FUNCTION).equals(FUNCTION)) {
            throw tool.wrong(TYPE, "\"function\"");
        }
        Fields function = tool.object(FUNCTION);
        String name = function.requiredText("name");
        if (!NAME.matcher(name).matches()) {
            throw function.wrong("name", "at most 128 letters, digits, underscores, dots and hyphens");
        }
        function.flag("strict"); // a required call always has the schema
        Fields parameters = function.object("parameters");
        return new Tool(name, function.text("description", ""), parameters.json().isEmpty()
                ? Map.of(TYPE, "object", "properties", Map.of())
                : parameters.json());
    }

    private static Tool named(Fields choice, List<Tool> tools) {
        if (!choice.requiredText(TYPE).equals(FUNCTION)) {
            throw choice.wrong(TYPE, "\"function\"");
        }
        Fields function = choice.object(FUNCTION);
        String name = function.requiredText("name");
        return tools.stream().filter(tool -> tool.name().equals(name)).findFirst()
                .orElseThrow(() -> function.wrong("name", "the name of one of the tools"));
    }
}
