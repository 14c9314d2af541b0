package io.github.t6j.jmh.soak;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Prompt;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.chat.AnswerListener;
import io.github.t6j.chat.Chat;
import io.github.t6j.chat.ChatOptions;
import io.github.t6j.chat.Message;
import io.github.t6j.chat.Tool;
import io.github.t6j.grammar.Grammar;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Requests of all kinds, with the texts that the library generates for the same prompts and seeds. */
final class Questions {
    private static final String COMPLETIONS = "/v1/completions";
    private static final String CHAT = "/v1/chat/completions";
    private static final int LONGEST = 440;
    private static final int COMMON = 280; // ids with which half of the prompts begin
    private static final int MAX_TOKENS = 60;
    private static final String QUESTION = "Count the whales, please.";
    private static final int CHAT_TOKENS = 80;
    private static final SamplingOptions PLAIN = SamplingOptions.defaults().withTemperature(1).withTopK(0).withTopP(1);
    private static final Map<String, Object> PLAIN_FIELDS = Map.of("temperature", 1L, "top_k", 0L, "top_p", 1L);
    private static final String SCHEMA = """
            {"type": "object", "properties": {"name": {"type": "string", "maxLength": 20}, "count": {"type": "integer"}},
             "required": ["name", "count"], "additionalProperties": false}""";

    private final Model model;
    private final Random random;
    private final int[] common;

    Questions(Model model, long seed) {
        this.model = model;
        random = new Random(seed);
        common = random.ints(COMMON, 0, model.sampleableIds()).toArray();
    }

    /** Returns {@code count} completions with known texts. */
    List<Question> completions(int count) {
        return IntStream.range(0, count).mapToObj(this::completion).collect(Collectors.toCollection(ArrayList::new));
    }

    private Question completion(int seed) {
        int length = 1 + random.nextInt(random.nextInt(4) == 0 ? LONGEST - COMMON : 30);
        boolean shares = random.nextBoolean();
        int[] prompt = IntStream.concat(
                shares ? IntStream.of(common) : IntStream.empty(), random.ints(length, 0, model.sampleableIds()))
                .toArray();
        int samples = random.nextInt(5) == 0 ? 3 : 1;
        int tokens = 1 + random.nextInt(MAX_TOKENS);
        List<String> texts = new ArrayList<>();
        for (int sample = 0; sample < samples; sample++) {
            try (Session session =
                    model.newSession(SessionOptions.defaults().withContextLength(LONGEST + MAX_TOKENS))) {
                texts.add(session.generate(Prompt.of(prompt), GenerationOptions.defaults().withMaxTokens(tokens)
                        .withIgnoreEndOfText(true).withSampling(PLAIN.withSeed((long) seed + sample))).text());
            }
        }
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("prompt", IntStream.of(prompt).mapToObj(id -> (Object) (long) id).toList());
        body.put("max_tokens", (long) tokens);
        body.put("ignore_eos", true);
        body.put("seed", (long) seed);
        body.putAll(PLAIN_FIELDS);
        body.put("n", (long) samples);
        return new Question(COMPLETIONS, body, String.join("\n", texts));
    }

    /** Returns chats, also with a schema and with a required tool, with the answers of the library. */
    List<Question> chats() {
        List<Question> chats = new ArrayList<>();
        Tool counting = new Tool("count_things", "Counts things.", schema());
        Map<String, Object> format = Map.of("type", "json_schema", "json_schema",
                Map.of("name", "thing", "strict", true, "schema", schema()));
        Map<String, Object> tool = Map.of("type", "function", "function",
                Map.of("name", "count_things", "description", "Counts things.", "parameters", schema()));
        for (long seed = 0; seed < 3; seed++) {
            ChatOptions options = ChatOptions.of(GenerationOptions.defaults().withMaxTokens(CHAT_TOKENS)
                    .withSampling(PLAIN.withSeed(seed)));
            chats.add(chat(seed, Map.of(), options));
            chats.add(chat(seed, Map.of("response_format", format),
                    options.withGeneration(generation -> generation.withGrammar(Grammar.compactJsonSchema(SCHEMA)))));
            chats.add(chat(seed, Map.of("tools", List.of(tool), "tool_choice", "required"),
                    options.withTools(counting).withRequiredCall(true)));
        }
        return chats;
    }

    private static Map<String, Object> schema() {
        return Json.parseObject(SCHEMA.getBytes(StandardCharsets.UTF_8), "schema");
    }

    private Question chat(long seed, Map<String, Object> more, ChatOptions options) {
        Map<String, Object> body = new LinkedHashMap<>(more);
        body.put("messages", List.of(Map.of("role", "user", "content", QUESTION)));
        body.put("max_tokens", (long) CHAT_TOKENS);
        body.put("seed", seed);
        body.putAll(PLAIN_FIELDS);
        Message answer = Chat.of(model).answer(List.of(Message.user(QUESTION)), options, AnswerListener.none())
                .message();
        StringBuilder expected = new StringBuilder(answer.content());
        answer.toolCalls().forEach(call -> expected.append(call.name()).append(call.arguments()));
        return new Question(CHAT, body, expected.toString());
    }
}
