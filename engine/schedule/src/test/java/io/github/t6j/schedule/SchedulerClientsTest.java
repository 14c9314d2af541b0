package io.github.t6j.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.EmbeddingOptions;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Prompt;
import io.github.t6j.SessionOptions;
import io.github.t6j.TokenListener;
import io.github.t6j.sampling.SamplingOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A scheduler divides its time among clients, begins higher priorities first, and closes its queue to no client. */
@Timeout(60)
class SchedulerClientsTest {
    private static final GenerationOptions GREEDY = GenerationOptions.defaults().withMaxTokens(20)
            .withIgnoreEndOfText(true).withSampling(SamplingOptions.greedy());

    private final Model model = Model.load(Path.of(System.getProperty("t6j.testdata"), "models/t6-tiny"),
            ModelOptions.defaults().withThreads(2));
    private final CountDownLatch released = new CountDownLatch(1);
    private final List<String> begun = Collections.synchronizedList(new ArrayList<>());

    @AfterEach
    void close() {
        model.close();
    }

    private Scheduler scheduler(int queued) {
        return new Scheduler(model, SchedulerOptions.defaults().withMaxRunning(1).withMaxQueued(queued)
                .withSession(SessionOptions.defaults().withContextLength(300)));
    }

    /** Occupies the only place until {@link #released}. */
    private GenerationHandle block(Scheduler scheduler) throws InterruptedException {
        CountDownLatch called = new CountDownLatch(1);
        GenerationHandle handle = scheduler.submit(Prompt.of(1, 2).withClient("heavy"), GREEDY, token -> {
            called.countDown();
            return await(released);
        });
        called.await();
        return handle;
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(50, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns a listener that records a name with the first token. */
    private TokenListener recorded(String name) {
        return token -> {
            if (!begun.contains(name)) {
                begun.add(name);
            }
            return true;
        };
    }

    private static void join(List<GenerationHandle> handles) {
        handles.forEach(handle -> handle.result().join());
    }

    @Test
    void aClientWithManyRequestsDoesNotDelayAnother() throws Exception {
        try (Scheduler scheduler = scheduler(100)) {
            List<GenerationHandle> handles = new ArrayList<>(List.of(block(scheduler)));
            for (int i = 0; i < 9; i++) {
                handles.add(scheduler.submit(
                        Prompt.of(3, i).withClient("heavy"), GREEDY, recorded("heavy" + i)));
            }
            handles.add(scheduler.submit(Prompt.of(5, 6, 7).withClient("light"), GREEDY, recorded("light")));
            handles.add(scheduler.submit(
                    Prompt.of(8, 9).withClient("heavy").withPriority(1), GREEDY, recorded("urgent")));
            released.countDown();
            join(handles);
        }
        assertThat(begun).startsWith("urgent", "light", "heavy0").hasSize(11);
    }

    @Test
    void aFullQueueAcceptsOneRequestOfANewClient() throws Exception {
        try (Scheduler scheduler = scheduler(2)) {
            List<GenerationHandle> handles = new ArrayList<>(List.of(block(scheduler)));
            Prompt heavy = Prompt.of(3).withClient("heavy");
            Prompt light = Prompt.of(4).withClient("light");
            handles.add(scheduler.submit(heavy, GREEDY));
            handles.add(scheduler.submit(heavy, GREEDY));
            assertThatThrownBy(() -> scheduler.submit(heavy, GREEDY)).isInstanceOf(RefusedException.class);
            assertThatThrownBy(() -> scheduler.submit(Prompt.of(5), GREEDY)).isInstanceOf(RefusedException.class);
            handles.add(scheduler.submit(light, GREEDY));
            assertThatThrownBy(() -> scheduler.submit(light, GREEDY)).isInstanceOf(RefusedException.class);
            handles.add(scheduler.submit(Prompt.of(6).withClient("third"), GREEDY));
            assertThatThrownBy(() -> scheduler.submit(Prompt.of(7).withClient("fourth"), GREEDY))
                    .isInstanceOf(RefusedException.class).hasMessageContaining("the limit is 5");
            released.countDown();
            join(handles);
        }
    }

    /** One text a pass, since each fills it: the texts of two clients alternate, although one has many jobs before. */
    @Test
    void embeddingsAreFairToClients() throws Exception {
        int[] text = new int[Model.maxPassRows()];
        List<CompletableFuture<?>> all = new ArrayList<>();
        try (Scheduler scheduler = scheduler(100)) {
            GenerationHandle blocking = block(scheduler);
            for (int i = 0; i < 20; i++) {
                int job = i;
                all.add(scheduler.embed(List.of(Prompt.of(text).withClient("heavy")), EmbeddingOptions.defaults())
                        .whenComplete((_, _) -> begun.add("heavy" + job)));
            }
            all.add(scheduler.embed(List.of(Prompt.of(text).withClient("light")), EmbeddingOptions.defaults())
                    .whenComplete((_, _) -> begun.add("light")));
            released.countDown();
            blocking.result().join();
            CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get();
        }
        assertThat(begun).hasSize(21);
        assertThat(begun.indexOf("light")).isLessThan(10); // it was last before
    }

    @Test
    void promptsWithAClientAreNotEqualToOthers() {
        Prompt prompt = Prompt.of("The whale");
        assertThat(prompt.withClient("a").withPriority(2).client()).isEqualTo("a");
        assertThat(prompt.withPriority(2).withClient("a").priority()).isEqualTo(2);
        assertThat(prompt.withClient("a")).isNotEqualTo(prompt).isEqualTo(Prompt.of("The whale").withClient("a"));
        assertThat(prompt.client()).isEmpty();
    }
}
