package io.github.t6j.cli.serve;

import static io.github.t6j.cli.serve.TestServer.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Session;
import io.github.t6j.grammar.Grammar;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each field that prescribes the form of a text is enforced in both endpoints, or causes an error that names it. */
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(120)
class OutputFormTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String COMPLETIONS = "/v1/completions";
    private static final String SCHEMA = """
            {"type": "object", "properties": {"color": {"enum": ["red", "blue"]}, "size": {"type": "integer", \
            "minimum": 1, "maximum": 99}}, "required": ["color", "size"]}""";

    @AutoClose
    private final TestServer server = new TestServer();

    OutputFormTest() throws IOException {}

    private static Map<String, Object> body(String path, String fields) {
        Map<String, Object> body = new LinkedHashMap<>(parsed("{" + fields + "}"));
        if (path.equals(CHAT)) {
            body.putIfAbsent("messages", List.of(Map.of("role", "user", "content", "A thing")));
        } else {
            body.putIfAbsent("prompt", "A thing\n\n");
        }
        body.putIfAbsent("max_tokens", 100L);
        body.putIfAbsent("seed", 3L);
        return body;
    }

    private static Map<String, Object> parsed(String json) {
        return Json.parseObject(json.getBytes(StandardCharsets.UTF_8), "json");
    }

    private static String text(Map<String, Object> answer) {
        Map<String, Object> choice = at(answer, "choices", 0);
        return choice.containsKey("text") ? at(choice, "text") : at(choice, "message", "content");
    }

    private Generation alone(Grammar grammar, int tokens, long seed) {
        SamplingOptions sampling = SamplingOptions.defaults().withTemperature(1).withTopK(0).withTopP(1).withSeed(seed);
        try (Session session = server.model.newSession()) {
            return session.generate("A thing\n\n", GenerationOptions.defaults().withMaxTokens(tokens)
                    .withSampling(sampling).withGrammar(grammar));
        }
    }

    @Tag("full")
    @ParameterizedTest
    @ValueSource(strings = {
        "\"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"name\": \"a\", \"strict\": true, \"schema\": "
                + SCHEMA + "}}",
        "\"response_format\": {\"type\": \"json_schema\", \"schema\": " + SCHEMA + "}",
        "\"response_format\": {\"type\": \"json_object\", \"schema\": " + SCHEMA + "}",
        "\"response_format\": {\"type\": \"json_object\", \"json_schema\": {\"schema\": " + SCHEMA + "}}",
        "\"json_schema\": " + SCHEMA,
        "\"guided_json\": " + SCHEMA,
        "\"structured_outputs\": {\"json\": " + SCHEMA + "}"})
    void everyPlaceOfASchemaIsEnforced(String fields) throws Exception {
        Grammar grammar = Grammar.compactJsonSchema(SCHEMA);
        for (String path : List.of(CHAT, COMPLETIONS)) {
            for (long seed = 0; seed < 10; seed++) {
                Map<String, Object> answer = server.ask(path, body(path, fields + ", \"seed\": " + seed));
                Map<String, Object> thing = parsed(text(answer));
                assertThat(thing.get("color")).isIn("red", "blue");
                assertThat((Long) thing.get("size")).isBetween(1L, 99L);
                assertThat(thing).hasSize(2);
                assertThat(text(answer)).as(path + ", seed " + seed).isEqualTo(alone(grammar, 100, seed).text());
                assertThat((String) at(answer, "choices", 0, "finish_reason")).isEqualTo("stop");
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '¦', value = {
        "\"grammar\": \"root ::= [a-c]{3} | \\\"dd\\\"\" ¦ [a-c]{3}|dd",
        "\"guided_grammar\": \"root ::= \\\"dd\\\"\" ¦ dd",
        "\"structured_outputs\": {\"grammar\": \"root ::= \\\"dd\\\"\"} ¦ dd",
        "\"regex\": \"(whale|sea) [0-9]{2}\" ¦ (whale|sea) [0-9]{2}",
        "\"guided_regex\": \"[xy]{4}\" ¦ [xy]{4}",
        "\"structured_outputs\": {\"regex\": \"[xy]{4}\"} ¦ [xy]{4}",
        "\"guided_choice\": [\"one\", \"two\"] ¦ one|two",
        "\"structured_outputs\": {\"choice\": [\"one\", \"(\"]} ¦ one|\\(",
        "\"structured_outputs\": {\"json_object\": true} ¦ (?s)[ \\n]?\\{.*",
        "\"response_format\": {\"type\": \"json_object\"} ¦ (?s)[ \\n]?\\{.*"})
    void otherForms(String fields, String expected) throws Exception {
        for (String path : List.of(CHAT, COMPLETIONS)) {
            Map<String, Object> answer = server.ask(path, body(path, fields));
            assertThat(text(answer)).as(path).matches(expected);
            if (at(answer, "choices", 0, "finish_reason").equals("stop") && text(answer).contains("{")) {
                parsed(text(answer));
            }
        }
    }

    /** JSON that max_tokens cuts off does not look complete. */
    @ParameterizedTest
    @ValueSource(strings = {CHAT, COMPLETIONS})
    void aTruncatedTextIsReported(String path) throws Exception {
        Map<String, Object> answer = server.ask(path, body(path, "\"max_tokens\": 6, \"json_schema\": " + SCHEMA));
        assertThat((String) at(answer, "choices", 0, "finish_reason")).isEqualTo("length");
        assertThat(text(answer)).isEqualTo(alone(Grammar.compactJsonSchema(SCHEMA), 6, 3).text());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"\"response_format\": {\"type\": \"text\"}", "\"response_format\": null", "\"grammar\": null",
                "\"structured_outputs\": null"})
    void withoutAFormTheTextIsFree(String fields) throws Exception {
        for (String path : List.of(CHAT, COMPLETIONS)) {
            assertThat(text(server.ask(path, body(path, fields + ", \"max_tokens\": 20"))))
                    .isEqualTo(alone(null, 20, 3).text());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "response_format.type               | \"response_format\": {\"type\": \"text\", \"schema\": {}}              | expected \"json_schema\" with a schema, found \"text\"",
        "response_format.type               | \"response_format\": {\"json_schema\": {\"schema\": {}}}               | expected \"json_schema\" with a schema, found nothing",
        "response_format.type               | \"response_format\": {\"type\": \"structural_tag\"}                     | expected \"text\", \"json_object\" or \"json_schema\"",
        "response_format.json_schema.schema | \"response_format\": {\"type\": \"json_schema\"}                        | expected a schema, found nothing",
        "response_format.json_schema.schema | \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"type\": \"object\"}} | expected a schema, found nothing",
        "response_format.json_schema.schema | \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"schema\": {\"uniqueItems\": true}}} | schema at #: uniqueItems is not supported",
        "response_format.json_schema.schema | \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"schema\": [1]}} | expected a schema, found an array of 1",
        "response_format.schema             | \"response_format\": {\"type\": \"json_object\", \"schema\": {\"type\": \"x\"}} | expected a type of",
        "response_format                    | \"response_format\": \"json\"                                           | expected an object, found \"json\"",
        "json_schema                        | \"json_schema\": {\"contains\": {}}                                          | keyword contains is not supported",
        "json_schema                        | \"json_schema\": 1                                                      | expected a schema, found 1",
        "json_schema                        | \"json_schema\": {}, \"response_format\": {\"type\": \"json_object\"}   | expected one form of the answer, found also response_format",
        "grammar                            | \"grammar\": \"a ::= \\\"b\\\"\"                                        | expected a rule \"root\"",
        "grammar                            | \"grammar\": \"\"                                                       | expected a rule \"root\"",
        "grammar                            | \"grammar\": {}                                                         | expected a text, found an object",
        "regex                              | \"regex\": \"(?=a)\"                                                    | look-around",
        "regex                              | \"regex\": \"a\", \"grammar\": \"root ::= \\\"b\\\"\"                   | expected one form of the answer, found also grammar",
        "guided_choice                      | \"guided_choice\": [\"a\", 1]                                           | expected a text or an array of texts",
        "structured_outputs                 | \"structured_outputs\": {\"structural_tag\": \"a\"}                     | expected json, json_object, regex, choice or grammar, found structural_tag",
        "structured_outputs.json            | \"structured_outputs\": {\"json\": \"{\"}                               | not valid JSON"})
    void mistakes(String param, String fields, String message) throws Exception {
        for (String path : List.of(CHAT, COMPLETIONS)) {
            HttpResponse<String> answer = server.post(path, Json.writeLine(body(path, fields)));
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
            Map<String, Object> json = TestServer.json(answer.body());
            assertThat((String) at(json, "error", "param")).as(answer.body()).isEqualTo(param);
            assertThat((String) at(json, "error", "message")).startsWith(param + ": ").contains(message);
        }
    }

    /** Clients share the kept grammars: the text of one form must not stand for another form. */
    @Test
    void aFormIsNeverTakenForAnother() throws Exception {
        String other = Json.writeLine("Reasoning[open=, close=]\ntrue\n\nabc");
        server.ask(COMPLETIONS, body(COMPLETIONS, "\"regex\": " + other));
        assertThat(text(server.ask(CHAT, body(CHAT, "\"regex\": \"abc\"")))).isEqualTo("abc");
    }

    @Test
    void grammarsAreKeptWithinABound() throws Exception {
        try (TestServer other = new TestServer()) {
            String last = null;
            for (int i = 0; i < 2 * GrammarCache.MAX_GRAMMARS; i++) {
                last = "\"regex\": \"" + "a".repeat(1 + i) + "\"";
                assertThat(text(other.ask(CHAT, body(CHAT, last)))).isEqualTo("a".repeat(1 + i));
            }
            other.ask(CHAT, body(CHAT, last));
            assertThat(other.grammars.size()).isEqualTo(GrammarCache.MAX_GRAMMARS);
            GrammarCache cache = new GrammarCache(other.model);
            Grammar first = cache.get("regex", List.of("key"), () -> Grammar.regex("a"));
            assertThat(cache.get("regex", List.of("key"), () -> Grammar.regex("b"))).isSameAs(first);
            cache.get("regex", List.of("k", "k".repeat(GrammarCache.LONGEST_KEPT)), () -> Grammar.regex("c"));
            assertThat(cache.size()).isEqualTo(1);
        }
    }
}
