package io.github.t6j.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SamplingStepTest {
    private static final float NONE = Float.NEGATIVE_INFINITY;

    private static Sampler sampler(SamplingOptions options, SamplingStep step) {
        return new Sampler(options.withStep(step), 5, 5);
    }

    @Test
    void isAppliedFirstToACopyAndReceivesTheGeneratedIds() {
        float[] logits = {1, 2, 3, 4, 5};
        List<List<Integer>> seen = new ArrayList<>();
        Sampler sampler = sampler(SamplingOptions.greedy().withLogitBias(Map.of(1, 10f)), (copy, generated) -> {
            assertThat(copy).isNotSameAs(logits).containsExactly(1, 2, 3, 4, 5);
            seen.add(Arrays.stream(generated).boxed().toList());
            Arrays.fill(generated, 77); // a copy, so this has no effect
            copy[1] = NONE; // the bias cannot undo the ban
            copy[4] = NONE;
        });
        sampler.prompt(4, 4);
        assertThat(sampler.sample(logits)).isEqualTo(3);
        sampler.accept(3);
        assertThat(sampler.sample(logits)).isEqualTo(3);
        sampler.accept(0);
        sampler.sample(logits);
        assertThat(seen).containsExactly(List.of(), List.of(3), List.of(3, 0));
        assertThat(logits).containsExactly(1, 2, 3, 4, 5);
    }

    @Test
    void drawsUseItsResult() {
        SamplingOptions options = SamplingOptions.defaults().withSeed(3);
        Sampler stepped = sampler(options, (logits, generated) -> logits[2] = logits[4] = NONE);
        Sampler banned = new Sampler(options.withLogitBias(Map.of(2, NONE, 4, NONE)), 5, 5);
        for (int i = 0; i < 200; i++) {
            float[] logits = {1, 2, 3, 2, 5};
            assertThat(stepped.sample(logits)).isEqualTo(banned.sample(logits)).isIn(0, 1, 3);
        }
    }

    @Test
    void receivesAllOfManyGeneratedIds() {
        int[] last = {-1};
        Sampler sampler = sampler(SamplingOptions.greedy(), (logits, generated) -> {
            last[0] = generated.length;
            assertThat(generated).containsOnly(4);
        });
        for (int i = 0; i < 300; i++) {
            sampler.accept(4);
        }
        sampler.sample(new float[5]);
        assertThat(last[0]).isEqualTo(300);
    }

    @Test
    void invalidResultsAreRejected() {
        for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> sampler(SamplingOptions.greedy(), (logits, generated) -> logits[3] = wrong)
                            .sample(new float[5]))
                    .withMessage("logits: expected finite numbers or -Infinity, found " + wrong
                            + " for id 3: the sampling step left it; to ban an id, set its logit to -Infinity");
        }
        assertThatIllegalStateException()
                .isThrownBy(() -> sampler(SamplingOptions.defaults(), (logits, generated) -> Arrays.fill(logits, NONE))
                        .sample(new float[5]))
                .withMessageContaining("found -Infinity for all ids, from the model, logitBias or a sampling step");
        assertThatThrownBy(() -> sampler(SamplingOptions.greedy(), (logits, generated) -> {
            throw new UnsupportedOperationException("mine");
        }).sample(new float[5])).hasMessage("mine");
    }
}
