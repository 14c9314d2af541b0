package io.github.t6j.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.Embedding;
import io.github.t6j.EmbeddingOptions;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Prompt;
import io.github.t6j.SessionOptions;
import io.github.t6j.sampling.SamplingOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** Counts that are current, listeners that wait, and a model that is closed before its scheduler. */
@Timeout(60)
@Isolated
class SchedulerListenersTest {
    private static final GenerationOptions GREEDY = GenerationOptions.defaults().withMaxTokens(20)
            .withIgnoreEndOfText(true).withSampling(SamplingOptions.greedy());

    private final Model model = Model.load(Path.of(System.getProperty("t6j.testdata"), "models/t6-tiny"),
            ModelOptions.defaults().withThreads(2));

    @AfterEach
    void close() {
        model.close();
    }

    private Scheduler scheduler(int running) {
        return new Scheduler(model, SchedulerOptions.defaults().withMaxRunning(running)
                .withSession(SessionOptions.defaults().withContextLength(300)));
    }

    @Test
    void countsAreCurrentDuringAPass() throws Exception {
        CountDownLatch called = new CountDownLatch(1);
        CountDownLatch released = new CountDownLatch(1);
        List<SchedulerMetrics> reported = Collections.synchronizedList(new ArrayList<>());
        List<GenerationHandle> handles = new ArrayList<>();
        try (Scheduler scheduler = scheduler(1)) {
            scheduler.setMetricsListener(reported::add);
            handles.add(scheduler.submit(Prompt.of(1, 2), GREEDY, token -> {
                called.countDown();
                return await(released);
            }));
            called.await();
            handles.add(scheduler.submit(Prompt.of(3), GREEDY));
            handles.add(scheduler.submit(Prompt.of(4), GREEDY));
            assertThat(scheduler.metrics().waiting()).isEqualTo(2);
            assertThat(scheduler.metrics().running()).isEqualTo(1);
            released.countDown();
            for (GenerationHandle handle : handles) {
                handle.result().get();
            }
        }
        assertThat(reported).extracting(SchedulerMetrics::generatedIds).isSorted();
        SchedulerMetrics last = reported.getLast();
        assertThat(List.of(last.generatedIds(), last.ended(), last.allocatedBytes(), last.keptBytes()))
                .containsExactly(60L, 3L, 0L, 0L);
        assertThat(last.running() + last.waiting()).isZero();
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(50, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aListenerThatWaitsForTheSameSchedulerFails() throws Exception {
        try (Scheduler scheduler = scheduler(2)) {
            for (int kind = 0; kind < 3; kind++) {
                int way = kind;
                GenerationHandle waiting = scheduler.submit(Prompt.of(1), GREEDY, token -> {
                    CompletableFuture<?> other = switch (way) {
                        case 0 -> scheduler.submit(Prompt.of(2), GREEDY).result();
                        case 1 -> scheduler.submit(Prompt.of(2), GREEDY).result().thenApply(found -> found.text());
                        default -> scheduler.embed(List.of(Prompt.of(2)), EmbeddingOptions.defaults());
                    };
                    other.join();
                    return true;
                });
                assertThatThrownBy(() -> waiting.result().get(50, TimeUnit.SECONDS)).rootCause()
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("expected a listener that returns at once");
            }
            assertThat(scheduler.submit(Prompt.of(1), GREEDY).result().get().tokens()).hasSize(20);
            GenerationHandle done = scheduler.submit(Prompt.of(5), GREEDY);
            done.result().get();
            assertThat(scheduler.submit(Prompt.of(1), GREEDY, token -> done.result().join() != null).result().get()
                    .tokens()).hasSize(20);
        }
    }

    @Test
    void aModelClosedFirstEndsAllWorkAlike() throws Exception {
        List<Throwable> uncaught = Collections.synchronizedList(new ArrayList<>());
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> uncaught.add(failure));
        CountDownLatch called = new CountDownLatch(1);
        CountDownLatch released = new CountDownLatch(1);
        try (Scheduler scheduler = scheduler(2)) {
            List<Future<?>> futures = new ArrayList<>();
            futures.add(scheduler.submit(Prompt.of(1), GREEDY, token -> {
                called.countDown();
                return await(released);
            }).result());
            called.await();
            futures.add(scheduler.submit(Prompt.of(2), GREEDY).result());
            futures.add(scheduler.submit(Prompt.of(3), GREEDY).result());
            futures.add(scheduler.score(Prompt.of(4), List.of(new int[] {5, 6})));
            CompletableFuture<List<Embedding>> embedding =
                    scheduler.embed(List.of(Prompt.of(7)), EmbeddingOptions.defaults());
            futures.add(embedding);
            model.close();
            released.countDown();
            for (Future<?> future : futures) {
                assertThatThrownBy(() -> future.get(50, TimeUnit.SECONDS))
                        .cause().isInstanceOf(RefusedException.class)
                        .hasMessage("the model was closed before the scheduler");
            }
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
        assertThat(uncaught).isEmpty();
    }
}
