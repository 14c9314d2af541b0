package io.github.t6j.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.KernelChoice;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.ScalarKernels;
import io.github.t6j.kernels.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention over pages of every format: the oracle's on the same rounded elements, and the scalar twin's bits. */
@Tag("width")
class CacheFormatsTest {
    /** Two full pages and a part of one. */
    private static final int TOKENS = 150;

    /** How many of the last tokens look back. */
    private static final int ROWS = 3;

    /** An attention over a cache of a format. */
    record Case(Attention attention, Format format, String name) {
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
                cases.add(new Case(new TensorProductAttention(5, headDim, 3, 2, 3), format, "T6" + d));
                cases.add(new Case(new TensorProductAttention(3, headDim, 0, 2, 1), format, "T6 KV-only" + d));
                cases.add(new Case(new GroupedQueryAttention(6, headDim, 2), format, "GQA" + d));
                cases.add(new Case(third(headDim, 3), format, "third order" + d));
                cases.add(new Case(third(headDim, 0), format, "third order KV-only" + d));
            }
        }
        return cases;
    }

    private static Attention third(int headDim, int queryRank) {
        var form = new TensorProduct(
                3, headDim, headDim, 2, queryRank, 2, 3, HeadActivation.LINEAR, false, Set.of());
        return new TensorProductAttention(form, Map.of(), null);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void pagesGiveWhatTheOracleMakesOfThem(Case c) {
        Attention attention = c.attention;
        int stride = attention.projections();
        float[] projections = new float[TOKENS * stride];
        Random random = new Random(11);
        for (int i = 0; i < projections.length; i++) {
            projections[i] = (float) random.nextGaussian();
        }
        try (Workers workers = new Workers(2);
                PagedCache cache = new PagedCache(attention.layout(), c.format, 1)) {
            cache.reserve(0, TOKENS);
            for (int t = 0; t < TOKENS; t++) {
                attention.append(projections, t * stride, cache.pageOf(0, t), PagedCache.slot(t));
            }
            ScalarKernels scalar = KernelChoice.scalar();
            float[] simd = attend(path(c, cache, KernelChoice.kernels(), workers), c, projections);
            float[] twin = attend(path(c, cache, scalar, workers), c, projections);
            float[] oracle = attend(new MaterializedAttention(cache, false, workers), c, projections);
            for (int i = 0; i < oracle.length; i++) {
                assertThat(simd[i]).as("seed 11, number " + i).isCloseTo(oracle[i], within(1e-5f));
            }
            assertThat(twin).isEqualTo(simd);
        }
    }

    private static AttentionAlgorithm path(Case c, PagedCache cache, Kernels kernels, Workers workers) {
        return new PagedAttention(c.attention, cache, kernels, KernelChoice.scalar(), workers);
    }

    private static float[] attend(AttentionAlgorithm path, Case c, float[] projections) {
        int stride = c.attention.projections();
        float[] last = Arrays.copyOfRange(projections, (TOKENS - ROWS) * stride, TOKENS * stride);
        float[] y = new float[ROWS * c.attention.heads() * c.attention.headDim()];
        path.attend(c.attention, last, ROWS, stride, 0, TOKENS - ROWS, y);
        return y;
    }
}
