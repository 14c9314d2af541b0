package io.github.t6j.cli.serve;

import static io.github.t6j.cli.serve.TestServer.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Session;
import io.github.t6j.chat.Tool;
import io.github.t6j.chat.models.ChatModels;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tools in /v1/chat/completions. The small model calls none by itself, so the requests require a call. */
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(120)
class ToolsTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String TOOLS = """
            [{"type": "function", "function": {"name": "get_weather", "description": "Weather of a city", "strict": true,
              "parameters": {"type": "object", "properties": {"city": {"type": "string", "maxLength": 12},
                "days": {"type": "integer", "minimum": 1, "maximum": 9}}, "required": ["city", "days"]}}},
             {"type": "function", "function": {"name": "now"}}]""";
    private static final String FORM = "{\"enum\": [\"yes\", \"no\"]}";

    private TestServer server;

    @BeforeAll
    void start() throws IOException {
        server = new TestServer(Optional.empty());
    }

    @AfterAll
    void stop() {
        server.close();
    }

    /** Returns a request with further fields as JSON without braces. */
    private static Map<String, Object> request(long seed, String fields) {
        Map<String, Object> body = new LinkedHashMap<>(parsed("{" + fields + "}"));
        body.putIfAbsent("messages", List.of(Map.of("role", "user", "content", "Weather?")));
        body.putIfAbsent("tools", Json.parse(TOOLS.getBytes(StandardCharsets.UTF_8), "tools"));
        body.putIfAbsent("max_tokens", 200L);
        body.put("seed", seed);
        return body;
    }

    private static Map<String, Object> parsed(String json) {
        return Json.parseObject(json.getBytes(StandardCharsets.UTF_8), "json");
    }

    private static void checkCall(Map<String, Object> call) {
        assertThat((String) at(call, "type")).isEqualTo("function");
        Map<String, Object> arguments = parsed(at(call, "function", "arguments"));
        if (at(call, "function", "name").equals("now")) {
            assertThat(arguments).isEmpty();
            return;
        }
        assertThat((String) at(call, "function", "name")).isEqualTo("get_weather");
        assertThat(arguments.keySet()).isEqualTo(Set.of("city", "days"));
        assertThat(((String) arguments.get("city")).codePoints().count()).isLessThanOrEqualTo(12);
        assertThat((Long) arguments.get("days")).isBetween(1L, 9L);
    }

    @Test
    void aRequiredCallHasArgumentsOfItsSchema() throws Exception {
        List<String> names = new ArrayList<>();
        for (long seed = 0; seed < 40; seed++) {
            Map<String, Object> choice =
                    at(server.ask(CHAT, request(seed, "\"tool_choice\": \"required\", \"stop\": [\"a\", \"\\\"\"]")),
                            "choices", 0);
            assertThat((String) at(choice, "finish_reason")).as("seed " + seed).isEqualTo("tool_calls");
            assertThat(TestServer.<Object>at(choice, "message", "content")).isNull();
            assertThat((List<?>) at(choice, "message", "tool_calls")).as("seed " + seed).hasSize(1);
            Map<String, Object> call = at(choice, "message", "tool_calls", 0);
            checkCall(call);
            names.add(at(call, "function", "name"));
        }
        assertThat(names).contains("get_weather", "now");
    }

    /** The tools are JSON before the prompt, and a session alone has the same bits. */
    @Test
    void aCallIsTheTextOfASessionAlone() throws Exception {
        Tool now = new Tool("now", "", Map.of("type", "object", "properties", Map.of()));
        Tool weather = Tool.parse(Json.writeLine(((List<?>) request(1, "").get("tools")).getFirst()));
        String prompt =
                "You can call these tools. Each has a name, a description and a JSON Schema of its parameters:\n"
                        + "{\"name\":\"get_weather\",\"description\":\"Weather of a city\",\"parameters\":"
                        + Json.writeLine(weather.parameters()).strip() + "}\n"
                        + "{\"name\":\"now\",\"description\":\"\",\"parameters\":"
                        + Json.writeLine(now.parameters()).strip() + "}\n"
                        + "To call a tool, answer with JSON only: {\"name\": \"NAME\", \"arguments\": {\"PARAMETER\": VALUE}}."
                        + " You will receive its result.\n\nWeather?\n\n";
        SamplingOptions sampling = SamplingOptions.defaults().withTemperature(1).withTopK(0).withTopP(1).withSeed(5L);
        GenerationOptions options = GenerationOptions.defaults().withMaxTokens(200).withSampling(sampling)
                .withGrammar(server.format.callGrammar(List.of(weather, now), false));
        Map<String, Object> expected;
        try (Session session = server.model.newSession()) {
            expected = parsed(session.generate(prompt, options).text());
        }
        Map<String, Object> answer = server.ask(CHAT, request(5, "\"tool_choice\": \"required\""));
        Map<String, Object> function = at(answer, "choices", 0, "message", "tool_calls", 0, "function");
        assertThat(function.get("name")).isEqualTo(expected.get("name"));
        assertThat(parsed(at(function, "arguments"))).isEqualTo(expected.get("arguments"));
        assertThat((Long) at(answer, "usage", "prompt_tokens"))
                .isEqualTo(server.model.tokenizer().encodePrompt(prompt).length);
    }

    /** Joins the deltas of a streamed answer as OpenAI's clients do. */
    private static Map<String, Object> joined(List<Map<String, Object>> chunks) {
        StringBuilder content = new StringBuilder();
        List<Map<String, Object>> calls = new ArrayList<>();
        Object reason = null;
        for (Map<String, Object> chunk : chunks) {
            Map<String, Object> delta = at(chunk, "choices", 0, "delta");
            content.append(delta.get("content") instanceof String text ? text : "");
            reason = at(chunk, "choices", 0, "finish_reason") == null
                    ? reason
                    : at(chunk, "choices", 0, "finish_reason");
            if (delta.containsKey("tool_calls")) {
                Map<String, Object> part = at(delta, "tool_calls", 0);
                long index = at(part, "index");
                if (part.containsKey("id")) {
                    assertThat(index).isEqualTo(calls.size());
                    assertThat((String) at(part, "function", "arguments")).isEmpty();
                    calls.add(new LinkedHashMap<>(Map.of("id", part.get("id"), "type", part.get("type"), "function",
                            new LinkedHashMap<>(TestServer.<Map<String, Object>>at(part, "function")))));
                } else {
                    assertThat(part.keySet()).isEqualTo(Set.of("index", "function"));
                    Map<String, Object> function = at(calls, (int) index, "function");
                    function.merge("arguments", at(part, "function", "arguments"), (a, b) -> (String) a + b);
                }
            }
        }
        Map<String, Object> joined = new LinkedHashMap<>();
        joined.put("content", content.toString());
        joined.put("calls", calls);
        joined.put("reason", reason);
        return joined;
    }

    /** Returns calls without their ids, which are random. */
    private static List<Map<String, Object>> withoutIds(Object calls) {
        List<Map<String, Object>> copies = new ArrayList<>();
        for (Object call : (List<?>) calls) {
            Map<String, Object> copy = new LinkedHashMap<String, Object>(at(call));
            assertThat((String) copy.remove("id")).matches("[A-Za-z0-9]{9}");
            copies.add(copy);
        }
        return copies;
    }

    @Tag("full")
    @ParameterizedTest
    @ValueSource(strings = {"\"tool_choice\": \"required\"", "\"tool_choice\": \"required\", \"max_tokens\": 12",
        "\"tool_choice\": \"required\", \"parallel_tool_calls\": true", "\"tool_choice\": \"none\", \"max_tokens\": 30",
        "\"tool_choice\": {\"type\": \"function\", \"function\": {\"name\": \"get_weather\"}}",
        "\"max_tokens\": 30",
        "\"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"schema\": " + FORM + "}}"})
    void aStreamEqualsTheWholeAnswer(String fields) throws Exception {
        for (long seed = 0; seed < 5; seed++) {
            Map<String, Object> body = request(seed, fields);
            Map<String, Object> whole = at(server.ask(CHAT, body), "choices", 0);
            body.put("stream", true);
            Map<String, Object> streamed = joined(server.stream(CHAT, body));
            Map<String, Object> message = at(whole, "message");
            assertThat(streamed.get("content")).isEqualTo(message.get("content") == null ? "" : message.get("content"));
            assertThat(withoutIds(streamed.get("calls")))
                    .isEqualTo(withoutIds(message.getOrDefault("tool_calls", List.of())));
            assertThat(streamed.get("reason")).isEqualTo(whole.get("finish_reason"));
        }
    }

    @Test
    void aNamedToolIsCalled() throws Exception {
        for (String name : List.of("now", "get_weather")) {
            Map<String, Object> answer = server.ask(CHAT, request(1,
                    "\"tool_choice\": {\"type\": \"function\", \"function\": {\"name\": \"" + name + "\"}}"));
            assertThat((String) at(answer, "choices", 0, "message", "tool_calls", 0, "function", "name"))
                    .isEqualTo(name);
            checkCall(at(answer, "choices", 0, "message", "tool_calls", 0));
        }
    }

    @Test
    void severalCallsHaveDifferentIds() throws Exception {
        int max = 0;
        List<Object> ids = new ArrayList<>();
        for (long seed = 0; seed < 10; seed++) {
            Map<String, Object> answer = server.ask(CHAT, request(seed,
                    "\"tool_choice\": \"required\", \"parallel_tool_calls\": true, \"max_tokens\": 400"));
            List<Map<String, Object>> calls = at(answer, "choices", 0, "message", "tool_calls");
            calls.forEach(call -> ids.add(call.get("id")));
            if (at(answer, "choices", 0, "finish_reason").equals("tool_calls")) {
                calls.forEach(ToolsTest::checkCall);
            }
            max = Math.max(max, calls.size());
        }
        assertThat(max).isGreaterThan(1);
        assertThat(ids).hasSizeGreaterThan(10).doesNotHaveDuplicates();
    }

    @Test
    void maxTokensWithinACallIsReported() throws Exception {
        Map<String, Object> choice =
                at(server.ask(CHAT, request(1, "\"tool_choice\": \"required\", \"max_tokens\": 5")),
                        "choices", 0);
        assertThat((String) at(choice, "finish_reason")).isEqualTo("length");
    }

    @Test
    void resultsGoBackToTheModel() throws Exception {
        String messages = """
                "messages": [{"role": "user", "content": "Time?"}, {"role": "assistant", "content": null, "tool_calls":
                  [{"id": "call00000", "type": "function", "function": {"name": "now", "arguments": "{}"}}]},
                  {"role": "tool", "tool_call_id": "call00000", "content": [{"type": "text", "text": "noon"}]}]""";
        Map<String, Object> answer = server.ask(CHAT, request(3, messages + ", \"tools\": [], \"max_tokens\": 20"));
        String prompt = "Time?\n\n{\"name\":\"now\",\"arguments\":{}}\n\nResult of now: noon\n\n";
        SamplingOptions sampling = SamplingOptions.defaults().withTemperature(1).withTopK(0).withTopP(1).withSeed(3L);
        try (Session session = server.model.newSession()) {
            assertThat((String) at(answer, "choices", 0, "message", "content")).isEqualTo(session.generate(prompt,
                    GenerationOptions.defaults().withMaxTokens(20).withSampling(sampling)).text());
        }
        Map<String, Object> again = server.ask(CHAT, request(3, messages + ", \"tool_choice\": \"required\""));
        assertThat((String) at(again, "choices", 0, "message", "tool_calls", 0, "id")).as("unique over conversations")
                .matches("[A-Za-z0-9]{9}").isNotEqualTo(at(
                        server.ask(CHAT, request(3, messages + ", \"tool_choice\": \"required\"")), "choices", 0,
                        "message", "tool_calls", 0, "id"));
    }

    /** With a form, the answer is a text of the form or a call. */
    @Test
    void aFormAndTools() throws Exception {
        for (long seed = 0; seed < 10; seed++) {
            Map<String, Object> choice = at(server.ask(CHAT, request(seed,
                    "\"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"schema\": " + FORM + "}}")),
                    "choices", 0);
            if (at(choice, "finish_reason").equals("tool_calls")) {
                checkCall(at(choice, "message", "tool_calls", 0));
            } else {
                assertThat((String) at(choice, "message", "content")).matches("[ \n]?\"(yes|no)\"");
            }
        }
    }

    /** Clients send the form of the last answer with each request; a required call leaves no text for it. */
    @ParameterizedTest
    @ValueSource(strings = {"\"required\"", "{\"type\": \"function\", \"function\": {\"name\": \"get_weather\"}}"})
    void aFormAndARequiredCall(String choice) throws Exception {
        String fields = "\"tool_choice\": " + choice
                + ", \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"schema\": ";
        Map<String, Object> message = at(server.ask(CHAT, request(1, fields + FORM + "}}")), "choices", 0, "message");
        checkCall(at(message, "tool_calls", 0));
        assertThat((String) at(message, "content")).isNull();
        HttpResponse<String> answer =
                server.post(CHAT, Json.writeLine(request(1, fields + "{\"uniqueItems\": true}}}")));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        assertThat((String) at(TestServer.json(answer.body()), "error", "param"))
                .isEqualTo("response_format.json_schema.schema");
    }

    /** Templates of public models, whose formats of calls differ; the model writes letters at random. */
    @Tag("full")
    @ParameterizedTest
    @ValueSource(strings = {"qwen2.5-instruct", "qwen3.5", "mistral-nemo-instruct-2407", "smollm2-instruct"})
    void eachTemplate(String name) throws Exception {
        Map<String, Object> json = parsed(
                Files.readString(ChatModels.TESTDATA.resolve("chat_templates/" + name + ".json")));
        ChatTemplate template = ChatTemplate.parse(name, (String) json.get("template"), Map.of(
                "bos_token", "<s>", "eos_token", "</s>"));
        try (TestServer other = new TestServer(Optional.of(template))) {
            for (long seed = 0; seed < 5; seed++) {
                Map<String, Object> body = request(seed,
                        "\"tool_choice\": \"required\", \"chat_template_kwargs\": {\"enable_thinking\": false}");
                Map<String, Object> choice = at(other.ask(CHAT, body), "choices", 0);
                assertThat((String) at(choice, "finish_reason")).isEqualTo("tool_calls");
                checkCall(at(choice, "message", "tool_calls", 0));
                body.put("stream", true);
                assertThat(withoutIds(joined(other.stream(CHAT, body)).get("calls")))
                        .isEqualTo(withoutIds(at(choice, "message", "tool_calls")));
            }
        }
    }

    /** Jinja2 rendered the case with the variable. */
    @Test
    void theEffortNoneClosesTheAnalysisOfOlala() throws Exception {
        Map<String, Object> olala = parsed(
                Files.readString(ChatModels.TESTDATA.resolve("chat_channels/olala-own.json")));
        Map<String, Object> gold = Json.array(olala.get("cases"), "cases").stream()
                .map(item -> Json.object(item, "case"))
                .filter(item -> Map.of("reasoning_effort", "none").equals(item.get("variables"))).findFirst()
                .orElseThrow();
        ChatTemplate template = ChatTemplate.parse("olala", (String) olala.get("template"), Map.of());
        try (TestServer other = new TestServer(Optional.of(template))) {
            Map<String, Object> body = request(1, "\"tools\": [], \"max_tokens\": 2");
            body.put("messages", gold.get("messages"));
            long without = at(other.ask(CHAT, body), "usage", "prompt_tokens");
            body.put("reasoning_effort", "none");
            assertThat((Long) at(other.ask(CHAT, body), "usage", "prompt_tokens"))
                    .isEqualTo(other.format.encode((String) gold.get("expected")).length).isNotEqualTo(without);
        }
    }

    /**
     * Olala's prompt ends in the channel of reasoning. No grammar can write the special tokens between channels, so the
     * prompt of a form ends in the channel of text, and the prompt of a required call in the channel of calls.
     */
    @ParameterizedTest
    @ValueSource(strings = {"", ", \"reasoning_effort\": \"none\"", ", \"stream\": true"})
    void formsAndRequiredCallsOfOlalaHaveTheirChannels(String more) throws Exception {
        String form = "\"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"schema\": " + FORM + "}}";
        try (TestServer other = new TestServer(Optional.of(olala()))) {
            for (String tools : List.of("", ", \"tools\": []")) {
                assertThat((String) answer(other, request(1, form + tools + more)).get("content")).as(tools)
                        .isIn("\"yes\"", "\"no\"");
            }
            for (long seed = 0; seed < 10; seed++) {
                Map<String, Object> called =
                        answer(other, request(seed, "\"tool_choice\": \"required\"" + more));
                assertThat(called).as("seed " + seed).containsEntry("content", "").containsEntry("reason",
                        "tool_calls");
                assertThat((List<?>) called.get("calls")).as("seed " + seed).hasSize(1);
                checkCall(at(called, "calls", 0));
            }
        }
    }

    private static ChatTemplate olala() throws IOException {
        Map<String, Object> olala = parsed(
                Files.readString(ChatModels.TESTDATA.resolve("chat_channels/olala-own.json")));
        return ChatTemplate.parse("olala", (String) olala.get("template"), Map.of());
    }

    /** Returns the parts of an answer, whole or streamed. */
    private static Map<String, Object> answer(TestServer server, Map<String, Object> body) throws Exception {
        if (Boolean.TRUE.equals(body.get("stream"))) {
            return joined(server.stream(CHAT, body));
        }
        Map<String, Object> choice = at(server.ask(CHAT, body), "choices", 0);
        Map<String, Object> message = at(choice, "message");
        return Map.of("content", Objects.requireNonNullElse(message.get("content"), ""), "calls",
                Objects.requireNonNullElse(message.get("tool_calls"), List.of()), "reason",
                at(choice, "finish_reason"));
    }

    /** The template's variable wins over OpenAI's field. */
    @Test
    void theEffortReachesTheTemplate() throws Exception {
        ChatTemplate template = ChatTemplate.parse("own", "{{ bos_token }}Reasoning effort: "
                + "{{ reasoning_effort | default('medium') }}. {{ messages[0].content }}", Map.of());
        try (TestServer other = new TestServer(Optional.of(template))) {
            String length = "\"tools\": [], \"max_tokens\": 2";
            String effort = length + ", \"reasoning_effort\": ";
            Map<String, String> rendered = Map.of(length, "medium", effort + "null", "medium",
                    effort + "\"extraordinary\"", "extraordinary",
                    effort + "\"low\", \"chat_template_kwargs\": {\"reasoning_effort\": \"extraordinary\"}",
                    "extraordinary",
                    effort + "\"extraordinary\", \"chat_template_kwargs\": {\"reasoning_effort\": \"low\"}", "low");
            for (Map.Entry<String, String> each : rendered.entrySet()) {
                Map<String, Object> answer = other.ask(CHAT, request(1, each.getKey()));
                assertThat((Long) at(answer, "usage", "prompt_tokens")).as(each.getKey()).isEqualTo(other.model
                        .tokenizer().encodePrompt("Reasoning effort: " + each.getValue() + ". Weather?").length);
            }
        }
        HttpResponse<String> wrong =
                server.post(CHAT, Json.writeLine(request(1, "\"tools\": [], \"reasoning_effort\": 3")));
        assertThat(wrong.statusCode()).isEqualTo(400);
        assertThat((String) at(TestServer.json(wrong.body()), "error", "param")).isEqualTo("reasoning_effort");
    }

    /** Variables that t6j does not know, such as Granite's thinking. */
    @Test
    void otherVariablesReachTheTemplate() throws Exception {
        ChatTemplate template = ChatTemplate.parse("own", "{{ bos_token }}{% if depth == 2 and not documents %}"
                + "Think about it. {% endif %}{{ messages[0].content }}", Map.of());
        try (TestServer other = new TestServer(Optional.of(template))) {
            Map<String, Object> plain = request(1, "\"tools\": [], \"max_tokens\": 2");
            Map<String, Object> given =
                    request(1, "\"tools\": [], \"max_tokens\": 2, \"chat_template_kwargs\": {\"depth\": 2}");
            long without = at(other.ask(CHAT, plain), "usage", "prompt_tokens");
            long with = at(other.ask(CHAT, given), "usage", "prompt_tokens");
            assertThat(without).isEqualTo(other.model.tokenizer().encodePrompt("Weather?").length);
            assertThat(with).isEqualTo(other.model.tokenizer().encodePrompt("Think about it. Weather?").length);
        }
    }

    @Test
    void reasoningIsApart() throws Exception {
        Map<String, Object> json = parsed(
                Files.readString(ChatModels.TESTDATA.resolve("chat_templates/qwen3.5.json")));
        ChatTemplate template = ChatTemplate.parse("qwen3.5", (String) json.get("template"), Map.of());
        try (TestServer other = new TestServer(Optional.of(template))) {
            Map<String, Object> body = request(1, "\"tools\": [], \"max_tokens\": 30");
            Map<String, Object> message = at(other.ask(CHAT, body), "choices", 0, "message");
            assertThat((String) at(message, "reasoning_content")).isNotBlank(); // the prompt opens it
            assertThat((String) at(message, "content")).isEmpty();
            body.put("stream", true);
            StringBuilder reasoning = new StringBuilder();
            for (Map<String, Object> chunk : other.stream(CHAT, body)) {
                String piece = at(chunk, "choices", 0, "delta", "reasoning_content");
                reasoning.append(piece == null ? "" : piece);
            }
            assertThat(reasoning).hasToString(at(message, "reasoning_content"));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "tools                             | \"tools\": {}                                                    | expected an array of at least one object, found an object",
        "tools[0].type                     | \"tools\": [{\"type\": \"web_search\"}]                          | expected \"function\", found \"web_search\"",
        "tools[0].function.name            | \"tools\": [{\"function\": {}}]                                  | expected a text, found nothing",
        "tools[0].function.name            | \"tools\": [{\"function\": {\"name\": \"a b\"}}]                 | expected at most 128 letters",
        "tools[1].function.name            | \"tools\": [{\"function\": {\"name\": \"a\"}}, {\"function\": {\"name\": \"a\"}}] | expected a name that no other tool has, found \"a\"",
        "tools[0].function.parameters      | \"tools\": [{\"function\": {\"name\": \"a\", \"parameters\": []}}] | expected an object, found an array of 0",
        "tools                             | \"tools\": [{\"function\": {\"name\": \"a\", \"parameters\": {\"type\": \"array\"}}}], \"tool_choice\": \"required\" | tool a: parameters: type: expected \"object\", found \"array\"",
        "tools                             | \"tools\": [{\"function\": {\"name\": \"a\", \"parameters\": {\"maxContains\": 1}}}], \"tool_choice\": \"required\" | maxContains is not supported",
        "tool_choice                       | \"tool_choice\": \"any\"                                         | expected \"auto\", \"none\", \"required\" or a function, found \"any\"",
        "tool_choice                       | \"tools\": [], \"tool_choice\": \"required\"                     | expected tools with \"required\", found none",
        "tool_choice.function.name         | \"tool_choice\": {\"type\": \"function\", \"function\": {\"name\": \"b\"}} | expected the name of one of the tools, found \"b\"",
        "tool_choice.type                  | \"tool_choice\": {\"type\": \"allowed_tools\"}                   | expected \"function\", found \"allowed_tools\"",
        "chat_template_kwargs.tools        | \"chat_template_kwargs\": {\"tools\": []}                           | expected no such variable, which another field sets, found an array of 0",
        "chat_template_kwargs.enable_thinking | \"chat_template_kwargs\": {\"enable_thinking\": \"false\"}        | expected true or false, found \"false\"",
        "parallel_tool_calls               | \"parallel_tool_calls\": 1                                       | expected true or false, found 1",
        "functions                         | \"functions\": [{\"name\": \"a\"}]                               | not supported by t6j",
        "messages[0].tool_call_id          | \"messages\": [{\"role\": \"tool\", \"tool_call_id\": \"x\", \"content\": \"a\"}] | expected the id of a call in an earlier message, found \"x\"",
        "messages[0].tool_calls[0].id      | \"messages\": [{\"role\": \"assistant\", \"tool_calls\": [{\"function\": {\"name\": \"a\"}}]}] | expected a text, found nothing",
        "messages[0].tool_calls[0].function.arguments | \"messages\": [{\"role\": \"assistant\", \"tool_calls\": [{\"id\": \"a\", \"function\": {\"name\": \"a\", \"arguments\": {}}}]}] | expected a text, found an object"})
    void mistakes(String param, String fields, String message) throws Exception {
        HttpResponse<String> answer = server.post(CHAT, Json.writeLine(request(1, fields)));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        Map<String, Object> json = TestServer.json(answer.body());
        assertThat((String) at(json, "error", "message")).startsWith(param + ": ").contains(message);
        assertThat((String) at(json, "error", "param")).isEqualTo(param);
        assertThat((String) at(json, "error", "type")).isEqualTo("invalid_request_error");
    }
}
