package io.github.t6j.chat.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemplateFilesTest {
    private static final List<Map<String, Object>> NO_MESSAGES = List.of();

    @TempDir
    private Path folder;

    private void write(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    private static String render(Path model, Map<String, Object> variables) {
        return ChatTemplate.of(model).orElseThrow().render(NO_MESSAGES, false, variables);
    }

    @Test
    void aFolderWithoutTemplateHasNone() throws IOException {
        assertThat(ChatTemplate.of(folder)).isEmpty();
        write("tokenizer_config.json", "{\"bos_token\": \"<s>\", \"chat_template\": null}");
        assertThat(ChatTemplate.of(folder)).isEmpty();
    }

    @Test
    void jinjaBeforeConfigBeforeJson() throws IOException {
        write("chat_template.json", "{\"chat_template\": \"json {{ bos_token }}\"}");
        assertThat(render(folder, Map.of())).isEqualTo("json ");
        write("tokenizer_config.json", "{\"bos_token\": \"<s>\", \"chat_template\": \"config {{ bos_token }}\"}");
        assertThat(render(folder, Map.of())).isEqualTo("config <s>");
        write("chat_template.jinja", "jinja {{ bos_token }}\n");
        assertThat(render(folder, Map.of())).isEqualTo("jinja <s>");
    }

    @Test
    void aFileOfWeightsStandsForItsFolder() throws IOException {
        write("chat_template.jinja", "jinja");
        write("model.safetensors", "any");
        assertThat(render(folder.resolve("model.safetensors"), Map.of())).isEqualTo("jinja");
    }

    @Test
    void specialTokensAreTextsOrObjects() throws IOException {
        write("tokenizer_config.json", """
                {"bos_token": {"__type": "AddedToken", "content": "<s>", "lstrip": false}, "eos_token": "</s>",
                 "pad_token": null, "add_bos_token": true, "image_token": "<img>", "model_max_length": 5,
                 "chat_template": "{{ [bos_token, eos_token, pad_token, add_bos_token, image_token] }}"}""");
        assertThat(render(folder, Map.of())).isEqualTo("['<s>', '</s>', Undefined, Undefined, '<img>']");
    }

    @Test
    void toolsHaveATemplateOfTheirOwn() throws IOException {
        write("tokenizer_config.json", """
                {"chat_template": [{"name": "default", "template": "plain"},
                                   {"name": "tool_use", "template": "tools {{ tools|length }}"},
                                   {"name": "rag", "template": "{{ x|unknown }}"}]}""");
        assertThat(render(folder, Map.of())).isEqualTo("plain");
        assertThat(render(folder, Map.of("tools", List.of(Map.of("name", "f"))))).isEqualTo("tools 1");
    }

    /** The files that transformers writes for several templates. */
    @Test
    void aTemplateForToolsMayBeAFileOfItsOwn() throws IOException {
        Files.createDirectory(folder.resolve("additional_chat_templates"));
        write("additional_chat_templates/tool_use.jinja", "tools {{ tools|length }}");
        assertThat(ChatTemplate.of(folder)).isEmpty();
        write("chat_template.jinja", "plain");
        assertThat(render(folder, Map.of())).isEqualTo("plain");
        assertThat(render(folder, Map.of("tools", List.of(Map.of("name", "f"))))).isEqualTo("tools 1");
    }

    /** As in transformers, the file of special tokens counts if the configuration does not list the added tokens. */
    @Test
    void olderModelsHaveTheirSpecialTokensInAFileOfTheirOwn() throws IOException {
        String config =
                """
                {"chat_template": "{{ bos_token }} {{ eos_token }} {{ unk_token }}", "bos_token": "<b>", "unk_token": "<u>"%s}""";
        write("special_tokens_map.json", """
                {"bos_token": "<s>", "eos_token": {"content": "</s>"}}""");
        write("tokenizer_config.json", config.formatted(""));
        assertThat(render(folder, Map.of())).isEqualTo("<s> </s> <u>");
        write("tokenizer_config.json", config.formatted(", \"added_tokens_decoder\": {}"));
        assertThat(render(folder, Map.of())).isEqualTo("<b>  <u>");
    }

    /** An unsupported template for tools is an error only for conversations with tools. */
    @Test
    void aTemplateForToolsIsParsedWhereThereAreSome() throws IOException {
        write("tokenizer_config.json", """
                {"chat_template": [{"name": "tool_use", "template": "{{ x|unknown }}"},
                                   {"name": "default", "template": "plain"}]}""");
        assertThat(render(folder, Map.of())).isEqualTo("plain");
        assertThatThrownBy(() -> render(folder, Map.of("tools", List.of()))).isInstanceOf(ChatTemplateException.class)
                .hasMessageStartingWith(folder.resolve("tokenizer_config.json")
                        + ": chat_template tool_use:1: unsupported filter 'unknown'");
    }

    @Test
    void errorsNameTheFile() throws IOException {
        write("chat_template.jinja", "\n{{ x|foo }}");
        assertThatThrownBy(() -> ChatTemplate.of(folder)).isInstanceOf(ChatTemplateException.class)
                .hasMessageStartingWith(folder.resolve("chat_template.jinja") + ":2: unsupported filter 'foo'");
    }

    private void assertRefused(String name, String text, String message) throws IOException {
        write(name, text);
        assertThatThrownBy(() -> ChatTemplate.of(folder)).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith(folder.resolve(name).toString()).hasMessageContaining(message);
        Files.delete(folder.resolve(name));
    }

    @Test
    void malformedFilesAreRejected() throws IOException {
        assertRefused("tokenizer_config.json", "{", "not valid JSON");
        assertRefused("tokenizer_config.json", "{\"chat_template\": 1}", "expected a text, or a list of objects");
        assertRefused("tokenizer_config.json", "{\"chat_template\": [1]}", "expected objects with name and template");
        assertRefused("tokenizer_config.json", "{\"chat_template\": [{\"name\": \"rag\", \"template\": \"\"}]}",
                "expected a template with the name default, found [rag]");
        assertRefused("chat_template.json", "{}",
                "expected a text, or a list of objects with name and template, found none");
        Files.write(folder.resolve("chat_template.jinja"), new byte[] {'a', (byte) 0xff});
        assertThatThrownBy(() -> ChatTemplate.of(folder)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("expected UTF-8");
        Files.write(folder.resolve("chat_template.jinja"), new byte[(4 << 20) + 1]);
        assertThatThrownBy(() -> ChatTemplate.of(folder)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("expected at most");
        Files.delete(folder.resolve("chat_template.jinja"));
        Files.createDirectory(folder.resolve("chat_template.jinja"));
        assertThatThrownBy(() -> ChatTemplate.of(folder)).isInstanceOf(ModelFormatException.class);
    }

    /** Writes a GGUF file without tensors; values are texts, numbers, or lists of texts. */
    private Path gguf(Object... keysAndValues) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(number(3, 4));
        out.writeBytes(number(0, 8));
        out.writeBytes(number(keysAndValues.length / 2, 8));
        for (int i = 0; i < keysAndValues.length; i += 2) {
            out.writeBytes(text((String) keysAndValues[i]));
            switch (keysAndValues[i + 1]) {
                case String text -> {
                    out.writeBytes(number(8, 4));
                    out.writeBytes(text(text));
                }
                case Integer number -> {
                    out.writeBytes(number(4, 4));
                    out.writeBytes(number(number, 4));
                }
                case List<?> texts -> {
                    out.writeBytes(number(9, 4));
                    out.writeBytes(number(8, 4));
                    out.writeBytes(number(texts.size(), 8));
                    texts.forEach(text -> out.writeBytes(text((String) text)));
                }
                default -> throw new IllegalArgumentException();
            }
        }
        return Files.write(folder.resolve("m.gguf"), out.toByteArray());
    }

    private static byte[] number(long number, int bytes) {
        return Arrays.copyOf(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(number).array(), bytes);
    }

    private static byte[] text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(number(utf8.length, 8));
        out.writeBytes(utf8);
        return out.toByteArray();
    }

    @Test
    void ggufFilesHaveTheirOwn() throws IOException {
        write("chat_template.jinja", "of the folder");
        Path file = gguf("tokenizer.ggml.tokens", List.of("<s>", "</s>", "é"), "tokenizer.ggml.bos_token_id", 0,
                "tokenizer.ggml.eos_token_id", 1, "tokenizer.ggml.padding_token_id", 7,
                "tokenizer.chat_template", "{{ [bos_token, eos_token, pad_token, unk_token] }}",
                "tokenizer.chat_template.tool_use", "tools");
        assertThat(render(file, Map.of())).isEqualTo("['<s>', '</s>', Undefined, Undefined]");
        assertThat(render(file, Map.of("tools", List.of()))).isEqualTo("tools");
    }

    /** As for tokenizers: files of the folder come first, and two GGUF files leave a choice. */
    @Test
    void theOnlyGgufFileOfAFolderHasItsTemplate() throws IOException {
        Path file = gguf("tokenizer.ggml.tokens", List.of("<s>"), "tokenizer.ggml.bos_token_id", 0,
                "tokenizer.chat_template", "{{ bos_token }} of the file");
        assertThat(render(folder, Map.of())).isEqualTo("<s> of the file");
        Path template = folder.resolve("chat_template.jinja");
        write("chat_template.jinja", "{{ bos_token }} of the folder");
        assertThat(render(folder, Map.of())).isEqualTo("<s> of the folder");
        Files.delete(template);
        Files.copy(file, folder.resolve("n.gguf"));
        assertThat(ChatTemplate.of(folder)).isEmpty();
        Files.delete(folder.resolve("n.gguf"));
        write("tokenizer.json", "{}");
        assertThat(ChatTemplate.of(folder)).isEmpty();
    }

    @Test
    void ggufFilesWithoutATemplateHaveNone() throws IOException {
        assertThat(ChatTemplate.of(gguf("general.architecture", "llama"))).isEmpty();
        Path file = gguf("tokenizer.chat_template", 5);
        assertThatThrownBy(() -> ChatTemplate.of(file)).isInstanceOf(ModelFormatException.class)
                .hasMessage(file + ": tokenizer.chat_template: expected a text, found another value");
        Path bad = gguf("tokenizer.chat_template", "a\n{{");
        assertThatThrownBy(() -> ChatTemplate.of(bad)).isInstanceOf(ChatTemplateException.class)
                .hasMessageStartingWith(bad + ": tokenizer.chat_template:2: expected }}");
    }
}
