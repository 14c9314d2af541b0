package io.github.t6j.cli.serve;

import static io.github.t6j.cli.serve.TestServer.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that cost much, headers that clients write differently, and what operators see of requests. */
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(120)
class HardeningTest {
    private static final String COMPLETIONS = "/v1/completions";
    private static final String PROMPT = "{\"prompt\": \"Call\", \"max_tokens\": 2}";

    @AutoClose
    private final TestServer server = new TestServer();

    HardeningTest() throws IOException {}

    private static Socket connect(Server to) throws IOException {
        return new Socket(to.address().getAddress(), to.address().getPort());
    }

    private static String raw(Server to, String request) throws IOException {
        try (Socket socket = connect(to)) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String schema(int properties) {
        StringBuilder schema = new StringBuilder("{\"type\": \"object\", \"properties\": {");
        for (int i = 0; i < properties; i++) {
            schema.append(i == 0 ? "" : ", ").append("\"property").append(i).append("\": {\"type\": \"string\"}");
        }
        return schema.append("}}").toString();
    }

    /** The client would wait for an answer before it sends the body. */
    @Test
    void aBodyThatIsTooLongIsRefusedBeforeItIsRead() throws IOException {
        try (Socket socket = connect(server.server)) {
            socket.getOutputStream().write(("POST " + COMPLETIONS + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                    + (Exchange.LONGEST_BODY + 1) + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            socket.setSoTimeout(10_000);
            InputStream in = socket.getInputStream();
            assertThat(new String(in.readNBytes(12), StandardCharsets.UTF_8)).isEqualTo("HTTP/1.1 413");
        }
    }

    /** Returns the longest time between two tokens of a stream that begins before {@code other}. */
    private Duration longestPause(Future<?> other) throws Exception {
        long longest = 0;
        String body = "{\"prompt\": \"Call\", \"max_tokens\": 400, \"ignore_eos\": true, \"stream\": true}";
        do {
            try (Socket socket = connect(server.server)) {
                socket.getOutputStream().write(("POST " + COMPLETIONS + " HTTP/1.1\r\nHost: localhost\r\n"
                        + "Connection: close\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
                        .getBytes(StandardCharsets.UTF_8));
                InputStream in = socket.getInputStream();
                long last = System.nanoTime();
                byte[] buffer = new byte[4096];
                while (in.read(buffer) >= 0) {
                    longest = Math.max(longest, System.nanoTime() - last);
                    last = System.nanoTime();
                }
            }
        } while (!other.isDone());
        return Duration.ofNanos(longest);
    }

    /**
     * As the 5,000 optional properties that once stalled streams for 3.9 s. A busy machine pauses all streams, so the limit
     * follows the pauses of a stream without the schema.
     */
    @Test
    void aLargeSchemaStallsNoStream() throws Exception {
        Duration alone = longestPause(CompletableFuture.completedFuture(null));
        String request = "{\"prompt\": \"a\", \"max_tokens\": 20, \"seed\": 3, \"json_schema\": " + schema(5000) + "}";
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<HttpResponse<String>> large = clients.submit(() -> server.post(COMPLETIONS, request));
            assertThat(longestPause(large)).isLessThan(alone.multipliedBy(20).plusMillis(1500));
            assertThat(large.get().statusCode()).as(large.get().body()).isEqualTo(200);
        }
    }

    @Test
    void formsAreLimited() throws Exception {
        String large = "{\"prompt\": \"a\", \"json_schema\": " + schema(20_000) + "}";
        HttpResponse<String> answer = server.post(COMPLETIONS, large);
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("\"param\":\"json_schema\"", "expected at most 524288 characters");
        answer = server.post(COMPLETIONS, Json.writeLine(Map.of("prompt", "a", "regex", "((.*a.{1,99}){1,99}){1,99}")));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        assertThat(answer.body()).contains("\"param\":\"regex\"", "grammar: expected at most");
    }

    @Test
    void aPreparationIsInterrupted() throws InterruptedException {
        Preparation preparation = new Preparation("tests");
        CountDownLatch interrupted = new CountDownLatch(1);
        assertThatThrownBy(() -> preparation.run(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                Thread.onSpinWait();
            }
            interrupted.countDown();
            return null;
        }, Duration.ofMillis(50))).isInstanceOf(java.util.concurrent.TimeoutException.class);
        assertThat(interrupted.await(60, TimeUnit.SECONDS)).isTrue();
    }

    /** Counts what is encoded of a prompt of 15 MB. */
    @Test
    void aLongPromptIsNotEncodedWhole() throws Exception {
        String text = "all work and no play ".repeat(700_000);
        long[] encoded = {0};
        assertThatThrownBy(() -> PromptLength.check("prompt", text, 512, part -> {
            encoded[0] += part.length();
            return server.model.tokenizer().encode(part).length;
        })).hasMessage("prompt: expected at most 512 tokens, the context, found more");
        assertThat(encoded[0]).isLessThan(100_000);
        PromptLength.check("prompt", text, 8_000_000, part -> server.model.tokenizer().encode(part).length);
        HttpResponse<String> answer = server.post("/v1/chat/completions",
                Json.writeLine(Map.of("messages", List.of(Map.of("role", "user", "content", text)))));
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("context_length_exceeded", "\"param\":\"messages\"");
    }

    @ParameterizedTest
    @CsvSource({"min_tokens, 3", "stop_token_ids, [2]", "mirostat, 2", "dry_multiplier, 0.8",
        "add_generation_prompt, false",
        "typical_p, 0.9", "xtc_probability, 0.5", "bad_words, '[\"a\"]'", "repeat_last_n, 64", "use_beam_search, true",
        "lora, '[{\"id\": 0, \"scale\": 0.5}]'", "chat_template, '\"{{ messages }}\"'"})
    void fieldsThatWouldChangeTheAnswerAreNamed(String field, String value) throws Exception {
        for (String path : List.of(COMPLETIONS, "/v1/chat/completions")) {
            String input = path.equals(COMPLETIONS)
                    ? "\"prompt\": \"a\""
                    : "\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]";
            HttpResponse<String> answer =
                    server.post(path, "{" + input + ", \"max_tokens\": 1, \"" + field + "\": " + value + "}");
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
            assertThat((String) at(TestServer.json(answer.body()), "error", "param")).isEqualTo(field);
            assertThat((String) at(TestServer.json(answer.body()), "error", "code")).isEqualTo("unsupported_parameter");
        }
    }

    @Test
    void neutralValuesAreAccepted() throws Exception {
        server.ask(COMPLETIONS, Json.parseObject("""
                {"prompt": "a", "max_tokens": 1, "min_tokens": 0, "stop_token_ids": [], "mirostat": 0, "typical_p": 1.0,
                 "dry_multiplier": 0.0, "dry_base": 1.75, "lora": [], "add_generation_prompt": true, "top_n_sigma": -1,
                 "repeat_last_n": -1, "skip_special_tokens": true, "cache_prompt": true}
                """.getBytes(StandardCharsets.UTF_8), "request"));
    }

    /** Clients of vLLM send both fields, and nothing else continues an answer there. */
    @Test
    void aContinuedAnswerHasNoPromptOfItsOwn() throws Exception {
        Map<String, Object> request = Map.of("messages", List.of(Map.of("role", "user", "content", "Who?"),
                Map.of("role", "assistant", "content", "Call me")), "continue_final_message", true,
                "max_tokens", 9L, "temperature", 0L);
        Map<String, Object> continued =
                server.ask("/v1/chat/completions", with(request, "add_generation_prompt", false));
        assertThat((String) at(continued, "choices", 0, "message", "content"))
                .isEqualTo(at(server.ask("/v1/chat/completions", request), "choices", 0, "message", "content"));
    }

    @Test
    void namesOfOtherServersAreHonoured() throws Exception {
        Map<String, Object> request = Map.of("prompt", "Call", "seed", 7L, "ignore_eos", true, "n_predict", 30L);
        Map<String, Object> plain = server.ask(COMPLETIONS, request);
        assertThat((Long) at(plain, "usage", "completion_tokens")).isEqualTo(30);
        Map<String, Object> repeat = server.ask(COMPLETIONS, with(request, "repeat_penalty", 1.9));
        assertThat((String) at(repeat, "choices", 0, "text")).isNotEqualTo(at(plain, "choices", 0, "text"))
                .isEqualTo(at(server.ask(COMPLETIONS, with(request, "repetition_penalty", 1.9)), "choices", 0, "text"));
        Map<String, Object> unlimited = server.ask(COMPLETIONS, with(request, "max_tokens", -1L));
        assertThat((Long) at(unlimited, "usage", "total_tokens")).isEqualTo(TestServer.CONTEXT);
    }

    private static Map<String, Object> with(Map<String, Object> request, String name, Object value) {
        Map<String, Object> more = new java.util.LinkedHashMap<>(request);
        more.put(name, value);
        return more;
    }

    @Test
    void constrainedAnswersAreCompactUnlessTheRequestSaysOtherwise() throws Exception {
        String schema = "{\"type\": \"array\", \"items\": {\"enum\": [1, 2]}, \"minItems\": 12, \"maxItems\": 12}";
        Map<String, Object> request = Map.of("prompt", "a", "max_tokens", 200L, "seed", 1L, "json_schema", schema);
        assertThat((String) at(server.ask(COMPLETIONS, request), "choices", 0, "text")).matches("\\[([12],){11}[12]]");
        Map<String, Object> spaced = with(request, "compact", false);
        spaced.put("logit_bias", Map.of(Integer.toString(server.model.tokenizer().encode("\n")[0]), 100L));
        assertThat((String) at(server.ask(COMPLETIONS, spaced), "choices", 0, "text")).contains("\n");
    }

    @Test
    void theFingerprintIsTheModelsAndTheEngines() throws Exception {
        Map<String, Object> answer = server.ask(COMPLETIONS, Map.of("prompt", "a", "max_tokens", 1L));
        assertThat((String) at(answer, "system_fingerprint")).matches("t6j-\\S+-[0-9a-f]{12}");
        List<Map<String, Object>> stream =
                server.stream(COMPLETIONS, Map.of("prompt", "b", "max_tokens", 1L, "stream", true));
        assertThat(stream).allMatch(
                chunk -> at(chunk, "system_fingerprint").equals(at(answer, "system_fingerprint")));
    }

    @ParameterizedTest
    @CsvSource({"/chat/completions, /v1/chat/completions", "/embeddings, /v1/embeddings",
        "/v1/responses, /v1/chat/completions", "/v1/messages, /v1/chat/completions", "/completion, /v1/completions"})
    void otherPathsNameTheEndpointToCall(String path, String instead) throws Exception {
        HttpResponse<String> answer = server.post(path, PROMPT);
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat((String) at(TestServer.json(answer.body()), "error", "message")).contains("call " + instead);
    }

    /** Ollama's client shows {@code error}, which must be a text. */
    @ParameterizedTest
    @CsvSource({"/api/chat, /v1/chat/completions", "/api/generate, /v1/completions", "/api/embed, /v1/embeddings",
        "/api/tags, /v1/models", "/api/pull, /v1/models"})
    void ollamasPathsAnswerWithAText(String path, String instead) throws Exception {
        HttpResponse<String> answer = server.post(path, "{}");
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat((String) at(TestServer.json(answer.body()), "error")).contains("not Ollama's", instead);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            GET /health HTTP/1.1 | Host: localhost; Host: localhost | 400
            GET /health HTTP/1.1 | Host: localhost; Host: evil.example | 400
            GET /health HTTP/1.1 | Accept: a | 400
            GET /health HTTP/1.0 | Accept: a | 200
            GET /health HTTP/1.0 | Host: localhost | 200
            GET /health HTTP/1.0 | Host: evil.example | 403
            """)
    void hosts(String line, String headers, int status) throws IOException {
        assertThat(raw(server.server, line + "\r\n" + headers.replace("; ", "\r\n") + "\r\nConnection: close\r\n\r\n"))
                .matches("(?s)HTTP/1\\.[01] " + status + " .*");
    }

    @ParameterizedTest
    @CsvSource({"Bearer secret, 200", "bearer secret, 200", "BEARER secret, 200", "Bearer  secret, 200",
        "Bearer wrong, 401", "secret, 401", "Basic secret, 401", "Bearer, 401"})
    void keys(String authorization, int status) throws Exception {
        try (TestServer closed = new TestServer(TestServer.limits(1, 1, 1L << 28, 64), "secret", null)) {
            HttpResponse<String> answer = closed.get("/v1/models", "Authorization", authorization);
            assertThat(answer.statusCode()).isEqualTo(status);
            assertThat(answer.headers().firstValue("WWW-Authenticate").isPresent()).isEqualTo(status == 401);
        }
    }

    @Test
    void aDrainingServerRefusesNewRequestsByItsCode() throws Exception {
        TestServer other = new TestServer(TestServer.limits(2, 4, 1L << 30, TestServer.CONTEXT), null, null);
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<HttpResponse<String>> running = clients.submit(() -> other.post(COMPLETIONS,
                    "{\"prompt\": \"a\", \"max_tokens\": 500, \"ignore_eos\": true, \"n\": 2}"));
            while (other.scheduler.metrics().running() == 0) {
                Thread.sleep(1);
            }
            Future<Boolean> drained = clients.submit(() -> other.server.drain(Duration.ofSeconds(60)));
            HttpResponse<String> refused = other.post(COMPLETIONS, PROMPT);
            while (refused.statusCode() == 200 && !drained.isDone()) {
                refused = other.post(COMPLETIONS, PROMPT);
            }
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(refused.body()).contains("\"code\":\"draining\"");
            assertThat(running.get().statusCode()).isEqualTo(200);
            assertThat(drained.get()).isTrue();
        } finally {
            other.close();
        }
    }

    private static InetAddress address(String text) {
        return InetAddress.ofLiteral(text);
    }

    @ParameterizedTest
    @CsvSource(nullValues = "-", value = {"192.0.2.1, 203.0.113.7, 192.0.2.1", "10.0.0.1, 203.0.113.7, 203.0.113.7",
        "10.0.0.1, '198.51.100.9, 203.0.113.7', 203.0.113.7", "10.0.0.1, '203.0.113.7, 10.0.0.2', 203.0.113.7",
        "10.0.0.1, unknown, 10.0.0.1", "10.0.0.1, 'evil.example, 10.0.0.2', 10.0.0.2", "10.0.0.1, -, 10.0.0.1"})
    void onlyTrustedProxiesNameTheClient(String peer, String forwarded, String client) {
        Clients clients = new Clients(Set.of(address("10.0.0.1"), address("10.0.0.2")), 3);
        assertThat(clients.of(address(peer), forwarded == null ? List.of() : List.of(forwarded)))
                .isEqualTo(address(client));
    }

    @Test
    void oneAddressHasALimitedNumberOfRequests() {
        Clients clients = new Clients(Set.of(), 2);
        InetAddress one = address("192.0.2.1");
        clients.enter(one);
        clients.enter(one);
        assertThatThrownBy(() -> clients.enter(one)).isInstanceOf(ApiException.class).hasMessageContaining("at most 2");
        clients.leave(one);
        clients.enter(address("192.0.2.2"));
        clients.leave(one);
        clients.enter(one);
    }

    /** Two requests whose bodies do not arrive use up the limit; afterwards, their connections end. */
    @Test
    void theServerRefusesMoreRequestsOfAnAddress() throws Exception {
        Server.Options options = new Server.Options("127.0.0.1", 0, null, null, null, Set.of(), ServerLog.errors(), 2);
        try (TestServer limited = new TestServer(options)) {
            List<Socket> open = List.of(connect(limited.server), connect(limited.server));
            for (Socket socket : open) {
                socket.getOutputStream().write(("POST " + COMPLETIONS
                        + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
                        .getBytes(StandardCharsets.UTF_8));
            }
            HttpResponse<String> refused = limited.get("/health");
            while (refused.statusCode() == 200) { // until both have arrived
                refused = limited.get("/health");
            }
            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat((String) at(TestServer.json(refused.body()), "error", "message"))
                    .contains("at most 2 requests of one address");
            for (Socket socket : open) {
                socket.close();
            }
            while (limited.get("/health").statusCode() == 429) {
                Thread.sleep(5);
            }
            assertThat(limited.get("/health").statusCode()).isEqualTo(200);
        }
    }

    /** The server's log of two requests: one with tokens, one refused. */
    private static List<String> log(boolean json, boolean access) throws Exception {
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        Server.Options options = new Server.Options("127.0.0.1", 0, null, null, null, Set.of(address("127.0.0.1")),
                new ServerLog(lines::add, json, access));
        try (TestServer logged = new TestServer(options)) {
            logged.post(COMPLETIONS, PROMPT, "x-request-id", "mine", "X-Forwarded-For", "203.0.113.7");
            logged.get("/a%0Ab", "x-request-id", "two");
            while (access && lines.size() < 2) {
                Thread.sleep(5);
            }
        }
        return List.copyOf(lines);
    }

    @Test
    void accessLog() throws Exception {
        assertThat(log(false, false)).isEmpty();
        List<String> text = log(false, true);
        assertThat(text.getFirst())
                .matches("203\\.0\\.113\\.7 POST /v1/completions 200 \\d tokens \\d+ ms mine");
        assertThat(text.getLast()).matches("127\\.0\\.0\\.1 GET /a\\?b 404 0 tokens \\d+ ms two");
        Map<String, Object> json = TestServer.json(log(true, true).getFirst());
        assertThat(json).containsEntry("client", "203.0.113.7").containsEntry("method", "POST")
                .containsEntry("path", COMPLETIONS).containsEntry("status", 200L).containsEntry("id", "mine")
                .containsKeys("time", "level", "ms");
        assertThat((Long) json.get("tokens")).isBetween(2L, 6L);
    }

    /** Warnings of the engine, whose class on a module path is the JDK's. */
    @Test
    void warningsOfTheEngineAreLoggedAsJson() {
        List<String> lines = new ArrayList<>();
        LogHandler handler = new LogHandler(new ServerLog(lines::add, true, false));
        handler.open();
        try {
            System.Logger logger = System.getLogger("io.github.t6j.tests");
            logger.log(System.Logger.Level.WARNING, "a {0}", "warning");
            logger.log(System.Logger.Level.ERROR, "a\nbug", new IllegalStateException("x"));
        } finally {
            handler.close();
        }
        System.getLogger("io.github.t6j.tests").log(System.Logger.Level.DEBUG, "after");
        assertThat(lines).hasSize(2);
        assertThat(TestServer.json(lines.getFirst())).containsEntry("level", "warning")
                .containsEntry("message", "a warning").doesNotContainKey("trace");
        assertThat(TestServer.json(lines.getLast())).containsEntry("level", "error").containsEntry("message", "a\nbug")
                .hasEntrySatisfying("trace", trace -> assertThat((String) trace).contains("IllegalStateException: x"));
    }

    @Test
    void bugsAreLoggedAsJsonOnOneLine() {
        List<String> lines = new ArrayList<>();
        new ServerLog(lines::add, true, false).failed("id: GET /", "internal\nerror", new IllegalStateException("x"));
        assertThat(lines).singleElement().asString().doesNotContain("\n")
                .contains("\"level\":\"error\"", "IllegalStateException");
    }

    /** The time is a setting of the JDK's server, which the launcher sets: more than the 60 s of proxies. */
    @ParameterizedTest
    @ValueSource(strings = {"bin/t6j", "bin/t6j.cmd"})
    void connectionsAreKeptLongerThanProxiesKeepThem(String launcher) throws IOException {
        Matcher seconds = Pattern.compile("-Dsun\\.net\\.httpserver\\.idleInterval=(\\d+)")
                .matcher(Files.readString(Path.of(launcher)));
        assertThat(seconds.find()).isTrue();
        assertThat(Integer.parseInt(seconds.group(1))).isGreaterThan(60);
    }
}
