package io.github.t6j.cli.serve;

import static io.github.t6j.cli.serve.TestServer.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.json.Json;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests that never succeed get errors that name the wrong field. */
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(120)
class WrongRequestsTest {
    private static final String COMPLETIONS = "/v1/completions";
    private static final String CHAT = "/v1/chat/completions";

    @AutoClose
    private final TestServer server = new TestServer();

    WrongRequestsTest() throws IOException {}

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "400 | /v1/completions | {}                                        | prompt: expected a text, an array of ids",
        "400 | /v1/completions | {\"prompt\": \"a\", \"n\": 0}             | n: expected a whole number from 1 to 16, found 0",
        "400 | /v1/completions | {\"prompt\": \"a\", \"max_tokens\": 1.5}  | max_tokens: expected a whole number",
        "400 | /v1/completions | {\"prompt\": \"a\", \"temperature\": 3}   | temperature: expected a number from 0.0 to 2.0, found 3",
        "400 | /v1/completions | {\"prompt\": \"a\", \"stop\": [1]}        | stop: expected a text or an array of texts, found an array of 1",
        "400 | /v1/completions | {\"prompt\": \"a\", \"stream\": \"yes\"}  | stream: expected true or false",
        "400 | /v1/completions | {\"prompt\": \"a\", \"logit_bias\": {\"x\": 1}} | logit_bias: expected ids from 0 to 4095 as keys, found \"x\"",
        "400 | /v1/completions | {\"prompt\": \"a\", \"logit_bias\": {\"99999\": 1}} | logit_bias: expected ids from 0 to 4095 as keys, found \"99999\"",
        "400 | /v1/completions | {\"prompt\": [99999]}                     | prompt: expected ids from 0 to 4095, found 99999",
        "400 | /v1/completions | {\"prompt\": [-5]}                        | prompt: expected ids from 0 to 4095, found -1",
        "400 | /v1/completions | {\"prompt\": \"a\", \"suffix\": \"b\"}    | suffix: not supported by t6j",
        "400 | /v1/completions | {\"prompt\": \"a\", \"echo\": true, \"logprobs\": 1} | echo: expected no logprobs",
        "404 | /v1/completions | {\"prompt\": \"a\", \"model\": \"gpt-4\"} | model: expected \"t6-tiny\"",
        "400 | /v1/completions | [1]                                       | body: expected a JSON object",
        "400 | /v1/completions | {\"prompt\": \"a\"                        | body: not valid JSON at character",
        "400 | /v1/chat/completions | {}                                   | messages: expected an array of at least one object",
        "400 | /v1/chat/completions | {\"messages\": [{\"role\": \"user\"}]} | messages[0].content: expected a text, found nothing",
        "400 | /v1/chat/completions | {\"messages\": [{\"role\": \"cat\", \"content\": \"a\"}]} | messages[0].role: expected system",
        "400 | /v1/chat/completions | {\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}]} | content of type image_url",
        "400 | /v1/completions | {\"prompt\": \"a\", \"tools\": [{}]}      | tools: not supported by t6j",
        "400 | /v1/chat/completions | {\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"top_logprobs\": 2} | top_logprobs: expected \"logprobs\": true",
        "400 | /v1/completions | {\"prompt\": []}                          | prompt: expected a text, an array of ids",
        "400 | /tokenize            | {}                                   | prompt: expected a text, found nothing",
        "400 | /detokenize          | {\"tokens\": [4096]}                 | tokens[0]: expected an id of the tokenizer, found 4096",
        "404 | /v1/responses        | {}                                   | no such endpoint: /v1/responses",
        "405 | /v1/models           | {}                                   | /v1/models: expected GET, found POST"})
    void mistakes(int status, String path, String body, String message) throws Exception {
        HttpResponse<String> answer = server.post(path, body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat((String) at(TestServer.json(answer.body()), "error", "message")).contains(message);
        assertThat((String) at(TestServer.json(answer.body()), "error", "type")).isEqualTo("invalid_request_error");
    }

    /** Programs and the server's page find the wrong field by its name. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "n            | \"n\": 17                          | n: expected a whole number from 1 to 16, found 17",
        "logit_bias   | \"logit_bias\": {\"4096\": 1}      | logit_bias: expected ids from 0 to 4095 as keys, found \"4096\"",
        "logit_bias   | \"logit_bias\": {\"-1\": 1}        | logit_bias: expected ids from 0 to 4095 as keys, found \"-1\"",
        "logit_bias.5 | \"logit_bias\": {\"5\": null}      | logit_bias.5: expected a number from -100.0 to 100.0, found nothing"})
    void errorsNameTheField(String param, String field, String message) throws Exception {
        checkInvalid(server.post(COMPLETIONS, "{\"prompt\": \"a\", " + field + "}"), param, message);
        checkInvalid(server.post(CHAT, "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], " + field + "}"),
                param, message);
    }

    /** Checks an answer to a request that never succeeds. @return its code */
    private static String checkInvalid(HttpResponse<String> answer, String param, String message) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        assertThat(answer.headers().firstValue("Retry-After")).isEmpty();
        Map<String, Object> error = at(TestServer.json(answer.body()), "error");
        assertThat((String) error.get("message")).startsWith(message);
        assertThat((String) error.get("param")).isEqualTo(param);
        return (String) error.get("code");
    }

    @Test
    void idsThatDoNotExist() throws Exception {
        checkInvalid(server.post(COMPLETIONS, "{\"prompt\": [[5], [4096]]}"), "prompt",
                "prompt: expected ids from 0 to 4095, found 4096");
    }

    /** OpenAI's code, by which programs shorten a conversation. */
    @Test
    void aPromptThatIsTooLong() throws Exception {
        String text = "whale ".repeat(600);
        String code = checkInvalid(server.post(COMPLETIONS, Json.writeLine(Map.of("prompt", List.of("a", text)))),
                "prompt", "prompt: expected at most 512 tokens, the context, found ");
        assertThat(code).isEqualTo("context_length_exceeded");
        List<Object> messages = List.of(Map.of("role", "user", "content", text));
        code = checkInvalid(server.post(CHAT, Json.writeLine(Map.of("messages", messages))),
                "messages", "messages: expected at most 512 tokens, the context, found ");
        assertThat(code).isEqualTo("context_length_exceeded");
    }

    /** The server would refuse them for ever, even if it did nothing else. */
    @ParameterizedTest
    @CsvSource({"81, 1, 81", "41, 2, 82", "6, 16, 96"})
    void moreGenerationsThanRunOrWait(int prompts, long copies, int all) throws Exception {
        String body =
                Json.writeLine(Map.of("prompt", Collections.nCopies(prompts, "a"), "n", copies, "max_tokens", 1L));
        checkInvalid(server.post(COMPLETIONS, body), "prompt", "prompt: expected at most 80 continuations of all"
                + " prompts together, as many as may run or wait (--parallel, --queue), found " + all);
    }

    @Test
    void asManyGenerationsAsRunOrWait() throws Exception {
        Map<String, Object> answer =
                server.ask(COMPLETIONS, Map.of("prompt", Collections.nCopies(80, "a"), "max_tokens", 1L));
        assertThat((List<?>) at(answer, "choices")).hasSize(80);
    }

    /** A megabyte holds the caches of 256 tokens. */
    @Test
    void moreThanAllCachesMayTake() throws Exception {
        try (TestServer small = new TestServer(TestServer.limits(4, 4, 1 << 20, TestServer.CONTEXT), null, null)) {
            String text = "whale ".repeat(300);
            String expected = ": expected a cache of at most 1048576 bytes, the limit for all caches, found a ";
            List<Object> messages = List.of(Map.of("role", "user", "content", "Call me"));
            checkInvalid(small.post(CHAT, Json.writeLine(Map.of("messages", messages))), "max_tokens",
                    "max_tokens" + expected);
            checkInvalid(small.post(CHAT, Json.writeLine(Map.of("messages", messages, "max_completion_tokens", 400L))),
                    "max_completion_tokens", "max_completion_tokens" + expected);
            checkInvalid(small.post(COMPLETIONS, Json.writeLine(Map.of("prompt", "a", "max_tokens", 400L))),
                    "max_tokens", "max_tokens" + expected);
            checkInvalid(small.post(COMPLETIONS, Json.writeLine(Map.of("prompt", text))), "prompt",
                    "prompt" + expected);
            checkInvalid(small.post("/v1/embeddings", Json.writeLine(Map.of("input", text))), "input",
                    "input" + expected);
            assertThat(small.post(COMPLETIONS, "{\"prompt\": \"a\"}").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aBodyThatIsTooLarge() throws Exception {
        HttpResponse<String> answer = server.post(COMPLETIONS, " ".repeat(Exchange.LONGEST_BODY + 1));
        assertThat(answer.statusCode()).isEqualTo(413);
    }
}
