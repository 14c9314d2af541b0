package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.sampling.SamplingOptions;
import org.junit.jupiter.api.Test;

/** Results are equal if what they hold is equal, and say what they hold. */
class ResultsTest {
    @Test
    void embeddingsOfOneTextAreEqual() {
        try (Model model = Model.load(TestData.tiny())) {
            Embedding one = model.embed("The whale");
            Embedding same = model.embed("The whale");
            assertThat(one).isEqualTo(same).hasSameHashCodeAs(same).isNotEqualTo(model.embed("The sea"));
            assertThat(one).isNotEqualTo(new Embedding(one.vector(), one.tokens(), true));
            assertThat(one).hasToString("Embedding[" + one.vector().length + " dimensions, " + one.tokens()
                    + " tokens]");
        }
    }

    @Test
    void greedyGenerationsAreEqual() {
        GenerationOptions greedy =
                GenerationOptions.defaults().withMaxTokens(5).withSampling(SamplingOptions.greedy());
        try (Model model = Model.load(TestData.tiny())) {
            Generation one = generate(model, greedy);
            assertThat(one).isEqualTo(generate(model, greedy)).hasSameHashCodeAs(generate(model, greedy));
            assertThat(one.seed()).isZero();
            Generation sampled = generate(model, greedy.withSampling(SamplingOptions.defaults()));
            assertThat(sampled.seed()).isNotEqualTo(
                    generate(model, greedy.withSampling(SamplingOptions.defaults())).seed());
        }
    }

    private static Generation generate(Model model, GenerationOptions options) {
        try (Session session = model.newSession()) {
            return session.generate("The whale", options);
        }
    }
}
