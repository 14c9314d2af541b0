package io.github.t6j.chat.models;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.RopeVariant;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Small models that can chat: golden models, which have no tokenizer, with a tokenizer of a few letters and ChatML's
 * marks.
 */
public final class ChatModels {
    public static final Path TESTDATA = Path.of(System.getProperty("t6j.testdata"));

    /** ChatML as its models have it. */
    public static final String CHATML = """
            {% for message in messages %}{{'<|im_start|>' + message['role'] + '
            ' + message['content'] + '<|im_end|>' + '
            '}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
            ' }}{% endif %}""";

    /** The same for a model that thinks: earlier answers have no thinking. */
    public static final String THINKING = """
            {%- for message in messages %}
            {%- if message['role'] == 'assistant' %}
            {{- '<|im_start|>assistant
            ' + message['content'].split('</think>')[-1].lstrip() + '<|im_end|>
            ' }}
            {%- else %}
            {{- '<|im_start|>' + message['role'] + '
            ' + message['content'] + '<|im_end|>
            ' }}
            {%- endif %}
            {%- endfor %}
            {%- if add_generation_prompt %}
            {{- '<|im_start|>assistant
            ' }}
            {%- if enable_thinking is defined and enable_thinking is false %}
            {{- '<think>

            </think>

            ' }}
            {%- endif %}
            {%- endif %}""";

    /** Refuses a system message. */
    public static final String WITHOUT_SYSTEM = """
            {% for message in messages %}{% if message['role'] == 'system' %}\
            {{ raise_exception('no system role') }}{% endif %}{{'<|im_start|>' + message['role'] + '
            ' + message['content'] + '<|im_end|>' + '
            '}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
            ' }}{% endif %}""";

    public static final String LETTERS = "\u010a\u0120abcdefghijklmnopqrstuvwxyz.,?!<>/0123456789";

    private ChatModels() {}

    public static Optional<ChatTemplate> template(String text) {
        return Optional.of(ChatTemplate.parse("chat_template", text, Map.of()));
    }

    /** Writes a tokenizer.json of {@link #LETTERS} and two marks into {@code folder}. */
    public static Path tokenizer(Path folder) throws IOException {
        Map<String, Object> vocabulary = new LinkedHashMap<>();
        LETTERS.chars().forEach(letter -> vocabulary.put(Character.toString(letter), (long) vocabulary.size()));
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("added_tokens", marks(LETTERS.length()));
        json.put("pre_tokenizer", Map.of("type", "ByteLevel", "add_prefix_space", false, "use_regex", true));
        json.put("decoder", Map.of("type", "ByteLevel"));
        json.put("model", Map.of("type", "BPE", "vocab", vocabulary, "merges", List.of()));
        return Files.writeString(folder.resolve("tokenizer.json"), Json.write(json));
    }

    /** Returns {@code <|im_start|>} and {@code <|im_end|>}, with the ids from {@code first} on. */
    public static List<Object> marks(int first) {
        return marks(first, List.of("<|im_start|>", "<|im_end|>"));
    }

    /** Returns special tokens as a tokenizer.json has them, with the ids from {@code first} on. */
    public static List<Object> marks(int first, List<String> contents) {
        List<Object> marks = new ArrayList<>();
        for (String content : contents) {
            Map<String, Object> mark = new LinkedHashMap<>();
            mark.put("id", (long) first + marks.size());
            mark.put("content", content);
            for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
                mark.put(flag, false);
            }
            mark.put("special", true);
            marks.add(mark);
        }
        return marks;
    }

    public static Model golden(String name, Path tokenizer) {
        ModelOptions options = ModelOptions.defaults().withTokenizer(tokenizer);
        return Model.load(TESTDATA.resolve(name),
                name.contains("linearattn") ? options.withVariant(RopeVariant.LINEARATTN) : options);
    }

    public static Model tiny() {
        return Model.load(TESTDATA.resolve("models/t6-tiny"));
    }
}
