package io.github.t6j.cli.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.chat.AnswerListener;
import io.github.t6j.chat.Chat;
import io.github.t6j.chat.Message;
import io.github.t6j.cli.CommandResult;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.files.FolderReplacement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code t6j train --chat}. */
class TrainChatTest {
    private static final String TEMPLATE = """
            {% for message in messages %}
            {% if message.role == 'system' %}
            {{ raise_exception('no system role') }}
            {% elif message.role == 'user' %}
            User:
            {{ message.content }}
            {% else %}
            Bot:
            {{ message.content }}<|endoftext|>
            {% endif %}
            {% endfor %}
            {% if add_generation_prompt %}
            Bot:
            {% endif %}
            """;

    @TempDir
    private Path folder;
    private Path chats;
    private Path template;
    private Path out;

    @BeforeEach
    void write() throws IOException {
        chats = Files.writeString(folder.resolve("talk.jsonl"), IntStream.range(0, 40)
                .mapToObj(i -> line("user", "Who are you?", "assistant", "I am the whale, sir."))
                .collect(Collectors.joining("\n")));
        template = Files.writeString(folder.resolve("talk.jinja"), TEMPLATE);
        out = folder.resolve("run");
    }

    private static String line(String... rolesAndTexts) {
        List<Object> messages = new ArrayList<>();
        for (int i = 0; i < rolesAndTexts.length; i += 2) {
            messages.add(Map.of("role", rolesAndTexts[i], "content", rolesAndTexts[i + 1]));
        }
        return Json.writeLine(Map.of("messages", messages)).strip();
    }

    private CommandResult train(Path into, String... more) {
        return CommandResult.of(Stream.concat(
                Stream.of("train", "--chat", chats.toString(), "--out", into.toString()), Arrays.stream(more))
                .toArray(String[]::new));
    }

    private String[] small(String... more) {
        return Stream.concat(Stream.of("--chat-template", template.toString(), "--preset", "t6-nano", "--context", "64",
                "--batch", "2"), Arrays.stream(more)).toArray(String[]::new);
    }

    /** An answer is learned by heart; the model of the folder gives it. */
    @Test
    void makesAModelThatAnswers() throws IOException {
        CommandResult ran = train(out, small("--steps", "40", "--learning-rate", "6e-3"));
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.err()).contains("38 conversations to train on, 38 answers of ", "; 2 to validate on",
                "answers: 2 of 2 match the held-out conversations",
                "t6j: sample: Who are you? → I am the whale, sir.",
                "t6j: done: " + out);
        List<Map<String, Object>> log = TrainRuns.log(out);
        assertThat(log.getFirst()).containsEntry("conversations", 38L).containsEntry("answers", 38L)
                .containsEntry("validation_conversations", 2L).containsEntry("splits", 0L)
                .containsEntry("left_out_answers", 0L).containsKey("answer_tokens");
        assertThat(log.getLast()).containsEntry("answers", 2L).containsEntry("right_answers", 2L)
                .containsEntry("step", 40L).containsKey("validation_loss");
        assertThat(Json.array(log.getLast().get("samples"), "samples")).hasSize(2).contains(
                Map.of("question", "Who are you?", "answer", "I am the whale, sir.", "expected",
                        "I am the whale, sir."));
        assertThat(out.resolve("chat_template.jinja")).hasSameTextualContentAs(template);
        assertThat(Json.parseObject(Files.readAllBytes(out.resolve("generation_config.json")), "json"))
                .containsEntry("eos_token_id", List.of(4095L)).containsEntry("temperature", 0.7)
                .containsEntry("top_p", 0.9).containsEntry("do_sample", true);
        CommandResult answered =
                CommandResult.of("chat", "--model", out.toString(), "-p", "Who are you?", "--temperature", "0");
        assertThat(answered.out().strip()).as(answered.err()).isEqualTo("I am the whale, sir.");
    }

    /** Without --tokenizer and --chat-template a new model has the bundled model's. */
    @Test
    void aNewModelHasTheBundledTemplate() {
        assertThat(train(out, "--preset", "t6-nano", "--context", "64", "--batch", "2", "--steps", "1").code())
                .isZero();
        Path bundled = CommandResult.TESTDATA.resolve("models/t6-mini");
        for (String name : List.of("chat_template.jinja", "tokenizer.json")) {
            assertThat(out.resolve(name)).hasSameTextualContentAs(bundled.resolve(name));
        }
    }

    /** OpenAI's encoder of GPT-2 gives 15496 and 995 for the two words; 50256 separates documents. */
    @Test
    void textsBeginAsBothKindsOfPromptsDo() {
        Tokenizer gpt2 = Tokenizer.gpt2();
        assertThat(ChatData.document(gpt2, "Hello world", 7, 0)).containsExactly(50256, 15496, 995, 7);
        assertThat(ChatData.document(gpt2, "Hello world", 7, 1)).containsExactly(15496, 995, 7);
        Tokenizer bundled = Tokenizer.load(CommandResult.TESTDATA.resolve("models/t6-mini"));
        for (int number : List.of(0, 1)) {
            int[] ids = ChatData.document(bundled, "Hello world", 7, number);
            assertThat(ids).startsWith(4095).endsWith(7);
            assertThat(Arrays.copyOfRange(ids, 1, ids.length)).as("text %d", number).doesNotContain(4095);
        }
    }

    /** From a model with files of its own, which are kept; and with texts next to the conversations. */
    @Test
    void aResumedRunHasTheSameBits() throws IOException {
        Path texts = Files.writeString(folder.resolve("story.txt"), "There was a whale. ".repeat(60));
        Path model = folder.resolve("model");
        assertThat(train(model, small("--steps", "1")).code()).isZero();
        Files.writeString(model.resolve("generation_config.json"), "{\"top_k\": 7, \"eos_token_id\": 11}");
        String[] options = {"--init-from", model.toString(), "--context", "64", "--batch", "2", "--accumulate", "2",
            "--steps", "12", "--data", texts.toString(), "--answers", "0"};
        Path straight = folder.resolve("straight");
        CommandResult ran = train(straight, options);
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.err()).doesNotContain("answers: ");
        assertThat(train(out, options).code()).isZero();
        FolderReplacement.delete(out.resolve("checkpoints/step-000000012"));

        CommandResult wrong = train(out, "--resume");
        assertThat(wrong.err()).contains("--resume: expected the same data as when the run began",
                "give the same files to --chat, --data and, if you used it, --valid");
        CommandResult resumed = train(out, "--resume", "--data", texts.toString(), "--threads", "1");
        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(resumed.err()).contains("continuing after step 10 of 12");
        for (String name : List.of("model.safetensors", "chat_template.jinja", "generation_config.json",
                "checkpoints/step-000000012/optimizer.safetensors")) {
            assertThat(out.resolve(name)).hasSameBinaryContentAs(straight.resolve(name));
        }
        assertThat(Json.parseObject(Files.readAllBytes(out.resolve("generation_config.json")), "json"))
                .isEqualTo(Map.of("top_k", 7L, "eos_token_id", List.of(11L, 4095L)));
    }

    /** Few conversations do not shorten the context below the longest, of about 600 bytes and 300 tokens. */
    @Test
    void longConversationsFitTheDefaultContext() throws IOException {
        Files.writeString(chats, (line("user", "a ".repeat(250), "assistant", "b") + "\n").repeat(3));
        CommandResult ran = train(out, "--chat-template", template.toString(), "--preset", "t6-nano", "--batch", "1",
                "--steps", "1");
        assertThat(ran.err()).contains("context 512;").doesNotContain("left out");
        assertThat(ran.code()).isZero();
    }

    /** Their files are read more than once. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void pipesAreRefused() {
        CommandResult ran = CommandResult.of("train", "--chat", "/dev/null", "--out", out.toString());
        assertFailed(ran, "/dev/null: expected a file of conversations, found something that is not a regular file");
    }

    /** The last 2 of 40 conversations are held out; if they are too long, the last one that is not is. */
    @Test
    void anotherConversationIsHeldOutIfNoneOfTheLastFits() throws IOException {
        String tooLong = line("user", "a ".repeat(99), "assistant", "b");
        List<String> lines = new ArrayList<>(Files.readAllLines(chats).subList(0, 37));
        lines.set(36, line("user", "And you?", "assistant", "A cook."));
        lines.addAll(List.of(tooLong, tooLong, tooLong));
        Files.write(chats, lines);
        CommandResult ran = train(out, small("--steps", "1"));
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.err()).contains("37 conversations to train on, 36 answers of ", "; 3 to validate on",
                "note: 3 answers are left out", "sample: And you? → ");
        assertThat(TrainRuns.log(out).getFirst()).containsEntry("answers", 36L).containsEntry("left_out_answers", 1L);
        CommandResult longer = train(out, "--resume", "--more-steps", "1");
        assertThat(longer.code()).as(longer.err()).isZero();

        Path valid = Files.writeString(folder.resolve("valid.jsonl"), tooLong);
        Path other = folder.resolve("other");
        assertThat(train(other, small("--steps", "1", "--valid", valid.toString())).err()).contains(valid
                + ": expected a conversation whose turn fits in the context of 64 tokens, found none among 1: use a larger"
                + " --context or another --valid FILE");
        Files.write(chats, List.of(lines.getFirst(), tooLong));
        assertThat(train(other, small("--steps", "1")).err()).contains(chats + ": expected at least two conversations"
                + " with a turn that fits in the context of 64 tokens, one of which is held out for validation, found one"
                + " among 2: use a larger --context, give more, or --valid FILE");
        assertThat(other).doesNotExist();
    }

    /** The template of the run asks the questions, since the base of an adapter may have another one or none. */
    @Test
    void trainsAnAdapterOfAModelWithoutATemplate() throws IOException {
        CommandResult ran = train(out, "--init-from", CommandResult.TINY, "--lora", "2", "--chat-template",
                template.toString(), "--context", "64", "--batch", "1", "--steps", "8", "--learning-rate", "3e-2");
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.err()).contains("answers: ").doesNotContain("cannot answer");
        assertThat(TrainRuns.log(out).getLast()).containsEntry("answers", 2L);
        assertThat(out.resolve("chat_template.jinja")).hasSameTextualContentAs(template);

        String[] chat =
                {"chat", "--model", CommandResult.TINY, "--adapter", out.toString(), "-p", "Who are you?", "-n", "8",
                    "--temperature", "0"};
        CommandResult answered = CommandResult.of(chat);
        assertThat(answered.code()).as(answered.err()).isZero();
        try (Model model = Model.load(Path.of(CommandResult.TINY), ModelOptions.defaults().withAdapter(out, 1))) {
            Chat library = Chat.of(model);
            assertThat(library.answer(List.of(Message.user("Who are you?")),
                    library.options()
                            .withGeneration(
                                    generation -> generation.withSampling(SamplingOptions.greedy()).withMaxTokens(8)),
                    AnswerListener.none()).content()).isEqualTo(answered.out().strip());
        }
        Path merged = folder.resolve("merged");
        assertThat(
                CommandResult.of("convert", CommandResult.TINY, merged.toString(), "--adapter", out.toString()).code())
                .isZero();
        assertThat(merged.resolve("chat_template.jinja")).hasSameTextualContentAs(template);
        assertThat(merged.resolve("generation_config.json"))
                .hasSameTextualContentAs(out.resolve("generation_config.json"));
        assertThat(CommandResult.of("chat", "--model", merged.toString(), "-p", "Who are you?", "-n", "8",
                "--temperature", "0").out()).isEqualTo(answered.out());
        assertThat(CommandResult.of("inspect", "--model", CommandResult.TINY, "--adapter", out.toString()).out())
                .contains("\ntemplate     yes: ");
        Files.writeString(out.resolve("chat_template.jinja"), "{{ raise_exception('of the adapter') }}");
        assertThat(CommandResult.of(chat).err()).contains("of the adapter");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{\"messages\": [{\"role\": \"user\"   | line 3",
        "{\"text\": \"once\"}                  | line 3: messages: expected an array of messages, found no such key",
        "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]} | line 3: messages: expected at least one with the role assistant",
        "{\"messages\": [{\"role\": \"bot\", \"content\": \"a\"}]} | line 3: messages[0]: role: expected system, user, assistant, tool, found \"bot\"",
        "{\"messages\": [{\"role\": \"system\", \"content\": \"a\"}, {\"role\": \"assistant\", \"content\": \"a\"}]} | line 3: messages before messages[1]: refused by the chat template"})
    void aWrongLineIsOneLineAndNothingIsWritten(String line, String message) throws IOException {
        Files.writeString(chats, line("user", "a", "assistant", "b") + "\n\n" + line + "\nnothing");
        assertFailed(train(out, small("--steps", "1")), chats + ", " + message);
    }

    /** A tokenizer may have an added token that the embedding has no row for. */
    @Test
    void anIdBeyondTheVocabularyIsOneLineBeforeTraining() throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        for (String file : List.of("config.json", "model.safetensors", "tokenizer.json")) {
            Files.copy(Path.of(CommandResult.TINY, file), model.resolve(file));
        }
        Path tokenizer = model.resolve("tokenizer.json");
        String added =
                "\"added_tokens\":[{\"id\":4096,\"content\":\"<|im_end|>\",\"single_word\":false,\"lstrip\":false,"
                        + "\"rstrip\":false,\"normalized\":false,\"special\":true},";
        Files.writeString(tokenizer, Files.readString(tokenizer).replaceFirst("\"added_tokens\":\\[", added));
        Files.writeString(template, TEMPLATE.replace("<|endoftext|>", "<|im_end|>"));
        assertFailed(train(out, "--init-from", model.toString(), "--chat-template", template.toString(), "--context",
                "64", "--steps", "1"),
                chats + ", line 1: expected ids below 4096, the model's vocabulary, found 4096,"
                        + " which is \"<|im_end|>\": use the tokenizer and the template");
    }

    private void assertFailed(CommandResult ran, String message) {
        assertThat(ran.code()).as(ran.err()).isEqualTo(1);
        assertThat(ran.err().lines().reduce((first, second) -> second).orElseThrow()).startsWith("t6j: ")
                .contains(message);
        assertThat(out).doesNotExist();
    }

    @Test
    void unusableDataIsReportedInOneLineAndNothingIsWritten() throws IOException {
        String tokenizer = CommandResult.TESTDATA.resolve("tokenizers/bpe4096").toString();
        assertFailed(train(out, "--preset", "t6-nano", "--tokenizer", tokenizer, "--steps", "1"),
                "--chat: expected a model or tokenizer with a chat template, found none in ");
        String rewriting = TEMPLATE.replace("{{ message.content }}<|endoftext|>",
                "{{ message.content if loop.last else '…' }}<|endoftext|>");
        Files.writeString(template, rewriting);
        String turns = line("user", "a", "assistant", "b", "user", "c", "assistant", "d");
        Files.writeString(chats, turns + "\n" + turns);
        assertFailed(train(out, small("--steps", "1")), chats + ", line 1: chat template " + template
                + ": expected the text up to messages[1] to begin that up to the prompt of messages[3]");
        Files.writeString(template, TEMPLATE);
        Files.writeString(chats, turns);
        assertFailed(train(out, small("--steps", "1")), "expected at least two conversations");
        Files.writeString(chats, " \n\n");
        assertFailed(train(out, small("--steps", "1")),
                chats + ": expected a conversation in each line, found none");
        Files.writeString(chats, (line("user", "a ".repeat(99), "assistant", "b") + "\n").repeat(3));
        assertFailed(train(out, small("--steps", "1")),
                "expected a conversation whose turn fits in the context of 64 tokens, found none among 2");
        Files.write(chats, new byte[] {'{', (byte) 0xe9, '}'});
        assertFailed(train(out, small("--steps", "1")), chats + ", after line 0: expected UTF-8");
        Files.delete(chats);
        assertFailed(train(out, small("--steps", "1")), chats + ": cannot be read: no such file or folder");
        assertThat(train(out, small("--sample", "a")).err()).contains("--sample: expected no --chat");
        CommandResult answers = CommandResult.of("train", "--data", "a.txt", "--out", out.toString(), "--answers", "5");
        assertThat(answers.err()).contains("--answers: expected --chat, found none");
        CommandResult none = CommandResult.of("train", "--out", out.toString());
        assertThat(none.code()).isEqualTo(2);
        assertThat(none.err()).contains("--data or --chat: expected files to train on, found neither");
    }
}
