package io.github.t6j.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestNumbers;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.choice.KernelChoice;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests that a page returns the written elements, rounded as its format requires. */
class PageTest {
    /** Layout of 5 heads of 40, key rank 3, value rank 2. */
    private static final PageLayout FACTORS = factors(5, 40, 3, 2);

    private static PageLayout factors(int heads, int headDim, int keyRank, int valueRank) {
        return new TpaConfig(heads, headDim, headDim, 6, keyRank, valueRank).newAttention().layout();
    }

    @ParameterizedTest
    @EnumSource(Format.class)
    void numbersComeBackRounded(Format format) {
        Random random = new Random(7);
        PageLayout layout = FACTORS;
        try (Arena arena = Arena.ofConfined()) {
            Page page = Page.allocate(layout, format, arena);
            float[][] columns = new float[64][];
            float[][] rows = new float[64][];
            for (int slot = 63; slot >= 0; slot--) {
                columns[slot] = gaussians(random, layout.columns());
                rows[slot] = gaussians(random, 2 * 40);
                page.write(slot, columns[slot], 0, rows[slot], 0);
            }
            for (int slot = 0; slot < 64; slot++) {
                for (int c = 0; c < layout.columns(); c++) {
                    double bound = bound(format, columns[slot][c], largestBesideColumn(columns[slot], c));
                    assertThat(page.column(slot, c)).as("seed 7, column " + c).isCloseTo(columns[slot][c],
                            within((float) bound));
                }
                for (int i = 0; i < 80; i++) {
                    float largest = largest(rows[slot], i / 40 * 40, 40, 1);
                    assertThat(page.row(slot, i / 40, i % 40)).as("seed 7, number " + i).isCloseTo(rows[slot][i],
                            within((float) bound(format, rows[slot][i], largest)));
                }
            }
        }
    }

    /** Tests that one int of each 64-byte line is read, which the sum shows. */
    @ParameterizedTest
    @EnumSource(Format.class)
    void touchReadsEveryLine(Format format) {
        Random random = new Random(3);
        try (Arena arena = Arena.ofConfined()) {
            Page page = Page.allocate(FACTORS, format, arena);
            int expected = 0;
            for (long at = 0; at < page.data.byteSize(); at += Integer.BYTES) {
                int value = random.nextInt();
                page.data.set(ValueLayout.JAVA_INT, at, value);
                expected += at % 64 == 0 ? value : 0;
            }
            assertThat(page.prefetch()).as("seed 3").isEqualTo(expected);
        }
    }

    /** Returns half a unit in the last place: of 11 bits, of 8 bits, or of 1/127 of the vector's largest element. */
    private static double bound(Format format, float number, float largest) {
        return switch (format) {
            case F32 -> 0;
            case F16 -> Math.max(Math.abs(number) * 0x1p-11, 0x1p-25);
            case BF16 -> Math.abs(number) * 0x1p-8;
            case Q8 -> largest / 127 * 0.5001;
        };
    }

    /**
     * Returns the largest magnitude in the vector of a column. Columns are B_K [3][40], A_K [5][3], A_V [5][2]; a
     * vector is 40 of B_K or one rank's 5.
     */
    private static float largestBesideColumn(float[] columns, int c) {
        if (c < 120) {
            return largest(columns, c / 40 * 40, 40, 1);
        }
        return c < 135 ? largest(columns, 120 + c % 3, 5, 3) : largest(columns, 135 + (c - 135) % 2, 5, 2);
    }

    private static float largest(float[] x, int from, int count, int step) {
        float largest = 0;
        for (int i = 0; i < count; i++) {
            largest = Math.max(largest, Math.abs(x[from + i * step]));
        }
        return largest;
    }

    private static float[] gaussians(Random random, int n) {
        return TestNumbers.normal(random, n, Math.exp(random.nextGaussian()));
    }

    @ParameterizedTest
    @EnumSource(Format.class)
    void zerosStayZeroAndNaNShows(Format format) {
        PageLayout layout = new PageLayout(3, 1, 4);
        try (Arena arena = Arena.ofConfined()) {
            Page page = Page.allocate(layout, format, arena);
            page.write(5, new float[3], 0, new float[] {1e-40f, 0, 0, -1e-40f}, 0);
            page.write(6, new float[] {1, Float.NaN, 2}, 0, new float[] {1, 2, 3, Float.POSITIVE_INFINITY}, 0);
            for (int i = 0; i < 3; i++) {
                assertThat(page.column(5, i)).isZero();
            }
            assertThat(page.row(5, 0, 0)).isCloseTo(0, within(1e-39f));
            assertThat(page.column(6, 1)).isNaN();
            assertThat(page.row(6, 0, 3)).isNotEqualTo(3).isIn(Float.POSITIVE_INFINITY, Float.NaN);
        }
    }

    /** Tests byte counts, such as of 34 heads of 64 with ranks 2: 392 elements; q8 adds 8 scales of 4 bytes. */
    @ParameterizedTest
    @CsvSource({"34, 64, 2, 2, F32, 1568", "34, 64, 2, 2, F16, 784", "34, 64, 2, 2, BF16, 784", "34, 64, 2, 2, Q8, 424",
        "8, 32, 2, 2, F32, 640", "8, 32, 2, 2, BF16, 320", "8, 32, 2, 2, Q8, 256",
        "5, 40, 3, 2, F32, 900", "5, 40, 3, 2, F16, 450", "5, 40, 3, 2, BF16, 546", "5, 40, 3, 2, Q8, 313"})
    void bytesPerTokenAreWhatTheLayoutDraws(int heads, int headDim, int keyRank, int valueRank, Format format,
            int bytes) {
        PageLayout layout = factors(heads, headDim, keyRank, valueRank);
        assertThat(layout.bytesPerToken(format)).isEqualTo(bytes);
        assertThat(layout.bytes(format)).isBetween(64L * bytes, 64L * bytes + 256);
    }

    @ParameterizedTest
    @EnumSource(Format.class)
    void forksShareUntilOneWrites(Format format) {
        PageLayout layout = new PageLayout(3, 1, 4);
        float[] one = {1, 1, 1, 1};
        float[] two = {2, 2, 2, 2};
        PagedCache first = new PagedCache(layout, format, 2);
        first.reserve(0, 100);
        for (int token = 0; token < 100; token++) {
            first.pageOf(1, token).write(PagedCache.slot(token), one, 0, one, 0);
        }
        PagedCache second = first.fork(100);
        Page shared = first.page(1, 0);
        assertThat(second.page(1, 0)).isSameAs(shared);
        assertThat(second.page(1, 1)).isSameAs(first.page(1, 1));

        second.reserve(100, 101);
        second.pageOf(1, 100).write(36, two, 0, two, 0);
        assertThat(second.page(1, 0)).isSameAs(shared);
        assertThat(second.page(1, 1)).isNotSameAs(first.page(1, 1));
        assertThat(second.pageOf(1, 99).row(35, 0, 3)).isEqualTo(1);
        assertThat(first.pageOf(1, 100).row(36, 0, 3)).isZero();

        Page alone = first.page(1, 1);
        first.reserve(100, 101);
        assertThat(first.page(1, 1)).as("no longer shared, so not copied").isSameAs(alone);

        first.close();
        assertThat(shared.data.scope().isAlive()).isTrue();
        assertThat(alone.data.scope().isAlive()).isFalse();
        assertThat(second.pageOf(1, 63).column(63, 2)).isEqualTo(1);
        second.close();
        second.close();
        assertThat(shared.data.scope().isAlive()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(Format.class)
    void aWidenedPageHasTheNumbersOfTheNarrowOne(Format format) {
        PageLayout layout = FACTORS;
        try (Arena arena = Arena.ofConfined()) {
            Page page = Page.allocate(layout, format, arena);
            Page wide = Page.allocate(layout, Format.F32, arena);
            Random random = new Random(3);
            for (int slot = 0; slot < 64; slot++) {
                page.write(slot, gaussians(random, layout.columns()), 0, gaussians(random, 80), 0);
            }
            page.widen(KernelChoice.kernels(), wide);
            for (int slot = 0; slot < 64; slot++) {
                for (int c = 0; c < layout.columns(); c++) {
                    assertThat(wide.column(slot, c)).isEqualTo(page.column(slot, c));
                }
                for (int i = 0; i < 80; i++) {
                    assertThat(wide.row(slot, i / 40, i % 40)).isEqualTo(page.row(slot, i / 40, i % 40));
                }
            }
        }
    }
}
