package io.github.t6j.attention.latent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestNumbers;
import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.Passes;
import io.github.t6j.attention.oracle.MaterializedAttention;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.kernels.scalar.ScalarKernels;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests MLA, GLA and MLRA, absorbed and with rebuilt keys and values, against the float64 oracle. */
@Tag("width")
class LatentAttentionTest {
    private static final int ABSORBED = Integer.MAX_VALUE;
    private static final int MATERIALIZED = 1;
    private static final int TOKENS = 150;

    private final Arena arena = Arena.ofShared();
    private final Workers workers = new Workers(2);
    private final ScalarKernels scalar = KernelChoice.scalar();

    @AfterEach
    void free() {
        workers.close();
        arena.close();
    }

    private LatentAttention attention(int heads, int nope, int rope, int rank, int valueDim, Random random) {
        return attention(new LatentConfig(heads, nope, valueDim, 1, rank, rope), random);
    }

    private LatentAttention attention(LatentConfig sizes, Random random) {
        int ups = sizes.parts().latents() * sizes.upRows() * sizes.latentDim();
        float[] up = TestNumbers.normal(random, ups, 1 / Math.sqrt(sizes.latentDim()));
        return new LatentAttention(sizes, up, arena);
    }

    private LatentAlgorithm path(LatentAttention attention, int materializedRows, Kernels kernels, Workers threads) {
        PagedCache cache = new PagedCache(attention.layout(), Format.F32, 1);
        return path(attention, cache, materializedRows, kernels, threads);
    }

    private LatentAlgorithm path(
            LatentAttention attention, PagedCache cache, int materializedRows, Kernels kernels, Workers threads) {
        LatentAlgorithm path = new LatentAlgorithm(attention, kernels, threads, materializedRows, arena);
        path.bind(cache);
        return path;
    }

    /** Computes the attention of all tokens, {@code chunk} at a time. */
    private static float[] attend(AttentionAlgorithm path, Attention attention, float[] projections, int chunk) {
        try (var _ = path.cache()) {
            return Passes.attend(path, attention, projections, chunk);
        }
    }

    /** Keys and values that are not smaller than two latents are never rebuilt. */
    @Test
    void rowsChooseTheFormIfRebuiltHeadsAreSmaller() {
        Random random = new Random(1);
        assertThat(attention(3, 11, 6, 37, 13, random).bitsDependOnRows()).isTrue();
        assertThat(attention(3, 37, 6, 37, 37, random).bitsDependOnRows()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"1,1,2,1,1,1, 1,1", "3,5,2,7,9,1, 1,1", "5,12,8,14,10,1, 1,1", "2,64,32,256,64,1, 1,1",
        "4,17,6,33,3,1, 1,1", "3,16,16,16,16,40, 1,1", "4,5,2,14,9,1, 2,1", "8,12,6,260,12,1, 4,1",
        "4,70,6,12,66,1, 4,2", "6,9,4,296,9,1, 4,4", "3,9,4,9,9,1, 3,3", "2,16,16,64,16,40, 4,2"})
    void bothFormsMatchTheOracle(
            int heads, int nope, int rope, int rank, int valueDim, double scale, int latents, int branches) {
        long seed = 31L * heads + rank;
        Random random = new Random(seed);
        LatentConfig sizes = new LatentConfig(
                heads, nope, valueDim, 1, rank, rope, new LatentConfig.Parts(latents, branches),
                new LatentConfig.Factors(1, 1, 1 / Math.sqrt(branches)));
        LatentAttention attention = attention(sizes, random);
        float[] projections = TestNumbers.normal(random, TOKENS * attention.projections(), Math.sqrt(scale));
        PagedCache cache = new PagedCache(attention.layout(), Format.F32, 1);
        float[] expected = attend(new MaterializedAttention(cache, workers), attention, projections, TOKENS);
        for (int form : new int[] {ABSORBED, MATERIALIZED}) {
            for (int chunk : new int[] {TOKENS, 1, 7, 65}) {
                LatentAlgorithm path = path(attention, form, KernelChoice.kernels(), workers);
                float[] found = attend(path, attention, projections, chunk);
                for (int i = 0; i < expected.length; i++) {
                    assertThat((double) found[i]).as("seed " + seed + " form " + form + " chunk " + chunk + " at " + i)
                            .isCloseTo(expected[i], within(1e-4 * Math.sqrt(scale)));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Format.class)
    void bothFormsMatchTheOracleInEveryFormat(Format format) {
        bothFormsRead(format, new LatentConfig(3, 11, 13, 1, 37, 6));
        bothFormsRead(format, manyLatents());
    }

    /** Returns sizes with two branches of two latents each. */
    private static LatentConfig manyLatents() {
        return new LatentConfig(4, 11, 13, 1, 4 * 37, 6, new LatentConfig.Parts(4, 2), LatentConfig.Factors.NONE);
    }

    private void bothFormsRead(Format format, LatentConfig sizes) {
        Random random = new Random(23);
        LatentAttention attention = attention(sizes, random);
        float[] projections = TestNumbers.normal(random, TOKENS * attention.projections(), 1);
        PagedCache cache = new PagedCache(attention.layout(), format, 1);
        float[] expected = attend(new MaterializedAttention(cache, workers), attention, projections, TOKENS);
        for (int form : new int[] {ABSORBED, MATERIALIZED}) {
            for (Kernels kernels : new Kernels[] {KernelChoice.kernels(), scalar}) {
                PagedCache own = new PagedCache(attention.layout(), format, 1);
                float[] found = attend(path(attention, own, form, kernels, workers), attention, projections,
                        TOKENS);
                for (int i = 0; i < expected.length; i++) {
                    assertThat((double) found[i]).as("seed 23, form " + form + " at " + i)
                            .isCloseTo(expected[i], within(1e-4));
                }
            }
        }
    }

    @Test
    void bitsOfAFormDoNotDependOnChunksThreadsAndKernels() {
        withinAFormNothingShows(new LatentConfig(3, 11, 13, 1, 21, 6));
        withinAFormNothingShows(manyLatents());
    }

    private void withinAFormNothingShows(LatentConfig sizes) {
        Random random = new Random(7);
        LatentAttention attention = attention(sizes, random);
        float[] projections = TestNumbers.normal(random, TOKENS * attention.projections(), 3);
        try (Workers one = new Workers(1); Workers five = new Workers(5)) {
            for (int form : new int[] {ABSORBED, MATERIALIZED}) {
                float[] expected =
                        attend(path(attention, form, KernelChoice.kernels(), one), attention, projections, TOKENS);
                for (Workers threads : new Workers[] {one, workers, five}) {
                    for (int chunk : new int[] {TOKENS, 1, 7, 64, 100}) {
                        LatentAlgorithm path = path(attention, form, KernelChoice.kernels(), threads);
                        assertThat(attend(path, attention, projections, chunk)).as("form " + form + " chunk " + chunk)
                                .isEqualTo(expected);
                    }
                }
                assertThat(attend(path(attention, form, scalar, five), attention, projections, 64)).isEqualTo(expected);
            }
        }
    }

    @Test
    void theCacheHoldsALatentAndOneRotatedKeyPerToken() {
        for (int heads : new int[] {1, 13, 49}) {
            LatentAttention attention = attention(heads, 4, 32, 256, 4, new Random(heads));
            assertThat(attention.layout().elementsPerToken()).isEqualTo(256 + 32);
            assertThat(attention.layout().bytes(Format.F32)).isEqualTo(64L * (256 + 32) * Float.BYTES);
        }
    }
}
