package io.github.t6j.attention.grouped;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestNumbers;
import io.github.t6j.attention.Passes;
import io.github.t6j.attention.oracle.MaterializedAttention;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests GTA against the float64 oracle, which reads the cache element by element. */
@Tag("width")
class GroupedTiedAttentionTest {
    private static final int TOKENS = 150;

    private final Workers workers = new Workers(2);

    @AfterEach
    void free() {
        workers.close();
    }

    private static float[] attend(
            GroupedTiedAttention attention, Format format, float[] projections, int chunk, Kernels kernels,
            Workers threads) {
        try (var cache = attention.newCache(format, 1)) {
            return Passes.attend(attention.newAlgorithm(cache, kernels, threads), attention, projections, chunk);
        }
    }

    private float[] oracle(GroupedTiedAttention attention, Format format, float[] projections) {
        try (PagedCache cache = new PagedCache(attention.layout(), format, 1)) {
            return Passes.attend(new MaterializedAttention(cache, workers), attention, projections, TOKENS);
        }
    }

    private static void compare(float[] found, float[] expected, String what) {
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) found[i]).as(what + " at " + i).isCloseTo(expected[i], within(1e-4));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,4,1", "6,12,2", "8,128,2", "5,20,5", "12,132,3"})
    void outputsMatchTheOracle(int heads, int headDim, int keyValueHeads) {
        long seed = 17L * heads + headDim;
        GroupedTiedAttention attention =
                new GroupedTiedAttention(new GroupedTiedConfig(heads, headDim, keyValueHeads, headDim / 2));
        float[] projections = TestNumbers.normal(new Random(seed), TOKENS * attention.projections(), 1);
        float[] expected = oracle(attention, Format.F32, projections);
        float[] found = attend(attention, Format.F32, projections, TOKENS, KernelChoice.kernels(), workers);
        compare(found, expected, "seed " + seed);
        for (int chunk : new int[] {1, 7, 65}) {
            assertThat(attend(attention, Format.F32, projections, chunk, KernelChoice.kernels(), workers))
                    .as("seed " + seed + " chunk " + chunk).isEqualTo(found);
        }
        try (Workers five = new Workers(5)) {
            assertThat(attend(attention, Format.F32, projections, 64, KernelChoice.kernels(), five)).isEqualTo(found);
            assertThat(attend(attention, Format.F32, projections, 64, KernelChoice.scalar(), five)).isEqualTo(found);
        }
    }

    @ParameterizedTest
    @EnumSource(Format.class)
    void everyFormatMatchesTheOracle(Format format) {
        GroupedTiedAttention attention = new GroupedTiedAttention(new GroupedTiedConfig(6, 24, 3, 12));
        float[] projections = TestNumbers.normal(new Random(23), TOKENS * attention.projections(), 1);
        float[] expected = oracle(attention, format, projections);
        compare(attend(attention, format, projections, TOKENS, KernelChoice.kernels(), workers), expected, "seed 23");
        assertThat(attention.elementsPerToken()).isEqualTo(3 * 24 + 12);
    }
}
