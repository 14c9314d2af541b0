package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.attention.AttentionPath;
import io.github.t6j.family.VariantName;
import io.github.t6j.sampling.SamplingOptions;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that sessions that advance together get the same bits as alone. */
class BatchTest {
    private static final long SEED = 31;
    private static final int STEPS = 5;

    private static SessionOptions options(int context) {
        return SessionOptions.defaults().withContextLength(context);
    }

    /** Feeds sessions with {@code depths} ids together, and the same ids in separate sessions; compares the bits. */
    private static void assertSameBits(Model model, List<SessionOptions> kinds, int... depths) {
        Random random = new Random(SEED);
        int vocabulary = model.info().sizes().vocabulary();
        List<Session> together = new ArrayList<>();
        List<Session> alone = new ArrayList<>();
        try {
            for (int i = 0; i < depths.length; i++) {
                int[] ids = random.ints(depths[i], 0, vocabulary).toArray();
                for (List<Session> sessions : List.of(together, alone)) {
                    sessions.add(model.newSession(kinds.get(i % kinds.size())));
                    if (ids.length > 0) {
                        sessions.getLast().prefill(ids);
                    }
                }
            }
            for (int step = 0; step < STEPS; step++) {
                int[] ids = random.ints(depths.length, 0, vocabulary).toArray();
                model.step(together, ids);
                for (int i = 0; i < depths.length; i++) {
                    alone.get(i).step(ids[i]);
                    String what = "seed " + SEED + ", session " + i + ", step " + step;
                    assertThat(together.get(i).logits()).as(what).isEqualTo(alone.get(i).logits());
                    assertThat(together.get(i).ids()).as(what).isEqualTo(alone.get(i).ids());
                }
            }
        } finally {
            together.forEach(Session::close);
            alone.forEach(Session::close);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void mixedDepthsTypesAndPathsGiveTheBitsOfSingleSessions(int threads) {
        try (Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(threads))) {
            List<SessionOptions> kinds = new ArrayList<>();
            for (CacheType type : CacheType.values()) {
                kinds.add(options(1000).withCacheType(type));
            }
            kinds.add(AttentionPath.MATERIALIZED.of(options(1000)));
            assertSameBits(model, kinds, 0, 1, 63, 64, 65, 300, 7, 128, 129, 20);
            assertSameBits(model, kinds, 700, 3); // one session is longer than a thread's share
            assertSameBits(model, kinds, 0);
        }
    }

    @Test
    void moreSessionsThanRowsOfAPass() {
        try (Model model = Model.load(TestData.tiny())) {
            assertSameBits(model, List.of(options(20)), new Random(SEED).ints(131, 0, 12).toArray());
        }
    }

    @ParameterizedTest
    @CsvSource({"T6_odd, full", "T6_kvonly, full", "llama-gqa, full", "llama-mla, full", "T6_linearattn, linearattn",
        "llama-linearattn-gqa, linearattn", "T6_groupnorm, full"})
    void everyAttentionDecodesTogether(String golden, String variant) {
        ModelOptions load = ModelOptions.defaults().withThreads(2).withVariant(VariantName.parse(variant));
        try (Model model = Model.load(TestData.path("golden/" + golden), load)) {
            List<SessionOptions> kinds = List.of(options(200), AttentionPath.MATERIALIZED.of(options(200)));
            assertSameBits(model, kinds, 3, 9, 0, 70, 33);
        }
    }

    /**
     * Feeds {@code counts} more ids to sessions with {@code depths} ids, together and in separate sessions; compares
     * the bits.
     */
    private static void assertSameBitsOfParts(Model model, List<SessionOptions> kinds, int[] depths, int[] counts) {
        Random random = new Random(SEED);
        int vocabulary = model.info().sizes().vocabulary();
        List<Session> together = new ArrayList<>();
        List<Session> alone = new ArrayList<>();
        int[][] ids = new int[depths.length][];
        LogitsListener[] listeners = new LogitsListener[depths.length];
        List<List<float[]>> heard = new ArrayList<>();
        List<List<float[]>> expected = new ArrayList<>();
        try {
            for (int i = 0; i < depths.length; i++) {
                int[] before = random.ints(depths[i], 0, vocabulary).toArray();
                ids[i] = random.ints(counts[i], 0, vocabulary).toArray();
                for (List<Session> sessions : List.of(together, alone)) {
                    sessions.add(model.newSession(kinds.get(i % kinds.size())));
                    if (before.length > 0) {
                        sessions.getLast().prefill(before);
                    }
                }
                heard.add(new ArrayList<>());
                expected.add(new ArrayList<>());
                listeners[i] = i % 2 == 0 ? null : recorder(depths[i], heard.getLast());
                alone.get(i).prefill(ids[i], i % 2 == 0 ? null : recorder(depths[i], expected.getLast()));
            }
            model.feed(together, ids, listeners);
            for (int i = 0; i < depths.length; i++) {
                String what = "seed " + SEED + ", session " + i;
                assertThat(heard.get(i).toArray()).as(what).isEqualTo(expected.get(i).toArray());
                assertThat(together.get(i).logits()).as(what).isEqualTo(alone.get(i).logits());
                assertThat(together.get(i).ids()).as(what).isEqualTo(alone.get(i).ids());
                together.get(i).step(7); // reads the cache that the parts have filled
                alone.get(i).step(7);
                assertThat(together.get(i).logits()).as(what).isEqualTo(alone.get(i).logits());
            }
        } finally {
            together.forEach(Session::close);
            alone.forEach(Session::close);
        }
    }

    /** Returns a listener that records logits and expects consecutive positions from {@code first} on. */
    private static LogitsListener recorder(int first, List<float[]> heard) {
        return (position, logits) -> {
            assertThat(position).isEqualTo(first + heard.size());
            heard.add(logits.clone());
        };
    }

    /** Sessions that go on while a prompt is read, and the prompt itself, get the bits that they get alone. */
    @ParameterizedTest
    @CsvSource({"T6_odd, full", "T6_kvonly, full", "llama-gqa, full", "llama-mla, full", "T6_linearattn, linearattn",
        "llama-linearattn-gqa, linearattn"})
    void sessionsGoOnInThePausesOfAPass(String golden, String variant) {
        ModelOptions load = ModelOptions.defaults().withThreads(2).withVariant(VariantName.parse(variant));
        try (Model model = Model.load(TestData.path("golden/" + golden), load);
                Session alone = model.newSession(options(400));
                Session read = model.newSession(options(400));
                Session expected = model.newSession(options(400));
                Session running = model.newSession(options(400))) {
            Random random = new Random(SEED);
            int vocabulary = model.info().sizes().vocabulary();
            int[] prompt = random.ints(300, 0, vocabulary).toArray();
            int[] next = random.ints(400, 0, vocabulary).toArray();
            alone.prefill(prompt);
            expected.prefill(next[0], next[1], next[2]);
            running.prefill(next[0], next[1], next[2]);
            model.feed(List.of(read), new int[][] {prompt}, new LogitsListener[1], () -> {
                int position = running.position();
                if (position < next.length) {
                    model.step(List.of(running), next[position]);
                    expected.step(next[position]);
                    assertThat(running.logits()).as("seed " + SEED + ", " + position).isEqualTo(expected.logits());
                }
            });
            assertThat(running.position()).as("3 passes with several pauses").isGreaterThan(3 + 3 * 3);
            assertThat(read.logits()).as("seed " + SEED).isEqualTo(alone.logits());
            read.step(7);
            alone.step(7);
            assertThat(read.logits()).as("seed " + SEED).isEqualTo(alone.logits());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void partsOfPromptsBesideSingleIds(int threads) {
        try (Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(threads))) {
            List<SessionOptions> kinds = new ArrayList<>();
            for (CacheType type : CacheType.values()) {
                kinds.add(options(1000).withCacheType(type));
            }
            kinds.add(AttentionPath.MATERIALIZED.of(options(1000)));
            assertSameBitsOfParts(model, kinds, new int[] {0, 100, 63, 0, 65, 300, 7, 128, 129, 20},
                    new int[] {300, 1, 1, 40, 2, 1, 128, 129, 1, 64});
            assertSameBitsOfParts(model, kinds, new int[] {500, 0}, new int[] {1, 400});
            assertSameBitsOfParts(model, kinds, new int[] {3}, new int[] {1});
        }
    }

    @Test
    void morePartsThanRowsOfAPass() {
        try (Model model = Model.load(TestData.tiny())) {
            Random random = new Random(SEED);
            assertSameBitsOfParts(model, List.of(options(400)), random.ints(60, 0, 12).toArray(),
                    random.ints(60, 1, 50).toArray());
            assertSameBitsOfParts(model, List.of(options(400)), random.ints(300, 0, 2).toArray(),
                    random.ints(300, 1, 2).toArray());
        }
    }

    @ParameterizedTest
    @CsvSource({"T6_odd, full", "T6_kvonly, full", "llama-gqa, full", "llama-mla, full", "T6_linearattn, linearattn",
        "llama-linearattn-gqa, linearattn", "T6_groupnorm, full"})
    void everyAttentionFeedsPartsTogether(String golden, String variant) {
        ModelOptions load = ModelOptions.defaults().withThreads(2).withVariant(VariantName.parse(variant));
        try (Model model = Model.load(TestData.path("golden/" + golden), load)) {
            List<SessionOptions> kinds = List.of(options(400), AttentionPath.MATERIALIZED.of(options(400)));
            assertSameBitsOfParts(model, kinds, new int[] {3, 9, 0, 70, 33}, new int[] {70, 1, 130, 5, 1});
        }
    }

    @Test
    void forksAdvanceTogetherAndDoNotChangeTheirOrigin() {
        try (Model model = Model.load(TestData.tiny()); Session origin = model.newSession()) {
            origin.prefill(new Random(SEED).ints(70, 0, 4096).toArray());
            float[] before = origin.logits().clone();
            try (Session a = origin.fork(); Session b = origin.fork(); Session alone = origin.fork()) {
                model.step(List.of(a, b), 5, 6);
                model.step(List.of(b, a), 7, 8);
                alone.prefill(5, 8);
                assertThat(a.logits()).isEqualTo(alone.logits());
                alone.truncate(70);
                alone.prefill(6, 7);
                assertThat(b.logits()).isEqualTo(alone.logits());
            }
            assertThat(origin.logits()).isEqualTo(before);
            assertThat(origin.position()).isEqualTo(70);
        }
    }

    @Test
    void invalidArgumentsAreRejectedBeforeAnyIdIsFed() {
        try (Model model = Model.load(TestData.tiny());
                Model other = Model.load(TestData.tiny());
                Session a = model.newSession();
                Session full = model.newSession(options(1));
                Session foreign = other.newSession()) {
            Session closed = model.newSession();
            closed.close();
            closed.close();
            full.step(1);
            a.step(2);
            assertRefused(model, List.of(a), new int[] {1, 2}, "ids: expected one per session, 1, found 2");
            assertRefused(model, List.of(a, foreign), new int[] {1, 2}, "found one of another model at index 1");
            assertRefused(model, List.of(a, a), new int[] {1, 2}, "found a duplicate at indices 0 and 1");
            assertRefused(model, List.of(a), new int[] {4096}, "expected 0 to 4095");
            assertRefused(model, List.of(a, full), new int[] {1, 2}, "the context has room for 1 ids and holds 1");
            assertRefused(model, List.of(a, closed), new int[] {1, 2}, "the session is closed");
            assertThatThrownBy(() -> closed.step(1)).hasMessageContaining("the session is closed");
            assertThatThrownBy(() -> model.feed(List.of(a), new int[0]))
                    .hasMessageContaining("ids: expected one or more, found none");
            assertThatThrownBy(() -> model.feed(List.of(a), new int[] {1}, new int[] {2}))
                    .hasMessageContaining("ids: expected an array per session, 1, found 2");
            assertThatThrownBy(() -> model.feed(List.of(a), new int[][] {{1}}, new LogitsListener[2]))
                    .hasMessageContaining("listeners: expected one per session, 1, found 2");
            assertThatThrownBy(() -> model.feed(List.of(a, full), new int[] {1, 2}, new int[] {1, 2}))
                    .hasMessageContaining("the context has room for 1 ids and holds 1");
            assertThatThrownBy(() -> model.feed(List.of(a, a), new int[] {1}, new int[] {2}))
                    .hasMessageContaining("found a duplicate at indices 0 and 1");
            assertThat(a.position()).isOne();
            model.step(List.of());
            model.feed(List.of());
        }
    }

    private static void assertRefused(Model model, List<Session> sessions, int[] ids, String message) {
        assertThatThrownBy(() -> model.step(sessions, ids))
                .isInstanceOfAny(IllegalArgumentException.class, IllegalStateException.class)
                .hasMessageContaining(message);
    }

    @Test
    @Tag("steady")
    void aStepDoesNotAllocate() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().threadId();
        try (Model model = Model.load(TestData.tiny()); Session origin = model.newSession(options(20_000))) {
            model.warmUp(Duration.ofMinutes(1)); // also kernels that are so cheap that the twin would keep them
            origin.prefill(new int[640]);
            List<Session> sessions = List.of(origin.fork(), origin.fork(), origin.fork(), origin.fork());
            int[] ids = {1, 2, 3, 4};
            long allocated = Long.MAX_VALUE;
            // vectors are objects until C2 has compiled the kernels, so wait for a stretch without allocations
            for (int round = 0; round < 200 && allocated > 0; round++) {
                model.step(sessions, ids); // begins a page, and a new array of ids
                long before = threads.getThreadAllocatedBytes(thread);
                for (int i = 0; i < 40; i++) {
                    model.step(sessions, ids);
                    sessions.getLast().logits();
                }
                allocated = threads.getThreadAllocatedBytes(thread) - before;
                sessions.forEach(session -> session.truncate(640));
            }
            sessions.forEach(Session::close);
            assertThat(allocated).isZero();
        }
    }

    @Test
    void samplesEqualGenerationsWithConsecutiveSeeds() {
        GenerationOptions options = GenerationOptions.defaults()
                .withMaxTokens(30)
                .withStop("the")
                .withSampling(SamplingOptions.defaults().withSeed(5L));
        try (Model model = Model.load(TestData.tiny()); Session session = model.newSession()) {
            List<Generation> samples = session.generateSamples(Prompt.of("The whale"), 4, options);
            assertThat(session.position()).isEqualTo(2);
            assertThat(samples).hasSize(4);
            for (int i = 0; i < 4; i++) {
                session.truncate(0);
                Generation alone = session.generate(
                        "The whale", options.withSampling(SamplingOptions.defaults().withSeed(5L + i)));
                Generation sample = samples.get(i);
                assertThat(sample.seed()).isEqualTo(5L + i);
                assertThat(sample.text()).isEqualTo(alone.text());
                assertThat(sample.tokens()).isEqualTo(alone.tokens());
                assertThat(sample.finishReason()).isEqualTo(alone.finishReason());
                assertThat(sample.promptTokens()).isEqualTo(2);
            }
            assertThat(samples).extracting(Generation::finishReason).contains(FinishReason.STOP_STRING);
            assertThatThrownBy(() -> session.generateSamples(Prompt.of("a"), 0, options))
                    .hasMessageContaining("expected 1 or more");
        }
    }

    @Test
    void samplesReportTheirRandomSeeds() {
        GenerationOptions options = GenerationOptions.defaults().withMaxTokens(8);
        try (Model model = Model.load(TestData.tiny()); Session session = model.newSession()) {
            List<Generation> samples = session.generateSamples(Prompt.of("Call me"), 3, options);
            assertThat(samples.get(2).seed()).isEqualTo(samples.get(0).seed() + 2);
            assertThat(Arrays.asList(samples.get(0).text(), samples.get(1).text(), samples.get(2).text()))
                    .doesNotHaveDuplicates();
        }
    }
}
