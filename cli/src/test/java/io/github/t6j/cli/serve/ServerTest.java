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
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AutoClose;
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

    @AutoClose
    private final TestServer server = new TestServer();

    ServerTest() throws IOException {}

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
    void specialTokensAreReadFromPrompts() throws Exception {
        Map<String, Object> answer = server.ask(COMPLETIONS,
                Map.of("prompt", "<|endoftext|>The whale", "max_tokens", 8L, "seed", 3L, "echo", true));
        int[] ids = server.model.tokenizer().encodeWithSpecialTokens("<|endoftext|>The whale");
        assertThat(ids).hasSize(3);
        assertThat((Long) at(answer, "usage", "prompt_tokens")).isEqualTo(3);
        try (Session session = server.model.newSession()) {
            String expected = session.generate(Prompt.of(ids), options(8, plain(3))).text();
            assertThat((String) at(answer, "choices", 0, "text")).isEqualTo("<|endoftext|>The whale" + expected);
        }
    }

    @Test
    void promptsOfIds() throws Exception {
        int[] ids = server.model.tokenizer().encode("The whale");
        List<Object> asked = java.util.Arrays.stream(ids).mapToObj(id -> (Object) (long) id).toList();
        Map<String, Object> single = server.ask(COMPLETIONS, Map.of("prompt", asked, "max_tokens", 8L, "seed", 3L));
        Map<String, Object> pair =
                server.ask(COMPLETIONS, Map.of("prompt", List.of(asked, asked), "max_tokens", 8L, "seed", 3L));
        String expected = alone("The whale", options(8, plain(3))).text();
        assertThat((String) at(single, "choices", 0, "text")).isEqualTo(expected);
        assertThat((String) at(pair, "choices", 1, "text")).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({COMPLETIONS, CHAT})
    void aStreamEqualsTheWholeAnswer(String path) throws Exception {
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
        String joined = chunks.stream().map(chunk -> (String) at(chunk, text)).filter(piece -> piece != null)
                .collect(Collectors.joining());
        String expected =
                path.equals(CHAT) ? at(whole, "choices", 0, "message", "content") : at(whole, "choices", 0, "text");
        assertThat(joined).isEqualTo(expected);
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

    /** min_p 1 leaves only the most likely token, as temperature 0 does. */
    @Test
    void theEndsOfRanges() throws Exception {
        Map<String, Object> answer =
                server.ask(COMPLETIONS, Map.of("prompt", "The whale", "max_tokens", 8L, "seed", 1L, "min_p", 1L));
        assertThat((String) at(answer, "choices", 0, "text"))
                .isEqualTo(alone("The whale", options(8, SamplingOptions.greedy())).text());
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

    /** A full queue does not matter, since the running generation makes progress. */
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
    void stoppingTheServerLosesNoStream() throws Exception {
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
        String origin = "http://127.0.0.1:" + server.server.address().getPort();
        assertThat(server.get("/v1/models", "Origin", origin).statusCode()).isEqualTo(200);
        assertThat(server.get("/v1/models", "Origin", origin).headers().firstValue("Access-Control-Allow-Origin"))
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
