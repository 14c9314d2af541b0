package io.github.t6j.jmh.load;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The table of {@code load}, for a fake server with t6j's answers. */
class LoadCommandTest {
    private static final String MODELS = "{\"object\": \"list\", \"data\": [{\"id\": \"t6\", \"attention\": \"TPA\","
            + " \"context_length\": 2000, \"cache_bytes_per_token\": 1024}]}";
    private static final String TOKENS =
            "data: {\"choices\": [{\"text\": \"a\", \"logprobs\": {\"tokens\": [\"a\", \"b\"]}}],"
                    + " \"usage\": null}\n\n";
    private static final String END =
            "data: {\"choices\": [], \"usage\": {\"prompt_tokens_details\": {\"cached_tokens\": %d}}}"
                    + "\n\ndata: [DONE]\n\n";

    private HttpServer server;
    private volatile int cached = 1000;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/v1/models", exchange -> answer(exchange, MODELS));
        server.createContext("/v1/completions", exchange -> answer(exchange, TOKENS.repeat(2) + END.formatted(cached)));
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private static void answer(HttpExchange exchange, String text) throws IOException {
        exchange.getRequestBody().readAllBytes();
        exchange.sendResponseHeaders(200, 0);
        try (exchange) {
            exchange.getResponseBody().write(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Returns the output, on standard output or standard error. */
    private String load(int code, String... options) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream out = System.out;
        PrintStream err = System.err;
        try (PrintStream captured = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
            System.setOut(captured);
            System.setErr(captured);
            String[] all = new String[options.length + 1];
            System.arraycopy(options, 0, all, 0, options.length);
            all[options.length] = "http://127.0.0.1:" + server.getAddress().getPort();
            assertThat(LoadCommand.run(all)).isEqualTo(code);
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aRowForEachContextAndNumberOfStreams() {
        String time = "\\d+\\.\\d m?s";
        String printed = load(0, "--streams", "1,3", "--context", "1000,5000", "--tokens", "4");
        assertThat(printed).containsPattern(
                "\\| t6 \\(TPA\\) \\| 1000 \\| 3 \\| \\d+\\.\\d \\| " + time + ", " + time + ", " + time + " \\| "
                        + time + ", "
                        + time);
        assertThat(printed).contains("| t6 (TPA) | 1000 | 1 |")
                .contains("load: t6 (TPA): skipped 5000 tokens: expected at most 1995, which fit in its context")
                .contains("| t6 (TPA) | 1024 | 512 |").doesNotContain("expected cached prompts");
    }

    @Test
    void aRowForEachContextDuringALongPrompt() {
        String times = "(\\d+\\.\\d m?s, \\d+\\.\\d m?s|–)";
        assertThat(load(0, "--beside", "900", "--streams", "2", "--context", "20")).containsPattern(
                "\\| t6 \\(TPA\\) \\| 20 \\| 2 \\| 900 \\| \\d+\\.\\d m?s \\| " + times + " \\| " + times
                        + " \\| (\\d.*, \\d.*|–) \\|");
    }

    /** The first of ten clients is refused once. */
    @Test
    void clientsOfMixedLengthsTryAgain() {
        AtomicBoolean refuses = new AtomicBoolean(true);
        server.removeContext("/v1/completions");
        server.createContext("/v1/completions", exchange -> {
            boolean warmedUp = !new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)
                    .contains("\"max_tokens\":64");
            if (warmedUp && refuses.getAndSet(false)) {
                exchange.getResponseHeaders().set("Retry-After", "0");
                exchange.sendResponseHeaders(429, -1);
                exchange.close();
            } else {
                answer(exchange, TOKENS + END.formatted(0));
            }
        });
        String printed = load(0, "--mixed", "10", "--streams", "1", "--context", "1600", "--tokens", "2");
        String rows = "(?s)below 128 tokens \\| (\\d) \\| (\\d) .*below 1024 tokens \\| (\\d) \\| (\\d) "
                + ".*1024 to 1600 tokens \\| (\\d) \\| (\\d) ";
        Matcher row = Pattern.compile(rows).matcher(printed);
        assertThat(row.find()).as(printed).isTrue();
        assertThat(IntStream.of(1, 3, 5).map(i -> Integer.parseInt(row.group(i))).sum()).isEqualTo(10);
        assertThat(IntStream.of(2, 4, 6).map(i -> Integer.parseInt(row.group(i))).sum()).isEqualTo(1);
    }

    @Test
    void forgottenPromptsAreReported() {
        cached = 0;
        assertThat(load(0, "--streams", "2", "--context", "1000")).contains("expected cached prompts of 1000 tokens");
    }

    @Test
    void wrongNumbersAndPlaces() {
        assertThat(load(2, "--tokens", "1")).contains("expected at least 1, 1 and 2, found a smaller number");
        server.removeContext("/v1/models");
        assertThat(load(1)).contains("expected a running t6j serve, found status 404").hasLineCount(1);
        server.stop(0);
        assertThat(load(1)).contains("expected a running t6j serve, found none").hasLineCount(1);
    }

    @Test
    void quantiles() {
        assertThat(Times.quantile(List.of(1., 2., 3., 4.), 0.5)).isEqualTo(2);
        assertThat(Times.quantile(List.of(1., 2., 3., 4.), 0.99)).isEqualTo(4);
        assertThat(Times.quantile(List.of(7.), 0.5)).isEqualTo(7);
    }
}
