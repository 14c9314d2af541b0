package io.github.t6j.speculation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.DraftSource;
import io.github.t6j.Drafter;
import io.github.t6j.Drafts;
import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Prompt;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.TestData;
import io.github.t6j.Token;
import io.github.t6j.WeightType;
import io.github.t6j.grammar.Grammar;
import io.github.t6j.sampling.SamplingOptions;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that drafts of each source do not change a generation, and that right ones are found. */
class SpeculationSourcesTest {
    private static final GenerationOptions OPTIONS = GenerationOptions.defaults().withMaxTokens(90)
            .withIgnoreEndOfText(true).withSampling(SamplingOptions.defaults().withSeed(53));
    private static final GenerationOptions GREEDY = OPTIONS.withSampling(SamplingOptions.greedy().withSeed(53L));

    private static final Model MODEL = load(null);

    private static Model load(WeightType type) {
        return Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(2).withWeightType(type));
    }

    @AfterAll
    static void close() {
        MODEL.close();
    }

    /** Generates without drafts and with them, compares both, and returns the numbers of drafts. */
    private static Drafts check(Model model, String prompt, GenerationOptions options, Drafter drafter) {
        SessionOptions sessions = SessionOptions.defaults().withContextLength(400);
        try (Session plain = model.newSession(sessions); Session session = model.newSession(sessions)) {
            Generation expected = plain.generate(prompt, options);
            Generation found = session.generate(prompt, options.withSpeculation(drafter));
            assertThat(found).isEqualTo(expected);
            assertThat(session.ids()).isEqualTo(plain.ids());
            assertThat(session.logits()).isEqualTo(plain.logits());
            return found.drafts();
        }
    }

    private static int[] answer(GenerationOptions options) {
        try (Session session = MODEL.newSession()) {
            return session.generate("The whale", options).tokens().stream().mapToInt(Token::id).toArray();
        }
    }

    /** A prediction with the answer makes almost all drafts right, and the counts do not depend on the machine. */
    @Test
    void textsThatRepeatAreDrafted() {
        Speculation speculation = Speculation.ngrams(7).withAdaptive(false).withPrediction(answer(OPTIONS));
        Drafts found = check(MODEL, "The whale", OPTIONS, speculation);
        assertThat(found.accepted()).isGreaterThan(70);
        assertThat(check(MODEL, "The whale", OPTIONS, speculation)).isEqualTo(found);
    }

    /** Drafts with fixed times of passes, all compiled, so that the counts do not depend on the machine. */
    private static Drafter timed(int more) {
        PassTimes times = new PassTimes();
        IntStream.rangeClosed(1, 16).forEach(rows -> times.record(rows, 1000 + (rows - 1) * more));
        return (model, ids, matcher) -> {
            Drafting drafting = new Drafting(
                    new NgramDrafts(false), new DraftedText(new int[0], ids), 7, matcher, times, rows -> true);
            return new DraftSource() {
                @Override
                public void add(int id) {
                    drafting.add(id);
                }

                @Override
                public int propose(int[] into, int max, int sharing) {
                    return drafting.propose(into, max, sharing);
                }
            };
        };
    }

    @Test
    void aTextThatRepeatsIsDraftedIfPassesAreCheap() {
        String prompt = "one two three four. one two three four. one two three";
        assertThat(check(MODEL, prompt, GREEDY, timed(200)).accepted()).isGreaterThan(20);
        assertThat(check(MODEL, prompt, GREEDY, timed(1000))).isEqualTo(Drafts.NONE);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{\"type\": \"object\", \"properties\": {\"measurement\": {\"enum\": [\"positive\", \"negative\"]},"
                + " \"confidence\": {\"type\": \"boolean\"}}, \"required\": [\"measurement\", \"confidence\"]}",
        "{\"enum\": [\"international\", \"intergalactic\"]}"})
    void idsThatAGrammarForcesAreDrafted(String schema) {
        GenerationOptions options = OPTIONS.withGrammar(Grammar.jsonSchema(schema));
        int accepted = 0;
        for (int seed = 0; seed < 3; seed++) {
            accepted += check(MODEL, "Answer:", options.withSampling(SamplingOptions.defaults().withSeed(seed)),
                    Speculation.ngrams(5 + 2 * seed).withAdaptive(false)
                            .withPrediction(MODEL.tokenizer().encode("{\"confidence\": true, \"positive")))
                    .accepted();
        }
        assertThat(accepted).isPositive();
    }

    @Test
    void theModelItselfDraftsOnlyRightIds() {
        try (Model second = load(null)) {
            Speculation speculation = Speculation.model(MODEL, second, 5).withAdaptive(false);
            for (int text = 0; text < 3; text++) { // the second one begins with the session of the first
                Drafts found = check(MODEL, "The whale" + " swims".repeat(text), GREEDY, speculation);
                assertThat(found.rejected()).isZero();
                assertThat(found.accepted()).isGreaterThan(60);
            }
        }
    }

    @Test
    void aSecondModelFollowsTheAcceptedIds() {
        try (Model second = load(WeightType.Q4_0)) {
            Speculation speculation = Speculation.model(MODEL, second, 4).withAdaptive(false);
            Drafts sampled = check(MODEL, "The whale", OPTIONS, speculation);
            assertThat(sampled.accepted()).isPositive();
            assertThat(sampled.rejected()).isPositive();
            assertThat(check(MODEL, "The whale", GREEDY, speculation).accepted()).isGreaterThan(20);
            check(MODEL, "The whale", OPTIONS, Speculation.model(MODEL, second));
            try (Session session = MODEL.newSession()) {
                List<Generation> samples = session.generateSamples(
                        Prompt.of("The whale"), 3, OPTIONS.withSpeculation(speculation));
                assertThat(samples.getFirst().drafts().accepted()).isPositive();
            }
        }
    }

    /** A prediction comes first; without a match, or if it is wrong, the second model drafts. */
    @Test
    void aPredictionComesBeforeTheSecondModel() {
        try (Model second = load(WeightType.Q4_0)) {
            Speculation speculation = Speculation.model(MODEL, second, 7).withAdaptive(false);
            int alone = check(MODEL, "The whale", OPTIONS, speculation).accepted();
            int predicted = check(MODEL, "The whale", OPTIONS, speculation.withPrediction(answer(OPTIONS))).accepted();
            assertThat(predicted).isGreaterThan(70).isGreaterThan(alone);
            assertThat(check(MODEL, "The whale", OPTIONS, speculation.withPrediction(5, 6, 7)).accepted())
                    .isEqualTo(alone).isPositive();
            check(MODEL, "The whale", OPTIONS, Speculation.model(MODEL, second).withPrediction(answer(OPTIONS)));
        }
    }

    /** A text longer than the second model's context, or a closed second model, ends its drafts. */
    @Test
    void draftsEndWhereTheSecondModelEnds() {
        Model second = load(WeightType.Q4_0);
        try (second) {
            int context = second.info().sizes().contextLength();
            String prompt = "The whale swims. ".repeat(50);
            SessionOptions sessions = SessionOptions.defaults().withContextLength(context + 200);
            try (Session plain = MODEL.newSession(sessions); Session session = MODEL.newSession(sessions)) {
                int[] ids = MODEL.tokenizer().encodePrompt(prompt.repeat(10));
                int[] most = Arrays.copyOf(ids, context - 20);
                Generation expected = plain.generate(Prompt.of(most), GREEDY);
                Generation found = session.generate(Prompt.of(most),
                        GREEDY.withSpeculation(Speculation.model(MODEL, second, 4).withAdaptive(false)));
                assertThat(found).isEqualTo(expected);
                assertThat(found.drafts().accepted() + found.drafts().rejected()).isBetween(1, 90);
            }
        }
        Speculation closed;
        Model other = load(null);
        try (other) {
            closed = Speculation.model(MODEL, other);
        }
        assertThat(check(MODEL, "The whale", OPTIONS, closed)).isEqualTo(Drafts.NONE);
    }

    @Test
    void anotherTokenizerIsRefused() {
        try (Model other = Model.load(TestData.path("golden/T6_odd"))) {
            assertThatThrownBy(() -> Speculation.model(MODEL, other)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("draft model: expected the vocabulary of the tokenizer "
                            + MODEL.tokenizer().fingerprint() + ", found that of a model of "
                            + other.info().sizes().vocabulary() + " ids without a tokenizer");
            assertThatThrownBy(() -> Speculation.model(MODEL, MODEL).begin(other, new int[1], null))
                    .hasMessage("speculation: expected drafts for the model of the generation");
        }
    }

    @Test
    void aWrongNumberOfDraftsIsRefused() {
        for (int drafts : new int[] {-1, 0, 16}) {
            assertThatThrownBy(() -> Speculation.ngrams(drafts)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("maxDrafts: expected 1 to 15, found " + drafts);
        }
    }
}
