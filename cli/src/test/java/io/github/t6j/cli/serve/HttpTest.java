package io.github.t6j.cli.serve;

import static io.github.t6j.cli.serve.TestServer.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.json.Json;
import io.github.t6j.schedule.SchedulerOptions;
import java.io.IOException;
import java.net.BindException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** HTTP itself: rare methods, paths and headers, and clients that do not read. */
@Isolated
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(120)
class HttpTest {
    private static final String PROMPT = "{\"prompt\": \"Call\", \"max_tokens\": 2}";

    @AutoClose
    private final TestServer server = new TestServer();

    HttpTest() throws IOException {}

    private static Socket connect(Server to) throws IOException {
        return new Socket(to.address().getAddress(), to.address().getPort());
    }

    /** Returns the server's answer to these bytes until it closes the connection. */
    private static String raw(Server to, String request) throws IOException {
        try (Socket socket = connect(to)) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private String raw(String line, String... headers) throws IOException {
        return raw(server.server,
                line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + String.join("", headers) + "\r\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            GET /health                     | 200
            GET /health?a=b&c               | 200
            GET http://localhost/health     | 200
            GET /%68ealth                   | 200
            GET //health                    | 404
            GET /health/                    | 404
            GET /v1/models/t6-tiny          | 200
            GET /v1/models/gpt-4            | 404
            GET /v1/models/                 | 404
            GET /../health                  | 404
            GET /%00                        | 404
            GET /%zz                        | 400
            OPTIONS *                       | 404
            POST /v1/completions            | 400
            DELETE /v1/models               | 405
            TRACE /                         | 405
            get /health                     | 405
            """)
    void places(String line, int status) throws IOException {
        assertThat(raw(line)).startsWith("HTTP/1.1 " + status + " ");
    }

    @ParameterizedTest
    @CsvSource({"/, text/html", "/health, application/json", "/v1/models, application/json"})
    void headIsGetWithoutBody(String path, String type) throws IOException {
        String get = raw("GET " + path);
        String head = raw("HEAD " + path);
        assertThat(head).startsWith("HTTP/1.1 200 ").contains("Content-type: " + type).endsWith("\r\n\r\n");
        int body = get.indexOf("\r\n\r\n") + 4;
        assertThat(head.toLowerCase())
                .contains("content-length: " + get.substring(body).getBytes(StandardCharsets.UTF_8).length + "\r\n");
        assertThat(raw("HEAD /v1/completions")).startsWith("HTTP/1.1 405 ").endsWith("\r\n\r\n");
    }

    @Test
    void encodedBodiesAreRejected() throws Exception {
        HttpResponse<String> answer = server.post("/v1/completions", PROMPT, "Content-Encoding", "gzip");
        assertThat(answer.statusCode()).isEqualTo(415);
        assertThat((String) at(TestServer.json(answer.body()), "error", "message"))
                .isEqualTo("Content-Encoding: expected none, found \"gzip\": send the body without compression");
        assertThat(server.post("/v1/completions", PROMPT, "Content-Encoding", "identity").statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({"zz", "5 0", "-1", "fffffffffffffffff"})
    void malformedChunksAreRejected(String length) throws IOException {
        String answer = raw("POST /v1/completions", "Transfer-Encoding: chunked\r\n", "\r\n", length + "\r\n");
        assertThat(answer).startsWith("HTTP/1.1 400 ").contains("body: cannot be read");
    }

    /**
     * The JDK throws another exception for some invalid chunks, depending on the read; the server still stops at once.
     */
    @Test
    void chunksOfUnexpectedBodiesAreChecked() throws Exception {
        TestServer other = new TestServer();
        String request = " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n";
        assertThat(raw(other.server, "GET /health" + request)).startsWith("HTTP/1.1 200 ");
        assertThat(raw(other.server, "POST /tokenize" + request)).startsWith("HTTP/1.1 400 ");
        long start = System.nanoTime();
        assertThat(other.server.drain(Duration.ofSeconds(100))).isTrue();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(90));
        other.close();
    }

    @ParameterizedTest
    @CsvSource({"localhost, 200", "LOCALHOST, 200", "127.0.0.1:1, 200", "[::1]:80, 200", "127.0.0.2, 403",
        "localhost.example, 403", "'', 403", "[::1, 403"})
    void namesOfThisMachine(String host, int status) throws IOException {
        assertThat(raw(server.server, "GET /health HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 " + status + " ");
    }

    /** A proxy passes on the Host of the browser, which has the port of its Origin. */
    @ParameterizedTest
    @CsvSource({"localhost:8080, http://localhost:8080, 200", "localhost, https://localhost, 200",
        "127.0.0.1:8080, http://127.0.0.1:8080, 200", "localhost, http://localhost:8080, 403",
        "localhost:8080, http://127.0.0.1:8080, 403", "localhost:8080, http://evil.example:8080, 403",
        "evil.example:8080, http://evil.example:8080, 403", "localhost, https://models.example.org, 403"})
    void pagesBehindAProxy(String host, String origin, int status) throws IOException {
        assertThat(post(server.server, "/tokenize", host, origin)).startsWith("HTTP/1.1 " + status + " ");
    }

    private static String post(Server to, String path, String host, String origin) throws IOException {
        String body = "{\"content\": \"a\"}";
        return raw(to, "POST " + path + " HTTP/1.1\r\nHost: " + host + "\r\nOrigin: " + origin
                + "\r\nConnection: close\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
    }

    /** For a proxy with a name of its own, which names the server localhost. */
    @Test
    void theAddressOfAProxyMayBeAllowed() throws IOException {
        SchedulerOptions limits = TestServer.limits(1, 1, 1L << 28, 64);
        try (TestServer other = new TestServer(limits, null, "https://models.example.org")) {
            assertThat(post(other.server, "/tokenize", "localhost", "https://models.example.org"))
                    .startsWith("HTTP/1.1 200 ");
            assertThat(post(other.server, "/tokenize", "localhost", "https://evil.example"))
                    .startsWith("HTTP/1.1 403 ");
        }
    }

    /** The headers that OpenAI's client for JavaScript sends from a page. */
    @Test
    void aPageOfAnAllowedOriginMaySendAnyHeader() throws IOException {
        String asked = "authorization,content-type,x-stainless-arch,x-stainless-lang,x-stainless-os,"
                + "x-stainless-package-version,x-stainless-retry-count,x-stainless-runtime,x-stainless-runtime-version";
        String request = "OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + "Origin: https://page.example\r\nAccess-Control-Request-Method: POST\r\n"
                + "Access-Control-Request-Headers: " + asked + "\r\n\r\n";
        for (String allowed : List.of("https://page.example", "*")) {
            try (Server other = new Server(new Server.Options("127.0.0.1", 0, "key", allowed, null))) {
                assertThat(raw(other, request)).startsWith("HTTP/1.1 204 ")
                        .containsIgnoringCase("\r\nAccess-Control-Allow-Headers: " + asked + "\r\n")
                        .containsIgnoringCase("\r\nAccess-Control-Expose-Headers: Retry-After, x-request-id\r\n");
            }
        }
        assertThat(raw(server.server, request)).startsWith("HTTP/1.1 403 ")
                .doesNotContainIgnoringCase("Access-Control-Allow-Headers");
    }

    /** The server may listen on any address of the loopback interface, which is then a name of the server. */
    @Test
    void theAddressThatItListensAt() throws IOException {
        try (Server other = new Server(new Server.Options("127.0.0.2", 0, null, null, null))) {
            assertThat(raw(other, "GET / HTTP/1.1\r\nHost: 127.0.0.2:80\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 200 ");
        } catch (BindException e) { // macOS has only the first address
            assertThat(System.getProperty("os.name")).startsWith("Mac");
        }
    }

    /**
     * A client that still sends when a connection is closed receives no answer, so the server reads on before it
     * refuses.
     */
    @ParameterizedTest
    @CsvSource({"/v1/responses, 404", "/v1/models, 405", "/v1/completions, 415"})
    void errorsReachClientsThatSendMuch(String path, int status) throws Exception {
        String body = " ".repeat(8 << 20);
        for (int i = 0; i < 5; i++) {
            assertThat(server.post(path, body, "Content-Encoding", "gzip").statusCode()).isEqualTo(status);
        }
    }

    private static void sendAllButOneByte(Socket socket) throws IOException {
        socket.getOutputStream().write(("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                + Exchange.LONGEST_BODY + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
        socket.getOutputStream().write(new byte[Exchange.LONGEST_BODY - 1]);
    }

    /** At most 32 MB of long bodies are buffered at once; a client with more may try again. */
    @Test
    void longBodiesTakeTurns() throws Exception {
        List<Socket> slow = new ArrayList<>();
        try {
            String body = PROMPT + " ".repeat(1 << 20);
            HttpResponse<String> answer = server.post("/v1/completions", body);
            while (answer.statusCode() == 200) { // a refused request buffers nothing
                slow.add(connect(server.server));
                sendAllButOneByte(slow.getLast());
                answer = server.post("/v1/completions", body);
            }
            assertThat(answer.statusCode()).isEqualTo(429);
            assertThat(answer.headers().firstValue("Retry-After")).isPresent();
            assertThat(server.post("/v1/completions", PROMPT).statusCode()).isEqualTo(200);
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
        String body = PROMPT + " ".repeat(1 << 20);
        while (server.post("/v1/completions", body).statusCode() == 429) {
            Thread.sleep(5);
        }
        assertThat(server.post("/v1/completions", body).statusCode()).isEqualTo(200);
    }

    /** Returns the threads of servers without {@code earlier}. */
    private static Set<Thread> threads(Set<Thread> earlier) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("t6j") || thread.getName().startsWith("HTTP-Dispatcher"))
                .filter(thread -> !earlier.contains(thread)).collect(Collectors.toSet());
    }

    @Test
    void aClosedServerLeavesNoThread() throws Exception {
        Set<Thread> before = threads(Set.of()); // some of these may end meanwhile
        Socket unfinished;
        try (TestServer other = new TestServer()) {
            unfinished = connect(other.server);
            assertThat(other.post("/v1/completions", PROMPT).statusCode()).isEqualTo(200);
            assertThat(threads(before)).isNotEmpty();
            unfinished.getOutputStream().write("POST / HT".getBytes(StandardCharsets.UTF_8));
        }
        while (!threads(before).isEmpty()) { // ended by the timeout of the class
            Thread.sleep(5);
        }
        unfinished.close();
    }

    /** Requests an answer of 16 MB, which exceeds every buffer of the system. */
    private static Socket askAndReadNothing(TestServer server) throws IOException {
        String body = Json.writeLine(Map.of("prompt", "Call", "max_tokens", 500L, "n", 16L, "ignore_eos", true,
                "stream", true, "logprobs", 20L));
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4096);
        socket.connect(server.server.address());
        socket.getOutputStream().write(("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                + body.length() + "\r\n\r\n" + body).getBytes(StandardCharsets.UTF_8));
        return socket;
    }

    @Tag("full")
    @Test
    void aSlowReaderDelaysNobody() throws Exception {
        TestServer other = new TestServer(TestServer.limits(16, 64, 1L << 30, TestServer.CONTEXT), null, null);
        List<Socket> stuck = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                stuck.add(askAndReadNothing(other));
            }
            while (other.scheduler.metrics().ended() < 64) {
                Thread.sleep(5);
            }
            assertThat(other.scheduler.metrics().cacheBytes()).as("is free although nobody reads").isZero();
            assertThat(other.post("/v1/completions", PROMPT).statusCode()).isEqualTo(200);
            assertThat(other.server.drain(Duration.ofSeconds(1))).isTrue(); // the server stops nevertheless
        } finally {
            for (Socket socket : stuck) {
                socket.close();
            }
            other.close();
        }
    }

    @Test
    void aClientThatStopsReadingIsDisconnected() throws Exception {
        SchedulerOptions limits = TestServer.limits(16, 64, 1L << 30, TestServer.CONTEXT);
        try (TestServer other = new TestServer(limits, null, null, Duration.ofMillis(300));
                Socket socket = askAndReadNothing(other)) {
            // Each check counts as an answer once it has ended; one more is the client's.
            for (int looks = 1; answers(other.get("/metrics").body()) < looks; looks++) {
                Thread.sleep(20); // ended by the timeout of the class
            }
            String read = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(read).startsWith("HTTP/1.1 200 ").doesNotContain("[DONE]");
            assertThat(other.post("/v1/completions", PROMPT).statusCode()).isEqualTo(200);
        }
    }

    private static long answers(String metrics) {
        Matcher count = Pattern.compile("t6j_answers_total\\{status=\"200\"} (\\d+)").matcher(metrics);
        return count.find() ? Long.parseLong(count.group(1)) : 0;
    }
}
