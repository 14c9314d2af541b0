package io.github.t6j.attention.paged;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestNumbers;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.Passes;
import io.github.t6j.attention.grouped.GroupedQueryAttention;
import io.github.t6j.attention.oracle.MaterializedAttention;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.attention.tpa.forms.HeadActivation;
import io.github.t6j.attention.tpa.forms.TpaForm;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests attention over pages of every format against the oracle and the scalar twin's bits. The oracle reads the same
 * pages; {@code TensorProductAttentionTest} starts from weights and activations.
 */
@Tag("width")
class PagedAlgorithmTest {
    /** Two full pages and a part of one. */
    private static final int TOKENS = 150;

    /** Number of queries: the last tokens. */
    private static final int ROWS = 3;

    /** Attention over a cache of a format. */
    record Case(PageAttention attention, Format format, String name) {
        @Override
        public String toString() {
            return name + " " + format;
        }
    }

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (Format format : Format.values()) {
            for (int headDim : new int[] {64, 32, 20, 96, 134}) {
                String d = " of " + headDim;
                cases.add(new Case(new TpaConfig(5, headDim, headDim, 3, 2, 3).newAttention(), format, "T6" + d));
                cases.add(
                        new Case(new TpaConfig(3, headDim, headDim, 0, 2, 1).newAttention(), format, "T6 KV-only" + d));
                cases.add(new Case(new GroupedQueryAttention(6, headDim, 2), format, "GQA" + d));
                cases.add(new Case(third(headDim, 3), format, "third order" + d));
                cases.add(new Case(third(headDim, 0), format, "third order KV-only" + d));
            }
        }
        return cases;
    }

    private static PageAttention third(int headDim, int queryRank) {
        TpaConfig sizes = new TpaConfig(3, headDim, headDim, queryRank, 2, 3);
        return new TpaForm(sizes, 2, HeadActivation.LINEAR, false, Set.of())
                .newAttention(Map.of(), null, LayerOptions.Layer.PLAIN);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void outputsMatchTheOracle(Case c) {
        PageAttention attention = c.attention;
        int stride = attention.projections();
        float[] projections = TestNumbers.normal(new Random(11), TOKENS * stride, 1);
        try (Workers workers = new Workers(2);
                PagedCache cache = new PagedCache(attention.layout(), c.format, 1)) {
            cache.reserve(0, TOKENS);
            attention.append(Passes.of(attention, projections, stride, 0, TOKENS), 0, TOKENS, cache);
            AttentionPass last = Passes.of(attention, projections, stride, TOKENS - ROWS, ROWS);
            float[] simd = Passes.attend(new PagedAlgorithm(attention, cache, KernelChoice.kernels(), workers), last);
            float[] twin = Passes.attend(new PagedAlgorithm(attention, cache, KernelChoice.scalar(), workers), last);
            float[] oracle = Passes.attend(new MaterializedAttention(cache, workers), last);
            for (int i = 0; i < oracle.length; i++) {
                assertThat(simd[i]).as("seed 11, element " + i).isCloseTo(oracle[i], within(1e-5f));
            }
            assertThat(twin).isEqualTo(simd);
        }
    }
}
