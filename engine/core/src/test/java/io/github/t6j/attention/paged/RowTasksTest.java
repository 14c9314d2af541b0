package io.github.t6j.attention.paged;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.TestNumbers;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.Passes;
import io.github.t6j.attention.grouped.GroupedQueryAttention;
import io.github.t6j.attention.grouped.GroupedTiedAttention;
import io.github.t6j.attention.grouped.GroupedTiedConfig;
import io.github.t6j.attention.latent.LatentAttention;
import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests one row split for many threads: the bits of a single thread, and work for each thread. */
@Tag("width")
class RowTasksTest {
    private static final long SEED = 29;

    static List<PagedAlgorithmTest.Case> cases() {
        List<PagedAlgorithmTest.Case> cases = new ArrayList<>(PagedAlgorithmTest.cases().stream()
                .filter(c -> c.attention().headDim() == 20 && c.format() != Format.F16).toList());
        cases.add(new PagedAlgorithmTest.Case(
                new GroupedTiedAttention(new GroupedTiedConfig(6, 24, 2, 12)), Format.F32, "GTA"));
        cases.add(latent(new LatentConfig(5, 12, 16, 1, 24, 6), "MLA"));
        cases.add(latent(new LatentConfig(4, 12, 16, 1, 48, 6, new LatentConfig.Parts(2, 1), LatentConfig.Factors.NONE),
                "GLA"));
        cases.add(latent(new LatentConfig(4, 12, 16, 1, 96, 6, new LatentConfig.Parts(4, 2), LatentConfig.Factors.NONE),
                "MLRA"));
        return cases;
    }

    private static PagedAlgorithmTest.Case latent(LatentConfig sizes, String name) {
        float[] up = TestNumbers.normal(
                new Random(SEED), sizes.parts().latents() * sizes.upRows() * sizes.latentDim(), 0.2);
        return new PagedAlgorithmTest.Case(new LatentAttention(sizes, up, Arena.ofAuto()), Format.BF16, name);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anyNumberOfThreadsGivesTheBitsOfOne(PagedAlgorithmTest.Case c) {
        PageAttention attention = c.attention();
        int stride = attention.projections();
        int tokens = 1100; // 18 pages: five spans, the last of two pages
        float[] projections = TestNumbers.normal(new Random(SEED), tokens * stride, 1.5);
        try (PagedCache cache = new PagedCache(attention.layout(), c.format(), 1)) {
            cache.reserve(0, tokens);
            attention.append(Passes.of(attention, projections, stride, 0, tokens), 0, tokens, cache);
            for (int row : new int[] {0, 63, 200, 600, tokens - 1}) {
                AttentionPass pass = Passes.of(attention, projections, stride, row, 1);
                float[] expected = attend(attention, cache, pass, 1);
                for (int threads : new int[] {2, 3, 8, 64}) {
                    assertThat(attend(attention, cache, pass, threads))
                            .as("row %s, %s threads, seed %s", row, threads, SEED)
                            .isEqualTo(expected);
                    Arrays.fill(pass.output, Float.NaN);
                    assertThat(inTasks(attention, cache, pass, threads)).as("row %s, tasks for %s", row, threads)
                            .isEqualTo(expected);
                }
            }
        }
    }

    private static float[] attend(PageAttention attention, PagedCache cache, AttentionPass pass, int threads) {
        try (Workers workers = new Workers(threads)) {
            return Passes.attend(attention.newAlgorithm(cache, KernelChoice.kernels(), workers), pass);
        }
    }

    /** Computes the tasks in a random order, as a batch may. */
    private static float[] inTasks(PageAttention attention, PagedCache cache, AttentionPass pass, int threads) {
        try (Workers workers = new Workers(1)) {
            AttentionAlgorithm algorithm = attention.newAlgorithm(cache, KernelChoice.kernels(), workers);
            List<Integer> tasks = new ArrayList<>();
            for (int task = algorithm.beginRow(pass, threads) - 1; task >= 0; task--) {
                tasks.add(task);
            }
            Collections.shuffle(tasks, new Random(SEED));
            tasks.forEach(task -> algorithm.computeTask(pass, task, 0));
            algorithm.endRow(pass);
            return pass.output.clone();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 8, 16, 64})
    void at4096TokensEveryThreadGetsATask(int threads) {
        for (PageAttention attention : List.of(
                new TpaConfig(34, 64, 64, 6, 2, 2).newAttention(), new TpaConfig(22, 64, 64, 0, 2, 2).newAttention(),
                new TpaConfig(12, 64, 64, 6, 2, 2).newAttention(),
                new GroupedQueryAttention(12, 64, 12), new GroupedQueryAttention(22, 64, 2),
                new GroupedQueryAttention(12, 64, 1), new GroupedTiedAttention(new GroupedTiedConfig(16, 64, 4, 32)),
                latent(new LatentConfig(12, 64, 64, 1, 128, 32), "MLA").attention())) {
            RowTasks tasks = new RowTasks(attention);
            assertThat(tasks.split(PagedAlgorithm.spanCount(4096), threads)).isBetween(threads, 2 * threads + 6);
            assertThat(tasks.merges()).isGreaterThanOrEqualTo(Math.min(8, threads));
        }
    }
}
