package io.github.t6j.jmh.definitions;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.grouped.GroupedQueryAttention;
import io.github.t6j.attention.latent.LatentAttention;
import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.flashtpa.FlashTpa;
import io.github.t6j.flashtpa.FlashTpaCache;
import io.github.t6j.jmh.definitions.Definition.Case;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import java.lang.foreign.Arena;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The engine against the expected outputs of jmh/definitions, which a numpy reference computed in float64. */
class DefinitionsTest {
    /** Largest difference, as a share of the largest expected element; other kernels in f32 may reach ten times it. */
    private static final float TOLERANCE = 1e-5f;

    /** Rows of a pass. */
    private static final int PASS = 128;

    static Stream<Case> tpa() {
        return Definition.cases("tpa");
    }

    static Stream<Case> tpaDecoding() {
        return tpa().filter(work -> work.queries() == 1);
    }

    static Stream<Case> gqa() {
        return Definition.cases("gqa");
    }

    static Stream<Case> mla() {
        return Definition.cases("mla");
    }

    private static void assertExpected(float[] found, Case work) {
        float[] expected = work.expected();
        double largest =
                IntStream.range(0, expected.length).mapToDouble(i -> Math.abs(expected[i])).max().orElseThrow();
        assertThat(found).as("%s", work).hasSize(expected.length).doesNotContain(Float.NaN)
                .usingComparatorWithPrecision((float) (TOLERANCE * largest)).containsExactly(expected);
    }

    @ParameterizedTest
    @MethodSource("tpa")
    void factoredAttentionHasTheExpectedOutput(Case work) {
        FlashTpa.Shape shape = new FlashTpa.Shape(work.size("heads"), work.size("head_dim"), work.size("head_dim"),
                work.size("query_rank"), work.size("key_rank"), work.size("value_rank"));
        try (FlashTpa flash = new FlashTpa(shape); FlashTpaCache cache = flash.newCache(1)) {
            cache.append(work.size("tokens"), FlashTpa.Factors.of(work.input("a_k"), work.input("b_k")),
                    FlashTpa.Factors.of(work.input("a_v"), work.input("b_v")));

            float[] y = cache.attendCausal(work.queries(),
                    FlashTpa.Factors.of(work.input("a_q"), work.input("b_q")));

            assertExpected(y, work);
        }
    }

    @ParameterizedTest
    @MethodSource("tpaDecoding")
    void plainJavaHasTheExpectedOutput(Case work) {
        float[] y = PlainTpa.attend(
                new PlainTpa.Factors(work.size("query_rank"), work.input("a_q"), work.input("b_q")),
                new PlainTpa.Factors(work.size("key_rank"), work.input("a_k"), work.input("b_k")),
                new PlainTpa.Factors(work.size("value_rank"), work.input("a_v"), work.input("b_v")),
                work.size("heads"), work.size("head_dim"));

        assertExpected(y, work);
    }

    @ParameterizedTest
    @MethodSource("gqa")
    void groupedQueriesHaveTheExpectedOutput(Case work) {
        int heads = work.size("heads");
        int keyHeads = work.size("kv_heads");
        int d = work.size("head_dim");
        float[] q = work.input("q");
        float[] k = work.input("k");
        float[] v = work.input("v");

        float[] y = attend(new GroupedQueryAttention(heads, d, keyHeads), work, query -> part(q, query, heads * d),
                token -> joined(part(k, token, keyHeads * d), part(v, token, keyHeads * d)));

        assertExpected(y, work);
    }

    @ParameterizedTest
    @MethodSource("mla")
    void latentsHaveTheExpectedOutput(Case work) {
        int heads = work.size("heads");
        int nope = work.size("nope_dim");
        int rope = work.size("pe_dim");
        int values = work.size("value_dim");
        int latent = work.size("latent_dim");
        float[] wUk = work.input("w_uk");
        float[] wUv = work.input("w_uv");
        float[] up = new float[0];
        for (int h = 0; h < heads; h++) { // kv_b_proj has W_UK and W_UV of each head
            up = joined(up, joined(part(wUk, h, nope * latent), part(wUv, h, values * latent)));
        }
        float[] qNope = work.input("q_nope");
        float[] qPe = work.input("q_pe");
        float[] c = work.input("c");
        float[] kPe = work.input("k_pe");
        try (Arena arena = Arena.ofShared()) { // two workers read the matrices
            // the rank of the query's latent, 1, plays no part after projection
            LatentConfig sizes = new LatentConfig(heads, nope, values, 1, latent, rope);

            float[] y = attend(new LatentAttention(sizes, up, arena), work, query -> {
                float[] row = new float[0];
                for (int h = query * heads; h < (query + 1) * heads; h++) {
                    row = joined(row, joined(part(qNope, h, nope), part(qPe, h, rope)));
                }
                return row;
            }, token -> joined(part(kPe, token, rope), part(c, token, latent)));

            assertExpected(y, work);
        }
    }

    /**
     * Computes the last queries of a sequence. Tokens before them are appended only.
     *
     * @param query elements of a query in a row of projections
     * @param cached elements of a token that follow them, which go into the cache
     */
    private static float[] attend(
            PageAttention subject, Case work, IntFunction<float[]> query, IntFunction<float[]> cached) {
        int tokens = work.size("tokens");
        int first = tokens - work.queries();
        float[] y = new float[0];
        try (PagedCache cache = new PagedCache(subject.layout(), Format.F32, 1); Workers workers = new Workers(2)) {
            cache.reserve(0, tokens);
            AttentionAlgorithm algorithm = subject.newAlgorithm(cache, KernelChoice.kernels(), workers);
            AttentionPass pass =
                    new AttentionPass(PASS, subject.rowFloats(), subject.heads() * subject.valueDim(), 0);
            pass.setLayer(subject, 0);
            for (int at = 0; at < tokens; at += pass.rows) {
                pass.position = at;
                pass.rows = Math.min(PASS, (at < first ? first : tokens) - at);
                for (int row = 0; row < pass.rows; row++) {
                    float[] q = query.apply(Math.max(0, at + row - first));
                    float[] kv = cached.apply(at + row);
                    System.arraycopy(q, 0, pass.projections, pass.at(row), q.length);
                    System.arraycopy(kv, 0, pass.projections, pass.at(row) + q.length, kv.length);
                }
                algorithm.append(pass);
                if (at >= first) {
                    algorithm.attend(pass);
                    y = joined(y, part(pass.output, 0, pass.rows * pass.outputWidth()));
                }
            }
        }
        return y;
    }

    private static float[] part(float[] all, int index, int size) {
        float[] part = new float[size];
        System.arraycopy(all, index * size, part, 0, size);
        return part;
    }

    private static float[] joined(float[] a, float[] b) {
        float[] both = new float[a.length + b.length];
        System.arraycopy(a, 0, both, 0, a.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }
}
