package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.weights.NativeMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Many threads open sessions from one prefix, and read a session while it works. */
@Isolated
@Timeout(240)
class PrefixTest {
    private static final long SEED = 31;
    private static final int THREADS = 8;
    private static final int FORKS = 4000;

    private static GenerationOptions greedy(int tokens) {
        return GenerationOptions.defaults().withMaxTokens(tokens).withIgnoreEndOfText(true)
                .withSampling(SamplingOptions.greedy());
    }

    private static int[] ids(int count, int vocabulary) {
        return new Random(SEED).ints(count, 0, vocabulary).toArray();
    }

    private static List<Integer> idsOf(Generation generation) {
        return generation.tokens().stream().map(Token::id).toList();
    }

    private static void inThreads(int threads, Runnable body) throws Exception {
        try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                all.add(executor.submit(body));
            }
            for (Future<?> one : all) {
                one.get();
            }
        }
    }

    @Tag("full")
    @Test
    void eightThreadsForkOnePrefixFourThousandTimes() throws Exception {
        try (Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(1))) {
            int[] prompt = ids(131, 4096);
            List<List<Integer>> alone = new ArrayList<>();
            for (int next = 0; next < 16; next++) {
                try (Session session = model.newSession()) {
                    session.prefill(prompt);
                    alone.add(idsOf(session.generate(Prompt.of(next), greedy(2))));
                }
            }
            model.trim();
            long before = NativeMemory.allocatedBytes();
            AtomicInteger left = new AtomicInteger(FORKS);
            Prefix prefix;
            try (Session session = model.newSession()) {
                session.prefill(prompt);
                prefix = session.freeze();
                session.generate(Prompt.of(9, 8, 7), greedy(3)); // changes nothing in the prefix
            }
            try (prefix) {
                inThreads(THREADS, () -> {
                    for (int i = left.getAndDecrement(); i > 0; i = left.getAndDecrement()) {
                        try (Session session = prefix.newSession()) {
                            assertThat(idsOf(session.generate(Prompt.of(i % 16), greedy(2))))
                                    .as("seed " + SEED + ", fork " + i).isEqualTo(alone.get(i % 16));
                        }
                    }
                });
                assertThat(prefix.ids()).isEqualTo(prompt);
            }
            model.trim(); // the buffers that the model keeps for its next sessions
            assertThat(NativeMemory.allocatedBytes()).as("all is freed").isLessThanOrEqualTo(before);
        }
    }

    /** Forks of an idle session wait for each other instead of failing. */
    @Test
    void anIdleSessionCanBeForkedByManyThreads() throws Exception {
        try (Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(1));
                Session session = model.newSession()) {
            session.prefill(ids(70, 4096));
            List<Likelihood> expected = session.mostLikely(5);
            AtomicInteger left = new AtomicInteger(FORKS);
            inThreads(THREADS, () -> {
                while (left.getAndDecrement() > 0) {
                    try (Session fork = session.fork()) {
                        assertThat(fork.mostLikely(5)).isEqualTo(expected);
                    }
                }
            });
        }
    }

    @ParameterizedTest
    @CsvSource({"golden/llama-gqa", "golden/llama-mla", "golden_mlra/mlra_2", "golden/T6_kvonly",
        "golden_olala/full-mmmmv"})
    void aPrefixHasTheLogitsOfItsSession(String folder) {
        ModelOptions load = ModelOptions.defaults().withThreads(2)
                .withVariant(folder.contains("T6") ? RopeVariant.FULL : null);
        try (Model model = Model.load(TestData.path(folder), load)) {
            Session session = model.newSession(SessionOptions.defaults().withContextLength(200));
            int[] prompt = ids(67, model.info().sizes().vocabulary());
            session.prefill(prompt);
            float[] logits = session.logits().clone();
            Prefix prefix = session.freeze();
            session.step(3);
            float[] next = session.logits().clone();
            session.close();
            try (Session other = prefix.newSession()) {
                assertThat(other.logits()).isEqualTo(logits);
                assertThat(other.ids()).isEqualTo(prompt);
                assertThat(prefix.length()).isEqualTo(67);
                prefix.close();
                other.step(3);
                assertThat(other.position()).isEqualTo(68);
                assertThat(other.logits()).isEqualTo(next);
                assertThatThrownBy(prefix::newSession).isInstanceOf(IllegalStateException.class);
            }
        }
    }

    /** Readers see a state that the session had, also while another thread generates. */
    @Test
    void readersMayReadWhileASessionWorks() throws Exception {
        try (Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(1));
                Session session = model.newSession()) {
            int[] prompt = ids(300, 4096);
            session.prefill(prompt[0]);
            List<List<Likelihood>> expected = new ArrayList<>();
            int[] all;
            try (Session other = session.fork()) {
                other.generate(Prompt.of(Arrays.copyOfRange(prompt, 1, 300)), greedy(150), token -> {
                    expected.add(other.mostLikely(3));
                    return true;
                });
                expected.add(other.mostLikely(3)); // after the last id
                all = other.ids();
            }
            expected.add(session.mostLikely(3)); // before the prompt is fed
            AtomicBoolean over = new AtomicBoolean();
            AtomicInteger reads = new AtomicInteger();
            try (ExecutorService readers = Executors.newFixedThreadPool(4)) {
                List<Future<?>> found = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    found.add(readers.submit(() -> {
                        while (!over.get()) {
                            int[] now = session.ids();
                            assertThat(now).isEqualTo(Arrays.copyOf(all, now.length));
                            assertThat(session.position()).isGreaterThanOrEqualTo(now.length);
                            assertThat(session.cacheBytes()).isPositive();
                            assertThat(expected).contains(session.mostLikely(3));
                            reads.incrementAndGet();
                        }
                    }));
                }
                try {
                    session.generate(Prompt.of(Arrays.copyOfRange(prompt, 1, 300)), greedy(150));
                } finally {
                    over.set(true);
                }
                for (Future<?> one : found) {
                    one.get();
                }
            }
            assertThat(session.ids()).isEqualTo(all);
            assertThat(reads.get()).isPositive();
        }
    }

    @Test
    void closingTheModelClosesItsPrefixes() {
        Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(1));
        Session session = model.newSession();
        session.prefill(1, 2);
        Prefix prefix = session.freeze();
        session.cancel();
        assertThatThrownBy(() -> session.prefill(3)).isInstanceOf(CancellationException.class);
        model.close();
        assertThatThrownBy(prefix::newSession).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        prefix.close();
    }
}
