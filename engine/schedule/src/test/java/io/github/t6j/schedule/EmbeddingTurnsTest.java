package io.github.t6j.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.CallOptions;
import io.github.t6j.Embedder;
import io.github.t6j.Embedding;
import io.github.t6j.EmbeddingOptions;
import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Pooling;
import io.github.t6j.Prompt;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.session.Expiry;
import io.github.t6j.session.HiddenStates;
import io.github.t6j.session.SessionCore;
import io.github.t6j.weights.MemoryBudget;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Embeddings in a scheduler: the bits of each alone, alternating with prompts and steps. */
@Timeout(120)
class EmbeddingTurnsTest {
    private static final Path TINY = Path.of(System.getProperty("t6j.testdata")).resolve("models/t6-tiny");
    private static final long SEED = 41;
    private static final int CONTEXT = 500;
    private static final EmbeddingOptions MEAN = EmbeddingOptions.defaults();

    private static Model model;

    @BeforeAll
    static void load() {
        model = Model.load(TINY, ModelOptions.defaults().withThreads(2));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static Scheduler scheduler(int running, int queued) {
        return scheduler(running, queued, 1L << 28);
    }

    private static Scheduler scheduler(int running, int queued, long cacheBytes) {
        return new Scheduler(model, SchedulerOptions.defaults().withMaxRunning(running).withMaxQueued(queued)
                .withCacheBytes(cacheBytes).withSession(SessionOptions.defaults().withContextLength(CONTEXT)));
    }

    private static List<Prompt> texts(Random random, int count, int longest) {
        return IntStream.range(0, count)
                .mapToObj(_ -> Prompt.of(random.ints(1 + random.nextInt(longest), 0, 4096).toArray())).toList();
    }

    private static GenerationOptions endless(int tokens) {
        return GenerationOptions.defaults().withMaxTokens(tokens).withIgnoreEndOfText(true)
                .withSampling(SamplingOptions.defaults().withSeed(SEED));
    }

    private static List<float[]> vectors(List<Embedding> embeddings) {
        return embeddings.stream().map(Embedding::vector).toList();
    }

    private static void assertSame(List<Embedding> found, List<Prompt> prompts, EmbeddingOptions options, String what) {
        List<Embedding> expected = new Embedder(model, options).embed(prompts);
        assertThat(vectors(found)).as("seed %d, %s", SEED, what).usingElementComparator(Arrays::compare)
                .isEqualTo(vectors(expected));
        assertThat(found).extracting(Embedding::tokens).isEqualTo(expected.stream().map(Embedding::tokens).toList());
        assertThat(found).extracting(Embedding::truncated)
                .isEqualTo(expected.stream().map(Embedding::truncated).toList());
    }

    /** Calls with different options, some of other layers, at the same time as generations. */
    @Tag("full")
    @Test
    void eachHasTheBitsThatItHasAlone() {
        Random random = new Random(SEED);
        List<EmbeddingOptions> options = List.of(MEAN, MEAN.withPooling(Pooling.LAST), MEAN.withLayer(1),
                MEAN.withPooling(Pooling.CLS).withLayer(0), MEAN.withDimensions(33).withTruncate(true));
        List<List<Prompt>> asked = new ArrayList<>();
        List<CompletableFuture<List<Embedding>>> found = new ArrayList<>();
        try (Scheduler scheduler = scheduler(4, 40)) {
            GenerationHandle generation = scheduler.submit(Prompt.of(5, 6, 7), endless(60));
            for (int i = 0; i < 20; i++) {
                boolean cuts = i % options.size() == 4;
                asked.add(i == 7 ? List.of() : texts(random, 1 + random.nextInt(9), cuts ? 900 : 300));
                found.add(scheduler.embed(asked.get(i), options.get(i % options.size())));
            }
            for (int i = 0; i < asked.size(); i++) {
                assertSame(found.get(i).join(), asked.get(i), options.get(i % options.size()), "call " + i);
            }
            try (Session session = model.newSession(SessionOptions.defaults().withContextLength(CONTEXT))) {
                Generation alone = session.generate(Prompt.of(5, 6, 7), endless(60));
                assertThat(generation.result().join().text()).isEqualTo(alone.text());
            }
        }
    }

    /** A long list of texts is embedded while tokens are generated, and a new prompt is read. */
    @Tag("full")
    @Test
    void stepsAndPromptsContinueBetweenPassesOfEmbeddings() {
        try (Scheduler scheduler = scheduler(4, 40)) {
            List<Prompt> many = texts(new Random(SEED), 400, 250);
            AtomicInteger tokens = new AtomicInteger();
            CompletableFuture<List<Embedding>> long1 = scheduler.embed(many, MEAN);
            GenerationHandle running = scheduler.submit(Prompt.of(5, 6, 7), endless(400), _ -> {
                tokens.addAndGet(long1.isDone() ? 0 : 1);
                return true;
            });
            CompletableFuture<List<Embedding>> short1 = scheduler.embed(many.subList(0, 2), MEAN);
            AtomicInteger ended = new AtomicInteger();
            GenerationHandle late = scheduler.submit(Prompt.of(texts(new Random(1), 1, 1).getFirst().ids(model)),
                    endless(5), token -> {
                        ended.addAndGet(long1.isDone() ? 0 : 1);
                        return true;
                    });
            late.result().join();
            assertSame(short1.join(), many.subList(0, 2), MEAN, "the short list");
            assertThat(long1.isDone()).as("the long list is embedded").isFalse();
            long1.join();
            running.result().join();
            assertThat(tokens.get()).as("tokens before the end of the embeddings").isGreaterThan(20);
            assertThat(ended.get()).as("tokens of the later prompt").isEqualTo(5);
        }
    }

    @Test
    void anInterruptedCallEndsAlone() {
        List<Prompt> many = texts(new Random(SEED), 2000, 250);
        try (Scheduler scheduler = scheduler(1, 2)) {
            CompletableFuture<List<Embedding>> late =
                    scheduler.embed(many, MEAN.withCall(CallOptions.defaults().withTimeout(Duration.ofMillis(30))));
            CompletableFuture<List<Embedding>> cancelled = scheduler.embed(many, MEAN);
            CompletableFuture<List<Embedding>> kept = scheduler.embed(many.subList(3, 9), MEAN);
            cancelled.cancel(true);
            assertThat(late.handle((_, failure) -> failure).join()).isInstanceOf(CancellationException.class)
                    .hasMessageContaining("the deadline has passed");
            assertThatThrownBy(cancelled::join).isInstanceOf(CancellationException.class);
            assertSame(kept.join(), many.subList(3, 9), MEAN, "the call that goes on");
        }
    }

    @Test
    void aFunctionOfTheCallerThatFailsEndsItsCallOnly() {
        try (Scheduler scheduler = scheduler(1, 2)) {
            List<Prompt> few = texts(new Random(SEED), 5, 200);
            CompletableFuture<List<Embedding>> kept = scheduler.embed(few, MEAN);
            CompletableFuture<List<Embedding>> broken =
                    scheduler.embed(few, MEAN.withCall(CallOptions.defaults().withCancellation(() -> {
                        throw new IllegalStateException("mine");
                    })));
            assertThatThrownBy(broken::join).isInstanceOf(CompletionException.class).hasMessageContaining("mine");
            assertSame(kept.join(), few, MEAN, "the other call");
        }
    }

    @Test
    void tooManyCallsAndAClosedSchedulerAreRefused() {
        Scheduler scheduler = scheduler(1, 1);
        List<Prompt> many = texts(new Random(SEED), 2000, 250);
        List<CompletableFuture<List<Embedding>>> two =
                List.of(scheduler.embed(many, MEAN), scheduler.embed(many, MEAN));
        assertThatThrownBy(() -> scheduler.embed(many, MEAN)).isInstanceOfSatisfying(RefusedException.class,
                refused -> assertThat(refused.reason()).isEqualTo(RefusedException.Reason.QUEUE_FULL))
                .hasMessageContaining("2 embeddings run or wait, the limit is 2");
        scheduler.close();
        two.forEach(future -> assertThatThrownBy(future::join).isInstanceOf(CancellationException.class));
        assertThatThrownBy(() -> scheduler.embed(many, MEAN)).isInstanceOfSatisfying(RefusedException.class,
                refused -> assertThat(refused.reason()).isEqualTo(RefusedException.Reason.CLOSED));
    }

    /** Memory of two and a half full contexts, which both kinds would fill alone. */
    @Tag("full")
    @Test
    void textsAndGenerationsShareTheMemoryOfCaches() throws InterruptedException {
        Random random = new Random(SEED);
        long context = contextBytes();
        List<Prompt> many = texts(random, 90, 450);
        List<Prompt> prompts = texts(random, 8, 250);
        try (Scheduler scheduler = scheduler(4, 40, 5 * context / 2)) {
            long before = model.cacheBytes();
            List<CompletableFuture<?>> all = new ArrayList<>();
            List<CompletableFuture<List<Embedding>>> embeddings = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                embeddings.add(scheduler.embed(many.subList(30 * i, 30 * i + 30), MEAN));
            }
            List<GenerationHandle> handles = prompts.stream().map(prompt -> scheduler.submit(prompt, endless(100)))
                    .toList();
            all.addAll(embeddings);
            handles.forEach(handle -> all.add(handle.result()));
            long max = 0;
            while (!all.stream().allMatch(CompletableFuture::isDone)) {
                max = Math.max(max, model.cacheBytes() - before);
                Thread.sleep(1);
            }
            assertThat(max).as("bytes of all caches").isBetween(context / 2, 5 * context / 2);
            for (int i = 0; i < 3; i++) {
                assertSame(embeddings.get(i).join(), many.subList(30 * i, 30 * i + 30), MEAN, "call " + i);
            }
            try (Session session = model.newSession(SessionOptions.defaults().withContextLength(CONTEXT))) {
                assertThat(handles.getLast().result().join().text())
                        .isEqualTo(session.generate(prompts.getLast(), endless(100)).text());
            }
        }
        try (Scheduler scheduler = scheduler(1, 1, context / 2)) {
            Prompt long1 = Prompt.of(random.ints(CONTEXT, 0, 4096).toArray());
            assertThatThrownBy(() -> scheduler.embed(List.of(many.getFirst(), long1), MEAN))
                    .isInstanceOfSatisfying(RefusedException.class, refused -> assertThat(refused.reason())
                            .isEqualTo(RefusedException.Reason.TOO_LARGE))
                    .hasMessageContaining("found a text that may take " + context + ": shorten it");
        }
    }

    private static long contextBytes() {
        try (Session session = model.newSession()) {
            return HiddenStates.bytes(SessionCore.of(session).state().transformer(), CONTEXT);
        }
    }

    @Test
    void aWrongTextIsNamed() {
        try (Scheduler scheduler = scheduler(1, 1)) {
            assertThatThrownBy(() -> scheduler.embed(List.of(Prompt.of("a"), Prompt.of("")), MEAN))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("prompts[1]: expected at least one token, found none");
        }
    }

    /** The first pass fails as if memory were short, and so does one with a long text alone. */
    @Test
    void aFailedPassEndsOnlyTheCallThatFailsAlone() {
        List<Prompt> few = texts(new Random(SEED), 4, 40);
        List<Prompt> bad = texts(new Random(SEED + 1), 1, 40);
        try (Session session = model.newSession()) {
            EmbeddingReader reader = new EmbeddingReader(SessionCore.of(session).state().transformer(),
                    new MemoryBudget("test", Long.MAX_VALUE, null), _ -> true, () -> {
                    });
            EmbeddingJob good = job(few);
            EmbeddingJob failing = job(bad);
            reader.add(good);
            reader.add(failing);
            AtomicInteger passes = new AtomicInteger();
            while (!reader.isEmpty()) {
                int pass = passes.getAndIncrement();
                // the first pass has all texts; then they are read in the order of their numbers: the second is bad
                reader.read(true, () -> {
                    if (pass == 0 || pass == 2) {
                        throw new IllegalStateException("no memory");
                    }
                }).forEach(Runnable::run);
            }
            List<EmbeddingJob> failed = List.of(good, failing).stream()
                    .filter(one -> one.result().handle((_, failure) -> failure != null).join()).toList();
            assertThat(failed).hasSize(1);
            if (failed.contains(failing)) {
                assertSame(good.result().join(), few, MEAN, "the call that goes on");
            } else {
                assertSame(failing.result().join(), bad, MEAN, "the call that goes on");
            }
        }
    }

    private static EmbeddingJob job(List<Prompt> prompts) {
        return new EmbeddingJob(model, new Embedder(model), prompts,
                new Result<>(new Interruption(Expiry.of(CallOptions.defaults()), () -> {
                }), Set.of()));
    }
}
