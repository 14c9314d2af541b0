package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import io.github.t6j.sampling.SamplingOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests many concurrent sessions of one model, also cancelled and interrupted: each generates the same text as alone.
 */
class ManySessionsTest {
    private static final long SEED = 16;
    private static final GenerationOptions OPTIONS =
            GenerationOptions.defaults().withMaxTokens(60).withIgnoreEndOfText(true);
    private static final List<String> PROMPTS = List.of("The whale", "Call me", "It was", "She", "");

    private static Model model;

    @BeforeAll
    static void load() {
        model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(2));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @AfterEach
    void clearTheFlag() {
        Thread.interrupted();
    }

    private static GenerationOptions seeded(long seed) {
        return OPTIONS.withSampling(SamplingOptions.defaults().withSeed(seed));
    }

    private static List<Token> tokens(int i) {
        SessionOptions.CacheType type = SessionOptions.CacheType.values()[i % 4];
        try (Session session = model.newSession(SessionOptions.defaults().withCacheType(type))) {
            return session.generate(PROMPTS.get(i % PROMPTS.size()), seeded(SEED + i)).tokens();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void sixteenConcurrentSessionsGenerateTheSameAsAlone(boolean virtual) throws Exception {
        List<List<Token>> alone = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            alone.add(tokens(i));
        }
        ThreadFactory threads = virtual ? Thread.ofVirtual().factory() : Thread.ofPlatform().factory();
        List<FutureTask<List<Token>>> tasks = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            int index = i;
            tasks.add(new FutureTask<>(() -> tokens(index)));
            threads.newThread(tasks.getLast()).start();
        }
        for (int i = 0; i < 16; i++) {
            assertThat(tasks.get(i).get()).as("seed " + (SEED + i)).hasSize(60).isEqualTo(alone.get(i));
        }
    }

    /** The sessions run on the model's threads, so each step computes on its own thread only. */
    @Test
    void runParallelGivesTheSameTokens() {
        List<List<Token>> found = new ArrayList<>(Collections.nCopies(8, null));
        model.runParallel(8, i -> found.set(i, tokens(i)));
        for (int i = 0; i < 8; i++) {
            assertThat(found.get(i)).as("seed " + (SEED + i)).hasSize(60).isEqualTo(tokens(i));
        }
        model.runParallel(0, i -> fail("must not run"));
        assertThatThrownBy(() -> model.runParallel(8, i -> Objects.checkIndex(i, 7)))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("7");
        Model closed = Model.load(TestData.tiny());
        closed.close();
        assertThatThrownBy(() -> closed.runParallel(1, i -> fail("must not run on a closed model")))
                .isInstanceOf(IllegalStateException.class).hasMessage("the model is closed; load it again");
    }

    /** Cancels a call of {@code session} after a while, unless the call has ended: the next one would be cancelled. */
    private static final class Canceller {
        private final Thread thread;
        private volatile boolean over;

        private Canceller(Session session, long nanos) {
            thread = Thread.ofVirtual().start(() -> {
                LockSupport.parkNanos(nanos);
                if (!over) {
                    session.cancel();
                }
            });
        }

        private void end() throws InterruptedException {
            over = true;
            LockSupport.unpark(thread);
            thread.join();
        }
    }

    /** The tokens before and after a cancellation are those of an uninterrupted generation. */
    @Test
    void aCancelledGenerationCanBeContinued() throws InterruptedException {
        Random random = new Random(SEED);
        GenerationOptions greedy = OPTIONS.withSampling(SamplingOptions.greedy());
        try (Session session = model.newSession()) {
            List<Token> expected = session.generate("The whale", greedy).tokens();
            int cancelled = 0;
            for (int round = 0; round < 30; round++) {
                session.truncate(0);
                List<Token> found = new ArrayList<>();
                boolean begun = false;
                for (long latest = 10_000_000; found.size() < 60; latest += latest) {
                    Canceller canceller = new Canceller(session, random.nextLong(latest));
                    // a prompt that was cancelled is fed again
                    String prompt = begun ? "" : "The whale";
                    Generation part = session.generate(prompt, greedy.withMaxTokens(60 - found.size()));
                    canceller.end();
                    found.addAll(part.tokens());
                    cancelled += part.finishReason() == FinishReason.CANCELLED ? 1 : 0;
                    begun = session.position() > 0;
                }
                assertThat(found).as("seed " + SEED + ", round " + round).isEqualTo(expected);
            }
            assertThat(cancelled).isPositive();
        }
    }

    /** Feeding the rest of a cancelled prompt gives the bits of an uninterrupted session. */
    @Test
    void aCancelledPromptCanBeContinued() throws InterruptedException {
        Random random = new Random(SEED);
        int[] ids = random.ints(1000, 0, 4096).toArray();
        try (Session session = model.newSession(SessionOptions.defaults().withContextLength(1000))) {
            session.prefill(ids);
            float[] expected = session.logits().clone();
            int cancelled = 0;
            for (int round = 0; round < 6; round++) {
                session.truncate(0);
                // later each time, so that the test ends on a machine of any speed
                for (long latest = 20_000_000; session.position() < ids.length; latest += latest) {
                    Canceller canceller = new Canceller(session, random.nextLong(latest));
                    try {
                        session.prefill(Arrays.copyOfRange(ids, session.position(), ids.length));
                    } catch (CancellationException told) {
                        cancelled++;
                        assertThat(told).hasMessage("prefill was cancelled at position " + session.position());
                    }
                    canceller.end();
                }
                assertThat(session.logits()).as("seed " + SEED + ", round " + round).isEqualTo(expected);
                assertThat(session.ids()).isEqualTo(ids);
            }
            assertThat(cancelled).isPositive();
        }
    }

    /** An interrupt cancels calls that run the model and does not affect short calls; its status stays set. */
    @Test
    void anInterruptedThreadStaysInterrupted() {
        try (Session session = model.newSession()) {
            session.prefill(1, 2, 3);
            float[] before = session.logits().clone();
            Thread.currentThread().interrupt();
            Map<String, ThrowingCallable> feeding = Map.of(
                    "prefill", () -> session.prefill(4, 5),
                    "step", () -> session.step(4),
                    "prompt", () -> session.generateSamples(Prompt.of("The whale"), 2, OPTIONS));
            feeding.forEach((name, call) -> assertThatThrownBy(call).isInstanceOf(CancellationException.class)
                    .hasMessage(name + " was cancelled at position 3"));
            assertThat(session.generate("The whale", OPTIONS).finishReason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(session.ids()).containsExactly(1, 2, 3);
            session.truncate(2);
            model.step(List.of(session), 3);
            assertThat(session.logits()).isEqualTo(before);
            session.fork().close();
            assertThat(Thread.interrupted()).isTrue();
            session.step(4);
        }
    }

    /** The JDK closes a file whose thread is interrupted: the call throws, and no partial file remains. */
    @Test
    void anInterruptedThreadDoesNotReadOrWriteFiles(@TempDir Path folder) {
        Path file = folder.resolve("saved");
        try (Session session = model.newSession(); Session other = model.newSession()) {
            session.prefill(1, 2, 3);
            session.save(file);
            other.prefill(7);
            Thread.currentThread().interrupt();
            for (ThrowingCallable call : List.<ThrowingCallable>of(
                    () -> session.save(folder.resolve("other")), () -> other.restore(file),
                    () -> Model.load(TestData.tiny()))) {
                assertThatThrownBy(call).isInstanceOf(CancellationException.class)
                        .hasMessageContaining("interrupted");
                assertThat(Thread.currentThread().isInterrupted()).isTrue();
            }
            assertThat(Thread.interrupted()).isTrue();
            assertThat(folder).isDirectoryContaining("glob:**saved").isDirectoryNotContaining("glob:**other*");
            assertThat(other.ids()).containsExactly(7);
            other.restore(file);
            assertThat(other.ids()).containsExactly(1, 2, 3);
        }
    }
}
