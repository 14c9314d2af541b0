package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.sampling.SamplingStep;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that generations advanced step by step equal those of {@link Session#generate}. */
@TestInstance(Lifecycle.PER_CLASS)
class GeneratorTest {
    private static final String PROMPT = "The whale";

    private Model model;

    @BeforeAll
    void load() {
        model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(2));
    }

    @AfterAll
    void close() {
        model.close();
    }

    private static GenerationOptions options(int tokens, long seed) {
        return GenerationOptions.defaults().withMaxTokens(tokens)
                .withSampling(SamplingOptions.defaults().withSeed(seed).withRepetitionPenalty(1.2f));
    }

    private Generation alone(GenerationOptions options) {
        try (Session session = model.newSession()) {
            return session.generate(PROMPT, options);
        }
    }

    private static void assertSame(Generation found, Generation expected) {
        assertThat(found.text()).isEqualTo(expected.text());
        assertThat(found.tokens()).isEqualTo(expected.tokens());
        assertThat(found.finishReason()).isEqualTo(expected.finishReason());
        assertThat(found.seed()).isEqualTo(expected.seed());
        assertThat(found.promptTokens()).isEqualTo(expected.promptTokens());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "the", "."})
    void stepByStepEqualsGenerate(String stop) {
        GenerationOptions options = options(40, 11);
        options = stop.isEmpty() ? options : options.withStop(stop);
        int[] prompt = model.tokenizer().encodePrompt(PROMPT);
        try (Session session = model.newSession()) {
            Generator generator = session.newGenerator(Prompt.of(prompt), options);
            session.prefill(prompt);
            StringBuilder heard = new StringBuilder();
            for (Token token = generator.next(); token != null; token = generator.next()) {
                heard.append(token.text());
                session.step(token.id());
            }
            Generation generation = generator.result();
            assertSame(generation, alone(options));
            assertSame(generator.result(), generation);
            assertThat(generation.text()).startsWith(heard.toString());
            assertThat(generator.next()).isNull();
        }
    }

    @Test
    void anUnfinishedGenerationEndsAsCancelled() {
        try (Session session = model.newSession()) {
            Generator generator = session.newGenerator(Prompt.of(5), options(40, 1));
            assertThatThrownBy(generator::next).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("feed an id first");
            session.prefill(5);
            assertThat(generator.next()).isNotNull();
            assertThat(generator.finishReason()).isEmpty();
            assertThat(generator.result().finishReason()).isEqualTo(FinishReason.CANCELLED);
        }
    }

    @Test
    void aSamplingStepMayReadTheSessionButNotChangeIt() {
        try (Session session = model.newSession()) {
            List<Throwable> failures = new ArrayList<>();
            SamplingStep step = (logits, ids) -> {
                session.fork().close();
                failures.add(catchThrowable(() -> session.step(7)));
                failures.add(catchThrowable(() -> session.truncate(0)));
            };
            session.prefill(5);
            GenerationOptions options = options(40, 1);
            Generator generator = session.newGenerator(
                    Prompt.of(5), options.withSampling(options.sampling().withStep(step)));
            assertThat(generator.next()).isNotNull();
            assertThat(failures).hasSize(2).allSatisfy(failure -> assertThat(failure)
                    .isInstanceOf(IllegalStateException.class).hasMessageContaining("in a call already"));
            assertThat(session.position()).isEqualTo(1);
        }
    }

    @Test
    void theFinishReasonIsSetWithTheLastToken() {
        try (Session session = model.newSession(SessionOptions.defaults().withContextLength(3))) {
            Generator generator = session.newGenerator(Prompt.of(5), options(40, 1));
            session.prefill(5);
            for (Token token = generator.next(); token != null; token = generator.next()) {
                session.step(token.id());
            }
            assertThat(generator.finishReason()).contains(FinishReason.CONTEXT_FULL);
            assertThat(generator.result().tokens()).hasSize(2);
        }
    }

    /** Prompts join at any time, in parts, beside running generations, as in a server. */
    @Test
    void manyGenerationsRunSideBySide() {
        int many = 9;
        List<GenerationOptions> options = IntStream.range(0, many).mapToObj(i -> options(10 + 3 * i, i)).toList();
        List<Generator> generators = new ArrayList<>();
        List<int[]> next = new ArrayList<>(); // ids to feed next, of each generation
        List<Session> sessions = new ArrayList<>();
        int[] prompt = model.tokenizer().encodePrompt(PROMPT);
        for (int step = 0; step < 100; step++) {
            if (step < many) {
                sessions.add(model.newSession());
                generators.add(sessions.getLast().newGenerator(Prompt.of(prompt), options.get(step)));
                next.add(prompt);
            }
            List<Session> fed = new ArrayList<>();
            List<int[]> ids = new ArrayList<>();
            for (int i = 0; i < sessions.size(); i++) {
                if (next.get(i) != null) {
                    fed.add(sessions.get(i));
                    ids.add(next.get(i));
                }
            }
            model.feed(fed, ids.toArray(int[][]::new));
            for (int i = 0; i < sessions.size(); i++) {
                Token token = generators.get(i).next();
                next.set(i, token == null ? null : new int[] {token.id()});
            }
        }
        for (int i = 0; i < many; i++) {
            assertSame(generators.get(i).result(), alone(options.get(i)));
            sessions.get(i).close();
        }
    }

    @Test
    void mostLikelyMatchesSortingAllLogits() {
        try (Session session = model.newSession()) {
            assertThatThrownBy(() -> session.mostLikely(1)).hasMessageContaining("feed an id first");
            session.prefill(model.tokenizer().encodePrompt(PROMPT));
            float[] logits = session.logits();
            logits[17] = logits[9] = logits[3000] = 100; // ties; the buffer is the session's own
            List<Integer> sorted = IntStream.range(0, logits.length).boxed()
                    .sorted(Comparator.comparingDouble((Integer id) -> -logits[id])).toList();
            assertThat(session.mostLikely(logits.length)).extracting(Likelihood::id).isEqualTo(sorted);
            assertThat(session.mostLikely(5)).isEqualTo(session.mostLikely(logits.length).subList(0, 5));
            double sum = 0;
            for (float logit : logits) {
                sum += Math.exp(logit);
            }
            for (Likelihood one : session.mostLikely(20)) {
                assertThat((double) one.logProbability()).isCloseTo(
                        logits[one.id()] - Math.log(sum), org.assertj.core.data.Offset.offset(1e-4));
            }
            assertThatThrownBy(() -> session.mostLikely(0)).hasMessageContaining("count: expected 1 to");
            assertThatThrownBy(() -> session.mostLikely(logits.length + 1)).hasMessageContaining("found 4097");
        }
    }

    @Test
    void aListenerSeesTheLogitsOfItsToken() {
        try (Session session = model.newSession()) {
            GenerationOptions greedy = options(10, 1).withSampling(SamplingOptions.defaults().withTemperature(0));
            session.generate(Prompt.of(model.tokenizer().encodePrompt(PROMPT)), greedy, token -> {
                assertThat(session.mostLikely(2).getFirst())
                        .isEqualTo(new Likelihood(token.id(), token.logProbability()));
                return true;
            });
        }
    }

    @Test
    void penaltiesCountTheIdsOfTheSession() {
        SamplingOptions greedy = SamplingOptions.defaults().withTemperature(0).withRepetitionPenalty(1000);
        GenerationOptions options = GenerationOptions.defaults().withMaxTokens(12).withSampling(greedy);
        int[] prompt = model.tokenizer().encodePrompt(PROMPT);
        try (Session session = model.newSession()) {
            Generation first = session.generate(Prompt.of(prompt), options, token -> true);
            Generation second = session.generate(Prompt.of(new int[0]), options, token -> true);
            List<Integer> ids = new ArrayList<>();
            first.tokens().forEach(token -> ids.add(token.id()));
            second.tokens().forEach(token -> ids.add(token.id()));
            assertThat(ids).doesNotHaveDuplicates();
        }
    }
}
