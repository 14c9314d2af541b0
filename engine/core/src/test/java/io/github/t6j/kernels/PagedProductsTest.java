package io.github.t6j.kernels;

import static io.github.t6j.kernels.Kernels.PANEL;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.TestNumbers;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.kernels.choice.WarmingKernels;
import io.github.t6j.kernels.scalar.ScalarKernels;
import io.github.t6j.kernels.simd.SimdKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tests products whose rows of x are one or two panels apart, for which tiles exist, and neighbouring sizes: the SIMD
 * kernels against the twin, bit for bit.
 */
@Tag("width")
class PagedProductsTest {
    private static final Format[] FORMATS = {Format.F32, Format.BF16, Format.Q8};

    private final ScalarKernels scalar = new ScalarKernels(true);

    @ParameterizedTest
    @CsvSource({
        "1, 64, 64, 64", "2, 64, 64, 64", "3, 64, 63, 100", "4, 128, 128, 64", "5, 64, 1, 33", "6, 128, 77, 192",
        "7, 64, 64, 1", "11, 64, 64, 64", "16, 128, 65, 130", "34, 128, 128, 64", "37, 64, 50, 65", "8, 63, 63, 64",
        "9, 129, 128, 64", "5, 192, 190, 64"})
    void productsEqualTheTwins(int rows, int xStride, int inner, int columns) {
        long seed = 1000L * rows + inner;
        Random random = new Random(seed);
        int yPanel = rows * PANEL + 3;
        int panels = Math.ceilDiv(columns, PANEL);
        float[] x = TestNumbers.normal(random, 5 + rows * xStride, 1);
        float[] before = TestNumbers.normal(random, 1 + panels * yPanel + 5, 1);
        for (Format format : FORMATS) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment w = weights(format, inner, panels, random, arena);
                for (boolean accumulate : new boolean[] {false, true}) {
                    float[] y = product(scalar, x, xStride, rows, inner, format, w, columns, before, accumulate);
                    float[] z = product(
                            new SimdKernels(), x, xStride, rows, inner, format, w, columns, before, accumulate);
                    assertThat(z).as(format + ", seed " + seed).isEqualTo(y);
                }
            }
        }
    }

    /** Calls products while the SIMD kernels take over from the twin, and afterwards. */
    @Test
    void theExchangeChangesNoBit() throws InterruptedException {
        long seed = 17;
        Random random = new Random(seed);
        int[] heights = {2, 3, 4, 5, 7, 8, 34};
        float[] x = TestNumbers.normal(random, 5 + 34 * 2 * PANEL, 1);
        float[] before = TestNumbers.normal(random, 6 + 34 * PANEL, 1);
        try (WarmingKernels kernels = KernelChoice.warming(null); Arena arena = Arena.ofConfined()) {
            kernels.warmAll();
            long end = System.nanoTime() + 120_000_000_000L;
            for (Format format : FORMATS) {
                MemorySegment w = weights(format, PANEL, 1, random, arena);
                for (int xStride : new int[] {PANEL, 2 * PANEL}) {
                    for (int rows : heights) {
                        float[] expected = product(scalar, x, xStride, rows, PANEL, format, w, PANEL, before, true);
                        boolean warm = false;
                        for (int after = 0; after < 3; after += warm ? 1 : 0) {
                            warm = kernels.isWarm();
                            assertThat(product(kernels, x, xStride, rows, PANEL, format, w, PANEL, before, true))
                                    .as(format + ", " + rows + " rows, seed " + seed).isEqualTo(expected);
                            assertThat(System.nanoTime()).as("patience").isLessThan(end);
                        }
                    }
                }
            }
        }
    }

    private static MemorySegment weights(Format format, int inner, int panels, Random random, Arena arena) {
        int row = panels * PANEL;
        MemorySegment w = arena.allocate(format.bytes((inner + 1L) * row), 64);
        for (int k = 0; k < inner; k++) {
            for (int c = 0; c < row; c++) {
                float weight = format == Format.Q8 ? random.nextInt(-127, 128) : (float) random.nextGaussian();
                format.set(w, format.bytes((long) k * row), c, weight);
            }
        }
        return w;
    }

    /** Returns {@code before} with a product in the columns from 1 on; other columns keep their numbers. */
    private static float[] product(
            Kernels kernels, float[] x, int xStride, int rows, int inner, Format format, MemorySegment w, int columns,
            float[] before, boolean accumulate) {
        int panels = Math.ceilDiv(columns, PANEL);
        int yPanel = panels == 1 ? rows * PANEL : (before.length - 6) / panels;
        float[] y = before.clone();
        kernels.multiply(
                x, 5, xStride, rows, inner, format, w, 0, panels * PANEL, columns, y, 1, yPanel, accumulate);
        int last = (panels - 1) * PANEL;
        for (int r = 0; r < rows; r++) { // columns up to the whole panel may be overwritten
            int at = 1 + (panels - 1) * yPanel + r * PANEL;
            Arrays.fill(y, at + columns - last, at + PANEL, 0f);
        }
        return y;
    }
}
