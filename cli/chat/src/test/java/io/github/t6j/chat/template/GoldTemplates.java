package io.github.t6j.chat.template;

import io.github.t6j.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** testdata/chat_templates: templates of public models, conversations, and the texts that Jinja2 renders. */
record GoldTemplates(String name, String template, Map<String, String> tokens, LocalDateTime now, List<Case> cases) {

    /** @param expected the text, or null for an error */
    record Case(String name, List<Map<String, Object>> messages, boolean prompt, Map<String, Object> variables,
            String expected, String error) {}

    static List<GoldTemplates> all() {
        Path folder = Path.of(System.getProperty("t6j.testdata"), "chat_templates");
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().map(GoldTemplates::read).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static GoldTemplates read(Path file) {
        Map<String, Object> json = json(file);
        Map<String, String> tokens = new HashMap<>();
        for (String token : List.of("bos_token", "eos_token")) {
            if (json.get(token) instanceof String text) {
                tokens.put(token, text);
            }
        }
        List<Case> cases = new ArrayList<>();
        for (Object item : Json.array(json.get("cases"), "cases")) {
            cases.add(read(Json.object(item, "case")));
        }
        return new GoldTemplates((String) json.get("name"), (String) json.get("template"), tokens,
                LocalDateTime.parse((String) json.get("now")), cases);
    }

    private static Case read(Map<String, Object> json) {
        List<Map<String, Object>> messages = new ArrayList<>();
        for (Object message : Json.array(json.get("messages"), "messages")) {
            messages.add(Json.object(message, "message"));
        }
        Map<String, Object> variables = new HashMap<>();
        for (String variable : List.of("tools", "enable_thinking")) {
            if (json.containsKey(variable)) {
                variables.put(variable, json.get(variable));
            }
        }
        return new Case((String) json.get("name"), messages, (Boolean) json.get("add_generation_prompt"), variables,
                (String) json.get("expected"), (String) json.get("error"));
    }

    static Map<String, Object> json(Path file) {
        try {
            return Json.parseObject(Files.readAllBytes(file), file.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    ChatTemplate parse() {
        return ChatTemplate.parse(name, template, tokens);
    }

    @Override
    public String toString() {
        return name;
    }
}
