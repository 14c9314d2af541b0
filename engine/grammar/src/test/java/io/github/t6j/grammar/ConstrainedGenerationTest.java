package io.github.t6j.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.github.t6j.FinishReason;
import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Prompt;
import io.github.t6j.Session;
import io.github.t6j.TestData;
import io.github.t6j.sampling.ConstraintMatcher;
import io.github.t6j.sampling.SamplingOptions;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests generations of a trained model under grammars. */
class ConstrainedGenerationTest {
    private static final String PERSON = """
            {"type": "object", "properties": {"name": {"type": "string", "maxLength": 20},
              "age": {"type": "integer", "minimum": 0, "maximum": 120}}, "required": ["name", "age"]}""";

    private static GenerationOptions options(Grammar grammar, long seed) {
        return GenerationOptions.defaults().withMaxTokens(200).withGrammar(grammar)
                .withSampling(SamplingOptions.defaults().withSeed(seed));
    }

    static List<String> schemas() {
        return List.of(PERSON,
                """
        {"enum": ["positive", "negative", "neutral"]}""",
                """
        {"type": "array", "items": {"type": "string", "pattern": "^[A-Z][a-z]{1,9}$"}, "minItems": 1, "maxItems": 4}""",
                """
        {"anyOf": [{"type": "object", "properties": {"date": {"type": "string", "format": "date"}},
          "required": ["date"]}, {"type": "null"}]}""",
                """
        {"type": "object", "properties": {"lines": {"type": "array", "maxItems": 3, "items": {"type": "object",
          "properties": {"article": {"enum": ["bolt", "nut"]}, "count": {"type": "integer", "minimum": 1,
          "maximum": 99}, "price": {"type": "number", "minimum": 0, "maximum": 9.99}},
          "required": ["article", "count"]}}}, "required": ["lines"]}""");
    }

    @ParameterizedTest
    @MethodSource("schemas")
    void answersMatchEachUsualSchema(String text) {
        check(text, 0, 20);
    }

    @Tag("full")
    @ParameterizedTest
    @MethodSource("schemas")
    void twoHundredAnswersMatchEachUsualSchema(String text) {
        check(text, 20, 200);
    }

    private static void check(String text, int firstSeed, int end) {
        Schema schema = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12).getSchema(text);
        Grammar grammar = Grammar.jsonSchema(text);
        try (Model model = Model.load(TestData.tiny()); Session session = model.newSession()) {
            for (int seed = firstSeed; seed < end; seed++) {
                session.truncate(0);
                Generation answer = session.generate("Answer:", options(grammar, seed));
                String where = "seed " + seed + ": " + answer.text();
                assertThat(answer.finishReason()).as(where).isEqualTo(FinishReason.END_OF_TEXT);
                assertThat(schema.validate(answer.text(), InputFormat.JSON,
                        context -> context.executionConfig(config -> config.formatAssertionsEnabled(true))))
                        .as(where).isEmpty();
            }
        }
    }

    @Test
    void aGrammarOfAllTextsChangesNothing() {
        GenerationOptions options = GenerationOptions.defaults().withMaxTokens(60)
                .withSampling(SamplingOptions.defaults().withSeed(11));
        try (Model model = Model.load(TestData.tiny()); Session session = model.newSession()) {
            Generation free = session.generate("The whale", options);
            session.truncate(0);
            Generation bound = session.generate("The whale", options.withGrammar(Grammar.regex("[^]*")));
            assertThat(bound.tokens()).isEqualTo(free.tokens());
            assertThat(bound.text()).isEqualTo(free.text());
            assertThat(bound.finishReason()).isEqualTo(free.finishReason());
        }
    }

    @Test
    void aBudgetThatEndsFirstIsReported() {
        try (Model model = Model.load(TestData.tiny()); Session session = model.newSession()) {
            Generation cut = session.generate("Answer:", options(Grammar.jsonSchema(PERSON), 3).withMaxTokens(4));
            assertThat(cut.finishReason()).isEqualTo(FinishReason.MAX_TOKENS);
            assertThat(Texts.mayBegin(Grammar.jsonSchema(PERSON), cut.text())).isTrue();
        }
    }

    @Test
    void anEmptyTextCanBeComplete() {
        try (Model model = Model.load(TestData.tiny()); Session session = model.newSession()) {
            Generation nothing = session.generate("The", options(Grammar.regex(""), 1));
            assertThat(nothing.text()).isEmpty();
            assertThat(nothing.finishReason()).isEqualTo(FinishReason.END_OF_TEXT);
        }
    }

    /** A caller that chooses ids itself gets the same as the options do. */
    @Test
    void aMatcherServesACallersOwnLoop() {
        Grammar grammar = Grammar.regex("(?:one|two|three)(?:, (?:one|two|three)){2}");
        try (Model model = Model.load(TestData.tiny())) {
            ConstraintMatcher matcher = model.tokenGrammar(grammar).newMatcher();
            Random random = new Random(5);
            StringBuilder text = new StringBuilder();
            while (!matcher.isComplete()) {
                float[] logits = new float[model.sampleableIds()];
                matcher.mask(logits);
                int[] allowed = IntStream.range(0, logits.length).filter(id -> logits[id] == 0).toArray();
                int id = allowed[random.nextInt(allowed.length)];
                matcher.accept(id);
                text.append(new String(model.tokenizer().bytes(id)));
            }
            assertThat(text.toString()).matches("(?:one|two|three)(?:, (?:one|two|three)){2}");
        }
    }

    @Test
    void aModelWithoutATokenizerRejectsAGrammar() {
        try (Model model = Model.load(TestData.path("golden/T6_even")); Session session = model.newSession()) {
            assertThatThrownBy(() -> session.newGenerator(
                    Prompt.of(1, 2), options(Grammar.regex("a"), 1))).hasMessageContaining("tokenizer");
        }
    }
}
