package io.github.t6j.cli.serve;

import static io.github.t6j.cli.serve.TestServer.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.LoadListener;
import io.github.t6j.cli.generate.WarmUp;
import io.github.t6j.json.Json;
import io.github.t6j.schedule.SchedulerMetrics;
import io.github.t6j.schedule.SchedulerOptions;
import io.github.t6j.speculation.Speculation;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Request ids, states, metrics and folders, on which those who run a server rely. */
@Timeout(120)
class OperationsTest {
    private static final String COMPLETIONS = "/v1/completions";
    private static final String ENDLESS =
            "{\"prompt\": \"The whale\", \"max_tokens\": 400, \"ignore_eos\": true, \"seed\": 1}";
    private static final Pattern METRIC = Pattern.compile("(?m)^# TYPE (\\S+) ");

    private static SchedulerOptions limits() {
        return TestServer.limits(2, 4, 1L << 30, TestServer.CONTEXT);
    }

    private static String id(HttpResponse<String> answer) {
        return answer.headers().firstValue("x-request-id").orElseThrow();
    }

    @Test
    void anIdIsTakenOrMade() throws Exception {
        try (TestServer server = new TestServer(limits(), null, null)) {
            HttpResponse<String> taken = server.get("/v1/models", "x-request-id", "trace-1.a:b/c");
            assertThat(id(taken)).isEqualTo("trace-1.a:b/c");
            HttpResponse<String> wrong = server.post(COMPLETIONS, "{\"prompt\": 7}", "X-Request-Id", "mine");
            assertThat(wrong.statusCode()).isEqualTo(400);
            assertThat((String) at(TestServer.json(wrong.body()), "error", "request_id")).isEqualTo("mine");
            String first = id(server.get("/health"));
            assertThat(first).startsWith("req-").isNotEqualTo(id(server.get("/health")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"two words", "\"quoted\"", "a\tb", "{0}", "<b>"})
    void anIdThatIsUnsafeInALogIsReplaced(String given) throws Exception {
        try (TestServer server = new TestServer(limits(), null, null)) {
            assertThat(id(server.get("/v1/models", "x-request-id", given))).startsWith("req-");
            assertThat(id(server.get("/v1/models", "x-request-id", "x".repeat(129)))).startsWith("req-");
        }
    }

    @Test
    void propertiesAndSlots() throws Exception {
        try (TestServer server = new TestServer(limits(), null, null)) {
            Map<String, Object> props = TestServer.json(server.get("/props").body());
            assertThat((Long) at(props, "default_generation_settings", "n_ctx")).isEqualTo(TestServer.CONTEXT);
            assertThat((Long) at(props, "total_slots")).isEqualTo(2);
            assertThat((String) at(props, "model_alias")).isEqualTo("t6-tiny");
            assertThat((String) at(props, "kernels")).endsWith(", 2 threads");
            assertThat((String) at(props, "model_path")).endsWith("t6-tiny");
            assertThat((String) at(props, "eos_token")).isEqualTo("<|endoftext|>");
            assertThat((String) at(props, "chat_template")).isEmpty();
            Map<String, Object> free = Map.of("n_ctx", (long) TestServer.CONTEXT, "is_processing", false);
            List<Map<String, Object>> expected = new ArrayList<>();
            for (long id = 0; id < 2; id++) {
                expected.add(new HashMap<>(free));
                expected.getLast().put("id", id);
            }
            assertThat(slots(server)).isEqualTo(expected);
            assertThat(server.get("/slots?fail_on_no_slot=1").statusCode()).isEqualTo(200);
        }
    }

    private static List<?> slots(TestServer server) throws Exception {
        return (List<?>) Json.parse(server.get("/slots").body().getBytes(StandardCharsets.UTF_8), "slots");
    }

    /** The first check of a server whose slots are busy sees their progress; a probe would wait for a slot. */
    @Test
    void aBusyServerIsHealthyAtOnce() throws Exception {
        try (TestServer server = new TestServer(limits(), null, null);
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            busy(server, clients);
            HttpResponse<String> health = server.get("/health");
            long ended = server.scheduler.metrics().ended();
            assertThat(health.body()).isEqualTo("{\"status\":\"ok\"}");
            assertThat(ended).as("a probe would end after the four").isLessThan(4);
        }
    }

    /** Fills both slots: of two requests of two times 400 tokens, the second waits in the queue. */
    private static List<Future<HttpResponse<String>>> busy(TestServer server, ExecutorService clients)
            throws InterruptedException {
        List<Future<HttpResponse<String>>> answers = new ArrayList<>();
        String two = ENDLESS.replace("400", "400, \"n\": 2");
        for (int i = 0; i < 2; i++) {
            answers.add(clients.submit(() -> server.post(COMPLETIONS, two)));
        }
        SchedulerMetrics metrics = server.scheduler.metrics();
        while (metrics.running() + metrics.waiting() < 4) {
            Thread.sleep(1);
            metrics = server.scheduler.metrics();
        }
        return answers;
    }

    /** Both slots are busy, then the server drains: it says so, and loses no answer. */
    @Test
    void drainingIsReported() throws Exception {
        try (TestServer server = new TestServer(limits(), null, null);
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<HttpResponse<String>>> answers = busy(server, clients);
            boolean busy = server.get("/slots?fail_on_no_slot=1").statusCode() == 503;
            List<String> log = Collections.synchronizedList(new ArrayList<>());
            StartAndStop reports = new StartAndStop(server.server, log::add);
            Future<Boolean> drained = clients.submit(() -> reports.drain(Duration.ofSeconds(100)));
            String health = "";
            while (!drained.isDone() && !health.contains("draining")) {
                health = health(server, health);
            }
            assertThat(drained.get()).isTrue();
            for (Future<HttpResponse<String>> answer : answers) {
                assertThat(answer.get().body()).contains("\"completion_tokens\":800");
            }
            assertThat(busy).isTrue();
            assertThat(health).contains("\"code\":\"draining\"", "requests are left");
            assertThat(log).first().asString().isEqualTo("draining: 2 requests are left, at most 100 s (--drain)");
        }
    }

    /** The first line comes after two seconds of loading. */
    @Test
    void loadingIsReportedInMegabytes() throws Exception {
        List<String> log = new ArrayList<>();
        try (Server server = new Server(new Server.Options("127.0.0.1", 0, null, null, null))) {
            LoadListener listener = new StartAndStop(server, log::add).loading("m", false);
            listener.onProgress(1, 500_000_000);
            Thread.sleep(2100);
            listener.onProgress(250_000_000, 500_000_000);
        }
        assertThat(log).containsExactly("loading m: 50 % of 500.0 MB");
    }

    private static String health(TestServer server, String before) throws InterruptedException {
        try {
            return server.get("/health").body();
        } catch (IOException stopped) { // the server listens no more
            return before;
        }
    }

    @Test
    void aServerThatWarmsUpIsNotReadyButAnswers() throws Exception {
        try (TestServer server = new TestServer()) {
            CountDownLatch interrupted = new CountDownLatch(1);
            server.server.warm(new WarmUp(() -> {
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    interrupted.countDown();
                }
            }));
            HttpResponse<String> health = server.get("/health");
            assertThat(health.statusCode()).isEqualTo(503);
            assertThat(health.body()).contains("\"code\":\"warming\"");
            assertThat(server.post(COMPLETIONS, "{\"prompt\": \"Once\", \"max_tokens\": 2}").statusCode())
                    .isEqualTo(200);
            assertThat(interrupted.getCount()).as("the request ended the warm-up").isZero();
            assertThat(server.get("/health").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aRequestThatTakesTooLong() throws Exception {
        SchedulerOptions short1 = limits().withTimeout(Duration.ofMillis(150));
        try (TestServer server = new TestServer(short1.withMaxRunning(1), null, null);
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<HttpResponse<String>>> answers = new ArrayList<>();
            String many = ENDLESS.replace("400", "500");
            for (int i = 0; i < 5; i++) {
                answers.add(clients.submit(() -> server.post(COMPLETIONS, many)));
            }
            int late = 0;
            for (Future<HttpResponse<String>> future : answers) {
                HttpResponse<String> answer = future.get();
                if (answer.statusCode() == 503) {
                    assertThat(answer.body()).contains("no token within the server's time limit for a request");
                    assertThat(answer.headers().firstValue("Retry-After").orElse("")).matches("[1-9]\\d?");
                    late++;
                } else {
                    assertThat(answer.body()).contains("\"finish_reason\":\"length\"");
                }
            }
            assertThat(late).as("answers of 500 tokens take longer").isPositive();
        }
    }

    /** Dashboards and alerts use these names. */
    @Test
    void namesOfMetrics() throws Exception {
        try (TestServer server = new TestServer(limits(), null, null)) {
            List<String> names = METRIC.matcher(server.get("/metrics").body()).results()
                    .map((MatchResult found) -> found.group(1)).toList();
            assertThat(names).contains("t6j_ready", "t6j_answers_total", "t6j_waiting", "t6j_running",
                    "t6j_cache_bytes", "t6j_kept_cache_bytes", "t6j_allocated_cache_bytes", "t6j_prompt_tokens_total",
                    "t6j_cached_tokens_total", "t6j_generated_tokens_total", "t6j_generations_total",
                    "t6j_passes_total", "t6j_rows_total", "t6j_request_seconds",
                    "t6j_embedding_tokens_total", "t6j_embedding_seconds",
                    "t6j_accepted_drafts_total", "t6j_rejected_drafts_total",
                    "t6j_first_token_seconds", "t6j_between_tokens_seconds");
        }
    }

    @Test
    void aPredictionChangesOnlyTheUsage() throws Exception {
        String body = "{\"prompt\": \"The whale\", \"max_tokens\": 60, \"seed\": 3, \"ignore_eos\": true%s}";
        SchedulerOptions speculating = limits().withSpeculation(Speculation.ngrams(7).withAdaptive(false));
        try (TestServer server = new TestServer(limits(), null, null);
                TestServer other = new TestServer(speculating, null, null)) {
            Map<String, Object> plain = TestServer.json(server.post(COMPLETIONS, body.formatted("")).body());
            String text = at(plain, "choices", 0, "text");
            String prediction =
                    ", \"prediction\": " + Json.writeLine(Map.of("type", "content", "content", text)).strip();
            for (int i = 0; i < 3; i++) {
                Map<String, Object> predicted =
                        TestServer.json(server.post(COMPLETIONS, body.formatted(prediction)).body());
                assertThat((String) at(predicted, "choices", 0, "text")).isEqualTo(text);
                long accepted = at(predicted, "usage", "completion_tokens_details", "accepted_prediction_tokens");
                assertThat(accepted).isBetween(0L, 59L);
            }
            Map<String, Object> predicted =
                    TestServer.json(other.post(COMPLETIONS, body.formatted(prediction)).body());
            assertThat((String) at(predicted, "choices", 0, "text")).isEqualTo(text);
            long accepted = at(predicted, "usage", "completion_tokens_details", "accepted_prediction_tokens");
            assertThat(accepted).isBetween(30L, 59L);
            long rejected = at(predicted, "usage", "completion_tokens_details", "rejected_prediction_tokens");
            assertThat(other.get("/metrics").body()).contains(
                    "\nt6j_accepted_drafts_total " + accepted + "\n", "\nt6j_rejected_drafts_total " + rejected + "\n");
            String wrongly = text.substring(text.length() / 2) + text;
            String half = ", \"prediction\": " + Json.writeLine(Map.of("content", wrongly)).strip();
            Map<String, Object> both = TestServer.json(other.post(COMPLETIONS, body.formatted(half)).body());
            assertThat((String) at(both, "choices", 0, "text")).isEqualTo(text);
            assertThat((Long) at(plain, "usage", "completion_tokens_details", "rejected_prediction_tokens")).isZero();
            HttpResponse<String> wrong =
                    server.post(COMPLETIONS, body.formatted(", \"prediction\": {\"type\": \"content\"}"));
            assertThat(wrong.statusCode()).isEqualTo(400);
            assertThat(wrong.body()).contains("prediction.content: expected a text");
        }
    }

    /** The second server, which stands for one that was started again, finds the prompt of the first one. */
    @Test
    void promptsOfAnEarlierServer(@TempDir Path temporary) throws Exception {
        SchedulerOptions kept = limits().withPrefixFolder(temporary.resolve("prefixes"), 1L << 30);
        String body = Json.writeLine(Map.of(
                "prompt", "The whale swims. ".repeat(55), "max_tokens", 5L, "seed", 1L));
        List<Object> texts = new ArrayList<>();
        List<Long> cached = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            try (TestServer server = new TestServer(kept, null, null)) {
                Map<String, Object> answer = TestServer.json(server.post(COMPLETIONS, body).body());
                texts.add(at(answer, "choices", 0, "text"));
                cached.add(at(answer, "usage", "prompt_tokens_details", "cached_tokens"));
            }
        }
        assertThat(texts.get(1)).isEqualTo(texts.get(0));
        assertThat(cached.get(0)).isZero();
        assertThat(cached.get(1)).isGreaterThanOrEqualTo(256);
        try (Stream<Path> files = Files.list(temporary.resolve("prefixes"))) {
            assertThat(files).hasSize(1);
        }
    }
}
