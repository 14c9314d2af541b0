package io.github.t6j.cli.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.cli.CommandResult;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.Tokenizer;
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
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code t6j train --chat} from a GGUF file, whose tokenizer and chat template the new model gets. */
class TrainGgufChatTest {
    private static final Path GGUF = CommandResult.TESTDATA.resolve("golden_llama/gguf-llama3/model-f32.gguf");
    private static final int HEADER = 24; // magic, version, number of tensors, number of keys
    private static final int ALIGNMENT = 32;
    private static final String MESSAGES = "{% for message in messages %}{{ message.role }}:{{ message.content }}"
            + "{% if message.role == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
            + "{% if add_generation_prompt %}assistant:{% endif %}";
    private static final String TEMPLATE = "{{ bos_token }}" + MESSAGES;
    private static final String FOR_TOOLS = "{{ bos_token }}{{ tools | tojson }}" + MESSAGES;
    private static final List<Map<String, Object>> QUESTION = List.of(Map.of("role", "user", "content", "the thing"));

    @TempDir
    private Path folder;
    private Path chats;
    private Path out;

    @BeforeEach
    void write() throws IOException {
        chats = Files.writeString(folder.resolve("talk.jsonl"), ("{\"messages\": [{\"role\": \"user\","
                + " \"content\": \"the thing\"}, {\"role\": \"assistant\", \"content\": \"a king\"}]}\n").repeat(4));
        out = folder.resolve("run");
    }

    /** Adds keys to a GGUF file. @param keysAndValues values are texts or ids */
    private Path gguf(Object... keysAndValues) throws IOException {
        byte[] old = Files.readAllBytes(GGUF);
        ByteArrayOutputStream keys = new ByteArrayOutputStream();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            add(keys, (String) keysAndValues[i], keysAndValues[i + 1]);
        }
        add(keys, "padding", "");
        int padding = -keys.size() & (ALIGNMENT - 1); // so that the tensors stay aligned
        ByteBuffer made = ByteBuffer.allocate(old.length + keys.size() + padding).order(ByteOrder.LITTLE_ENDIAN);
        byte[] added = keys.toByteArray();
        ByteBuffer.wrap(added).order(ByteOrder.LITTLE_ENDIAN).putLong(added.length - Long.BYTES, padding);
        made.put(old, 0, HEADER).put(added).put(" ".repeat(padding).getBytes(StandardCharsets.US_ASCII));
        made.put(old, HEADER, old.length - HEADER);
        made.putLong(HEADER - Long.BYTES, made.getLong(HEADER - Long.BYTES) + keysAndValues.length / 2 + 1);
        return Files.write(Files.createDirectories(folder.resolve("source")).resolve("model.gguf"), made.array());
    }

    private static void add(ByteArrayOutputStream out, String key, Object value) {
        out.writeBytes(text(key));
        if (value instanceof Integer id) {
            out.writeBytes(number(4, 4));
            out.writeBytes(number(id, 4));
        } else {
            out.writeBytes(number(8, 4));
            out.writeBytes(text((String) value));
        }
    }

    private static byte[] text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(number(bytes.length, 8));
        out.writeBytes(bytes);
        return out.toByteArray();
    }

    private static byte[] number(long number, int bytes) {
        return Arrays.copyOf(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(number).array(), bytes);
    }

    private CommandResult train(String... more) {
        return CommandResult.of(Stream.concat(Stream.of("train", "--chat", chats.toString(), "--out", out.toString()),
                Arrays.stream(more)).toArray(String[]::new));
    }

    private static String rendered(Path model, Map<String, Object> variables) {
        return ChatTemplate.of(model).orElseThrow().render(QUESTION, true, variables);
    }

    @Test
    void writesTheTokenizerWithItsSpecialTokens() throws IOException {
        Path model = gguf("tokenizer.chat_template", TEMPLATE, "tokenizer.ggml.eot_token_id", 5);
        Files.writeString(model.resolveSibling("chat_template.jinja"), "of another model");
        CommandResult ran = train("--init-from", model.toString(), "--context", "64", "--batch", "1", "--steps", "2");
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.err()).contains("3 conversations to train on, 3 answers of ", "answers: ");
        assertThat(Tokenizer.load(out).fingerprint()).isEqualTo(Tokenizer.load(model).fingerprint());
        assertThat(rendered(out, Map.of())).isEqualTo("<|begin_of_text|>user:the thingassistant:")
                .isEqualTo(rendered(model, Map.of()));
        assertThat(Json.parseObject(Files.readAllBytes(out.resolve("generation_config.json")), "json"))
                .containsEntry("eos_token_id", List.of(103L, 5L));
        CommandResult answered = CommandResult.of("chat", "--model", out.toString(), "-p", "the thing", "-n", "3");
        assertThat(answered.code()).as(answered.err()).isZero();
        CommandResult longer = train("--resume", "--more-steps", "1");
        assertThat(longer.code()).as(longer.err()).isZero();
    }

    /** A folder with nothing but a GGUF file has the tokenizer of that file. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void writesTheTokenizerOfAnotherModel(boolean asFolder) throws IOException {
        Path model = gguf();
        Path data = Files.writeString(folder.resolve("text.txt"), "the thing is a king\n".repeat(100));
        CommandResult ran = CommandResult.of("train", "--preset", "t6-nano", "--tokenizer",
                (asFolder ? model.getParent() : model).toString(), "--data", data.toString(), "--out", out.toString(),
                "--context", "64", "--batch", "1", "--steps", "1");
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(Tokenizer.load(out.resolve("tokenizer.json")).fingerprint())
                .isEqualTo(Tokenizer.load(model).fingerprint());
    }

    @Test
    void writesTheTemplateForToolsToo() throws IOException {
        Path model = gguf("tokenizer.chat_template", TEMPLATE, "tokenizer.chat_template.tool_use", FOR_TOOLS);
        CommandResult ran = train("--init-from", model.toString(), "--context", "64", "--batch", "1", "--steps", "1");
        assertThat(ran.code()).as(ran.err()).isZero();
        for (Map<String, Object> variables : List.of(Map.<String, Object>of(),
                Map.<String, Object>of("tools", List.of("a")))) {
            assertThat(rendered(out, variables)).isEqualTo(rendered(model, variables));
        }
    }

    /** A tokenizer.json alone has no special tokens for the template of a model. */
    @Test
    void rejectsATemplateThatTheFilesOfTheTokenizerCannotRender() throws IOException {
        Path model = gguf("tokenizer.chat_template", TEMPLATE);
        Path made = folder.resolve("made");
        assertThat(CommandResult.of("convert", model.toString(), made.toString()).code()).isZero();
        Path alone = Files.copy(made.resolve("tokenizer.json"), Files.createDirectory(folder.resolve("alone"))
                .resolve("tokenizer.json"));
        CommandResult ran = train("--init-from", model.toString(), "--tokenizer", alone.toString(), "--steps", "1",
                "--context", "64", "--batch", "1");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err().lines().toList().getLast()).isEqualTo("t6j: --tokenizer " + alone
                + ": expected bos_token <|begin_of_text|> in the tokenizer_config.json next to it, as the chat template "
                + model + ": tokenizer.chat_template has it, found none: copy the model's tokenizer_config.json there,"
                + " or give a template with --chat-template FILE");
        assertThat(out).doesNotExist();

        Path other =
                gguf("tokenizer.chat_template", "{{ messages[0].content }}", "tokenizer.chat_template.tool_use", "");
        CommandResult twin = train("--init-from", other.toString(), "--tokenizer", alone.toString(), "--steps", "1",
                "--context", "64", "--batch", "1");
        assertThat(twin.code()).isEqualTo(1);
        assertThat(twin.err()).contains("--tokenizer " + alone + ": expected one chat template, since the one of "
                + "--init-from is written, found another for tools in " + other);
    }
}
