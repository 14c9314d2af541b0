package io.github.t6j.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Prompt;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.schedule.GenerationHandle;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client that fills the queue does not keep another one out, and delays it by one request at most. */
@Timeout(60)
class FairnessTest {
    private static final String BODY =
            Json.writeLine(Map.of("prompt", "The whale", "max_tokens", 100L, "temperature", 0L, "ignore_eos", true));

    private final List<String> answered = Collections.synchronizedList(new ArrayList<>());

    private CompletableFuture<Integer> post(TestServer server, ExecutorService threads, String client) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                int status = server.post("/v1/completions", BODY, "X-Forwarded-For", client).statusCode();
                answered.add(client);
                return status;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }, threads);
    }

    private static void awaitWaiting(TestServer server, int count) throws InterruptedException {
        while (server.scheduler.metrics().waiting() < count) {
            Thread.sleep(5);
        }
    }

    @Test
    void aClientThatFillsTheQueueDoesNotStarveAnother() throws Exception {
        Server.Options behindProxy = new Server.Options("127.0.0.1", 0, null, null, null,
                Set.of(InetAddress.ofLiteral("127.0.0.1")), ServerLog.errors());
        CountDownLatch released = new CountDownLatch(1);
        try (TestServer server = new TestServer(TestServer.limits(1, 4, 1L << 30, TestServer.CONTEXT), behindProxy);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            GenerationHandle blocking = server.scheduler.submit(Prompt.of(1), GenerationOptions.defaults()
                    .withMaxTokens(1).withSampling(SamplingOptions.greedy()), token -> await(released));
            List<CompletableFuture<Integer>> statuses = new ArrayList<>();
            while (server.scheduler.metrics().running() < 1) {
                Thread.sleep(5);
            }
            for (int i = 1; i <= 4; i++) {
                statuses.add(post(server, threads, "203.0.113.1"));
                awaitWaiting(server, i);
            }
            assertThat(post(server, threads, "203.0.113.1").get()).isEqualTo(429);
            answered.clear();
            statuses.add(post(server, threads, "203.0.113.2"));
            awaitWaiting(server, 5);
            released.countDown();
            blocking.result().join();
            for (CompletableFuture<Integer> status : statuses) {
                assertThat(status.get()).isEqualTo(200);
            }
        }
        // second in the scheduler; the threads that record it may be one answer apart
        assertThat(answered.indexOf("203.0.113.2")).isBetween(0, 2);
    }

    private static boolean await(CountDownLatch released) {
        try {
            released.await();
            return true;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
