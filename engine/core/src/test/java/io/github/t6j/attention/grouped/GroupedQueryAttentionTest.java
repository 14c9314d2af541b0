package io.github.t6j.attention.grouped;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestNumbers;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.Passes;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests MHA, GQA and MQA against their definition, written here in float64. */
@Tag("width")
class GroupedQueryAttentionTest {
    private static final int TOKENS = 200;
    private static final long SEED = 17;

    @ParameterizedTest
    @CsvSource({"1, 4, 1", "3, 8, 3", "6, 20, 2", "5, 33, 1", "8, 64, 4"})
    void outputsMatchTheDefinition(int heads, int headDim, int keyValueHeads) {
        GroupedQueryAttention attention = new GroupedQueryAttention(heads, headDim, keyValueHeads);
        float[] projections = TestNumbers.normal(new Random(SEED), TOKENS * attention.projections(), 1);
        double[] expected = definition(heads, headDim, keyValueHeads, projections);
        try (Workers workers = new Workers(2)) {
            for (int chunk : new int[] {TOKENS, 1, 7, 64}) {
                try (var cache = attention.newCache(Format.F32, 1)) {
                    AttentionAlgorithm algorithm = attention.newAlgorithm(cache, KernelChoice.kernels(), workers);
                    float[] found = Passes.attend(algorithm, attention, projections, chunk);
                    for (int i = 0; i < expected.length; i++) {
                        assertThat((double) found[i]).as("seed " + SEED + ", chunks of " + chunk + ", element " + i)
                                .isCloseTo(expected[i], within(1e-5));
                    }
                }
            }
        }
    }

    /** Returns y[t][h] = Σ_s softmax_s(q[t][h] · k[s][h / group] / √d) v[s][h / group], s ≤ t. */
    private static double[] definition(int heads, int d, int keyHeads, float[] projections) {
        int stride = (heads + 2 * keyHeads) * d;
        double[] y = new double[TOKENS * heads * d];
        for (int t = 0; t < TOKENS; t++) {
            for (int h = 0; h < heads; h++) {
                int keys = (heads + h / (heads / keyHeads)) * d;
                int values = keys + keyHeads * d;
                double[] probabilities = new double[t + 1];
                double sum = 0;
                for (int s = 0; s <= t; s++) {
                    double score = 0;
                    for (int i = 0; i < d; i++) {
                        score += (double) projections[t * stride + h * d + i] * projections[s * stride + keys + i];
                    }
                    probabilities[s] = Math.exp(score / Math.sqrt(d));
                    sum += probabilities[s];
                }
                for (int s = 0; s <= t; s++) {
                    for (int i = 0; i < d; i++) {
                        y[(t * heads + h) * d + i] += probabilities[s] / sum * projections[s * stride + values + i];
                    }
                }
            }
        }
        return y;
    }
}
