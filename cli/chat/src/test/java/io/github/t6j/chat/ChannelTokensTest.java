package io.github.t6j.chat;

import static io.github.t6j.chat.ChannelsTest.channels;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.FinishReason;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.SessionOptions;
import io.github.t6j.chat.models.ChatModels;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.schedule.Scheduler;
import io.github.t6j.schedule.SchedulerOptions;
import io.github.t6j.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests conversations with a small hybrid model whose tokenizer has the special tokens of channels, as Olala's. */
class ChannelTokensTest {
    private static final List<String> MARKS = List.of(
            "<|endoftext|>", "<|im_end|>", "<|im_start|>", "<|channel_start|>", "<|content|>", "<|channel_end|>");
    private static final int END_OF_TEXT = 95; // after 93 letters, a space and a line break
    private static final int START = END_OF_TEXT + 3;
    private static final int CONTENT = END_OF_TEXT + 4;
    private static final int END = END_OF_TEXT + 5;
    private static final String EXTRA = "[\"<|channel_start|>\", \"<|content|>\", \"<|channel_end|>\"]";
    private static final String ANSWER = "why[end][start]final[content]yes![end]";
    private static final ChatOptions FREE = ChatOptions.of(GenerationOptions.defaults().withMaxTokens(12)
            .withIgnoreEndOfText(true).withSampling(SamplingOptions.greedy()));
    private static final SessionOptions SESSION = SessionOptions.defaults().withContextLength(2000);
    private static final AnswerListener NOBODY = AnswerListener.none();

    @TempDir
    Path folder;

    private static int id(char letter) {
        return 2 + letter - '!';
    }

    /** Loads a golden model with a tokenizer of {@link #MARKS} and letters, which together are its vocabulary. */
    private Model load(String extraTokens) throws IOException {
        Path golden = ChatModels.TESTDATA.resolve("golden_olala/full-mmmmv");
        Files.copy(golden.resolve("model.safetensors"), folder.resolve("model.safetensors"));
        Map<String, Object> config = new LinkedHashMap<>(
                Json.parseObject(Files.readAllBytes(golden.resolve("config.json")), "config.json"));
        config.remove("eos_token_id"); // the tokenizer decides
        write("config.json", config);
        Map<String, Object> vocabulary = new LinkedHashMap<>();
        vocabulary.put("\u010a", 0L);
        vocabulary.put("\u0120", 1L);
        for (char letter = '!'; letter <= '}'; letter++) {
            vocabulary.put(String.valueOf(letter), (long) id(letter));
        }
        write("tokenizer.json", Map.of(
                "added_tokens", ChatModels.marks(END_OF_TEXT, MARKS),
                "pre_tokenizer", Map.of("type", "ByteLevel", "add_prefix_space", false, "use_regex", true),
                "decoder", Map.of("type", "ByteLevel"),
                "model", Map.of("type", "BPE", "vocab", vocabulary, "merges", List.of())));
        Object extra = Json.parseObject(("{\"tokens\": " + extraTokens + "}").getBytes(), "the test").get("tokens");
        write("tokenizer_config.json", Map.of(
                "tokenizer_class", "Qwen2Tokenizer", "eos_token", "<|im_end|>", "pad_token", "<|endoftext|>",
                "extra_special_tokens", extra, "chat_template", ChannelsTest.TEMPLATE));
        return Model.load(folder, ModelOptions.defaults().withThreads(2));
    }

    private void write(String file, Map<String, Object> json) throws IOException {
        Files.writeString(folder.resolve(file), Json.write(json));
    }

    /** Returns options with which the model writes {@code answer} and ends its turn. */
    private static ChatOptions writing(Model model, String answer) {
        int[] script = model.tokenizer().encodeWithSpecialTokens(channels(answer) + "<|im_end|>");
        return ChatOptions.of(GenerationOptions.defaults().withSampling(SamplingOptions.greedy().withStep(
                (logits, generated) -> {
                    Arrays.fill(logits, Float.NEGATIVE_INFINITY);
                    logits[script[generated.length]] = 0;
                })));
    }

    private static int promptLength(Model model, ChatOptions options, Message... messages) {
        PromptFormat format = Chat.of(model).format();
        return format.encode(format.render(List.of(messages), options)).length;
    }

    @ParameterizedTest
    @ValueSource(strings = {EXTRA, "{\"channel_start_token\": \"<|channel_start|>\"}"})
    void channelTokensAreSpecialAndEndNoTurn(String extraTokens) throws IOException {
        try (Model model = load(extraTokens)) {
            Tokenizer tokenizer = model.tokenizer();
            assertThat(tokenizer.encodeWithSpecialTokens(channels("[start]a[content]b[end]")))
                    .containsExactly(START, id('a'), CONTENT, id('b'), END);
            assertThat(tokenizer.encode("<|content|>")).as("plain text").hasSize("<|content|>".length());
            assertThat(model.endIds()).containsExactlyInAnyOrder(END_OF_TEXT, END_OF_TEXT + 1);
            PromptFormat format = Chat.of(model).format();
            assertThat(format.endOfTurn()).isEqualTo("<|im_end|>");
            assertThat(format.untilEndOfTurn(GenerationOptions.defaults()).stop()).containsExactly("<|im_end|>");
            assertThat(format.switchesThinking()).isTrue();
        }
    }

    /** The next prompt leaves the reasoning out, so the states are computed again. */
    @Test
    void generatedTokensSplitTheAnswer() throws IOException {
        try (Model model = load(EXTRA);
                ChatSession chat = Chat.of(model).newSession(SESSION);
                ChatSession fresh = Chat.of(model).newSession(SESSION)) {
            List<AnswerPart> parts = new ArrayList<>();
            Answer answer = chat.send("Hi", writing(model, ANSWER), parts::add);
            assertThat(answer.message().reasoning()).isEqualTo("why");
            assertThat(answer.content()).isEqualTo("yes!");
            assertThat(parts).isNotEmpty().noneMatch(part -> part.toString().contains("<|"));
            assertThat(answer.generation().text()).isEqualTo(channels(ANSWER));
            assertThat(answer.generation().finishReason()).isEqualTo(FinishReason.END_OF_TEXT);
            int read = promptLength(model, FREE, Message.user("Hi"));
            int[] generated = Arrays.copyOfRange(chat.session().ids(), read, chat.session().position());
            assertThat(generated).startsWith(id('w'), id('h'), id('y'), END, START, id('f'))
                    .endsWith(id('!'), END);

            Answer next = chat.send("And?", FREE, NOBODY);
            assertThat(next.cached()).as("ids before the reasoning").isEqualTo(read);
            fresh.replace(chat.messages().subList(0, 3));
            Answer expected = fresh.regenerate(FREE, NOBODY);
            assertThat(next.generation().tokens()).hasSize(12).isEqualTo(expected.generation().tokens());
            assertThat(chat.session().ids()).isEqualTo(fresh.session().ids());
        }
    }

    @Test
    void withoutThinkingOnlyTheNewMessageIsRead() throws IOException {
        try (Model model = load(EXTRA); ChatSession chat = Chat.of(model).newSession(SESSION)) {
            Answer answer =
                    chat.send("Hi", writing(model, "[start]final[content]yes![end]").withThinking(false), NOBODY);
            assertThat(answer.message().reasoning()).isEmpty();
            assertThat(answer.content()).isEqualTo("yes!");
            int position = chat.session().position();
            assertThat(chat.send("And?", FREE.withThinking(false), NOBODY).cached()).isEqualTo(position);
        }
    }

    /** A scheduler, as the server has it, keeps the states after a prompt, and goes on from there without the reasoning. */
    @Test
    void aSchedulerGoesOnFromTheLastPrompt() throws IOException {
        try (Model model = load(EXTRA);
                Scheduler scheduler = new Scheduler(model, SchedulerOptions.defaults().withSession(SESSION))) {
            Chat chat = Chat.of(model).withScheduler(scheduler);
            List<Message> messages = new ArrayList<>();
            List<Integer> cached = new ArrayList<>();
            List<Integer> expected = new ArrayList<>(List.of(0));
            for (String question : List.of("Hi", "And?", "So?")) {
                messages.add(Message.user(question));
                expected.add(promptLength(model, FREE, messages.toArray(Message[]::new)));
                Answer answer = chat.answer(messages, writing(model, ANSWER), NOBODY);
                assertThat(answer.message().reasoning()).isEqualTo("why");
                assertThat(answer.content()).isEqualTo("yes!");
                messages.add(answer.message());
                cached.add(answer.cached());
            }
            assertThat(cached).isEqualTo(expected.subList(0, 3));
        }
    }
}
