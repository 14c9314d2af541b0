package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.flashtpa.FlashTpa;
import io.github.t6j.flashtpa.FlashTpaCache;
import io.github.t6j.sampling.SamplingOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests misuse of the library: closed, shared, cancelled and interrupted sessions throw errors, never give a wrong
 * text.
 */
class LifetimeTest {
    private static final GenerationOptions GREEDY = GenerationOptions.defaults()
            .withMaxTokens(20).withSampling(SamplingOptions.greedy());

    private final Model model = Model.load(TestData.tiny());
    private final Session session = model.newSession();

    @AfterEach
    void close() {
        Thread.interrupted();
        session.close();
        model.close();
    }

    private String expected(int... ids) {
        try (Session fresh = model.newSession()) {
            return fresh.generate(Prompt.of(ids), GREEDY, token -> true).text();
        }
    }

    /** An empty prompt continues the ids of the session, even if its logits were discarded. */
    @Test
    void anEmptyPromptContinuesTheSession(@TempDir Path folder) {
        int[] ids = model.tokenizer().encode("The whale was");
        String expected = expected(ids);

        Map<String, Consumer<Session>> ways = Map.of(
                "truncate to the same position", one -> one.truncate(one.position()),
                "truncate", one -> {
                    one.prefill(5, 6, 7);
                    one.truncate(ids.length);
                },
                "a cancelled prefill", one -> {
                    Thread.currentThread().interrupt();
                    assertThatThrownBy(() -> one.prefill(5, 6)).isInstanceOf(CancellationException.class);
                    assertThat(Thread.interrupted()).isTrue();
                },
                "a saved session without logits", one -> {
                    one.truncate(ids.length);
                    one.save(folder.resolve("session"));
                    one.restore(folder.resolve("session"));
                });
        ways.forEach((name, way) -> {
            for (int kind = 0; kind < 3; kind++) {
                try (Session one = model.newSession()) {
                    one.prefill(ids);
                    way.accept(one);
                    String text = switch (kind) {
                        case 0 -> one.generate("", GREEDY).text();
                        case 1 -> one.generate(Prompt.of(new int[0]), GREEDY, token -> true).text();
                        default -> one.generateSamples(Prompt.of(""), 1, GREEDY).getFirst().text();
                    };
                    assertThat(text).as(name).isEqualTo(expected);
                }
            }
        });
    }

    @Test
    void aThrowingLogitsListenerKeepsTheFedIds() {
        int[] ids = model.tokenizer().encode("The whale was");
        assertThatThrownBy(() -> session.prefill(ids, (position, logits) -> {
            throw new IllegalArgumentException("mine");
        })).hasMessage("mine");
        assertThat(session.ids()).isEqualTo(ids);
        assertThat(session.generate("", GREEDY).text()).isEqualTo(expected(ids));
    }

    /** When a logits listener reads the session, or throws, the session has the logits after its last id. */
    @Test
    void aLogitsListenerMayReadTheSession() {
        int[] ids = model.tokenizer().encode("The whale was a");
        session.prefill(ids);
        float[] last = session.logits().clone();
        for (boolean feed : new boolean[] {false, true}) {
            for (int thrown : new int[] {0, 1, ids.length - 1, ids.length}) {
                try (Session one = model.newSession()) {
                    List<float[]> told = new ArrayList<>();
                    LogitsListener listener = (position, logits) -> {
                        told.add(logits.clone());
                        if (position == thrown) {
                            throw new IllegalArgumentException("mine");
                        }
                        if (!feed) {
                            assertThat(one.logits()).isEqualTo(last);
                        }
                        try (Session fork = one.fork()) {
                            fork.generate("", GREEDY.withMaxTokens(1));
                            assertThat(fork.ids()).startsWith(ids).hasSize(ids.length + 1);
                        }
                    };
                    ThrowingCallable call = () -> {
                        if (feed) {
                            model.feed(List.of(one), new int[][] {ids}, new LogitsListener[] {listener});
                        } else {
                            one.prefill(ids, listener);
                        }
                    };
                    if (thrown < ids.length) {
                        assertThatThrownBy(call).hasMessage("mine");
                    } else {
                        assertThatCode(call).doesNotThrowAnyException();
                        assertThat(told.getLast()).isEqualTo(last);
                    }
                    assertThat(told).hasSize(Math.min(thrown + 1, ids.length));
                    assertThat(one.ids()).isEqualTo(ids);
                    assertThat(one.generate("", GREEDY).text()).isEqualTo(expected(ids));
                }
            }
        }
    }

    /** The session contains every reported token, including the one at which the listener threw. */
    @Test
    void aThrowingListenerLosesNoToken() {
        int[] ids = model.tokenizer().encode("The whale");
        List<Integer> told = new ArrayList<>();
        assertThatThrownBy(() -> session.generate(Prompt.of(ids), GREEDY, token -> {
            told.add(token.id());
            if (told.size() == 3) {
                throw new IllegalArgumentException("mine");
            }
            return true;
        })).hasMessage("mine");
        assertThat(session.ids()).hasSize(ids.length + 3).endsWith(told.stream().mapToInt(id -> id).toArray());
        session.generate("", GREEDY.withMaxTokens(1));
    }

    private static void assertClosed(Object what, String message, Map<String, ThrowingCallable> calls) {
        calls.forEach((name, call) -> assertThatThrownBy(call).as(what + "." + name)
                .isInstanceOf(IllegalStateException.class).hasMessage(message));
    }

    private static Map<String, ThrowingCallable> calls(Session session) {
        return Map.ofEntries(
                Map.entry("position", session::position), Map.entry("ids", session::ids),
                Map.entry("contextLength", session::contextLength), Map.entry("cacheType", session::cacheType),
                Map.entry("cacheBytes", session::cacheBytes), Map.entry("usedCacheBytes", session::usedCacheBytes),
                Map.entry("prefill", () -> session.prefill(1)),
                Map.entry("prefill with a listener", () -> session.prefill(new int[] {1}, (position, logits) -> {
                })), Map.entry("decode", () -> session.step(1)), Map.entry("logits", session::logits),
                Map.entry("truncate", () -> session.truncate(0)), Map.entry("fork", session::fork),
                Map.entry("generate", () -> session.generate("The", GREEDY)),
                Map.entry("generate ids", () -> session.generate(Prompt.of(1), GREEDY, token -> true)),
                Map.entry("generateSamples", () -> session.generateSamples(Prompt.of("The"), 2, GREEDY)),
                Map.entry("stream", () -> session.stream("The", GREEDY).toList()),
                Map.entry("save", () -> session.save(Path.of("never"))),
                Map.entry("restore", () -> session.restore(Path.of("never"))));
    }

    @Test
    void everyMethodOfAClosedSessionThrows() {
        session.prefill(1, 2, 3);
        session.close();
        session.close();
        session.cancel();
        assertClosed("Session", "the session is closed; open a new one", calls(session));
        try (Session open = model.newSession()) {
            assertThatThrownBy(() -> model.step(List.of(open, session), 1, 2))
                    .hasMessage("the session is closed; open a new one");
            assertThat(open.position()).isZero();
            open.step(1);
        }
    }

    @Test
    void everyMethodOfAClosedModelAndItsSessionsThrows() {
        session.prefill(1, 2, 3);
        model.close();
        model.close();
        assertClosed("Session", "the session's model is closed; load it again", calls(session));
        assertClosed("Model", "the model is closed; load it again", Map.of(
                "info", model::info, "sharedBytes", model::sharedBytes, "weightBytes", model::weightBytes,
                "activeWeightBytes", model::activeWeightBytes, "weightType", model::weightType, "hasTokenizer",
                model::hasTokenizer, "tokenizer", model::tokenizer,
                "newSession", model::newSession, "decode", () -> model.step(List.of(session), 1)));
    }

    @Test
    void everyMethodOfAClosedFlashTpaAndItsCachesThrows() {
        FlashTpa flash = new FlashTpa(new FlashTpa.Shape(2, 4, 4, 1, 1, 1));
        FlashTpaCache cache = flash.newCache(1);
        FlashTpaCache other = flash.newCache(1);
        FlashTpa.Factors factors = FlashTpa.Factors.of(new float[2], new float[4]);
        cache.append(1, factors, factors);
        other.append(1, factors, factors);
        cache.close();
        cache.close();
        assertClosed("FlashTpaCache", "the cache is closed; create a new one", calls(cache, factors));
        assertThat(other.attend(1, factors)).hasSize(8);
        flash.close();
        flash.close();
        assertClosed("FlashTpaCache", "the cache's FlashTpa is closed; create a new one", calls(other, factors));
        assertClosed("FlashTpa", "the FlashTpa is closed; create a new one", Map.of(
                "newCache", () -> flash.newCache(1), "newCache of a type", () -> flash.newCache(1, CacheType.Q8)));
        other.close();
    }

    private static Map<String, ThrowingCallable> calls(FlashTpaCache cache, FlashTpa.Factors factors) {
        return Map.ofEntries(
                Map.entry("batch", cache::batch), Map.entry("length", () -> cache.length(0)),
                Map.entry("longest", cache::longest), Map.entry("cacheType", cache::cacheType),
                Map.entry("cacheBytes", cache::cacheBytes),
                Map.entry("setCallOptions", () -> cache.setCallOptions(CallOptions.defaults())),
                Map.entry("append", () -> cache.append(1, factors, factors)),
                Map.entry("attend", () -> cache.attend(1, factors)),
                Map.entry("attendCausal", () -> cache.attendCausal(1, factors)),
                Map.entry("truncate", () -> cache.truncate(0)), Map.entry("fork", cache::fork),
                Map.entry("save", () -> cache.save(Path.of("never"))),
                Map.entry("restore", () -> cache.restore(Path.of("never"))));
    }

    /** Closing the session or the model from a listener cancels the call. */
    @Test
    void closingFromAListenerCancels() {
        Generation cancelled = session.generate("The whale", GREEDY, token -> {
            session.close();
            return true;
        });
        assertThat(cancelled.finishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(cancelled.tokens()).hasSize(1);
        assertThatThrownBy(session::position).hasMessageContaining("the session is closed");

        Session other = model.newSession();
        Generation last = other.generate("The whale", GREEDY, token -> {
            model.close();
            return true;
        });
        assertThat(last.finishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThatThrownBy(other::position).hasMessageContaining("model is closed");
    }

    /** Closing while another thread works gives a result or a documented exception, never a crash. */
    @Test
    void closingFromAnotherThreadEndsTheCallAsCancelled() throws InterruptedException {
        for (int round = 0; round < 20; round++) {
            boolean whole = round % 2 == 0;
            Model closing = Model.load(TestData.tiny());
            Session running = closing.newSession(SessionOptions.defaults().withContextLength(100_000));
            CountDownLatch started = new CountDownLatch(1);
            AtomicReference<Object> result = new AtomicReference<>();
            Thread thread = new Thread(() -> {
                try {
                    result.set(running.generate("The whale", GREEDY.withMaxTokens(90_000), token -> {
                        started.countDown();
                        return true;
                    }).finishReason());
                } catch (RuntimeException | Error thrown) {
                    result.set(thrown);
                }
            });
            thread.start();
            started.await();
            if (whole) {
                closing.close();
            } else {
                running.close();
            }
            thread.join();
            assertThat(result.get()).isIn(FinishReason.CANCELLED, FinishReason.END_OF_TEXT);
            closing.close();
        }
    }

    @Test
    void concurrentUseOfASessionThrows() throws InterruptedException {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch tried = new CountDownLatch(1);
        Thread thread = new Thread(() -> session.generate("The whale", GREEDY.withMaxTokens(2), token -> {
            inside.countDown();
            try {
                tried.await();
            } catch (InterruptedException interrupted) {
                throw new IllegalStateException(interrupted);
            }
            return true;
        }), "the first");
        thread.start();
        inside.await();
        Map<String, ThrowingCallable> calls = new java.util.HashMap<>(calls(session));
        List.of("position", "ids", "contextLength", "cacheType", "cacheBytes", "usedCacheBytes").forEach(calls::remove);
        calls.forEach((name, call) -> assertThatThrownBy(call).as(name).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("used by another thread (the first)"));
        tried.countDown();
        thread.join();
        session.step(1);
    }

    @Test
    void aListenerMayReadButNotFeed() {
        session.generate("The whale", GREEDY.withMaxTokens(1), token -> {
            assertThat(session.logits()).isNotEmpty();
            assertThat(session.position()).isPositive();
            session.fork().close();
            for (ThrowingCallable call : List.<ThrowingCallable>of(
                    () -> session.step(1), () -> session.truncate(0), () -> session.generate("a", GREEDY))) {
                assertThatThrownBy(call).isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("in a call already");
            }
            return true;
        });
    }

    @Test
    void cancelAffectsOnlyOneCall() {
        session.prefill(1, 2);
        Generation cancelled = session.generate("a", GREEDY, token -> {
            session.cancel();
            return true;
        });
        assertThat(cancelled.finishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(session.generate("", GREEDY.withMaxTokens(3)).tokens()).hasSize(3);
        assertThatThrownBy(() -> session.generate("a", GREEDY, token -> {
            session.cancel();
            throw new IllegalArgumentException("mine");
        })).hasMessage("mine");
        session.prefill(3);
    }

    /** A timer may fire before its call begins; the next call that computes is cancelled then, and no other. */
    @Test
    void cancelBeforeACallCountsForIt() {
        session.cancel();
        assertThatThrownBy(() -> session.prefill(1, 2)).isInstanceOf(CancellationException.class);
        session.prefill(1, 2);
        session.cancel();
        session.truncate(1); // computes nothing
        session.fork().close();
        assertThatThrownBy(() -> session.step(3)).isInstanceOf(CancellationException.class);
        session.step(3);
        session.cancel();
        Generation cancelled = session.generate("a", GREEDY);
        assertThat(cancelled.finishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(cancelled.tokens()).isEmpty();
        assertThat(session.position()).isEqualTo(2);
        session.step(4);
        session.cancel();
        assertThat(session.generate("", GREEDY).tokens()).as("of the session's ids").isEmpty();
        session.cancel();
        assertThatThrownBy(() -> session.generateSamples(Prompt.of("a"), 2, GREEDY))
                .isInstanceOf(CancellationException.class);
        session.cancel();
        try (Stream<Token> tokens = session.stream("a", GREEDY)) {
            assertThatThrownBy(tokens::toList).isInstanceOf(CancellationException.class);
        }
        assertThat(session.generate("", GREEDY.withMaxTokens(3)).tokens()).hasSize(3);
    }

    @Test
    void anInterruptCancelsAndStaysSet() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> session.prefill(1, 2)).isInstanceOf(CancellationException.class);
        assertThat(Thread.currentThread().isInterrupted()).isTrue();
        assertThat(session.generate("a", GREEDY).finishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(Thread.interrupted()).isTrue();
        session.prefill(1, 2);
        Generation generation = session.generate("", GREEDY, token -> {
            Thread.currentThread().interrupt();
            return true;
        });
        assertThat(generation.finishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(generation.tokens()).hasSize(1);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void nullArgumentsAreRejectedByName() {
        Map<String, ThrowingCallable> calls = Map.of(
                "prompt", () -> session.generate((String) null, GREEDY),
                "onFinish", () -> session.stream("a", GREEDY, null),
                "sampling", () -> GREEDY.withSampling(null),
                "stop", () -> GREEDY.withStop((String) null),
                "options", () -> session.generate("a", null),
                "listener", () -> session.generate("a", GREEDY, null),
                "ids", () -> session.prefill((int[]) null),
                "path", () -> Model.load(null));
        calls.forEach((name, call) -> assertThatThrownBy(call).as(name).isInstanceOf(NullPointerException.class)
                .hasMessage(name));
        assertThatThrownBy(() -> model.newSession(null)).isInstanceOf(NullPointerException.class).hasMessage("options");
    }
}
