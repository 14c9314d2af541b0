package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests that a session has the bits of one that was fed all ids at once when it crosses the length of {@value
 * #ORIGINAL} tokens, from which on longrope rotates all positions by other frequencies. The greedy tokens of the golden
 * file cross it.
 */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LongTextTest {
    private static final String GOLDEN = "golden_more/phi3-longrope";
    private static final int ORIGINAL = 150;
    private static final long SEED = 150;

    @TempDir
    private Path folder;

    private final int[] prompt = TestData.ints(part("prompt", "input_ids"));
    private final int[] tokens = TestData.ints(part("greedy", "tokens"));
    private final int[] all = IntStream.concat(Arrays.stream(prompt), Arrays.stream(tokens)).toArray();
    private Model model;

    private static Object part(String key, String name) {
        return Json.object(TestData.json(GOLDEN + "/case.json").get(key), key).get(name);
    }

    @BeforeAll
    void load() {
        model = Model.load(TestData.path(GOLDEN), ModelOptions.defaults().withThreads(2));
    }

    @AfterAll
    void close() {
        model.close();
    }

    private static GenerationOptions greedy(int count) {
        return GenerationOptions.defaults().withMaxTokens(count).withIgnoreEndOfText(true)
                .withSampling(SamplingOptions.greedy());
    }

    private static int[] idsOf(Generation generation) {
        return generation.tokens().stream().mapToInt(Token::id).toArray();
    }

    private float[] atOnce(int... ids) {
        try (Session session = model.newSession()) {
            session.prefill(ids);
            return session.logits().clone();
        }
    }

    @Test
    void aGenerationCrossesTheLength() {
        assertThat(prompt.length).isLessThan(ORIGINAL);
        assertThat(all.length).isGreaterThan(ORIGINAL);
        try (Session session = model.newSession(); Session stream = model.newSession()) {
            assertThat(idsOf(session.generate(Prompt.of(prompt), greedy(tokens.length)))).isEqualTo(tokens);
            assertThat(session.ids()).isEqualTo(all);
            assertThat(session.logits()).isEqualTo(atOnce(all));
            assertThat(stream.stream(Prompt.of(prompt), greedy(tokens.length)).mapToInt(Token::id)).containsExactly(
                    Arrays.stream(tokens).boxed().toArray(Integer[]::new));
            for (Generation sample : session.generateSamples(Prompt.of(3), 2, greedy(4))) {
                try (Session alone = model.newSession()) {
                    int[] whole = IntStream.concat(Arrays.stream(all), IntStream.of(3)).toArray();
                    assertThat(idsOf(sample)).isEqualTo(idsOf(alone.generate(Prompt.of(whole), greedy(4))));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 29, 64, 147})
    void stepsAndPartsHaveTheBitsOfAllIdsAtOnce(int size) {
        try (Session session = model.newSession()) {
            for (int fed = 0; fed < all.length;) {
                int end = Math.min(fed + size, all.length);
                if (size == 1) {
                    session.step(all[fed]);
                } else {
                    session.prefill(Arrays.copyOfRange(all, fed, end));
                }
                fed = end;
                if (fed > ORIGINAL - 5 || fed % 50 == 0) {
                    assertThat(session.logits()).as("after " + fed).isEqualTo(atOnce(Arrays.copyOf(all, fed)));
                }
            }
        }
    }

    /** The first session would outgrow the length, the second has an id that the vocabulary lacks. */
    @Test
    void aRejectedFeedChangesNoSession() {
        int[] fed = Arrays.copyOf(all, ORIGINAL);
        try (Session first = model.newSession(); Session second = model.newSession()) {
            first.prefill(fed);
            float[] logits = first.logits().clone();
            assertThatThrownBy(() -> model.feed(List.of(first, second), new int[] {3}, new int[] {-1}))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> model.step(List.of(first, second), new int[] {3, -1}))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(first.logits()).isEqualTo(logits);
        }
    }

    @Test
    void truncationsCrossTheLengthBack() {
        try (Session session = model.newSession(); Session restored = model.newSession()) {
            session.prefill(all);
            for (int kept : List.of(155, 140, 100)) {
                try (Session fork = session.fork(); Session short1 = session.fork(); Session empty = session.fork()) {
                    int[] ids = Arrays.copyOf(all, kept);
                    fork.truncate(kept);
                    fork.prefill(Arrays.copyOf(all, 60)); // long again: no id is fed twice
                    assertThat(fork.logits()).as("cut to " + kept).isEqualTo(atOnce(
                            IntStream.concat(Arrays.stream(ids), Arrays.stream(all, 0, 60)).toArray()));
                    short1.truncate(kept);
                    short1.save(folder.resolve("session"));
                    restored.restore(folder.resolve("session"));
                    for (Session one : List.of(short1, restored)) {
                        one.step(7);
                        assertThat(one.logits()).as("cut to " + kept)
                                .isEqualTo(atOnce(IntStream.concat(Arrays.stream(ids), IntStream.of(7)).toArray()));
                    }
                    empty.truncate(kept);
                    assertThat(idsOf(empty.generate(Prompt.of(new int[0]), greedy(1))))
                            .containsExactly(TestData.best(atOnce(ids)));
                }
            }
        }
    }

    /** A listener saves and forks in the middle of a prompt whose keys are those of a long text. */
    @Test
    void aListenerMaySaveAndForkInALongPrompt() {
        int[] part = Arrays.copyOf(all, Model.maxPassRows());
        try (Session session = model.newSession(); Session restored = model.newSession()) {
            List<Session> forks = new ArrayList<>();
            session.prefill(all, (position, logits) -> {
                if (position == part.length - 1) {
                    session.save(folder.resolve("part"));
                    forks.add(session.fork());
                }
            });
            assertThat(session.logits()).isEqualTo(atOnce(all));
            restored.restore(folder.resolve("part"));
            assertThat(restored.logits()).isEqualTo(atOnce(part));
            try (Session fork = forks.getFirst()) {
                fork.step(5);
                assertThat(fork.logits()).isEqualTo(atOnce(IntStream.concat(Arrays.stream(part), IntStream.of(5))
                        .toArray()));
            }
        }
    }

    /** The token that cannot be fed in time belongs to the session nevertheless, as to the result. */
    @Test
    void aCancellationEndsFeedingAgain() {
        try (Session session = model.newSession()) {
            AtomicInteger asked = new AtomicInteger();
            int layers = model.info().sizes().layers();
            int steps = ORIGINAL - prompt.length;
            session.prefill(prompt);
            Generation early = session.generate(Prompt.of(new int[0]), greedy(tokens.length)
                    .withCall(CallOptions.defaults().withCancellation(
                            () -> session.position() == ORIGINAL && asked.incrementAndGet() > layers)));
            assertThat(early.finishReason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(idsOf(early)).isEqualTo(Arrays.copyOf(tokens, steps + 1));
            assertThat(session.ids()).isEqualTo(Arrays.copyOf(all, ORIGINAL + 1));
            session.cancel();
            assertThatThrownBy(() -> session.step(1)).isInstanceOf(CancellationException.class);
            assertThat(idsOf(session.generate(Prompt.of(new int[0]), greedy(tokens.length - steps - 1))))
                    .isEqualTo(Arrays.copyOfRange(tokens, steps + 1, tokens.length));
        }
    }

    @Test
    void sessionsCrossTheLengthInABatch() {
        try (Session first = model.newSession();
                Session second = model.newSession();
                Session third = model.newSession()) {
            first.prefill(Arrays.copyOf(all, ORIGINAL));
            second.prefill(Arrays.copyOf(all, ORIGINAL - 1));
            third.prefill(Arrays.copyOf(all, ORIGINAL + 1));
            for (int i = 0; i < 3; i++) {
                model.step(List.of(first, second, third), all[ORIGINAL + i], all[ORIGINAL - 1 + i],
                        all[ORIGINAL + 1 + i]);
                assertThat(first.logits()).isEqualTo(atOnce(Arrays.copyOf(all, ORIGINAL + i + 1)));
                assertThat(second.logits()).isEqualTo(atOnce(Arrays.copyOf(all, ORIGINAL + i)));
                assertThat(third.logits()).isEqualTo(atOnce(Arrays.copyOf(all, ORIGINAL + i + 2)));
            }
        }
    }
}
