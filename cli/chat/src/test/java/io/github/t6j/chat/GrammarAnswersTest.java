package io.github.t6j.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.FinishReason;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.chat.models.ChatModels;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.grammar.Grammar;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.sampling.SamplingStep;
import io.github.t6j.schedule.Scheduler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers under a grammar match it, whole and streamed, in conversations, with tools and with a scheduler. */
@Timeout(120)
class GrammarAnswersTest {
    private static final long SEED = Long.getLong("t6j.chat.seed", 320);
    private static final Grammar SHIP = Grammar.jsonSchema("""
            {"type": "object", "properties": {
              "name": {"type": "string", "maxLength": 20},
              "masts": {"type": "integer", "minimum": 1, "maximum": 5},
              "cargo": {"type": "array", "items": {"enum": ["oil", "tea", "<tool_call>"]}, "minItems": 1, "maxItems": 3},
              "sails": {"type": "boolean"}},
             "required": ["name", "masts", "cargo", "sails"]}""");
    private static final Tool WEATHER = new Tool("weather", "Weather of a city", Map.of(
            "type", "object", "properties", Map.of("city", Map.of("type", "string"))));

    private static Model model;

    @BeforeAll
    static void load() {
        model = ChatModels.tiny();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static ChatOptions options(long seed) {
        return ChatOptions.of(GenerationOptions.defaults().withMaxTokens(200).withGrammar(SHIP)
                .withSampling(SamplingOptions.defaults().withSeed(seed)));
    }

    private static Chat chat(String template) {
        return Chat.of(model, template.isEmpty() ? Optional.<ChatTemplate>empty() : ChatModels.template(template));
    }

    /** Checks an answer of {@link #SHIP} by reading its JSON. */
    private static void check(Answer answer, long seed) {
        String text = answer.content();
        assertThat(answer.generation().finishReason()).as("seed %d: %s", seed, text)
                .isEqualTo(FinishReason.END_OF_TEXT);
        Map<String, Object> ship = Json.parseObject(text.getBytes(StandardCharsets.UTF_8), "seed " + seed);
        assertThat(ship).as("seed %d", seed).containsOnlyKeys("name", "masts", "cargo", "sails");
        assertThat(((String) ship.get("name")).codePointCount(0, ((String) ship.get("name")).length()))
                .isLessThanOrEqualTo(20);
        assertThat((Long) ship.get("masts")).isBetween(1L, 5L);
        assertThat(Json.array(ship.get("cargo"), "cargo")).hasSizeBetween(1, 3)
                .allMatch(List.of("oil", "tea", "<tool_call>")::contains);
        assertThat(ship.get("sails")).isInstanceOf(Boolean.class);
        assertThat(answer.message().toolCalls()).isEmpty();
        assertThat(answer.message().reasoning()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ChatModels.CHATML, ChatModels.THINKING})
    void answersOfAConversationMatch(String template) {
        try (ChatSession session = chat(template).newSession()) {
            for (int turn = 0; turn < 5; turn++) {
                StringBuilder parts = new StringBuilder();
                ChatOptions options = options(SEED + turn);
                Answer answer = session.send("Describe ship " + turn, turn == 4 ? options.withThinking(false) : options,
                        part -> parts.append(((AnswerPart.Text) part).text()));
                check(answer, SEED + turn);
                assertThat(parts).hasToString(answer.content());
            }
            Answer free = session.send("And now?",
                    ChatOptions.of(GenerationOptions.defaults().withMaxTokens(5).withIgnoreEndOfText(true)),
                    AnswerListener.none());
            assertThat(free.generation().tokens()).hasSize(5);
        }
    }

    /** If the template opens the reasoning, the grammar applies to the text after it. */
    @Test
    void answersAfterReasoningMatch() {
        String thinking = ChatModels.CHATML.replace("assistant\n' }}", "assistant\n<think>\n' }}");
        int[] close = model.tokenizer().encode("</think>");
        SamplingStep closing = (logits, generated) -> {
            int at = generated.length - 6; // six free ids first
            if (at >= 0 && at < close.length) {
                logits[close[at]] = 1e6f;
            }
        };
        Chat chat = chat(thinking);
        ChatOptions options = options(SEED)
                .withGeneration(generation -> generation.withSampling(generation.sampling().withStep(closing)));
        try (Scheduler scheduler = new Scheduler(model)) {
            for (Chat answering : List.of(chat, chat.withScheduler(scheduler))) {
                Answer answer = answering.answer(
                        List.of(Message.user("Describe a ship")), options, AnswerListener.none());
                assertThat(answer.message().reasoning()).as(answer.generation().text()).isNotEmpty();
                assertThat(Json.parseObject(answer.content().getBytes(StandardCharsets.UTF_8), "seed " + SEED))
                        .containsOnlyKeys("name", "masts", "cargo", "sails");
            }
        }
    }

    /** With tools, an answer under a grammar is text, unless it calls one of them. */
    @ParameterizedTest
    @ValueSource(strings = {"", ChatModels.CHATML})
    void answersWithToolsMatch(String template) {
        List<Message> question = List.of(Message.user("Describe a ship"));
        for (int i = 0; i < 5; i++) {
            check(chat(template).answer(question, options(SEED + i).withTools(WEATHER), AnswerListener.none()),
                    SEED + i);
        }
        Grammar calls = Grammar.jsonSchema("""
                {"type": "object", "properties": {"name": {"const": "weather"}, "arguments": {"type": "object",
                 "properties": {"city": {"enum": ["Bern", "Zug"]}}, "required": ["city"]}},
                 "required": ["name", "arguments"]}""");
        ChatOptions calling = options(SEED).withGeneration(generation -> generation.withGrammar(calls));
        Answer call = chat(template).answer(question, calling.withTools(WEATHER), AnswerListener.none());
        assertThat(call.calls()).singleElement().satisfies(generation -> {
            assertThat(generation.name()).isEqualTo("weather");
            assertThat(generation.arguments()).containsPattern("\"city\"\\s*:\\s*\"(Bern|Zug)\"");
        });
        assertThat(chat(template).answer(question, calling, AnswerListener.none()).content().strip()).startsWith("{");
    }

    private static void checkCall(Answer answer, String what) {
        assertThat(answer.calls()).as("%s: %s", what, answer.generation().text()).singleElement().satisfies(call -> {
            assertThat(call.name()).isEqualTo("sight");
            Map<String, Object> json = Json.parseObject(call.arguments().getBytes(StandardCharsets.UTF_8), what);
            assertThat(json).as(what).containsOnlyKeys("kind", "near");
            assertThat(json.get("kind")).isIn("whale", "ship");
            assertThat(json.get("near")).isInstanceOf(Boolean.class);
        });
        assertThat(answer.content()).isEmpty();
    }

    /** The model, which has not learned it, calls a tool in the format of each template, with and without a tag. */
    @ParameterizedTest
    @ValueSource(strings = {"", "chatml", "qwen2.5-instruct", "mistral-7b-instruct-v0.3",
        "mistral-nemo-instruct-2407"})
    void requiredCallsMatch(String template) throws IOException {
        Tool sight = Tool.of("sight", "", """
                {"type": "object", "properties": {"kind": {"enum": ["whale", "ship"]}, "near": {"type": "boolean"}},
                 "required": ["kind", "near"], "additionalProperties": false}""");
        Chat chat = Chat.of(model, template.isEmpty() ? Optional.empty() : Optional.of(published(template)));
        List<Message> question = List.of(Message.user("What do you see?"));
        try (Scheduler scheduler = new Scheduler(model)) {
            for (long seed = SEED; seed < SEED + 2; seed++) {
                ChatOptions options = ChatOptions.of(GenerationOptions.defaults().withMaxTokens(250).withStop("e", ":")
                        .withSampling(SamplingOptions.defaults().withSeed(seed))).withTools(sight)
                        .withRequiredCall(true);
                Answer alone = chat.answer(question, options, AnswerListener.none());
                checkCall(alone, template + ", seed " + seed);
                Answer together = chat.withScheduler(scheduler).answer(question, options, AnswerListener.none());
                assertThat(together.generation().text()).isEqualTo(alone.generation().text());
                assertThat(together.calls()).hasSize(1);
            }
        }
        ChatOptions none = ChatOptions.of(GenerationOptions.defaults()).withRequiredCall(true);
        assertThatThrownBy(() -> chat.answer(question, none, AnswerListener.none()))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("found no tools");
        assertThatThrownBy(() -> chat.answer(question, options(SEED).withTools(sight).withRequiredCall(true),
                AnswerListener.none())).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("found a grammar");
    }

    private static ChatTemplate published(String name) throws IOException {
        Map<String, Object> json = Json.parseObject(
                Files.readAllBytes(ChatModels.TESTDATA.resolve("chat_templates/" + name + ".json")), name);
        Map<String, String> tokens = new HashMap<>();
        for (String token : List.of("bos_token", "eos_token")) {
            if (json.get(token) instanceof String text) {
                tokens.put(token, text);
            }
        }
        return ChatTemplate.parse(name, (String) json.get("template"), tokens);
    }

    /** Answers that a scheduler generates together equal answers generated alone. */
    @Test
    void answersOfASchedulerMatch() throws Exception {
        Chat alone = chat(ChatModels.CHATML);
        try (Scheduler scheduler = new Scheduler(model);
                ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            Chat together = alone.withScheduler(scheduler);
            List<Future<Answer>> answers = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                int ship = i;
                answers.add(executor.submit(() -> together.answer(
                        List.of(Message.user("Describe ship " + ship)), options(SEED + ship), AnswerListener.none())));
            }
            for (int i = 0; i < 12; i++) {
                check(answers.get(i).get(), SEED + i);
                assertThat(answers.get(i).get().content()).isEqualTo(alone.answer(
                        List.of(Message.user("Describe ship " + i)), options(SEED + i), AnswerListener.none())
                        .content());
            }
        }
    }
}
