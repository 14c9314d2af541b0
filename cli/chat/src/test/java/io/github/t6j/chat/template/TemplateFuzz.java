package io.github.t6j.chat.template;

import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;

/**
 * Renders any bytes as a template: the result is a conversation, or a {@link ChatTemplateException} that names the
 * template. Any other exception is a defect.
 */
final class TemplateFuzz {
    private static final LocalDateTime NOW = LocalDateTime.of(2025, 7, 1, 12, 0);
    private static final Pattern TOKEN = Pattern.compile(
            "\\w+|\\s+|'(?:[^'\\\\]|\\\\.)*'|\"(?:[^\"\\\\]|\\\\.)*\"|\\{%-?|-?%\\}|\\{\\{-?|-?\\}\\}|.",
            Pattern.DOTALL);
    private static final List<String> ENDLESS = List.of("999999999", " * 99999", "range(99999)", "|list", " ~ messages",
            "{% for i in messages * 999 %}", "{% endfor %}", "|string", "{{", "}}", "{%", "%}", "(", ")", "[", "]",
            "[::-1]");

    private static final List<Map<String, Object>> MESSAGES = List.of(
            Map.of("role", "system", "content", "Be kind."),
            Map.of("role", "user", "content", "What is \"1 + 1\"? {{ 2 }}\n"),
            Map.of("role", "assistant", "content", "<think>\nHm.\n</think>\n\n\u00e9\ud83d\ude00", "tool_calls",
                    List.of(Map.of("id", "abcdefghi", "type", "function", "function",
                            Map.of("name", "add", "arguments", Map.of("a", 1, "b", 1.5))))),
            Map.of("role", "tool", "content", "2.5", "tool_call_id", "abcdefghi"),
            Map.of("role", "user", "content", List.of(Map.of("type", "text", "text", "And?"))));
    private static final Map<String, Object> VARIABLES = Map.of("enable_thinking", true, "tools", List.of(
            Map.of("type", "function", "function", Map.of("name", "add", "parameters", Map.of("type", "object")))));

    private TemplateFuzz() {}

    static List<byte[]> seeds() {
        List<byte[]> seeds = new ArrayList<>();
        for (GoldTemplates gold : GoldTemplates.all()) {
            seeds.add(gold.template().getBytes(StandardCharsets.UTF_8));
        }
        return seeds;
    }

    static void template(byte[] utf8) {
        try {
            ChatTemplate template = ChatTemplate.parse("x.jinja", new String(utf8, StandardCharsets.UTF_8),
                    Map.of("bos_token", "<s>", "eos_token", "</s>"));
            String rendered = template.render(MESSAGES, true, VARIABLES, NOW);
            if (!rendered.equals(template.render(MESSAGES, true, VARIABLES, NOW))) {
                throw new AssertionError("another text the second time");
            }
        } catch (ChatTemplateException refused) {
            if (!refused.getMessage().startsWith("x.jinja:")) {
                throw new AssertionError("a message that does not name the template", refused);
            }
        }
    }

    /** Returns {@code good} with some tokens removed, inserted, duplicated or changed. */
    static byte[] mutate(byte[] good, Random random) {
        List<String> tokens = tokens(good);
        for (int i = 1 << random.nextInt(4); i > 0 && !tokens.isEmpty(); i--) {
            int at = random.nextInt(tokens.size());
            int end = Math.min(tokens.size(), at + 1 + random.nextInt(20));
            switch (random.nextInt(6)) {
                case 0 -> tokens.remove(at);
                case 1 -> tokens.subList(at, end).clear();
                case 2 -> tokens.addAll(random.nextInt(tokens.size()), List.copyOf(tokens.subList(at, end)));
                case 3 -> tokens.set(at, tokens.get(random.nextInt(tokens.size())));
                case 4 -> tokens.add(at, ENDLESS.get(random.nextInt(ENDLESS.size())));
                default -> tokens.add(at, Character.toString(random.nextInt(random.nextInt(4) == 0 ? 0x11000 : 128)));
            }
        }
        return String.join("", tokens).getBytes(StandardCharsets.UTF_8);
    }

    private static List<String> tokens(byte[] template) {
        return new ArrayList<>(TOKEN.matcher(new String(template, StandardCharsets.UTF_8)).results()
                .map(result -> result.group()).toList());
    }
}
