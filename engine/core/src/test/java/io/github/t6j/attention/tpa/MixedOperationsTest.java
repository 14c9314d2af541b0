package io.github.t6j.attention.tpa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestNumbers;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.oracle.MaterializedAttention;
import io.github.t6j.attention.tpa.forms.Factor;
import io.github.t6j.attention.tpa.forms.HeadActivation;
import io.github.t6j.attention.tpa.forms.TpaForm;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import java.lang.foreign.Arena;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests prompts of tensor product attention against the float64 oracle, and their bits against other chunks. */
@Tag("width")
class MixedOperationsTest {
    private static final long SEED = 17;
    private static final double TOLERANCE = 2e-5;
    private static final int LEAST = MixedOperations.MIN_ROWS;

    private final Arena arena = Arena.ofShared();
    private final Workers two = new Workers(2);

    @AfterEach
    void free() {
        two.close();
        arena.close();
    }

    private static TpaForm form(
            int heads, int dim, int valueDim, int third, int queryRank, int keyRank, int valueRank, boolean shared,
            Factor... fixed) {
        return new TpaForm(
                new TpaConfig(heads, dim, valueDim, queryRank, keyRank, valueRank), third,
                shared ? HeadActivation.SOFTMAX : HeadActivation.LINEAR, shared, Set.of(fixed));
    }

    static List<TpaForm> forms() {
        return List.of(
                form(13, 32, 32, 0, 3, 2, 2, false), //  T6: scores from factors
                form(7, 16, 24, 0, 2, 1, 1, false), //    tiles of three, two and two heads
                form(1, 64, 128, 0, 1, 2, 3, false),
                form(10, 20, 20, 0, 3, 3, 5, false), //   elements that do not fill whole vectors
                form(3, 12, 12, 0, 5, 2, 2, false), //    ranks so high that keys are rebuilt
                form(6, 32, 32, 0, 0, 2, 2, false), //    KV-only
                form(4, 6, 10, 0, 0, 3, 1, false),
                form(5, 24, 40, 4, 3, 2, 3, false), //    third order
                form(5, 24, 24, 4, 0, 2, 3, false),
                form(9, 32, 32, 0, 2, 2, 2, true), //     shared B
                form(3, 18, 18, 3, 0, 2, 2, true),
                form(9, 32, 32, 0, 2, 2, 2, false, Factor.A_K, Factor.A_V, Factor.B_Q),
                form(9, 32, 32, 0, 2, 2, 3, false, Factor.B_K, Factor.B_V, Factor.A_Q),
                form(4, 16, 16, 0, 0, 2, 2, true, Factor.B_K));
    }

    private FactoredAttention attention(TpaForm form, Rope rope, int window) {
        Random random = new Random(SEED);
        Map<Factor, float[]> fixed = new EnumMap<>(Factor.class);
        form.fixed().forEach(factor -> fixed.put(factor, TestNumbers.normal(random, form.size(factor), 1)));
        return form.simplified() instanceof TpaConfig sizes && window == 0
                ? sizes.newAttention()
                : form.newAttention(
                        fixed, new SharedPages(rope, arena), new LayerOptions.Layer(null, null, true, window));
    }

    /** Returns random projections of a prompt, some of them large, so that a row's maximum is raised. */
    private static float[] prompt(FactoredAttention attention, int tokens) {
        float[] x = TestNumbers.normal(new Random(SEED), tokens * attention.projections(), 1);
        for (int i = 0; i < x.length; i += 101) {
            x[i] *= 4;
        }
        return x;
    }

    /**
     * Computes the attention of all tokens in passes of {@code rows} rows; the last number repeats.
     *
     * @return [tokens][h · e]
     */
    private static float[] attend(
            AttentionAlgorithm algorithm, FactoredAttention attention, Rope rope, float[] prompt, int... rows) {
        int stride = attention.projections();
        int tokens = prompt.length / stride;
        int width = attention.heads() * attention.valueDim();
        float[] y = new float[tokens * width];
        int from = 0;
        try (var cache = algorithm.cache()) {
            for (int pass = 0; from < tokens; pass++) {
                int count = Math.min(rows[Math.min(pass, rows.length - 1)], tokens - from);
                AttentionPass p = AttentionPass.of(attention, count, rope.pairs());
                p.setLayer(attention, 0);
                p.rows = count;
                p.position = from;
                for (int row = 0; row < count; row++) {
                    System.arraycopy(prompt, (from + row) * stride, p.projections, p.at(row), stride);
                    rope.table(from + row, p.cos, p.sin, p.tableAt(row));
                    attention.rotateAndActivate(rope, p, row);
                }
                cache.reserve(from, from + count);
                algorithm.append(p);
                algorithm.attend(p);
                System.arraycopy(p.output, 0, y, from * width, count * width);
                from += count;
            }
        }
        return y;
    }

    private static Rope rope(TpaForm form) {
        return new Rope(form.featureDim() / 2 * 2, 0f);
    }

    private static AttentionAlgorithm mixed(
            FactoredAttention attention, Format format, Kernels kernels, Workers workers) {
        return attention.newAlgorithm(new PagedCache(attention.layout(), format, 1), kernels, workers);
    }

    private void assertOracle(TpaForm form, Format format, int window, int tokens, int... rows) {
        Rope rope = rope(form);
        FactoredAttention attention = attention(form, rope, window);
        float[] prompt = prompt(attention, tokens);
        PagedCache cache = new PagedCache(attention.layout(), format, 1);
        float[] expected = attend(new MaterializedAttention(cache, two), attention, rope, prompt, tokens);
        float[] found = attend(mixed(attention, format, KernelChoice.kernels(), two), attention, rope, prompt, rows);
        double largest = 0;
        for (float y : expected) {
            largest = Math.max(largest, Math.abs(y));
        }
        assertThat(largest).isGreaterThan(0.1);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) found[i]).as("seed " + SEED + ", " + form + ", " + format + ", at " + i)
                    .isCloseTo(expected[i], within(TOLERANCE * Math.max(1, largest)));
        }
    }

    @ParameterizedTest
    @MethodSource("forms")
    void everyFormMatchesTheOracle(TpaForm form) {
        assertOracle(form, Format.F32, 0, 200, 128);
    }

    @ParameterizedTest
    @MethodSource("forms")
    void everyFormMatchesTheOracleInEveryCacheType(TpaForm form) {
        for (Format format : Format.values()) {
            assertOracle(form, format, 0, 90, 70);
        }
    }

    @Tag("full")
    @ParameterizedTest
    @ValueSource(ints = {1, 2, LEAST - 1, LEAST, LEAST + 1, 31, 63, 64, 65, 127, 128, 129, 150})
    void anyNumberOfRowsMatchesTheOracle(int rows) {
        assertOracle(form(7, 16, 24, 0, 2, 1, 2, false), Format.F32, 0, 3 * rows + 70, 70, rows);
        assertOracle(form(4, 6, 10, 0, 0, 3, 1, false), Format.BF16, 0, 3 * rows + 70, 70, rows);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 64, 100, 1000})
    void aWindowHidesEarlierTokens(int window) {
        assertOracle(form(7, 16, 24, 0, 2, 1, 2, false), Format.F32, window, 300, 40, 128);
        assertOracle(form(4, 6, 10, 0, 0, 3, 1, false), Format.F32, window, 300, 40, 128);
    }

    @ParameterizedTest
    @MethodSource("forms")
    void bitsDoNotDependOnThreadsChunksAndKernels(TpaForm form) {
        Rope rope = rope(form);
        FactoredAttention attention = attention(form, rope, 0);
        float[] prompt = prompt(attention, 260);
        Kernels simd = KernelChoice.kernels();
        float[] expected = attend(mixed(attention, Format.F32, simd, two), attention, rope, prompt, 260);
        try (Workers one = new Workers(1); Workers seven = new Workers(7)) {
            for (Workers workers : List.of(one, two, seven)) {
                for (int[] rows : new int[][] {{130}, {100, 160}, {LEAST, 260}, {65}}) {
                    float[] found = attend(mixed(attention, Format.F32, simd, workers), attention, rope, prompt, rows);
                    assertThat(found).as("seed " + SEED + ", rows " + rows[0]).isEqualTo(expected);
                }
            }
            AttentionAlgorithm twin = mixed(attention, Format.F32, KernelChoice.scalar(), seven);
            assertThat(attend(twin, attention, rope, prompt, 128, 132)).as("seed " + SEED).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @EnumSource(Format.class)
    void aNaNReachesEveryRowThatSeesIt(Format format) {
        TpaForm form = form(7, 16, 16, 0, 2, 1, 2, false);
        Rope rope = rope(form);
        FactoredAttention attention = attention(form, rope, 0);
        float[] prompt = prompt(attention, 128);
        prompt[100 * attention.projections() + attention.offsets().bV()] = Float.NaN; // in B_V
        float[] found = attend(mixed(attention, format, KernelChoice.kernels(), two), attention, rope, prompt, 90, 38);
        int width = form.heads() * form.valueDim();
        for (int i = 0; i < 90 * width; i++) {
            assertThat(found[i]).isFinite();
        }
        for (int row = 100; row < 128; row++) {
            assertThat(found[row * width]).as("row " + row).isNaN();
        }
    }

    /** Prompts of different lengths must reuse off-heap memory, not allocate more each time. */
    @Test
    void passesOfOtherLengthsReuseTheMemory() {
        TpaForm form = form(3, 18, 18, 3, 0, 2, 2, true);
        Rope rope = rope(form);
        FactoredAttention attention = attention(form, rope, 0);
        float[] prompt = prompt(attention, 600);
        float[] expected =
                attend(mixed(attention, Format.Q8, KernelChoice.kernels(), two), attention, rope, prompt, 128);
        float[] found = attend(
                mixed(attention, Format.Q8, KernelChoice.kernels(), two), attention, rope, prompt, 40, 128, 33, 90, 50,
                100, 65, 128);
        assertThat(found).as("seed " + SEED).isEqualTo(expected);
    }
}
