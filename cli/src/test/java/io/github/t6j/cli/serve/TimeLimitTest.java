package io.github.t6j.cli.serve;

import static io.github.t6j.cli.serve.TestServer.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.json.Json;
import io.github.t6j.schedule.SchedulerOptions;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Time limits of requests, and the time after which refused ones may come again. */
@Timeout(120)
class TimeLimitTest {
    private static final String COMPLETIONS = "/v1/completions";
    private static final Map<String, Object> LONG =
            Map.of("prompt", "The whale", "max_tokens", 500L, "ignore_eos", true, "seed", 3L);

    private static Map<String, Object> with(String field, Object value) {
        Map<String, Object> body = new HashMap<>(LONG);
        body.put(field, value);
        return body;
    }

    private static SchedulerOptions limits() {
        return TestServer.limits(1, 4, 1L << 30, TestServer.CONTEXT);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "timeout          | 0       | expected a number of seconds above 0, found 0",
        "timeout          | -1      | expected a number from 0.0 to 86400.0, found -1",
        "timeout          | 86401   | found 86401",
        "timeout          | \"5 s\" | found \"5 s\"",
        "t_max_predict_ms | -2      | expected a whole number from -1 to 2147483647, found -2",
        "t_max_predict_ms | 0.5     | found 0.5",
        "t_max_predict_ms | [1]     | found an array of 1"})
    void limitsThatAreWrong(String field, String value, String message) throws Exception {
        try (TestServer server = new TestServer(limits(), null, null)) {
            for (String path : List.of(COMPLETIONS, "/v1/chat/completions")) {
                String prompt = path.equals(COMPLETIONS)
                        ? "\"prompt\": \"a\""
                        : "\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]";
                HttpResponse<String> answer = server.post(path, "{" + prompt + ", \"" + field + "\": " + value + "}");
                assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
                assertThat((String) at(TestServer.json(answer.body()), "error", "param")).isEqualTo(field);
                assertThat((String) at(TestServer.json(answer.body()), "error", "message"))
                        .startsWith(field + ": ").contains(message);
            }
        }
    }

    /** The text is the beginning of what the library generates without a limit. */
    @Test
    void aGenerationEndsAtItsLimit() throws Exception {
        try (TestServer server = new TestServer(limits(), null, null)) {
            String whole = alone(server);
            Map<String, Object> limited = server.ask(COMPLETIONS, with("t_max_predict_ms", 1L));
            assertThat((String) at(limited, "choices", 0, "finish_reason")).isEqualTo("length");
            assertThat((Long) at(limited, "usage", "completion_tokens")).isBetween(1L, 499L);
            assertThat(whole).startsWith((String) at(limited, "choices", 0, "text"));

            Map<String, Object> streamed = with("t_max_predict_ms", 1L);
            streamed.put("stream", true);
            List<Map<String, Object>> parts = server.stream(COMPLETIONS, streamed); // ends with [DONE]
            StringBuilder text = new StringBuilder();
            parts.forEach(part -> text.append((String) at(part, "choices", 0, "text")));
            assertThat(whole).startsWith(text.toString());
            assertThat((String) at(parts.getLast(), "choices", 0, "finish_reason")).isEqualTo("length");

            Map<String, Object> unlimited = server.ask(COMPLETIONS, with("t_max_predict_ms", -1L));
            assertThat((String) at(unlimited, "choices", 0, "text")).isEqualTo(whole);
        }
    }

    private static String alone(TestServer server) {
        try (Session session = server.model.newSession(
                SessionOptions.defaults().withContextLength(TestServer.CONTEXT))) {
            return session.generate("The whale", GenerationOptions.defaults().withMaxTokens(500)
                    .withIgnoreEndOfText(true).withSampling(SamplingFields.PLAIN.withSeed(3L))).text();
        }
    }

    /** While another generation runs, a request that waits ends at the shorter limit, its own or the server's. */
    @ParameterizedTest
    @CsvSource({"0.05, 60, the request's time limit (timeout)", "50, 0.05, the server's time limit for a request"})
    void aRequestEndsInTheQueue(double seconds, double serverSeconds, String limit) throws Exception {
        SchedulerOptions limits = limits().withTimeout(Duration.ofMillis((long) (1000 * serverSeconds)));
        try (TestServer server = new TestServer(limits, null, null);
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<HttpResponse<String>>> before = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                before.add(clients.submit(() -> server.post(COMPLETIONS, Json.writeLine(LONG))));
            }
            while (server.scheduler.metrics().running() + server.scheduler.metrics().waiting() < 4
                    && before.stream().noneMatch(Future::isDone)) {
                Thread.sleep(1);
            }
            HttpResponse<String> whole = server.post(COMPLETIONS, Json.writeLine(with("timeout", seconds)));
            if (whole.statusCode() == 503) { // otherwise those before have ended in time
                assertThat(whole.body()).contains("no token within " + limit);
                assertThat(whole.headers().firstValue("Retry-After").orElse("")).matches("[1-9]\\d?");
            } else {
                assertThat(whole.body()).contains("\"finish_reason\":\"length\"");
            }
            for (Future<HttpResponse<String>> future : before) {
                future.get();
            }
        }
    }

    @Test
    void aStreamWithoutATokenEndsWithAnError() throws Exception {
        try (TestServer server = new TestServer(limits(), null, null)) {
            Map<String, Object> body = with("timeout", 1e-6); // is over before the first pass
            body.put("stream", true);
            HttpResponse<String> answer = server.post(COMPLETIONS, Json.writeLine(body));
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).startsWith("data: {\"error\"").contains("\"code\":\"unavailable\"")
                    .doesNotContain("[DONE]");
            HttpResponse<String> whole = server.post(COMPLETIONS, Json.writeLine(with("timeout", 1e-6)));
            assertThat(whole.statusCode()).isEqualTo(503);
            while (!server.get("/metrics").body().contains("t6j_answers_total{status=\"503\"} 2\n")) {
                Thread.sleep(5); // an answer counts once it has ended; ended by the timeout of the class
            }
        }
    }

    @Test
    void theTimeUntilARetryFollowsTheQueueAndTheRate() {
        AtomicLong seconds = new AtomicLong(1000);
        Pace pace = new Pace(() -> TimeUnit.SECONDS.toNanos(seconds.get()));
        assertThat(pace.seconds(100)).as("nothing has ended").isEqualTo(1);
        for (int i = 0; i < 5; i++) {
            pace.ended();
            seconds.addAndGet(2);
        }
        assertThat(pace.seconds(0)).as("one in 2 s").isEqualTo(2);
        assertThat(pace.seconds(3)).isEqualTo(8);
        assertThat(pace.seconds(1_000_000)).isEqualTo(Pace.LONGEST);
        seconds.addAndGet(5);
        assertThat(pace.seconds(3)).as("five in 15 s").isEqualTo(12);
        seconds.addAndGet(100);
        assertThat(pace.seconds(3)).as("those ends are long ago").isEqualTo(1);
        for (int i = 0; i < 1000; i++) {
            pace.ended();
        }
        seconds.addAndGet(1);
        assertThat(pace.seconds(10)).as("many a second").isEqualTo(1);
    }
}
