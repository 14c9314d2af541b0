package io.github.t6j.chat;

import io.github.t6j.grammar.Grammar;
import io.github.t6j.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Calls in tags, {@code <function=NAME><parameter=KEY>VALUE</parameter></function>}. Text goes between the tags
 * unchanged, so this fits only tools whose parameters are texts, numbers and booleans. Calls of other tools are JSON.
 */
final class FunctionTags {
    private static final Pattern KEY = Pattern.compile("[\\w.-]+");
    private static final String TYPE = "type";
    private static final String CLOSE = "\n</parameter>\n";
    private static final Set<String> ANNOTATIONS = Set.of("title", "description", "default", "examples");
    private static final Set<String> OF_TOOLS =
            Set.of(TYPE, "properties", "required", "additionalProperties", "title", "description", "$schema");
    private static final Set<Object> SCALARS = Set.of("integer", "number", "boolean");

    private FunctionTags() {}

    /** Returns true if calls of {@code tool} can be written in tags so that its schema holds. */
    static boolean fit(Tool tool) {
        Map<String, Object> schema = tool.parameters();
        return OF_TOOLS.containsAll(schema.keySet()) && "object".equals(schema.get(TYPE))
                && properties(tool).entrySet().stream()
                        .allMatch(property -> KEY.matcher(property.getKey().toString()).matches()
                                && property.getValue() instanceof Map<?, ?> value && fits(value))
                && properties(tool).keySet().containsAll(required(tool));
    }

    private static Map<?, ?> properties(Tool tool) {
        return tool.parameters().get("properties") instanceof Map<?, ?> properties ? properties : Map.of();
    }

    private static List<?> required(Tool tool) {
        return tool.parameters().get("required") instanceof List<?> names ? names : List.of();
    }

    private static boolean fits(Map<?, ?> schema) {
        if (!"string".equals(schema.get(TYPE))) {
            return schema.get(TYPE) != null && SCALARS.contains(schema.get(TYPE));
        }
        return schema.keySet().stream().allMatch(key -> key.equals(TYPE) || ANNOTATIONS.contains(key)
                || key.equals("enum") && texts(schema).stream().allMatch(value -> value instanceof String text
                        && !text.contains("<")));
    }

    private static List<?> texts(Map<?, ?> schema) {
        return schema.get("enum") instanceof List<?> values && !values.isEmpty() ? values : List.of(0L); // no text
    }

    /** Returns the calls of a tool that fits. */
    static Grammar grammar(Tool tool) {
        List<Grammar> parts = new ArrayList<>();
        parts.add(Grammar.text("<function=" + tool.name() + ">\n"));
        properties(tool).forEach((key, schema) -> {
            Grammar parameter = Grammar.sequence(
                    Grammar.text("<parameter=" + key + ">\n"), value((Map<?, ?>) schema), Grammar.text(CLOSE));
            parts.add(required(tool).contains(key) ? parameter : parameter.optional());
        });
        parts.add(Grammar.text("</function>"));
        return Grammar.sequence(parts.toArray(Grammar[]::new));
    }

    private static Grammar value(Map<?, ?> schema) {
        if (!"string".equals(schema.get(TYPE))) {
            return Grammar.jsonSchema(Json.writeLine(schema));
        }
        return schema.containsKey("enum")
                ? Grammar
                        .choice(texts(schema).stream().map(text -> Grammar.text((String) text)).toArray(Grammar[]::new))
                : Grammar.without("</parameter>", "</function>");
    }
}
