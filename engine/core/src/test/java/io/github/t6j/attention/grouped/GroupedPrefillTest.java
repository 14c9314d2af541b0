package io.github.t6j.attention.grouped;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.Passes;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares rows computed together with the same rows computed one at a time, bit for bit. */
@Tag("width")
class GroupedPrefillTest {
    private static final long SEED = 11;

    @ParameterizedTest
    @CsvSource({
        // heads, headDim, key heads, format, first position, rows, threads
        "3, 8, 3, F32, 0, 1, 1",
        "3, 8, 3, F32, 0, 70, 2",
        "4, 72, 2, F32, 61, 45, 2",
        "5, 16, 1, BF16, 255, 21, 1",
        "6, 20, 3, Q8, 120, 64, 2",
        "4, 16, 4, F16, 127, 30, 2",
        "2, 16, 1, F32, 2030, 40, 2", // a block with spans of 4 pages, then of 8
        "2, 16, 2, BF16, 2560, 33, 1"})
    void rowsTogetherGiveTheBitsOfSingleRows(
            int heads, int headDim, int keyHeads, Format format, int position, int rows, int threads) {
        GroupedQueryAttention attention = new GroupedQueryAttention(heads, headDim, keyHeads);
        int stride = attention.projections() + 3;
        int width = heads * headDim;
        Random random = new Random(SEED);
        float[] projections = new float[(position + rows) * stride];
        for (int i = 0; i < projections.length; i++) {
            // scores differ so much that maxima are raised
            projections[i] = (float) random.nextGaussian() * (i % 97 == 0 ? 12 : 2);
        }
        Kernels kernels = KernelChoice.kernels();
        try (Workers workers = new Workers(threads);
                PagedCache cache = new PagedCache(attention.layout(), format, 1)) {
            cache.reserve(0, position + rows);
            attention.append(Passes.of(attention, projections, stride, 0, position + rows), 0, position + rows, cache);
            AttentionAlgorithm grouped = attention.newAlgorithm(cache, kernels, workers);
            float[] expected = new float[rows * width];
            for (int row = 0; row < rows; row++) {
                AttentionPass one = Passes.of(attention, projections, stride, position + row, 1);
                System.arraycopy(Passes.attend(grouped, one), 0, expected, row * width, width);
            }
            AttentionPass all = Passes.of(attention, projections, stride, position, rows);
            assertThat(Passes.attend(grouped, all)).as("seed " + SEED).isEqualTo(expected);
        }
    }
}
