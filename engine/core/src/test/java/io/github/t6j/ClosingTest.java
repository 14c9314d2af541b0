package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.flashtpa.FlashTpa;
import io.github.t6j.flashtpa.FlashTpaCache;
import io.github.t6j.sampling.SamplingOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests closing in any order and at any time: open objects still work, closed ones throw an error with the reason. */
class ClosingTest {
    private static final long SEED = 20;
    private static final GenerationOptions GREEDY = GenerationOptions.defaults()
            .withMaxTokens(12).withSampling(SamplingOptions.greedy()).withIgnoreEndOfText(true);
    private static final String SESSION_CLOSED = "the session is closed; open a new one";
    private static final String MODEL_CLOSED = "the session's model is closed; load it again";
    private static final Set<String> MESSAGES =
            Set.of(SESSION_CLOSED, MODEL_CLOSED, "the model is closed; load it again");

    /** Returns all permutations of {@code all}. */
    private static <T> List<List<T>> permutations(List<T> all) {
        if (all.isEmpty()) {
            return List.of(List.of());
        }
        List<List<T>> permutations = new ArrayList<>();
        for (T first : all) {
            List<T> others = new ArrayList<>(all);
            others.remove(first);
            for (List<T> rest : permutations(others)) {
                List<T> one = new ArrayList<>(List.of(first));
                one.addAll(rest);
                permutations.add(one);
            }
        }
        return permutations;
    }

    /** Returns the logits after {@code ids} from an undisturbed model. */
    private static float[] logits(int[] ids) {
        try (Model model = TestData.goldenModels().getFirst().load(ModelOptions.defaults());
                Session session = model.newSession(SessionOptions.defaults().withContextLength(200))) {
            session.prefill(Arrays.copyOf(ids, 66));
            session.prefill(Arrays.copyOfRange(ids, 66, 70)); // a short pass, which uses the other form (ADR 31)
            return session.logits().clone();
        }
    }

    /**
     * A session, its fork, a fork of the fork and their model share pages; closing some does not change the bits of the
     * rest.
     */
    @Test
    void sessionsForksAndModelsAreClosedInAnyOrder() {
        int[] ids = new Random(SEED).ints(70, 0, 64).toArray();
        float[] expected = logits(ids);
        for (List<String> order : permutations(List.of("session", "fork", "fork of the fork", "model"))) {
            try (Model model = TestData.goldenModels().getFirst().load(ModelOptions.defaults().withThreads(2))) {
                Session session = model.newSession(SessionOptions.defaults().withContextLength(200));
                session.prefill(ids);
                Session fork = session.fork();
                fork.truncate(66);
                fork.prefill(ids[66]);
                Session forkOfFork = fork.fork();
                Runnable closeModel = model::close;
                Map<String, Session> open = new LinkedHashMap<>();
                open.put("session", session);
                open.put("fork", fork);
                open.put("fork of the fork", forkOfFork);
                for (String name : order) {
                    Session closed = open.remove(name);
                    if (closed != null) {
                        closed.close();
                        assertThatThrownBy(closed::logits).as(order.toString())
                                .isInstanceOf(IllegalStateException.class)
                                .hasMessage(model.use().isClosed() ? MODEL_CLOSED : SESSION_CLOSED);
                    } else {
                        closeModel.run();
                    }
                    for (Session one : open.values()) {
                        if (model.use().isClosed()) {
                            assertThatThrownBy(() -> one.step(1)).as(order.toString()).hasMessage(MODEL_CLOSED);
                        } else {
                            one.truncate(66);
                            one.prefill(Arrays.copyOfRange(ids, 66, 70));
                            assertThat(one.logits()).as(order + ", after " + name).isEqualTo(expected);
                        }
                    }
                }
            }
        }
    }

    /** Closing one cache does not affect the other; closing their FlashTpa closes both. */
    @Test
    void cachesAndTheirFlashTpaAreClosedInAnyOrder() {
        FlashTpa.Factors factors = FlashTpa.Factors.of(new float[] {1, 2}, new float[] {1, 2, 3, 4});
        float[] expected = null;
        for (List<Integer> order : permutations(List.of(0, 1, 2))) {
            FlashTpa flash = new FlashTpa(new FlashTpa.Shape(2, 4, 4, 1, 1, 1));
            List<FlashTpaCache> caches = List.of(flash.newCache(1), flash.newCache(1));
            caches.forEach(cache -> cache.append(1, factors, factors));
            Set<Integer> closed = new HashSet<>();
            for (int which : order) {
                if (which == 2) {
                    flash.close();
                } else {
                    caches.get(which).close();
                }
                closed.add(which);
                for (int i = 0; i < 2; i++) {
                    FlashTpaCache cache = caches.get(i);
                    if (closed.contains(2) || closed.contains(i)) {
                        assertThatThrownBy(() -> cache.attend(1, factors)).as(order.toString())
                                .isInstanceOf(IllegalStateException.class)
                                .hasMessage(
                                        closed.contains(2)
                                                ? "the cache's FlashTpa is closed; create a new one"
                                                : "the cache is closed; create a new one");
                    } else {
                        float[] found = cache.attend(1, factors);
                        expected = expected == null ? found : expected;
                        assertThat(found).as(order.toString()).isEqualTo(expected);
                    }
                }
            }
        }
    }

    /** Work of a thread while another thread closes. */
    enum Work {
        GENERATE, PREFILL, DECODE, LOGITS_OF_ALL, SAVE, FORK, RESTORE, SAMPLES, BATCH, TRUNCATE, OPEN
    }

    private static Object work(Work work, Model model, Session session, Path file) {
        int[] ids = new int[300];
        return switch (work) {
            case GENERATE -> session.generate("The whale", GREEDY.withMaxTokens(40)).finishReason();
            case PREFILL -> {
                session.prefill(ids);
                yield session.logits().length;
            }
            case DECODE -> {
                for (int i = 0; i < 100; i++) {
                    session.step(i);
                }
                yield session.logits().length;
            }
            case LOGITS_OF_ALL -> {
                session.prefill(ids, (position, logits) -> {
                });
                yield session.position();
            }
            case SAVE -> {
                session.prefill(ids);
                session.save(file.resolveSibling("own"));
                yield "saved";
            }
            case FORK -> {
                session.prefill(7, 8, 9);
                for (int i = 0; i < 20; i++) {
                    try (Session fork = session.fork()) {
                        fork.step(i);
                    }
                }
                yield "forked";
            }
            case RESTORE -> {
                for (int i = 0; i < 10; i++) {
                    session.restore(file);
                    session.step(i);
                }
                yield "restored";
            }
            case SAMPLES -> session.generateSamples(Prompt.of("The whale"), 3, GREEDY).size();
            case BATCH -> {
                try (Session other = model.newSession()) {
                    for (int i = 0; i < 30; i++) {
                        model.step(List.of(session, other), i, i);
                    }
                    yield other.position();
                }
            }
            case TRUNCATE -> {
                for (int i = 0; i < 10; i++) {
                    session.prefill(1, 2, 3);
                    session.truncate(0);
                }
                yield "truncated";
            }
            case OPEN -> {
                for (int i = 0; i < 50; i++) {
                    try (Session other = model.newSession()) {
                        other.step(i);
                    }
                }
                yield "opened";
            }
        };
    }

    private static Object outcome(Callable<Object> call) {
        try {
            return call.call();
        } catch (Exception | Error thrown) {
            return thrown;
        }
    }

    private static void pause(long nanos) {
        long end = System.nanoTime() + nanos;
        while (end - System.nanoTime() > 0) {
            LockSupport.parkNanos(10_000);
        }
    }

    /** Checks that the outcome is a result, or an exception that names the closed object. */
    private static void assertTold(Object outcome, String what) {
        if (outcome instanceof Throwable thrown && !(thrown instanceof CancellationException)) {
            assertThat(thrown).as(what).isInstanceOf(IllegalStateException.class);
            assertThat(thrown.getMessage()).as(what).isIn(MESSAGES);
        }
    }

    @Tag("full")
    @ParameterizedTest
    @EnumSource
    void closedWhileAnotherThreadWorks(Work work, @TempDir Path folder) throws Exception {
        Path file = folder.resolve("saved");
        try (Model model = Model.load(TestData.tiny()); Session session = model.newSession()) {
            session.prefill(1, 2, 3);
            session.save(file);
        }
        Random random = new Random(SEED);
        for (int round = 0; round < 12; round++) {
            long delay = random.nextInt(8) == 0 ? 0 : random.nextInt(10_000_000);
            boolean whole = random.nextBoolean();
            String what = work + ", seed " + SEED + ", round " + round + ", after " + delay + " ns";
            try (Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(2));
                    Session session = model.newSession(SessionOptions.defaults().withContextLength(1000))) {
                CountDownLatch started = new CountDownLatch(1);
                FutureTask<Object> task = new FutureTask<>(() -> outcome(() -> {
                    started.countDown();
                    return work(work, model, session, file);
                }));
                Thread worker = new Thread(task);
                worker.start();
                started.await();
                pause(delay);
                Runnable close = whole ? model::close : session::close;
                close.run();
                assertTold(task.get(), what);
                assertThatThrownBy(session::position).as(what).hasMessage(whole ? MODEL_CLOSED : SESSION_CLOSED);
            }
        }
    }

    /** Any number of threads may close at the same time. */
    @Test
    void closedByAllThreadsAtOnce() throws Exception {
        for (int round = 0; round < 20; round++) {
            Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(2));
            Session session = model.newSession();
            session.prefill(1, 2, 3);
            Session fork = session.fork();
            CountDownLatch start = new CountDownLatch(1);
            List<FutureTask<Object>> tasks = new ArrayList<>();
            for (AutoCloseable one : List.<AutoCloseable>of(session, fork, model, session, model, fork)) {
                tasks.add(new FutureTask<>(() -> outcome(() -> {
                    start.await();
                    one.close();
                    return "closed";
                })));
                Thread.ofVirtual().start(tasks.getLast());
            }
            start.countDown();
            for (FutureTask<Object> task : tasks) {
                assertThat(task.get()).isEqualTo("closed");
            }
        }
    }

    /** Closing a model cancels its samples, like a generation. */
    @Tag("full")
    @Test
    void samplesAreCancelledWhenTheirModelIsClosed() throws Exception {
        Random random = new Random(SEED);
        for (int round = 0; round < 60; round++) {
            try (Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(2));
                    Session session = model.newSession(SessionOptions.defaults().withContextLength(20_000))) {
                CountDownLatch started = new CountDownLatch(1);
                FutureTask<Object> task = new FutureTask<>(() -> outcome(() -> {
                    started.countDown();
                    return session.generateSamples(Prompt.of("The whale"), 8, GREEDY.withMaxTokens(19_000));
                }));
                new Thread(task).start();
                started.await();
                pause(50_000_000 + random.nextInt(20_000_000));
                Runnable close = model::close;
                close.run();
                if (!(task.get() instanceof CancellationException)) { // cancelled while the prompt was fed
                    assertThat(task.get()).as("seed " + SEED + ", round " + round)
                            .asInstanceOf(InstanceOfAssertFactories.list(Generation.class)).hasSize(8)
                            .extracting(Generation::finishReason).containsOnly(FinishReason.CANCELLED);
                }
            }
        }
    }

    /** Closing a cache, or its FlashTpa, from another thread frees no memory that is in use. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aCacheThatIsClosedWhileAnotherThreadAttends(boolean all) throws Exception {
        Random random = new Random(SEED);
        FlashTpa.Shape shape = new FlashTpa.Shape(4, 16, 16, 2, 1, 1);
        int tokens = 2000;
        FlashTpa.Factors factors = FlashTpa.Factors.of(new float[tokens * 4], new float[tokens * 16]);
        FlashTpa.Factors queries = FlashTpa.Factors.of(new float[8], new float[32]);
        FlashTpa.Factors prompt = FlashTpa.Factors.of(new float[40 * 8], new float[40 * 32]);
        for (int round = 0; round < 40; round++) {
            FlashTpa flash = new FlashTpa(shape, FlashTpa.Options.defaults(shape).withThreads(2));
            FlashTpaCache cache = flash.newCache(1);
            cache.append(tokens, factors, factors);
            CountDownLatch started = new CountDownLatch(1);
            FutureTask<Object> task = new FutureTask<>(() -> outcome(() -> {
                started.countDown();
                for (int i = 0; i < 10_000; i++) {
                    cache.attend(1, queries);
                    cache.attendCausal(40, prompt);
                }
                return "attended";
            }));
            new Thread(task).start();
            started.await();
            pause(random.nextInt(3_000_000));
            if (all) {
                flash.close();
            } else {
                cache.close();
            }
            if (task.get() instanceof Throwable thrown) {
                assertThat(thrown).as("seed " + SEED + ", round " + round).isInstanceOf(IllegalStateException.class);
                assertThat(thrown.getMessage()).isIn(
                        "attend was cancelled", "attendCausal was cancelled",
                        "the cache" + (all ? "'s FlashTpa" : "") + " is closed; create a new one");
            }
            flash.close();
        }
    }
}
