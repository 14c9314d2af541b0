package io.github.t6j.attention.linear;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestNumbers;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.DenseHeads;
import io.github.t6j.attention.Passes;
import io.github.t6j.attention.grouped.GroupedQueryAttention;
import io.github.t6j.attention.oracle.MaterializedAttention;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests the recurrence against the sum that defines it, and the contract of the state. */
@Tag("width")
class LinearAttentionTest {
    private static final int TOKENS = 90;
    private static final List<DenseHeads> SHAPES = List.of(
            new TpaConfig(3, 16, 16, 4, 2, 2).newAttention(), new TpaConfig(5, 7, 7, 0, 1, 3).newAttention(),
            new GroupedQueryAttention(6, 12, 2), new GroupedQueryAttention(4, 33, 1),
            new GroupedQueryAttention(2, 64, 2));

    private final Workers workers = new Workers(2);

    @AfterEach
    void free() {
        workers.close();
    }

    private static float[] projections(DenseHeads heads) {
        int n = TOKENS * heads.projections();
        return TestNumbers.normal(new Random(n), n, 1);
    }

    private static float[] attend(AttentionAlgorithm algorithm, DenseHeads heads, int chunk) {
        try (SequenceCache _ = algorithm.cache()) {
            return Passes.attend(algorithm, new LinearAttention(heads), projections(heads), chunk);
        }
    }

    /** Runs a pass without committing it. */
    private static float[] pass(AttentionAlgorithm algorithm, DenseHeads heads, int from, int rows) {
        AttentionPass pass =
                Passes.of(new LinearAttention(heads), projections(heads), heads.projections(), from, rows);
        pass.layer = 1;
        algorithm.cache().reserve(from, from + rows);
        algorithm.append(pass);
        return Passes.attend(algorithm, pass);
    }

    private static AttentionAlgorithm linear(DenseHeads heads, Kernels kernels, Workers threads) {
        LinearAttention attention = new LinearAttention(heads);
        return attention.newAlgorithm(attention.newCache(Format.F32, 2), kernels, threads);
    }

    @Test
    void theRecurrenceMatchesTheSum() {
        for (DenseHeads attention : SHAPES) {
            PagedCache cache = new PagedCache(attention.materialized().layout(), Format.F32, 2);
            float[] expected = attend(new MaterializedAttention(cache, workers), attention, TOKENS);
            float[] found = attend(linear(attention, KernelChoice.kernels(), workers), attention, TOKENS);
            for (int i = 0; i < expected.length; i++) {
                assertThat((double) found[i]).as(attention + " at " + i)
                        .isCloseTo(expected[i], within(1e-4 * Math.max(1, Math.abs(expected[i]))));
            }
        }
    }

    @Test
    void bitsDoNotDependOnChunksThreadsAndKernels() {
        try (Workers one = new Workers(1)) {
            for (DenseHeads attention : SHAPES) {
                float[] steps = attend(linear(attention, KernelChoice.kernels(), one), attention, 1);
                for (int chunk : new int[] {TOKENS, 7, 64}) {
                    assertThat(attend(linear(attention, KernelChoice.kernels(), workers), attention, chunk))
                            .as(attention + " chunk " + chunk).isEqualTo(steps);
                }
                assertThat(attend(linear(attention, KernelChoice.scalar(), one), attention, 7)).isEqualTo(steps);
            }
        }
    }

    @Test
    void anUncommittedPassDoesNotChangeTheState() {
        for (DenseHeads attention : SHAPES) {
            AttentionAlgorithm path = linear(attention, KernelChoice.kernels(), workers);
            try (SequenceCache cache = path.cache()) {
                float[] first = pass(path, attention, 0, 5);
                assertThat(pass(path, attention, 0, 5)).isEqualTo(first);
                cache.commit();
                float[] second = pass(path, attention, 5, 3);
                pass(path, attention, 20, 9);
                assertThat(pass(path, attention, 5, 3)).isEqualTo(second);
                cache.commit();
                cache.truncate(8, 0);
                assertThat(pass(path, attention, 0, 5)).isEqualTo(first);
            }
        }
    }

    @Test
    void theStateHasAFixedSizeAndKeepsAllTokensOrNone() {
        DenseHeads attention = SHAPES.get(2);
        try (SequenceCache cache = linear(attention, KernelChoice.kernels(), workers).cache()) {
            assertThat(cache.bytes(0)).isEqualTo(cache.bytes(1_000_000)).isEqualTo(2L * 2 * 12 * 12 * Float.BYTES);
            cache.reserve(0, 9);
            cache.commit();
            assertThat(cache.reaches(9)).isTrue();
            assertThat(cache.reaches(4)).isFalse();
            assertThat(cache.truncate(9, 9)).isEqualTo(9);
            assertThat(cache.truncate(9, 4)).isZero();
            assertThat(cache.reaches(9)).isFalse();
        }
    }
}
