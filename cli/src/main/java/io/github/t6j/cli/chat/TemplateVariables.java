package io.github.t6j.cli.chat;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.t6j.ModelFormatException;
import io.github.t6j.chat.PromptFormat;
import io.github.t6j.json.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Variables of a chat template, as {@code --template-variable} sets them. */
final class TemplateVariables {
    static final String OPTION = "--template-variable";
    /** Variables with another source, and what sets them instead. */
    private static final Map<String, String> RESERVED = Map.of(
            "messages", "the conversation", "tools", "a program", "add_generation_prompt", "t6j",
            "enable_thinking", "--no-thinking");

    private final PromptFormat format;
    private final Map<String, Object> values = new LinkedHashMap<>();

    TemplateVariables(PromptFormat format) {
        this.format = format;
    }

    /**
     * Sets a variable, to JSON or otherwise a text.
     *
     * @throws IllegalArgumentException if the template has no such variable, or another option sets it
     */
    void set(String name, String value) {
        if (RESERVED.containsKey(name)) {
            throw new IllegalArgumentException(OPTION + " " + name + ": expected another variable, found one that "
                    + RESERVED.get(name) + " sets");
        }
        Pattern word = Pattern.compile("\\b" + Pattern.quote(name) + "\\b");
        if (format.template().filter(template -> word.matcher(template.text()).find()).isEmpty()) {
            throw new IllegalArgumentException(OPTION + " " + name
                    + ": expected a variable of the model's chat template, found "
                    + (format.hasTemplate() ? "a template without it" : "a model without a template"));
        }
        values.put(name, parse(value));
    }

    /** Sets a variable. @param text NAME=VALUE */
    void set(String text) {
        int equals = text.indexOf('=');
        if (equals <= 0) {
            throw new IllegalArgumentException(OPTION + ": expected NAME=VALUE, found '" + text + "'");
        }
        set(text.substring(0, equals), text.substring(equals + 1));
    }

    private static Object parse(String value) {
        try {
            return Json.parse(value.getBytes(UTF_8), OPTION);
        } catch (ModelFormatException isText) {
            return value;
        }
    }

    Map<String, Object> values() {
        return values;
    }

    @Override
    public String toString() {
        return values.isEmpty()
                ? "none"
                : values.entrySet().stream().map(entry -> entry.getKey() + "=" + Json.writeLine(entry.getValue()))
                        .collect(Collectors.joining(" "));
    }
}
