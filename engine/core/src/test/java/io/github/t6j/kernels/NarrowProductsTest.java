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
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests products in tiles of half a panel: the SIMD kernels against the twin, bit for bit. */
@Tag("width")
class NarrowProductsTest {
    private final ScalarKernels scalar = new ScalarKernels(true);
    private final Kernels simd = new SimdKernels();

    /** Tests rows of x that are a panel apart, for which tiles of half a panel exist. */
    @ParameterizedTest
    @CsvSource({"8, 64, 32", "16, 5, 31", "64, 64, 1", "24, 33, 16", "8, 1, 32", "7, 64, 32", "8, 64, 33"})
    void narrowProductsEqualTheTwins(int rows, int inner, int columns) {
        long seed = 100L * rows + inner;
        Random random = new Random(seed);
        float[] x = TestNumbers.normal(random, 5 + rows * PANEL, 1);
        float[] before = TestNumbers.normal(random, 1 + rows * PANEL + 5, 1);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment w = arena.allocate((inner + 1L) * PANEL * Float.BYTES, 64);
            MemorySegment.copy(
                    TestNumbers.normal(random, inner * PANEL, 1), 0, w, ValueLayout.JAVA_FLOAT, 4, inner * PANEL);
            for (boolean accumulate : new boolean[] {false, true}) {
                float[] y = before.clone();
                float[] z = before.clone();
                scalar.multiply(
                        x, 5, PANEL, rows, inner, Format.F32, w, 4, PANEL, columns, y, 1, 0, accumulate);
                simd.multiply(
                        x, 5, PANEL, rows, inner, Format.F32, w, 4, PANEL, columns, z, 1, 0, accumulate);
                for (int r = 0; r < rows; r++) {
                    int at = 1 + r * PANEL;
                    assertThat(Arrays.copyOfRange(z, at, at + columns))
                            .as(rows + " × " + columns + ", inner " + inner + ", row " + r + ", seed " + seed)
                            .isEqualTo(Arrays.copyOfRange(y, at, at + columns));
                }
                int end = 1 + rows * PANEL;
                assertThat(Arrays.copyOfRange(z, end, z.length)).isEqualTo(Arrays.copyOfRange(before, end, z.length));
            }
        }
    }

    /** Calls a product while the SIMD kernel takes over from the twin, and afterwards. */
    @Test
    void theExchangeChangesNoBit() throws InterruptedException {
        long seed = 13;
        Random random = new Random(seed);
        float[] x = TestNumbers.normal(random, 16 * PANEL, 1);
        try (WarmingKernels kernels = KernelChoice.warming(null); Arena arena = Arena.ofConfined()) {
            kernels.warmAll();
            MemorySegment w = arena.allocate(4L * PANEL * PANEL, 64);
            MemorySegment.copy(
                    TestNumbers.normal(random, PANEL * PANEL, 1), 0, w, ValueLayout.JAVA_FLOAT, 0, PANEL * PANEL);
            float[] expected = product(scalar, x, w);
            boolean warm = false;
            long end = System.nanoTime() + 60_000_000_000L;
            for (int after = 0; after < 3; after += warm ? 1 : 0) {
                warm = kernels.isWarm();
                assertThat(product(kernels, x, w)).as("seed " + seed).isEqualTo(expected);
                assertThat(System.nanoTime()).as("patience").isLessThan(end);
                Thread.sleep(1);
            }
        }
    }

    private static float[] product(Kernels kernels, float[] x, MemorySegment w) {
        float[] y = new float[16 * PANEL];
        kernels.multiply(x, 0, PANEL, 16, PANEL, Format.F32, w, 0, PANEL, PANEL / 2, y, 0, 0, true);
        for (int from = 0; from < y.length; from += PANEL) {
            Arrays.fill(y, from + PANEL / 2, from + PANEL, 0f); // may be overwritten
        }
        return y;
    }
}
