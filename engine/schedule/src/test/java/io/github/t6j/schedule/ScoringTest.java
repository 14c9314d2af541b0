package io.github.t6j.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.CallOptions;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Prompt;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.family.VariantName;
import io.github.t6j.sampling.Sampler;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.schedule.ScoringJob.Scoring;
import io.github.t6j.schedule.turns.Turns;
import io.github.t6j.session.Expiry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A scoring has the bits of a session of its own, whatever runs at the same time. */
@Timeout(120)
class ScoringTest {
    private static final Path TESTDATA = Path.of(System.getProperty("t6j.testdata"));
    private static final long SEED = 78;
    private static final int CONTEXT = 600;

    private static Model load(String model, String variant) {
        return Model.load(TESTDATA.resolve(model),
                ModelOptions.defaults().withThreads(2)
                        .withVariant(variant == null ? null : VariantName.parse(variant)));
    }

    private static SchedulerOptions limits(int running) {
        return limits(running, SessionOptions.defaults());
    }

    private static SchedulerOptions limits(int running, SessionOptions session) {
        return SchedulerOptions.defaults().withMaxRunning(running).withMaxQueued(1000).withCacheBytes(1L << 30)
                .withSession(session.withContextLength(CONTEXT));
    }

    private static CompletableFuture<List<float[]>> submitted(Scheduler scheduler, Scoring scoring) {
        return scheduler.score(Prompt.of(scoring.prompt()), scoring.continuations());
    }

    /** Scores with {@link Session#prefill} of the prompt, and of each continuation in a fork. */
    private static List<float[]> alone(Model model, SessionOptions options, Scoring scoring) {
        List<float[]> found = new ArrayList<>();
        try (Session session = model.newSession(options.withContextLength(CONTEXT))) {
            int[] prompt = scoring.prompt();
            if (prompt.length > 0) {
                session.prefill(prompt);
            }
            for (int[] continuation : scoring.continuations()) {
                List<Float> all = new ArrayList<>();
                if (prompt.length > 0) {
                    all.add(Sampler.logProbability(session.logits(), continuation[0]));
                }
                if (continuation.length > 1) {
                    try (Session fork = session.fork()) {
                        fork.prefill(Arrays.copyOf(continuation, continuation.length - 1),
                                (position, logits) -> all.add(Sampler.logProbability(
                                        logits, continuation[position - prompt.length + 1])));
                    }
                }
                float[] array = new float[all.size()];
                IntStream.range(0, array.length).forEach(i -> array[i] = all.get(i));
                found.add(array);
            }
        }
        return found;
    }

    /** Returns prompts of all lengths, many with the same beginning, and empty ones; short and long continuations. */
    private static List<Scoring> scorings(int count, int vocabulary, Random random) {
        int[] common = random.ints(300, 0, vocabulary).toArray();
        List<Scoring> scorings = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] unshared = random.ints(1 + random.nextInt(40), 0, vocabulary).toArray();
            int shared = random.nextInt(3) * 140;
            int[] prompt = i % 4 == 0
                    ? new int[0]
                    : IntStream.concat(Arrays.stream(common, 0, shared), Arrays.stream(unshared)).toArray();
            List<int[]> continuations = new ArrayList<>();
            for (int left = random.nextInt(3); left >= 0; left--) {
                int length = (i % 4 == 0 ? 2 : 1) + random.nextInt(i % 3 == 0 ? 250 : 8);
                continuations.add(random.ints(length, 0, vocabulary).toArray());
            }
            scorings.add(new Scoring(prompt, continuations));
        }
        return scorings;
    }

    @Tag("full")
    @ParameterizedTest
    @CsvSource({"models/t6-tiny, full, 1, F32", "models/t6-tiny, full, 7, BF16", "golden/llama-mla, full, 3, F32",
        "golden/llama-mla, full, 16, Q8", "golden/llama-gqa, full, 8, F32", "golden/llama-mha, full, 5, F16",
        "golden/T6_kvonly, full, 6, F32", "golden/T6_linearattn, linearattn, 9, F32",
        "golden/llama-linearattn-gqa, linearattn, 4, F32", "golden_mlra/mlra_2, , 10, F32",
        "golden_mlra/gta, , 6, F32", "golden_mlra/tpa_odd, , 7, F32", "golden_olala/full-mmmmv, , 5, F32"})
    void eachEqualsItsResultAlone(String folder, String variant, int running, CacheType type)
            throws InterruptedException {
        Random random = new Random(SEED);
        SessionOptions options = SessionOptions.defaults().withCacheType(type);
        try (Model model = load(folder, variant);
                Scheduler scheduler = new Scheduler(model, limits(running, options))) {
            int vocabulary = model.info().sizes().vocabulary();
            List<Scoring> scorings = scorings(40, vocabulary, random);
            List<CompletableFuture<List<float[]>>> futures = new ArrayList<>();
            List<GenerationHandle> generations = new ArrayList<>();
            for (Scoring scoring : scorings) {
                futures.add(submitted(scheduler, scoring));
                generations.add(scheduler.submit(Prompt.of(random.ints(3, 0, vocabulary).toArray()),
                        GenerationOptions.defaults().withMaxTokens(9).withSampling(SamplingOptions.greedy())));
            }
            for (int i = 0; i < scorings.size(); i++) {
                assertThat(futures.get(i).join().toArray()).as("seed " + SEED + ", scoring " + i)
                        .isEqualTo(alone(model, options, scorings.get(i)).toArray());
            }
            generations.forEach(left -> assertThat(left.result().join().tokens()).hasSizeLessThanOrEqualTo(9));
            assertThat(scheduler.metrics().running()).isZero();
            assertThat(scheduler.metrics().cacheBytes()).isZero();
        }
    }

    @Test
    void aPromptIsFedOnce() throws InterruptedException {
        try (Model model = load("golden/llama-gqa", "full");
                Scheduler scheduler = new Scheduler(model, limits(4))) {
            CompletableFuture<List<float[]>> result = scheduler.score(
                    Prompt.of(1, 2, 3, 4), List.of(new int[] {5}, new int[] {6, 7}, new int[] {5, 6, 7}));
            assertThat(result.join()).extracting(found -> found.length).containsExactly(1, 2, 3);
            assertThat(scheduler.metrics().promptIds()).isEqualTo(4 + 1 + 2);
        }
    }

    /**
     * A continuation makes the text longer than the 150 tokens from which on longrope rotates all positions otherwise.
     * Others can take turns between passes, of which the prompt's second reading has two like its first one.
     */
    @Test
    void aPromptThatIsReadAgainIsReadInParts() {
        Random random = new Random(SEED);
        try (Model model = load("golden_more/phi3-longrope", null)) {
            int vocabulary = model.info().sizes().vocabulary();
            Scoring scoring = new Scoring(random.ints(140, 0, vocabulary).toArray(), List.of(
                    random.ints(31, 0, vocabulary).toArray(), random.ints(5, 0, vocabulary).toArray()));
            Result<List<float[]>> result = new Result<>(new Interruption(Expiry.of(CallOptions.defaults()), () -> {
            }), Set.of());
            ScoringJob job = new ScoringJob(scoring, result, 1 << 20, 1 << 20, 170);
            Batcher batcher = new Batcher(model, limits(1), () -> {
            });
            List<Integer> positions = new ArrayList<>();
            assertThat(batcher.admit(job)).isEqualTo(Turns.Admission.ADMITTED);
            while (!batcher.isEmpty()) {
                batcher.read(Turns.Turn.OLDEST_PROMPT, () -> {
                }).forEach(Runnable::run);
                if (!batcher.isEmpty()) {
                    positions.add(job.session().position());
                }
            }
            assertThat(positions).containsExactly(128, 0, 128, 140, 140);
            assertThat(result.join().toArray()).as("seed " + SEED)
                    .isEqualTo(alone(model, SessionOptions.defaults(), scoring).toArray());
            batcher.close();
        }
    }

    @Test
    void cancellationFreesTheCache() throws InterruptedException {
        try (Model model = load("models/t6-tiny", "full");
                Scheduler scheduler = new Scheduler(model, limits(1))) {
            List<int[]> many = IntStream.range(0, 500).mapToObj(i -> new int[] {i, i, i}).toList();
            CompletableFuture<List<float[]>> result = scheduler.score(Prompt.of(1), many);
            assertThat(result.cancel(true)).isTrue();
            assertThat(scheduler.score(Prompt.of(1), List.of(new int[] {2})).join()).hasSize(1);
            assertThat(scheduler.drain(Duration.ofSeconds(60))).isTrue();
            assertThat(scheduler.metrics().promptIds()).isLessThan(1000);
            assertThat(scheduler.metrics().running()).isZero();
        }
    }

    @Test
    void theTimeoutOfTheSchedulerEndsAScoring() {
        try (Model model = load("models/t6-tiny", "full");
                Scheduler scheduler = new Scheduler(model, limits(1).withTimeout(Duration.ofNanos(1)))) {
            assertThatThrownBy(() -> scheduler.score(Prompt.of(1), List.of(new int[] {2, 3})).join())
                    .isInstanceOf(CancellationException.class)
                    .hasStackTraceContaining("scoring: the deadline has passed");
        }
    }

    @Test
    void invalidScoringsAreRefused() {
        assertThatThrownBy(() -> new Scoring(new int[0], List.of(new int[] {1})))
                .hasMessage("continuations: expected one or more, each of at least 2 ids");
        assertThatThrownBy(() -> new Scoring(new int[] {1}, List.of())).hasMessageContaining("expected one or more");
        try (Model model = load("golden/llama-gqa", "full");
                Scheduler scheduler = new Scheduler(model, limits(1))) {
            int vocabulary = model.info().sizes().vocabulary();
            for (Scoring wrong : List.of(new Scoring(new int[] {vocabulary}, List.of(new int[1])),
                    new Scoring(new int[1], List.of(new int[] {-1})))) {
                assertThatThrownBy(() -> submitted(scheduler, wrong))
                        .hasMessageContaining(": expected ids from 0 to " + (vocabulary - 1));
            }
            scheduler.score(Prompt.of(new int[CONTEXT]), List.of(new int[1]));
            assertThatThrownBy(() -> scheduler.score(Prompt.of(new int[CONTEXT]), List.of(new int[2])))
                    .hasMessage("prompt and continuation: expected at most 600 tokens, the context, and one more, "
                            + "found 602");
        }
    }
}
