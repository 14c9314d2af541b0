package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.sampling.SamplingOptions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests that samples from ids, reported while they are generated, equal separate generations. */
class SampleListenerTest {
    private static final int[] PROMPT = {5, 6, 7};
    private static final GenerationOptions OPTIONS = GenerationOptions.defaults().withMaxTokens(12)
            .withSampling(SamplingOptions.defaults().withSeed(9));

    private static void check(Model model) {
        List<List<Token>> heard = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        try (Session session = model.newSession()) {
            List<Generation> samples = session.generateSamples(Prompt.of(PROMPT), 3, OPTIONS, (sample, token) -> {
                assertThat(session.ids()).isEqualTo(PROMPT);
                heard.get(sample).add(token);
                return sample != 1 || heard.get(1).size() < 4;
            });
            for (int i = 0; i < 3; i++) {
                try (Session alone = model.newSession()) {
                    GenerationOptions seeded = OPTIONS.withSampling(OPTIONS.sampling().withSeed(9 + i));
                    List<Token> expected = alone.generate(Prompt.of(PROMPT), seeded, token -> true).tokens();
                    expected = i == 1 ? expected.subList(0, 4) : expected;
                    assertThat(samples.get(i).tokens()).isEqualTo(expected);
                    assertThat(heard.get(i)).filteredOn(token -> !token.isTail()).isEqualTo(expected);
                }
            }
            assertThat(samples).extracting(Generation::finishReason).containsExactly(
                    FinishReason.MAX_TOKENS, FinishReason.STOPPED_BY_LISTENER, FinishReason.MAX_TOKENS);
            assertThat(session.ids()).isEqualTo(PROMPT);
        }
    }

    @Test
    void withATokenizer() {
        try (Model model = Model.load(TestData.tiny())) {
            check(model);
        }
    }

    @Test
    void withoutATokenizer() {
        try (Model model = Model.load(TestData.path("golden/T6_even"))) {
            assertThat(model.hasTokenizer()).isFalse();
            check(model);
        }
    }

    @Test
    void exceptionsOfTheListenerPropagate() {
        try (Model model = Model.load(TestData.tiny()); Session session = model.newSession()) {
            assertThatThrownBy(() -> session.generateSamples(Prompt.of(PROMPT), 2, OPTIONS, (sample, token) -> {
                throw new IllegalArgumentException("mine");
            })).hasMessage("mine");
            assertThat(session.ids()).isEqualTo(PROMPT);
            session.generate("", OPTIONS);
        }
    }
}
