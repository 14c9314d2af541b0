package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.attention.AttentionPath;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests trimmed sessions, and that sessions which share buffers compute what each computes alone. */
class TrimTest {
    private static final int CONTEXT = 700;

    @TempDir
    Path folder;

    private static Model load(String golden) {
        return Model.load(
                TestData.path("golden/" + golden), ModelOptions.defaults().withThreads(2)
                        .withVariant(golden.equals("T6_linearattn") ? RopeVariant.LINEARATTN : null));
    }

    private static int[] ids(Model model, int count, long seed) {
        return new Random(seed).ints(count, 0, model.info().sizes().vocabulary()).toArray();
    }

    private static SessionOptions options() {
        return SessionOptions.defaults().withContextLength(CONTEXT);
    }

    /** A second session, which is never trimmed, is the expectation. */
    @ParameterizedTest
    @ValueSource(strings = {"T6_even", "T6_kvonly", "llama-mha", "llama-gqa", "llama-mla", "T6_linearattn"})
    void aTrimmedSessionGoesOnWithTheSameBits(String golden) {
        long seed = 11;
        try (Model model = load(golden);
                Session trimmed = model.newSession(options());
                Session other = model.newSession(options())) {
            Random lengths = new Random(seed);
            for (int round = 0; round < 12; round++) {
                int[] more = ids(model, 1 + lengths.nextInt(50), seed + round);
                trimmed.prefill(more);
                other.prefill(more);
                String which = "seed " + seed + ", round " + round;
                if (round % 2 == 0) {
                    assertThat(trimmed.logits()).as(which).isEqualTo(other.logits());
                }
                trimmed.trim();
                model.trim();
                assertThat(trimmed.ids()).isEqualTo(other.ids());
                assertThat(trimmed.mostLikely(3)).as(which).isEqualTo(other.mostLikely(3));
                assertThat(trimmed.logits()).as(which + ", after trim").isEqualTo(other.logits());
                trimmed.step(more[0]);
                other.step(more[0]);
                assertThat(trimmed.logits()).as(which + ", after a step").isEqualTo(other.logits());
            }
        }
    }

    @Test
    void forksAndFilesOfTrimmedSessionsHaveTheirLogits() {
        Path file = folder.resolve("session");
        try (Model model = load("T6_even");
                Session session = model.newSession(options());
                Session restored = model.newSession(options())) {
            session.prefill(ids(model, 130, 3));
            float[] expected = session.logits().clone();
            session.trim();
            try (Session fork = session.fork(); Prefix prefix = session.freeze(); Session later = prefix.newSession()) {
                assertThat(fork.logits()).isEqualTo(expected);
                assertThat(later.logits()).isEqualTo(expected);
            }
            session.trim();
            session.save(file);
            restored.restore(file);
            restored.trim();
            assertThat(restored.logits()).as("not computable again, so kept").isEqualTo(expected);
            session.truncate(64);
            session.trim();
            assertThatThrownBy(session::logits).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("no logits");
            Session closed = model.newSession();
            closed.close();
            assertThatThrownBy(closed::trim).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
        }
    }

    /** Threads take buffers that served others: shorter and longer prompts, other cache types, the oracle. */
    @Tag("full")
    @Test
    void sessionsOfManyThreadsShareBuffers() throws Exception {
        List<SessionOptions> kinds = new ArrayList<>();
        for (SessionOptions.CacheType type : SessionOptions.CacheType.values()) {
            kinds.add(options().withCacheType(type));
        }
        kinds.add(AttentionPath.MATERIALIZED.of(options()));
        try (Model model = load("T6_even"); ExecutorService threads = Executors.newFixedThreadPool(8)) {
            List<Callable<float[]>> calls = IntStream.range(0, 60).<Callable<float[]>>mapToObj(
                    i -> () -> run(model, kinds.get(i % kinds.size()), ids(model, 1 + 5 * i, i))).toList();
            List<float[]> expected = new ArrayList<>();
            for (Callable<float[]> call : calls) {
                model.trim(); // so that each has buffers of its own
                expected.add(call.call());
            }
            List<Future<float[]>> found = threads.invokeAll(calls);
            for (int i = 0; i < calls.size(); i++) {
                assertThat(found.get(i).get()).as("call " + i).isEqualTo(expected.get(i));
            }
        }
    }

    private static float[] run(Model model, SessionOptions options, int[] prompt) {
        try (Session session = model.newSession(options)) {
            session.prefill(prompt);
            for (int i = 0; i < 5; i++) {
                session.step(prompt[i % prompt.length]);
            }
            return session.logits().clone();
        }
    }
}
