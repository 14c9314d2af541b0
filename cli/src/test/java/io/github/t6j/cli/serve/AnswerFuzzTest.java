package io.github.t6j.cli.serve;

import static io.github.t6j.cli.serve.TestServer.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.FinishReason;
import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.chat.Tool;
import io.github.t6j.chat.ToolCall;
import io.github.t6j.grammar.Grammar;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Random valid requests with tools, schemas and grammars, many at once: each answer is what a session alone generates
 * with the same seed. {@code -Dt6j.fuzz.seed=N} sets the first seed, {@code -Dt6j.fuzz.minutes=10} the duration.
 */
@Timeout(3600)
class AnswerFuzzTest {
    private static final long MINUTES = Long.getLong("t6j.fuzz.minutes", 0);
    private static final long FIRST = Long.getLong("t6j.fuzz.seed", 0);
    private static final int SEEDS = 60;
    private static final int AT_ONCE = 12;

    /**
     * Request and how a session alone answers it.
     *
     * @param tools tools of a required call, or empty for a text
     */
    private record Asked(String path, Map<String, Object> body, String prompt, GenerationOptions options,
            List<Tool> tools) {}

    private final Map<String, Integer> kinds = new java.util.TreeMap<>();

    @Test
    void answersAreThoseOfSessions() throws Exception {
        long end = System.nanoTime() + MINUTES * 60_000_000_000L;
        long seed = FIRST;
        try (TestServer server = new TestServer(Optional.empty());
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
                Session session = server.model.newSession(SessionOptions.defaults()
                        .withContextLength(server.scheduler.contextLength()))) {
            for (; MINUTES == 0 ? seed < FIRST + SEEDS : System.nanoTime() < end; seed += AT_ONCE) {
                List<Asked> asked = new ArrayList<>();
                List<Future<Map<String, Object>>> answers = new ArrayList<>();
                for (int i = 0; i < AT_ONCE; i++) {
                    Asked request = asked(new Random(seed + i), server);
                    asked.add(request);
                    answers.add(clients.submit(() -> answer(request, server)));
                }
                for (int i = 0; i < AT_ONCE; i++) {
                    session.truncate(0);
                    Generation alone = session.generate(asked.get(i).prompt, asked.get(i).options);
                    check(answers.get(i).get(), alone, asked.get(i).tools,
                            "seed " + (seed + i) + ": " + asked.get(i).body);
                }
            }
        }
        System.out.println("answer fuzz: " + (seed - FIRST) + " requests, answers by kind " + kinds);
        assertThat(kinds.keySet()).contains("call", "text", "call cut off", "text cut off");
    }

    private static Asked asked(Random random, TestServer server) {
        boolean chat = random.nextInt(3) > 0;
        Map<String, Object> body = new LinkedHashMap<>();
        String prompt = List.of("The whale", "A thing: ", "Größe?").get(random.nextInt(3));
        long seed = random.nextInt(1000);
        int max = random.nextInt(6) == 0 ? 1 + random.nextInt(10) : 300;
        body.put("seed", seed);
        body.put("max_tokens", (long) max);
        body.put("stream", random.nextBoolean());
        SamplingOptions sampling = SamplingOptions.defaults().withTemperature(1).withTopK(0).withTopP(1).withSeed(seed);
        if (random.nextBoolean()) {
            body.put("temperature", 0.7);
            body.put("top_k", 40L);
            sampling = sampling.withTemperature(0.7f).withTopK(40);
        }
        List<Tool> tools = new ArrayList<>();
        Grammar grammar;
        if (chat && random.nextBoolean()) {
            for (int i = 1 + random.nextInt(3); i > 0; i--) {
                tools.add(new Tool("tool_" + i, "Does " + i, object(random, 0)));
            }
            body.put("tools", tools.stream().map(tool -> Map.of("type", "function", "function", Map.of(
                    "name", tool.name(), "description", tool.description(), "parameters", tool.parameters())))
                    .toList());
            body.put("tool_choice", "required");
            grammar = server.format.callGrammar(tools, false);
        } else {
            grammar = form(random, body);
        }
        if (chat) {
            body.put("messages", List.of(Map.of("role", "user", "content", prompt)));
        } else {
            body.put("prompt", prompt);
        }
        return new Asked(chat ? "/v1/chat/completions" : "/v1/completions", body, !chat
                ? prompt
                : (tools.isEmpty() ? "" : instructions(tools)) + prompt + "\n\n",
                GenerationOptions.defaults().withMaxTokens(max).withSampling(sampling).withGrammar(grammar), tools);
    }

    private static String instructions(List<Tool> tools) {
        return "You can call these tools. Each has a name, a description and a JSON Schema of its parameters:\n"
                + tools.stream().map(tool -> "{\"name\":\"" + tool.name() + "\",\"description\":\"" + tool.description()
                        + "\",\"parameters\":" + Json.writeLine(tool.parameters()).strip() + "}")
                        .collect(Collectors.joining("\n"))
                + "\nTo call a tool, answer with JSON only: {\"name\": \"NAME\", \"arguments\": {\"PARAMETER\": VALUE}}."
                + " You will receive its result.\n\n";
    }

    /** Adds a form to a request. @return its grammar */
    private static Grammar form(Random random, Map<String, Object> body) {
        switch (random.nextInt(5)) {
            case 0 -> {
                String regex = List.of("[a-z]{3,9}( [a-z]+){2}", "(yes|no|[0-9]{1,4})").get(random.nextInt(2));
                body.put(random.nextBoolean() ? "regex" : "guided_regex", regex);
                return Grammar.regex(regex);
            }
            case 1 -> {
                String gbnf = "root ::= line{2,3}\nline ::= \"- \" [a-zé ]{1,12} \"\\n\"";
                body.put("grammar", gbnf);
                return Grammar.gbnf(gbnf);
            }
            default -> {
                Map<String, Object> schema = object(random, 0);
                switch (random.nextInt(3)) {
                    case 0 -> body.put("json_schema", schema);
                    case 1 -> body.put("response_format", Map.of("type", "json_object", "schema", schema));
                    default -> body.put("response_format", Map.of("type", "json_schema", "json_schema",
                            Map.of("name", "a", "schema", schema)));
                }
                return Grammar.compactJsonSchema(Json.writeLine(schema));
            }
        }
    }

    private static Map<String, Object> object(Random random, int depth) {
        Map<String, Object> properties = new LinkedHashMap<>();
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            properties.put(List.of("a", "Größe", "with space", "d\"").get(i - 1), schema(random, depth + 1));
        }
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("type", "object");
        schema.put("properties", properties);
        schema.put("required", properties.keySet().stream().filter(_ -> random.nextInt(3) > 0).toList());
        return schema;
    }

    private static Map<String, Object> schema(Random random, int depth) {
        return switch (random.nextInt(depth > 2 ? 5 : 7)) {
            case 0 -> Map.of("type", "string", "maxLength", (long) random.nextInt(12));
            case 1 -> Map.of("type", "integer", "minimum", -5L, "maximum", (long) random.nextInt(1000));
            case 2 -> Map.of("enum", List.of("red", "<think>", 3L));
            case 3 -> Map.of("type", List.of("boolean", "null"));
            case 4 -> Map.of("type", "string", "format", "date");
            case 5 -> Map.of("type", "array", "items", schema(random, depth + 1), "maxItems", 3L);
            default -> object(random, depth + 1);
        };
    }

    /** Returns the choice of a whole answer, or of a stream whose deltas are joined. */
    private static Map<String, Object> answer(Asked asked, TestServer server) throws Exception {
        if (!asked.body.get("stream").equals(true)) {
            return at(server.ask(asked.path, asked.body), "choices", 0);
        }
        StringBuilder text = new StringBuilder();
        StringBuilder name = new StringBuilder();
        StringBuilder arguments = new StringBuilder();
        Map<String, Object> choice = Map.of();
        for (Map<String, Object> chunk : server.stream(asked.path, asked.body)) {
            choice = at(chunk, "choices", 0);
            Map<String, Object> delta = choice.containsKey("delta") ? at(choice, "delta") : choice;
            text.append(delta.get("content") instanceof String piece ? piece : "");
            text.append(delta.get("text") instanceof String piece ? piece : "");
            if (delta.get("tool_calls") != null) {
                Map<String, Object> function = at(delta, "tool_calls", 0, "function");
                name.append(function.getOrDefault("name", ""));
                arguments.append(function.getOrDefault("arguments", ""));
            }
        }
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("content", text.toString());
        if (!name.isEmpty()) {
            message.put("tool_calls",
                    List.of(Map.of("function", Map.of("name", name.toString(), "arguments", arguments.toString()))));
        }
        return Map.of("message", message, "text", text.toString(), "finish_reason", choice.get("finish_reason"));
    }

    private void check(Map<String, Object> choice, Generation alone, List<Tool> tools, String where) {
        boolean cut = alone.finishReason() != FinishReason.END_OF_TEXT;
        String kind = (tools.isEmpty() ? "text" : "call") + (cut ? " cut off" : "");
        kinds.merge(kind, 1, Integer::sum);
        assertThat((String) at(choice, "finish_reason")).as(where)
                .isEqualTo(cut ? "length" : tools.isEmpty() ? "stop" : "tool_calls");
        if (tools.isEmpty()) {
            String text = choice.containsKey("text") && !choice.containsKey("message")
                    ? at(choice, "text")
                    : choice.get("text") instanceof String joined ? joined : at(choice, "message", "content");
            assertThat(text).as(where).isEqualTo(alone.text());
        } else if (!cut) {
            Map<String, Object> expected = Json.parseObject(alone.text().getBytes(StandardCharsets.UTF_8), where);
            Map<String, Object> function = at(choice, "message", "tool_calls", 0, "function");
            assertThat(function.get("name")).as(where).isEqualTo(expected.get("name"));
            ToolCall call = new ToolCall("", (String) function.get("name"), at(function, "arguments"));
            assertThat(call.isComplete()).as(where).isTrue();
            assertThat(alone.text()).as(where).contains(call.arguments());
            assertThat(Json.parseObject(call.arguments().getBytes(StandardCharsets.UTF_8), where)).as(where)
                    .isEqualTo(expected.get("arguments"));
        }
    }
}
