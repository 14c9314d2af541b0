package io.github.t6j.cli.serve;

import static io.github.t6j.cli.serve.TestServer.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.FinishReason;
import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Prompt;
import io.github.t6j.Session;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The API returns the text that a session generates, in the format that OpenAI's clients expect. */
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(120)
class ServerTest {
    private static final String COMPLETIONS = "/v1/completions";
    private static final String CHAT = "/v1/chat/completions";

    private TestServer server;

    @BeforeAll
    void start() throws IOException {
        server = new TestServer();
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private static SamplingOptions plain(long seed) {
        return SamplingOptions.defaults().withTemperature(1).withTopK(0).withTopP(1).withSeed(seed);
    }

    private Generation alone(String prompt, GenerationOptions options) {
        try (Session session = server.model.newSession()) {
            return session.generate(prompt, options);
        }
    }

    private static GenerationOptions options(int tokens, SamplingOptions sampling, String... stop) {
        return GenerationOptions.defaults().withMaxTokens(tokens).withSampling(sampling).withStop(stop);
    }

    @Test
    void aCompletion() throws Exception {
        Map<String, Object> answer = server.ask(COMPLETIONS, Map.of(
                "model", "t6-tiny", "prompt", "The whale", "max_tokens", 20L, "seed", 5L, "user", "someone"));
        Generation expected = alone("The whale", options(20, plain(5)));
        assertThat((String) at(answer, "choices", 0, "text")).isEqualTo(expected.text());
        assertThat((String) at(answer, "choices", 0, "finish_reason")).isEqualTo("length");
        assertThat((String) at(answer, "object")).isEqualTo("text_completion");
        assertThat((Long) at(answer, "usage", "prompt_tokens")).isEqualTo(2);
        assertThat((Long) at(answer, "usage", "completion_tokens")).isEqualTo(20);
        assertThat((Long) at(answer, "usage", "total_tokens")).isEqualTo(22);
    }

    @Test
    void allWaysToChoose() throws Exception {
        Map<String, Object> body = Json.parseObject("""
                {"prompt": "Call me", "max_tokens": 30, "seed": 9, "temperature": 0.7, "top_p": 0.9, "top_k": 50, "min_p": 0.02,
                 "frequency_penalty": 0.4, "presence_penalty": 0.2, "repetition_penalty": 1.1, "logit_bias": {"13": -100, "300": 2.5},
                 "stop": ["the", "zzz"], "ignore_eos": true}
                """.getBytes(StandardCharsets.UTF_8), "body");
        SamplingOptions sampling = SamplingOptions.defaults().withTemperature(0.7f).withTopP(0.9f).withTopK(50)
                .withMinP(0.02f).withFrequencyPenalty(0.4f).withPresencePenalty(0.2f).withRepetitionPenalty(1.1f)
                .withLogitBias(Map.of(13, -100f, 300, 2.5f)).withSeed(9L);
        Generation expected = alone("Call me", options(30, sampling, "the", "zzz").withIgnoreEndOfText(true));
        Map<String, Object> answer = server.ask(COMPLETIONS, body);
        assertThat((String) at(answer, "choices", 0, "text")).isEqualTo(expected.text());
        boolean stopped = expected.finishReason() == FinishReason.STOP_STRING;
        assertThat((String) at(answer, "choices", 0, "finish_reason")).isEqualTo(stopped ? "stop" : "length");
    }

    @Test
    void severalPromptsAndCopies() throws Exception {
        Map<String, Object> answer = server.ask(COMPLETIONS, Map.of(
                "prompt", List.of("The whale", "Call me"), "n", 2L, "max_tokens", 8L, "seed", 3L, "echo", true));
        List<String> expected = new ArrayList<>();
        for (String prompt : List.of("The whale", "Call me")) {
            for (long seed = 3; seed < 5; seed++) {
                expected.add(prompt + alone(prompt, options(8, plain(seed))).text());
            }
        }
        List<Object> choices = at(answer, "choices");
        assertThat(choices.stream().map(choice -> (String) at(choice, "text")).toList()).isEqualTo(expected);
        assertThat(choices.stream().map(choice -> (Long) at(choice, "index")).toList()).containsExactly(0L, 1L, 2L, 3L);
        assertThat((Long) at(answer, "usage", "prompt_tokens")).isEqualTo(5);
    }

    @Test
    void promptsOfIds() throws Exception {
        int[] ids = server.model.tokenizer().encode("The whale");
        List<Object> asked = java.util.Arrays.stream(ids).mapToObj(id -> (Object) (long) id).toList();
        Map<String, Object> one = server.ask(COMPLETIONS, Map.of("prompt", asked, "max_tokens", 8L, "seed", 3L));
        Map<String, Object> two =
                server.ask(COMPLETIONS, Map.of("prompt", List.of(asked, asked), "max_tokens", 8L, "seed", 3L));
        String expected = alone("The whale", options(8, plain(3))).text();
        assertThat((String) at(one, "choices", 0, "text")).isEqualTo(expected);
        assertThat((String) at(two, "choices", 1, "text")).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({COMPLETIONS, CHAT})
    void aStreamSaysWhatTheWholeSays(String path) throws Exception {
        Map<String, Object> body =
                new java.util.LinkedHashMap<>(Map.of("max_tokens", 40L, "seed", 11L, "stop", "ing "));
        body.put(path.equals(CHAT) ? "messages" : "prompt",
                path.equals(CHAT) ? List.of(Map.of("role", "user", "content", "Call me")) : "Call me");
        Map<String, Object> whole = server.ask(path, body);
        body.put("stream", true);
        body.put("stream_options", Map.of("include_usage", true));
        List<Map<String, Object>> chunks = server.stream(path, body);
        Map<String, Object> last = chunks.removeLast();
        for (String count : List.of("prompt_tokens", "completion_tokens", "total_tokens")) {
            assertThat(TestServer.<Object>at(last, "usage", count)).isEqualTo(at(whole, "usage", count));
        }
        assertThat((List<?>) at(last, "choices")).isEmpty();
        Object[] text = path.equals(CHAT)
                ? new Object[] {"choices", 0, "delta", "content"}
                : new Object[] {"choices", 0, "text"};
        String said = chunks.stream().map(chunk -> (String) at(chunk, text)).filter(piece -> piece != null)
                .collect(Collectors.joining());
        String expected =
                path.equals(CHAT) ? at(whole, "choices", 0, "message", "content") : at(whole, "choices", 0, "text");
        assertThat(said).isEqualTo(expected);
        assertThat(TestServer.<Object>at(chunks.getLast(), "choices", 0, "finish_reason"))
                .isEqualTo(at(whole, "choices", 0, "finish_reason"));
        assertThat(chunks.size()).isGreaterThan(2);
    }

    /** t6-tiny has no template: messages are plain text. */
    @Test
    void messages() throws Exception {
        Map<String,
                Object> answer = server.ask(CHAT, Map.of("seed", 2L, "max_completion_tokens", 12L, "messages", List.of(
                        Map.of("role", "system", "content", "Of whales."),
                        Map.of("role", "user", "content", List.of(Map.of("type", "text", "text", "Call "),
                                Map.of("type", "text", "text", "me"))))));
        Generation expected = alone("Of whales.\n\nCall me\n\n", options(12, plain(2)));
        assertThat((String) at(answer, "choices", 0, "message", "content")).isEqualTo(expected.text());
        assertThat((String) at(answer, "choices", 0, "message", "role")).isEqualTo("assistant");
        assertThat((String) at(answer, "object")).isEqualTo("chat.completion");
    }

    @Test
    void logProbabilities() throws Exception {
        Map<String, Object> chat = server.ask(CHAT, Map.of(
                "messages", List.of(Map.of("role", "user", "content", "Call me")), "max_tokens", 3L, "temperature", 0L,
                "logprobs", true, "top_logprobs", 2L));
        Generation expected =
                alone("Call me\n\n", options(3, SamplingOptions.greedy()));
        for (int i = 0; i < 3; i++) {
            Map<String, Object> token = at(chat, "choices", 0, "logprobs", "content", i);
            int id = expected.tokens().get(i).id();
            assertThat((String) at(token, "token")).isEqualTo(server.model.tokenizer().decode(id));
            assertThat(((Double) at(token, "logprob")).floatValue())
                    .isEqualTo(expected.tokens().get(i).logProbability());
            assertThat(TestServer.<Object>at(token, "top_logprobs", 0, "token")).isEqualTo(at(token, "token"));
            assertThat(TestServer.<Object>at(token, "top_logprobs", 0, "logprob")).isEqualTo(at(token, "logprob"));
            assertThat((List<?>) at(token, "top_logprobs")).hasSize(2);
        }
        Map<String, Object> text = server.ask(COMPLETIONS, Map.of(
                "prompt", "Call me\n\n", "max_tokens", 3L, "temperature", 0L, "logprobs", 2L));
        for (int i = 0; i < 3; i++) {
            assertThat(TestServer.<Object>at(text, "choices", 0, "logprobs", "token_logprobs", i))
                    .isEqualTo(at(chat, "choices", 0, "logprobs", "content", i, "logprob"));
            String whole = at(text, "choices", 0, "text");
            Long offset = at(text, "choices", 0, "logprobs", "text_offset", i);
            String token = at(text, "choices", 0, "logprobs", "tokens", i);
            assertThat(whole.substring(offset.intValue())).as(whole).startsWith(token);
        }
        assertThat((List<?>) at(text, "choices", 0, "logprobs", "text_offset")).doesNotHaveDuplicates();
    }

    /** The style sheet and the scripts are in the page, and the browser runs only them. */
    @Test
    void thePageIsOneFile() throws Exception {
        HttpResponse<String> page = server.get("/");
        assertThat(page.body()).startsWith("<!DOCTYPE html>").contains("<title>t6j</title>")
                .doesNotContain("<script src", "rel=\"stylesheet\"");
        String policy = page.headers().firstValue("Content-Security-Policy").orElseThrow();
        assertThat(policy).doesNotContain("unsafe").startsWith("default-src 'none'; connect-src 'self';");
        List<String> hashes = new ArrayList<>();
        Matcher inline = Pattern.compile("<(?:script|style)>(.*?)</(?:script|style)>", Pattern.DOTALL)
                .matcher(page.body());
        while (inline.find()) {
            hashes.add("'sha256-" + Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256")
                    .digest(inline.group(1).getBytes(StandardCharsets.UTF_8))) + "'");
        }
        assertThat(hashes).hasSizeGreaterThan(2).allSatisfy(hash -> assertThat(policy).contains(hash));
    }

    @Test
    void aBegunAnswerIsContinued() throws Exception {
        List<Object> messages = List.of(Map.of("role", "user", "content", "Call me"),
                Map.of("role", "assistant", "content", "Ishmael. Some years"));
        Map<String, Object> body = Map.of(
                "messages", messages, "continue_final_message", true, "max_tokens", 9L, "temperature", 0L);
        Map<String, Object> text = server.ask(COMPLETIONS,
                Map.of("prompt", "Call me\n\nIshmael. Some years", "max_tokens", 9L, "temperature", 0L));
        assertThat(TestServer.<Object>at(server.ask(CHAT, body), "choices", 0, "message", "content"))
                .isEqualTo(at(text, "choices", 0, "text"));
        for (String wrong : List.of("\"messages\": [{\"role\": \"user\", \"content\": \"Call me\"}]",
                "\"messages\": [{\"role\": \"assistant\", \"content\": \"Call\"}], \"regex\": \"a\"")) {
            HttpResponse<String> refused = server.post(CHAT, "{\"continue_final_message\": true, " + wrong + "}");
            assertThat(refused.statusCode()).isEqualTo(400);
            assertThat(refused.body()).contains("continue_final_message");
        }
    }

    @Test
    void modelsTokensHealthAndMetrics() throws Exception {
        Map<String, Object> models = TestServer.json(server.get("/v1/models").body());
        assertThat((String) at(models, "data", 0, "id")).isEqualTo("t6-tiny");
        assertThat((Long) at(models, "data", 0, "context_length")).isEqualTo(512);
        assertThat((String) at(models, "data", 0, "chat_template")).startsWith("none: ");
        assertThat((Long) at(models, "data", 0, "cache_bytes_per_token")).isEqualTo(6 * 4 * (2 + 2) * (8 + 32));
        assertThat((Long) at(models, "data", 0, "mha_cache_bytes_per_token")).isEqualTo(6 * 4 * 2 * 8 * 32);
        Map<String, Object> ids = server.ask("/tokenize", Map.of("content", "The whale"));
        assertThat((List<?>) at(ids, "tokens")).hasSize(2);
        assertThat((String) at(server.ask("/detokenize", Map.of("tokens", at(ids, "tokens"))), "content"))
                .isEqualTo("The whale");
        assertThat(server.get("/health").statusCode()).isEqualTo(200);
        String metrics = server.get("/metrics").body();
        assertThat(metrics).contains("t6j_ready 1\n", "# TYPE t6j_first_token_seconds histogram\n",
                "t6j_answers_total{status=\"200\"} ");
    }

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

    /** min_p 1 leaves only the most likely token, as temperature 0 does. */
    @Test
    void theEndsOfRanges() throws Exception {
        Map<String, Object> answer =
                server.ask(COMPLETIONS, Map.of("prompt", "The whale", "max_tokens", 8L, "seed", 1L, "min_p", 1L));
        assertThat((String) at(answer, "choices", 0, "text"))
                .isEqualTo(alone("The whale", options(8, SamplingOptions.greedy())).text());
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

    @Test
    void sixtyStreamsAtOnce() throws Exception {
        try (TestServer small = new TestServer(TestServer.limits(8, 30, 1L << 30, TestServer.CONTEXT), null, null);
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<HttpResponse<String>>> answers = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                String body = Json.writeLine(
                        Map.of("prompt", "The whale", "max_tokens", 60L, "seed", (long) i, "stream", true));
                answers.add(clients.submit(() -> small.post(COMPLETIONS, body)));
            }
            int refused = 0;
            for (int i = 0; i < 60; i++) {
                HttpResponse<String> answer = answers.get(i).get();
                if (answer.statusCode() == 429) {
                    refused++;
                    assertThat(answer.headers().firstValue("Retry-After")).isPresent();
                } else {
                    assertThat(text(answer)).as("seed " + i)
                            .isEqualTo(alone("The whale", options(60, plain(i))).text());
                }
            }
            assertThat(refused).isLessThanOrEqualTo(22); // the server accepts 38 at any time
            assertThat(small.scheduler.metrics().running()).isZero();
        }
    }

    private static String text(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).isEqualTo(200);
        StringBuilder text = new StringBuilder();
        for (String event : answer.body().split("\n\n")) {
            if (event.startsWith("data: {")) {
                text.append((String) at(TestServer.json(event.substring(6)), "choices", 0, "text"));
            }
        }
        assertThat(answer.body()).endsWith("data: [DONE]\n\n");
        return text.toString();
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void aClientThatLeavesEndsItsGenerations(boolean stream) throws Exception {
        int copies = 128; // take many seconds; an answer that is not streamed notices a disconnect after two
        try (TestServer other =
                new TestServer(TestServer.limits(copies, 0, 1L << 30, TestServer.CONTEXT), null, null)) {
            String body = Json.writeLine(Map.of("prompt", "The whale", "max_tokens", 500L, "stream", stream,
                    "ignore_eos", true, "n", (long) copies));
            try (Socket socket = new Socket("127.0.0.1", other.server.address().getPort())) {
                socket.getOutputStream().write(("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                        + body.length() + "\r\n\r\n" + body).getBytes(StandardCharsets.UTF_8));
                assertThat(socket.getInputStream().read()).isEqualTo('H'); // after the first token, or a second
            }
            while (other.scheduler.metrics().running() > 0) { // ended by the timeout of the class
                Thread.sleep(5);
            }
            assertThat(other.scheduler.metrics().generatedIds()).isBetween(1L, copies * 500L - 1);
            assertThat(other.scheduler.metrics().cacheBytes()).isZero();
        }
    }

    /** The probe itself finds the queue full; but the generations of others make progress. */
    @Test
    void aFullQueueIsHealthy() throws Exception {
        try (TestServer full = new TestServer(TestServer.limits(1, 1, 1L << 30, TestServer.CONTEXT), null, null)) {
            GenerationOptions options = options(400, plain(1)).withIgnoreEndOfText(true);
            for (int i = 0; i < 2; i++) {
                full.scheduler.submit(Prompt.of(5), options);
                while (full.scheduler.metrics().running() + full.scheduler.metrics().waiting() <= i) {
                    Thread.sleep(1);
                }
            }
            assertThat(full.get("/health").statusCode()).isEqualTo(200);
            assertThat(full.scheduler.metrics().waiting()).as("still full").isEqualTo(1);
        }
    }

    @Test
    void whoStopsTheServerLosesNoStream() throws Exception {
        try (TestServer other = new TestServer();
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<HttpResponse<String>>> answers = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                String body =
                        Json.writeLine(Map.of("prompt", "Call", "max_tokens", 80L, "seed", (long) i, "stream", true));
                answers.add(clients.submit(() -> other.post(COMPLETIONS, body)));
            }
            while (other.scheduler.metrics().running() < 5) {
                Thread.sleep(1);
            }
            assertThat(other.server.drain(java.time.Duration.ofSeconds(60))).isTrue();
            for (int i = 0; i < 5; i++) {
                assertThat(text(answers.get(i).get())).isEqualTo(alone("Call", options(80, plain(i))).text());
            }
        }
    }

    @Test
    void whileTheModelLoads() throws Exception {
        try (Server loading = new Server(new Server.Options("127.0.0.1", 0, null, null, null));
                Socket socket = new Socket("127.0.0.1", loading.address().getPort())) {
            loading.loading(7_000_000_000L, 20_000_000_000L);
            socket.getOutputStream().write(
                    "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.UTF_8));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(answer).startsWith("HTTP/1.1 503").contains("the model is being loaded, 35 % so far");
        }
    }

    @Test
    void keysAndOrigins() throws Exception {
        try (TestServer closed =
                new TestServer(TestServer.limits(4, 4, 1L << 30, 512), "secret", "https://page.example")) {
            assertThat(closed.get("/v1/models").statusCode()).isEqualTo(401);
            assertThat(closed.get("/v1/models", "Authorization", "Bearer wrong").statusCode()).isEqualTo(401);
            assertThat(closed.get("/metrics").statusCode()).isEqualTo(401);
            HttpResponse<String> page =
                    closed.get("/v1/models", "Authorization", "Bearer secret", "Origin", "https://page.example");
            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(page.headers().firstValue("Access-Control-Allow-Origin")).contains("https://page.example");
            assertThat(closed.get("/health").statusCode()).isEqualTo(200);
        }
        assertThat(server.get("/v1/models", "Origin", "https://evil.example").statusCode()).isEqualTo(403);
        String own = "http://127.0.0.1:" + server.server.address().getPort();
        assertThat(server.get("/v1/models", "Origin", own).statusCode()).isEqualTo(200);
        assertThat(server.get("/v1/models", "Origin", own).headers().firstValue("Access-Control-Allow-Origin"))
                .isEmpty();
    }

    @Test
    void anotherNameOfThisMachineIsRefused() throws IOException {
        try (Socket socket = new Socket("127.0.0.1", server.server.address().getPort())) {
            socket.getOutputStream().write("GET /v1/models HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
                    .getBytes(StandardCharsets.UTF_8));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 403");
        }
    }
}
