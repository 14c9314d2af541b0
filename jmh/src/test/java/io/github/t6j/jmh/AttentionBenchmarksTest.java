package io.github.t6j.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.MaterializedHeads;
import io.github.t6j.attention.oracle.MaterializedAttention;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.jmh.DecodeAttentionBenchmark.Caches;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Workers;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Correctness of the attention benchmarks: each body runs once, at small sizes, against an oracle. */
class AttentionBenchmarksTest {

    private static Caches caches(String shape, String attention, int context, int batch) {
        return caches(shape, attention, context, batch, "f32");
    }

    private static Caches caches(String shape, String attention, int context, int batch, String cacheType) {
        Caches caches = new Caches();
        caches.shape = shape;
        caches.attention = attention;
        caches.context = context;
        caches.batch = batch;
        caches.cacheType = cacheType;
        caches.threads = 2;
        caches.residency = "cached";
        caches.kernels = "simd";
        caches.fill();
        return caches;
    }

    private static float[] step(Caches caches) {
        return new DecodeAttentionBenchmark().step(caches, rates(), new DecodeAttentionBenchmark.CacheSize());
    }

    private static Rates rates() {
        Rates rates = new Rates();
        rates.begin();
        return rates;
    }

    private static float[] attend(PagedCache cache, AttentionPass pass) {
        try (Workers workers = new Workers(1)) {
            new MaterializedAttention(cache, workers).attend(pass);
        }
        return pass.output;
    }

    /** Compares with the definition in float64, from the cache that the benchmark filled. */
    private static void assertAttends(float[] found, Caches caches, int query, PagedCache cache, int layer) {
        AttentionPass pass = AttentionPass.of(caches.subject, 1, 0);
        pass.rows = 1;
        pass.copyRows(caches.queries[query], 0);
        pass.setLayer(caches.subject, layer);
        pass.position = caches.context - 1;
        float[] expected = attend(cache, pass);
        assertThat(found).hasSize(caches.subject.heads() * caches.subject.valueDim());
        assertThat(found).usingComparatorWithPrecision(1e-5f).containsExactly(expected);
        assertThat(found).doesNotContain(Float.NaN);
    }

    /**
     * Elements per token: 2·h·d, 2·g·d or (1 + 1)(h + d) at equal heads, and the numbers for the paper's sizes. GTA
     * stores g·d and d/2, MFA two vectors of 2·d, GLA and MLRA the same as MLA, in parts. TPA with steps of 12 groups
     * stores 4 · (128 + 12) for keys, the same for values, and 3 numbers a group.
     */
    @ParameterizedTest
    @CsvSource({
        "paper, mha, 4096",
        "paper, gqa, 512",
        "paper, mqa, 128",
        "paper, mla, 288",
        "paper, tpa, 192",
        "paper, tpa_kvonly, 192",
        "paper-1024, mha, 2048",
        "paper-3072, mha, 6144",
        "paper-3072, tpa, 224",
        "d128, mha, 8192",
        "d128, tpa, 320",
        "paper, gta, 288",
        "paper, mfa, 256",
        "paper, gla, 288",
        "paper, mlra, 288",
        "mlra, tpa, 608",
        "mlra, mha, 6144",
        "mlra, gqa, 1536",
        "mlra, mqa, 256",
        "mlra, mla, 576",
        "mlra, gla, 576",
        "mlra, mlra, 576",
        "mlra, gta, 832",
        "mlra, mfa, 512",
        "small, mha, 1536",
        "small, gqa, 256",
        "small, mqa, 128",
        "small, mla, 288",
        "small, tpa, 392",
        "small, tpa_kvonly, 344",
        "medium, mha, 2048",
        "medium, tpa, 444",
        "large, gqa, 256",
        "large, tpa_kvonly, 404",
        "xl, mqa, 128",
        "xl, mla, 288",
        "xl, tpa, 568",
        "olala, tpa_steps, 1156"
    })
    void decodeStepsAttend(String shape, String attention, int elements) {
        Caches caches = caches(shape, attention, 70, 2);

        float[] last = step(caches);

        assertAttends(last, caches, 1, caches.caches[1], 0);
        DecodeAttentionBenchmark.CacheSize size = new DecodeAttentionBenchmark.CacheSize();
        size.measure(caches, 5);
        assertThat(size.cacheBytesPerToken()).isEqualTo(elements * 4 / 5.0);
        Rates rates = rates();
        rates.end();
        assertThat(rates.bytesPerSecond()).isZero();
        new DecodeAttentionBenchmark().step(caches, rates, size);
        rates.end();
        assertThat(rates.bytesPerSecond()).isPositive();
        assertThat(rates.flopsPerSecond()).isPositive();
        assertThat(caches.bytesPerStep()).isEqualTo(2 * 70 * elements * 4L);
        caches.close();
    }

    /** 32 heads of 64: T6 of ranks 1 has 192 elements and four scales, MHA 4096 and 64. */
    @ParameterizedTest
    @CsvSource({"tpa, f16, 384", "tpa, bf16, 384", "tpa, q8, 208", "mha, f16, 8192", "mha, bf16, 8192",
        "mha, q8, 4352", "mla, bf16, 576"})
    void decodeStepsReadEveryTypeOfCache(String attention, String type, int bytes) {
        Caches caches = caches("paper", attention, 70, 1, type);

        assertAttends(step(caches), caches, 0, caches.caches[0], 0);
        assertThat(caches.bytesPerStep()).isEqualTo(70L * bytes);
        caches.close();
    }

    /** These layers exceed the processor's caches: the next page is prefetched while one is computed. */
    @Test
    void decodeStepsPassOverAllLayersOneByOne() {
        int layers = 40;
        Caches caches = caches("small", "tpa", 300, 1);
        PagedCache deep = new PagedCache(caches.subject.layout(), Format.F32, layers);
        deep.fill(300, 1);
        caches.use(deep, layers);

        for (int step = 0; step <= layers; step++) {
            assertThat(caches.layer).isEqualTo(step % layers);
            assertAttends(step(caches), caches, 0, deep, step % layers);
        }

        caches.close();
    }

    /**
     * Computed by hand, two per multiply-add: MHA 2·h·d; TPA R_Q·d + h·R_Q + 2·h + h·d; KV-only h·d + 2·h + h·d; MLA
     * h·(288 + 256). GTA as MHA; MFA 2·h·2d; GLA uses one of two latents, h·(32 + 128 + 128); MLRA uses four of a
     * quarter, h·(32 + 256 + 256).
     */
    @ParameterizedTest
    @CsvSource({"mha, 8192", "gqa, 8192", "mqa, 8192", "tpa, 7296", "tpa_kvonly, 8320", "mla, 34816", "gta, 8192",
        "mfa, 16384", "gla, 18432", "mlra, 34816"})
    void operationsOfATokenAreThoseOfTheFormulas(String attention, long flops) {
        assertThat(AttentionShape.of("paper", attention).flopsPerToken()).isEqualTo(flops);
    }

    /** 12 keys and values, each from 8 factors; then 48 queries. */
    @Test
    void stepsRebuildKeysAndValues() {
        AttentionShape olala = AttentionShape.of("olala", "tpa_steps");
        assertThat(olala.flopsPerToken()).isEqualTo(2 * (2 * 12 * 8 * 128 + 2 * 48 * 128));
        assertThat(olala.flopsOfPrompt(300, 128)).isEqualTo(4 * (45150L * 48 * 128 + 684 * 12 * 8 * 128));
    }

    /**
     * 300 rows attend to 45150 tokens; MLA rebuilds 256·(64 + 64) elements of 128, 256 and 300 tokens, and multiplies
     * with 160. TPA rebuilds 32·64 elements of a value, KV-only also of a key; it scores with 16·64 + 32·17, KV-only
     * with 32·64. GLA rebuilds 128·(64 + 64) elements and multiplies with 160. MLRA's four latents of 64 are no larger
     * than a key and value, so it uses them unchanged, 17408 multiply-adds per pair, and each row absorbs 4·32·64·(64 +
     * 64).
     */
    @ParameterizedTest
    @CsvSource({"mha, 369868800", "mla, 1896787968", "tpa, 329326464", "tpa_kvonly, 375472128", "mfa, 739737600",
        "gla, 1179561984", "mlra, 2201088000"})
    void operationsOfAPromptAreThoseOfTheForm(String attention, long flops) {
        assertThat(AttentionShape.of("paper", attention).flopsOfPrompt(300, 128)).isEqualTo(flops);
    }

    @Tag("full")
    @ParameterizedTest
    @ValueSource(strings = {"mha", "mqa", "gqa", "mla", "tpa", "tpa_kvonly", "gla", "gta", "mfa", "mlra"})
    void prefillAttends(String attention) {
        PrefillAttentionBenchmark benchmark = new PrefillAttentionBenchmark();
        benchmark.attention = attention;
        benchmark.shape = "paper-1024";
        benchmark.tokens = 150;
        benchmark.cacheType = "f32";
        benchmark.threads = 2;
        benchmark.kernels = "simd";
        benchmark.fill();

        float[] last = benchmark.lastRows(benchmark.prompt(rates()));

        int stride = benchmark.subject.rowFloats();
        int outputs = benchmark.subject.heads() * benchmark.subject.valueDim();
        AttentionPass pass = new AttentionPass(22, stride, outputs, 0);
        System.arraycopy(benchmark.projections, 128 * stride, pass.projections, 0, 22 * stride);
        pass.setLayer(benchmark.subject, 0);
        pass.rows = 22;
        pass.position = 128;
        float[] expected = attend(benchmark.cache, pass);
        assertThat(last).usingComparatorWithPrecision(2e-5f).containsExactly(expected);
        benchmark.close();
    }

    /** The first pass is compared with the oracle, the second with the prompt's. */
    @Test
    void promptsHashTheRowsOfAllPasses() {
        PrefillAttentionBenchmark benchmark = new PrefillAttentionBenchmark();
        benchmark.attention = "gqa";
        benchmark.shape = "small";
        benchmark.tokens = 150;
        benchmark.cacheType = "f32";
        benchmark.threads = 1;
        benchmark.kernels = "simd";
        benchmark.fill();

        float[][] found = benchmark.outputs();

        int outputs = benchmark.subject.heads() * benchmark.subject.valueDim();
        AttentionPass pass = AttentionPass.of(benchmark.subject, 128, 0);
        System.arraycopy(benchmark.projections, 0, pass.projections, 0, 128 * benchmark.subject.rowFloats());
        pass.setLayer(benchmark.subject, 0);
        pass.rows = 128;
        assertThat(found[0]).hasSize(128 * outputs).usingComparatorWithPrecision(2e-5f)
                .containsExactly(attend(benchmark.cache, pass));
        assertThat(found[1]).hasSize(22 * outputs).isEqualTo(benchmark.lastRows(benchmark.prompt()));
        benchmark.close();
    }

    @ParameterizedTest
    @CsvSource({"factored, 1", "materialised, 1", "materialised, 3", "mha, 1", "mha, 3"})
    void projectionsComputeTheInputsOfAttention(String form, int rows) {
        ProjectionBenchmark benchmark = new ProjectionBenchmark();
        benchmark.form = form;
        benchmark.shape = "small";
        benchmark.rows = rows;
        benchmark.threads = 2;
        benchmark.residency = "cached";
        benchmark.kernels = "simd";
        benchmark.fill();

        float[] found = benchmark.project(rates());

        int width = 768;
        float[] weights = benchmark.weights.toFloats();
        int outputs = benchmark.attention.projections();
        AttentionPass pass = AttentionPass.of(benchmark.attention, 1, benchmark.rope.pairs());
        float[] row = pass.projections;
        for (int output = 0; output < outputs; output++) {
            double sum = 0;
            for (int k = 0; k < width; k++) {
                sum += (double) benchmark.x[(rows - 1) * width + k] * weights[output * width + k];
            }
            row[output] = (float) sum;
        }
        benchmark.rope.table(rows - 1, pass.cos, pass.sin, 0);
        benchmark.attention.rotateAndActivate(benchmark.rope, pass, 0);
        int at = benchmark.pass.at(rows - 1);
        assertThat(Arrays.copyOfRange(found, at, at + outputs)).usingComparatorWithPrecision(1e-4f)
                .containsExactly(Arrays.copyOf(row, outputs));
        assertThat(benchmark.heads.length).isEqualTo(form.equals("materialised") ? 3 * rows * 34 : 0);
        assertThat(benchmark.outputs()[0])
                .isSameAs(form.equals("materialised") ? benchmark.heads[0] : benchmark.pass.projections);
        if (benchmark.heads.length > 0) {
            assertRebuilt(benchmark, row, 3 * ((rows - 1) * 34 + 5));
        }
        benchmark.close();
    }

    /** Compares head 5's query with the oracle, and its key and value through a cache. */
    private static void assertRebuilt(ProjectionBenchmark benchmark, float[] row, int at) {
        double[] q = new double[64];
        double[] k = new double[64];
        double[] v = new double[64];
        MaterializedHeads heads = benchmark.attention.materialized();
        heads.materializeQuery(row, 0, 5, q);
        try (PagedCache cache = new PagedCache(heads.layout(), Format.F32, 1)) {
            cache.reserve(0, 1);
            heads.append(row, 0, cache.page(0, 0), 0);
            heads.materializeKey(cache.page(0, 0), 0, 0, 5, k);
            heads.materializeValue(cache.page(0, 0), 0, 0, 5, v);
        }
        double[][] expected = {q, k, v};
        for (int i = 0; i < 3; i++) {
            for (int d = 0; d < 64; d++) {
                assertThat((double) benchmark.heads[at + i][d]).isCloseTo(expected[i][d], within(1e-3));
            }
        }
    }

    /** A token of MHA is its unchanged keys and values. */
    @Test
    void appendingKeepsTheToken() {
        CacheAppendBenchmark benchmark = new CacheAppendBenchmark();
        benchmark.attention = "mha";
        benchmark.shape = "small";
        benchmark.context = 2;
        benchmark.cacheType = "f32";
        benchmark.fill();
        long hash = Outputs.hash();

        benchmark.append(rates());
        PagedCache cache = benchmark.append(rates());
        benchmark.append(rates()); // begins again at the first token

        double[] k = new double[64];
        double[] v = new double[64];
        int keys = 12 * 64;
        assertThat(hash)
                .isEqualTo(OutputsTest.crc(Arrays.copyOfRange(benchmark.pass.projections, keys, 3 * keys)));
        for (int token = 0; token < 2; token++) {
            benchmark.subject.materialized().materializeKey(cache.page(0, 0), token, token, 11, k);
            benchmark.subject.materialized().materializeValue(cache.page(0, 0), token, token, 11, v);
            for (int d = 0; d < 64; d++) {
                assertThat(k[d]).isEqualTo(benchmark.pass.projections[keys + 11 * 64 + d]);
                assertThat(v[d]).isEqualTo(benchmark.pass.projections[2 * keys + 11 * 64 + d]);
            }
        }
        benchmark.close();
    }

    @Test
    void unknownAttentionsAreRejected() {
        assertThatIllegalArgumentException().isThrownBy(() -> caches("paper", "mla2", 1, 1)).withMessage(
                "attention: expected mha, mqa, gqa, mla, tpa, tpa_kvonly, gla, gta, mfa or mlra, found mla2");
        assertThatIllegalArgumentException().isThrownBy(() -> caches("small", "gta", 1, 1)).withMessage(
                "attention: expected mha, mqa, gqa, mla, tpa or tpa_kvonly at equal parameters, found gta");
        assertThatIllegalArgumentException().isThrownBy(() -> caches("mlra", "tpa_kvonly", 1, 1)).withMessage(
                "attention: expected mha, mqa, gqa, mla, tpa, gla, gta, mfa or mlra of shape mlra, found tpa_kvonly");
        assertThatIllegalArgumentException().isThrownBy(() -> caches("olala", "tpa", 1, 1))
                .withMessage("attention: expected tpa_steps of shape olala, found tpa");
        assertThatIllegalArgumentException().isThrownBy(() -> caches("paper", "mha", 1, 1, "q4"))
                .withMessage("cacheType: expected f32, f16, bf16 or q8, found q4");
        assertThatIllegalArgumentException().isThrownBy(() -> caches("huge", "mha", 1, 1))
                .withMessageContaining("shape: expected paper, ").withMessageContaining("found huge");
    }
}
