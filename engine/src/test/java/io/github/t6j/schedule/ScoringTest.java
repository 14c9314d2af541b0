package io.github.t6j.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.RopeVariant;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.sampling.Sampler;
import io.github.t6j.sampling.SamplingOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
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
                        .withVariant(variant == null ? null : RopeVariant.of(variant)));
    }

    private static SchedulerLimits limits(int running) {
        return new SchedulerLimits(running, 1000, 1L << 30, CONTEXT);
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
            int[] own = random.ints(1 + random.nextInt(40), 0, vocabulary).toArray();
            int shared = random.nextInt(3) * 140;
            int[] prompt = i % 4 == 0
                    ? new int[0]
                    : IntStream.concat(Arrays.stream(common, 0, shared), Arrays.stream(own)).toArray();
            List<int[]> continuations = new ArrayList<>();
            for (int one = random.nextInt(3); one >= 0; one--) {
                int length = (i % 4 == 0 ? 2 : 1) + random.nextInt(i % 3 == 0 ? 250 : 8);
                continuations.add(random.ints(length, 0, vocabulary).toArray());
            }
            scorings.add(new Scoring(prompt, continuations));
        }
        return scorings;
    }

    @ParameterizedTest
    @CsvSource({"models/t6-tiny, full, 1, F32", "models/t6-tiny, full, 7, BF16", "golden/llama-mla, full, 3, F32",
        "golden/llama-mla, full, 16, Q8", "golden/llama-gqa, full, 8, F32", "golden/llama-mha, full, 5, F16",
        "golden/T6_kvonly, full, 6, F32", "golden/T6_linearattn, linearattn, 9, F32",
        "golden/llama-linearattn-gqa, linearattn, 4, F32", "golden_mlra/mlra_2, , 10, F32",
        "golden_mlra/gta, , 6, F32", "golden_mlra/tpa_odd, , 7, F32"})
    void eachIsWhatItIsAlone(String folder, String variant, int running, CacheType type) throws InterruptedException {
        Random random = new Random(SEED);
        SessionOptions options = SessionOptions.defaults().withCacheType(type);
        try (Model model = load(folder, variant);
                Scheduler scheduler = new Scheduler(model, options, limits(running))) {
            int vocabulary = model.info().sizes().vocabulary();
            List<Scoring> scorings = scorings(40, vocabulary, random);
            List<Ticket> tickets = new ArrayList<>();
            List<Ticket> generations = new ArrayList<>();
            for (Scoring scoring : scorings) {
                tickets.add(new Ticket());
                scheduler.submit(scoring, tickets.getLast());
                generations.add(new Ticket());
                scheduler.submit(Request.of(random.ints(3, 0, vocabulary).toArray(), GenerationOptions.defaults()
                        .withMaxTokens(9).withSampling(SamplingOptions.greedy())), generations.getLast());
            }
            for (int i = 0; i < scorings.size(); i++) {
                assertThat(tickets.get(i).scored().getFirst().toArray()).as("seed " + SEED + ", scoring " + i)
                        .isEqualTo(alone(model, options, scorings.get(i)).toArray());
            }
            for (Ticket ticket : generations) {
                Event event = ticket.next();
                while (event instanceof Event.Chosen) {
                    event = ticket.next();
                }
                assertThat(event).isInstanceOf(Event.Ended.class);
            }
            assertThat(scheduler.counts().running()).isZero();
            assertThat(scheduler.counts().cacheBytes()).isZero();
        }
    }

    @Test
    void aPromptIsFedOnce() throws InterruptedException {
        try (Model model = load("golden/llama-gqa", "full");
                Scheduler scheduler = new Scheduler(model, SessionOptions.defaults(), limits(4))) {
            Ticket ticket = new Ticket();
            scheduler.submit(
                    new Scoring(new int[] {1, 2, 3, 4}, List.of(new int[] {5}, new int[] {6, 7}, new int[] {5, 6, 7})),
                    ticket);
            assertThat(ticket.scored().getFirst()).extracting(found -> found.length).containsExactly(1, 2, 3);
            assertThat(scheduler.counts().promptIds()).isEqualTo(4 + 1 + 2);
        }
    }

    @Test
    void whoLeavesFreesTheCache() throws InterruptedException {
        try (Model model = load("models/t6-tiny", "full");
                Scheduler scheduler = new Scheduler(model, SessionOptions.defaults(), limits(1))) {
            Ticket ticket = new Ticket();
            List<int[]> many = IntStream.range(0, 500).mapToObj(i -> new int[] {i, i, i}).toList();
            scheduler.submit(new Scoring(new int[] {1}, many), ticket);
            ticket.cancel();
            assertThat(ticket.next()).isInstanceOf(Event.Cancelled.class);
            Ticket other = new Ticket();
            scheduler.submit(new Scoring(new int[] {1}, List.of(new int[] {2})), other);
            assertThat(other.scored()).hasSize(1);
            assertThat(scheduler.counts().running()).isZero();
        }
    }

    @Test
    void whatCannotBeScoredIsRefused() {
        assertThatThrownBy(() -> new Scoring(new int[0], List.of(new int[] {1})))
                .hasMessage("continuations: expected one or more, each of at least 2 ids");
        assertThatThrownBy(() -> new Scoring(new int[] {1}, List.of())).hasMessageContaining("expected one or more");
        try (Model model = load("golden/llama-gqa", "full");
                Scheduler scheduler = new Scheduler(model, SessionOptions.defaults(), limits(1))) {
            int vocabulary = model.info().sizes().vocabulary();
            for (Scoring wrong : List.of(new Scoring(new int[] {vocabulary}, List.of(new int[1])),
                    new Scoring(new int[1], List.of(new int[] {-1})))) {
                assertThatThrownBy(() -> scheduler.submit(wrong, new Ticket()))
                        .hasMessageContaining(": expected ids from 0 to " + (vocabulary - 1));
            }
            scheduler.submit(new Scoring(new int[CONTEXT], List.of(new int[1])), new Ticket());
            assertThatThrownBy(() -> scheduler.submit(new Scoring(new int[CONTEXT], List.of(new int[2])), new Ticket()))
                    .hasMessage("prompt and continuation: expected at most 600 tokens, the context, and one more, "
                            + "found 602");
        }
    }
}
