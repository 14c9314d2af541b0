package io.github.t6j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestNumbers;
import io.github.t6j.kernels.scalar.ScalarKernels;
import io.github.t6j.kernels.simd.SimdKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tests scores, keys and values from factors: the scalar twin against float64, and the SIMD kernels against the twin,
 * bit for bit.
 */
@Tag("width")
class RebuildKernelsTest {
    private static final int PANEL = Kernels.PANEL;
    private static final double TOLERANCE = 1e-5;

    private final ScalarKernels scalar = new ScalarKernels(true);
    private final Kernels simd = new SimdKernels();
    private final Arena arena = Arena.ofShared();

    @AfterEach
    void free() {
        arena.close();
    }

    private MemorySegment segment(Random random, int floats) {
        MemorySegment segment = arena.allocate(4L * floats, 64);
        MemorySegment.copy(TestNumbers.normal(random, floats, 1), 0, segment, ValueLayout.JAVA_FLOAT, 0, floats);
        return segment;
    }

    private static float get(MemorySegment segment, int i) {
        return segment.getAtIndex(ValueLayout.JAVA_FLOAT, i);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "2, 6, 2", "3, 3, 1", "4, 2, 3", "5, 1, 2", "7, 16, 1", "6, 5, 2", "6, 1, 3", "9, 6, 2",
        "34, 6, 2", "8, 5, 4"})
    void tensorScoresAreTheProductOfAllFactors(int heads, int queryRank, int keyRank) {
        long seed = 100L * heads + 10 * queryRank + keyRank;
        Random random = new Random(seed);
        int gStep = queryRank * PANEL + 5;
        int sStep = PANEL + 7;
        float[] aQ = TestNumbers.normal(random, 3 + heads * queryRank, 1);
        float[] g = TestNumbers.normal(random, 2 + keyRank * gStep, 1);
        MemorySegment page = segment(random, PANEL + heads * keyRank * PANEL);
        float[] s = new float[4 + heads * sStep];
        float[] z = s.clone();
        scalar.tensorScores(aQ, 3, heads, queryRank, g, 2, gStep, keyRank, page, 4L * PANEL, s, 4, sStep);
        simd.tensorScores(aQ, 3, heads, queryRank, g, 2, gStep, keyRank, page, 4L * PANEL, z, 4, sStep);
        for (int h = 0; h < heads; h++) {
            for (int t = 0; t < PANEL; t++) {
                double score = 0;
                for (int k = 0; k < keyRank; k++) {
                    for (int q = 0; q < queryRank; q++) {
                        score += (double) aQ[3 + h * queryRank + q] * g[2 + k * gStep + q * PANEL + t]
                                * get(page, PANEL + (h * keyRank + k) * PANEL + t);
                    }
                }
                assertThat((double) s[4 + h * sStep + t]).as("seed " + seed).isCloseTo(score, within(TOLERANCE));
            }
        }
        assertThat(z).as("SIMD, seed " + seed).isEqualTo(s);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 64", "2, 64", "2, 7", "3, 20", "4, 128", "5, 33"})
    void columnsAreRebuilt(int rank, int count) {
        long seed = 100L * rank + count;
        Random random = new Random(seed);
        float[] a = TestNumbers.normal(random, 3 + rank * PANEL, 1);
        MemorySegment b = segment(random, PANEL + rank * count * PANEL);
        MemorySegment to = segment(random, 2 * PANEL + count * PANEL);
        MemorySegment too = arena.allocate(to.byteSize(), 64).copyFrom(to);
        float before = get(to, PANEL - 1);
        float behind = get(to, PANEL + count * PANEL);
        scalar.rebuildColumns(a, 3, rank, b, 4L * PANEL, count, to, 4L * PANEL);
        simd.rebuildColumns(a, 3, rank, b, 4L * PANEL, count, too, 4L * PANEL);
        for (int c = 0; c < count; c++) {
            for (int t = 0; t < PANEL; t++) {
                double sum = 0;
                for (int r = 0; r < rank; r++) {
                    sum += (double) a[3 + r * PANEL + t] * get(b, PANEL + (r * count + c) * PANEL + t);
                }
                assertThat((double) get(to, PANEL + c * PANEL + t)).as("seed " + seed)
                        .isCloseTo(sum, within(TOLERANCE));
            }
        }
        assertThat(get(to, PANEL - 1)).isEqualTo(before);
        assertThat(get(to, PANEL + count * PANEL)).isEqualTo(behind);
        assertThat(too.mismatch(to)).as("SIMD, seed " + seed).isEqualTo(-1);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "1, 64, 64", "2, 64, 64", "2, 128, 130", "3, 20, 64", "4, 67, 128", "5, 33, 40",
        "3, 15, 20"})
    void rowsAreRebuilt(int rank, int width, int stride) {
        long seed = 100L * rank + width;
        Random random = new Random(seed);
        float[] a = TestNumbers.normal(random, 3 + rank * PANEL, 1);
        MemorySegment b = segment(random, 1 + rank * width * PANEL);
        MemorySegment to = segment(random, 2 + stride * PANEL);
        MemorySegment too = arena.allocate(to.byteSize(), 64).copyFrom(to);
        MemorySegment before = arena.allocate(to.byteSize(), 64).copyFrom(to);
        scalar.rebuildRows(a, 3, rank, b, 4, width, to, 8, stride);
        simd.rebuildRows(a, 3, rank, b, 4, width, too, 8, stride);
        for (int t = 0; t < PANEL; t++) {
            for (int i = 0; i < stride; i++) {
                double sum = 0;
                for (int r = 0; i < width && r < rank; r++) {
                    sum += (double) a[3 + r * PANEL + t] * get(b, 1 + (r * PANEL + t) * width + i);
                }
                int at = 2 + t * stride + i;
                assertThat((double) get(to, at)).as("seed " + seed)
                        .isCloseTo(i < width ? sum : get(before, at), within(TOLERANCE));
            }
        }
        assertThat(too.mismatch(to)).as("SIMD, seed " + seed).isEqualTo(-1);
    }
}
