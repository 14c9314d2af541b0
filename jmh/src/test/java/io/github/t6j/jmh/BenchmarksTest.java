package io.github.t6j.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.data.Index.atIndex;

import io.github.t6j.ModelInfo;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.MaterializedAttention;
import io.github.t6j.attention.MaterializedHeads;
import io.github.t6j.attention.Rope;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.jmh.DecodeAttentionBenchmark.Caches;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.KernelChoice;
import io.github.t6j.kernels.Workers;
import io.github.t6j.model.Sequence;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jmh.annotations.Fork;

/** What benchmarks measure is right: each body runs once, on small sizes, against an oracle. */
class BenchmarksTest {

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
        try (Workers one = new Workers(1)) {
            new MaterializedAttention(cache, one).attend(pass);
        }
        return pass.output;
    }

    /** In float64, by definition, from the cache that the benchmark filled. */
    private static void assertAttends(float[] found, Caches caches, int query, PagedCache cache, int layer) {
        AttentionPass pass = AttentionPass.of(caches.subject, 1, 0);
        pass.rows = 1;
        pass.copyRows(caches.queries[query], 0);
        pass.begin(caches.subject, layer);
        pass.position = caches.context - 1;
        float[] expected = attend(cache, pass);
        assertThat(found).hasSize(caches.subject.heads() * caches.subject.valueDim());
        assertThat(found).usingComparatorWithPrecision(1e-5f).containsExactly(expected);
        assertThat(found).doesNotContain(Float.NaN);
    }

    /** Elements a token: 2·h·d, 2·g·d or (1 + 1)(h + d) at equal heads, and those of the paper's sizes. */
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
        "xl, tpa, 568"
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

    /** So many layers are more than a processor's caches hold: the next page is touched while one is computed. */
    @Test
    void decodeStepsPassOverAllLayersInTurn() {
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

    /** By hand, two a multiply-add: MHA 2·h·d; TPA R_Q·d + h·R_Q + 2·h + h·d; KV-only h·d + 2·h + h·d; MLA h·(288 + 256). */
    @ParameterizedTest
    @CsvSource({"mha, 8192", "gqa, 8192", "mqa, 8192", "tpa, 7296", "tpa_kvonly, 8320", "mla, 34816"})
    void operationsOfATokenAreThoseOfTheFormulas(String attention, long flops) {
        assertThat(AttentionShape.of("paper", attention).flopsPerToken()).isEqualTo(flops);
    }

    /**
     * 300 rows meet 45150 tokens; MLA rebuilds 256·(64 + 64) elements of 128, 256 and 300 tokens, and multiplies with 160.
     * TPA rebuilds 32·64 elements of a value, KV-only of a key, too; it scores with 16·64 + 32·17, KV-only with 32·64.
     */
    @ParameterizedTest
    @CsvSource({"mha, 369868800", "mla, 1896787968", "tpa, 329326464", "tpa_kvonly, 375472128"})
    void operationsOfAPromptAreThoseOfTheForm(String attention, long flops) {
        assertThat(AttentionShape.of("paper", attention).flopsOfPrompt(300, 128)).isEqualTo(flops);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mha", "mqa", "gqa", "mla", "tpa", "tpa_kvonly"})
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
        AttentionPass pass = new AttentionPass(22, stride, 16 * 64, 0);
        System.arraycopy(benchmark.projections, 128 * stride, pass.projections, 0, 22 * stride);
        pass.begin(benchmark.subject, 0);
        pass.rows = 22;
        pass.position = 128;
        float[] expected = attend(benchmark.cache, pass);
        assertThat(last).usingComparatorWithPrecision(2e-5f).containsExactly(expected);
        benchmark.close();
    }

    @ParameterizedTest
    @CsvSource({"factored, 1", "materialised, 1", "materialised, 3", "mha, 1", "mha, 3"})
    void projectionsMakeWhatAttentionStartsWith(String form, int rows) {
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
        if (benchmark.heads.length > 0) {
            assertRebuilt(benchmark, row, 3 * ((rows - 1) * 34 + 5));
        }
        benchmark.close();
    }

    /** Head 5's query by the oracle; its key and value through a cache. */
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

    /** A token of MHA is its keys and values as they are. */
    @Test
    void appendingKeepsTheToken() {
        CacheAppendBenchmark benchmark = new CacheAppendBenchmark();
        benchmark.attention = "mha";
        benchmark.shape = "small";
        benchmark.context = 2;
        benchmark.cacheType = "f32";
        benchmark.fill();

        benchmark.append(rates());
        PagedCache cache = benchmark.append(rates());
        benchmark.append(rates()); // begins again

        double[] k = new double[64];
        double[] v = new double[64];
        int keys = 12 * 64;
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
    void elementWiseKernelsComputeTheirFormulas() {
        ElementWiseBenchmark benchmark = new ElementWiseBenchmark();
        benchmark.width = 128;
        benchmark.kernels = "simd";
        benchmark.fill();
        float[] x = benchmark.x.clone();
        Rope rope = new Rope(64, 0f);
        float[] cos = new float[32];
        float[] sin = new float[32];
        rope.table(1000, cos, sin, 0);
        double squares = 0;
        for (int i = 0; i < 128; i++) {
            squares += x[i] * x[i];
        }

        float[] normed = benchmark.rmsNorm().clone();
        float[] gated = benchmark.swiGlu().clone();
        float[] weights = benchmark.softmax().clone();
        float[] rotated = benchmark.rope();

        for (int i = 0; i < 128; i++) {
            assertThat((double) normed[i]).isCloseTo(x[i] / Math.sqrt(squares / 128), within(1e-5));
            assertThat((double) gated[i]).isCloseTo(x[i] / (1 + Math.exp(-x[i])) * x[128 + i], within(1e-5));
            assertThat((double) weights[i]).isCloseTo(Math.pow(2, x[i] - 1), within(1e-5));
        }
        assertThat(benchmark.sum[0] + benchmark.sum[16]).isCloseTo(weights[0] + weights[16] + weights[32] + weights[48]
                + weights[64] + weights[80] + weights[96] + weights[112], within(1e-4f));
        for (int i = 0; i < 32; i++) {
            assertThat(rotated[64 + i]).isCloseTo(x[64 + i] * cos[i] + x[96 + i] * sin[i], within(1e-6f));
            assertThat(rotated[96 + i]).isCloseTo(x[96 + i] * cos[i] - x[64 + i] * sin[i], within(1e-6f));
        }
    }

    @ParameterizedTest
    @CsvSource({"greedy, 1", "default, 40", "all, 50257"})
    void samplersChooseAmongTheLikeliest(String sampling, int among) {
        SamplerBenchmark benchmark = new SamplerBenchmark();
        benchmark.sampling = sampling;
        benchmark.fill();

        int id = benchmark.sample();

        long likelier = IntStream.range(0, 50257).filter(i -> benchmark.logits[i] > benchmark.logits[id]).count();
        assertThat(likelier).isLessThan(among);
    }

    private static final RandomModel SMALLEST =
            new RandomModel(2, 100, new AttentionShape("tpa", 24, 3, 8, 0, 3, 2));

    private static ModelBenchmark.Loaded loaded(RandomModel model, String type) {
        ModelBenchmark.Loaded loaded = new ModelBenchmark.Loaded();
        loaded.model = "";
        loaded.type = type;
        loaded.cacheType = "f32";
        loaded.threads = 2;
        loaded.load(model);
        return loaded;
    }

    /** Against the float64 oracle of attention, the cache fed in one piece and token by token. */
    @ParameterizedTest
    @CsvSource({"f32, tpa", "bf16, tpa", "f32, gqa"})
    void modelsPrefillAndDecode(String type, String attention) {
        RandomModel model = attention.equals("tpa")
                ? SMALLEST
                : new RandomModel(2, 100, new AttentionShape("gqa", 24, 4, 8, 2, 0, 0));
        ModelBenchmark.Loaded loaded = loaded(model, type);
        ModelBenchmark.Prompt prompt = new ModelBenchmark.Prompt();
        prompt.tokens = 130;
        prompt.make(loaded);
        ModelBenchmark.Past past = new ModelBenchmark.Past();
        past.depth = 129;
        ModelBenchmark.Fed fed = new ModelBenchmark.Fed();
        fed.begin();
        ModelBenchmark benchmark = new ModelBenchmark();

        float[] prefilled = Arrays.copyOf(benchmark.prefill(loaded, prompt, rates(), fed), 100);
        fed.end();
        assertThat(fed.tokensPerSecond()).isPositive();
        loaded.sequence.truncate(0);
        past.feed(loaded);
        benchmark.decode(loaded, past, rates(), fed);
        float[] decoded = Arrays.copyOf(benchmark.decode(loaded, past, rates(), fed), 100);

        float[] expected;
        try (Sequence oracle = loaded.transformer.newSequence(Format.F32, true)) {
            for (int id : loaded.ids(130)) {
                oracle.forward(new int[] {id}, 0, 1, () -> false);
            }
            expected = Arrays.copyOf(oracle.logits(0, 1), 100);
        }
        assertThat(prefilled).usingComparatorWithPrecision(1e-5f).containsExactly(expected);
        assertThat(decoded).containsExactly(prefilled);
        loaded.close();
    }

    /** Table 9 gives 124 M, whatever the attention. */
    @ParameterizedTest
    @ValueSource(strings = {"t6-small", "t6-kvonly-small", "mha-small", "mqa-small", "gqa-small"})
    void randomModelsHaveThePapersSize(String name) {
        assertThat(RandomModel.of(name).matrixWeights()).isBetween(123_000_000L, 125_500_000L);
    }

    @Test
    void enoughCopiesAreNotCached() {
        assertThat(BenchmarkSupport.copies("memory", 100 << 20)).isEqualTo(4);
        assertThat(BenchmarkSupport.copies("memory", (100 << 20) - 1)).isEqualTo(5);
        assertThat(BenchmarkSupport.copies("memory", 1L << 40)).isEqualTo(1);
        assertThat(BenchmarkSupport.copies("cached", 1)).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"f32, 1", "f32, 5", "bf16, 1", "bf16, 5"})
    void productsMultiply(String type, int rows) {
        Matrices matrices = new Matrices();
        matrices.shape = "70x33";
        matrices.type = type;
        matrices.threads = 2;
        matrices.residency = "cached";
        matrices.kernels = "simd";
        matrices.fill();
        Matrices.Traffic traffic = new Matrices.Traffic();

        float[] y = rows == 1 ? vector(matrices, traffic) : matrix(matrices, rows, traffic);

        float[] weights = matrices.weights.toFloats();
        for (int r = 0; r < rows; r++) {
            for (int output = 0; output < 70; output++) {
                double sum = 0;
                for (int k = 0; k < 33; k++) {
                    sum += (double) matrices.x[r * 33 + k] * weights[output * 33 + k];
                }
                assertThat((double) y[r * matrices.stride() + output]).isCloseTo(sum, within(1e-5));
            }
        }
        assertThat(traffic.flops).isEqualTo(2L * rows * 70 * 33);
        assertThat(traffic.bytes).isEqualTo(128 * 33 * (type.equals("f32") ? 4L : 2L)); // whole panels
        matrices.close();
    }

    private static float[] vector(Matrices matrices, Matrices.Traffic traffic) {
        MatrixVectorBenchmark benchmark = new MatrixVectorBenchmark();
        matrices.rows(1);
        return benchmark.multiply(matrices, traffic);
    }

    private static float[] matrix(Matrices matrices, int rows, Matrices.Traffic traffic) {
        MatrixMatrixBenchmark benchmark = new MatrixMatrixBenchmark();
        benchmark.rows = rows;
        matrices.rows(rows);
        return benchmark.multiply(matrices, traffic);
    }

    @Test
    void bothTokenizersGiveTheSameIds() throws IOException {
        TokenizerBenchmark benchmark = new TokenizerBenchmark();
        benchmark.read();
        TokenizerBenchmark.Encoded encoded = new TokenizerBenchmark.Encoded();

        int[] ids = benchmark.t6j(encoded);

        assertThat(ids).isEqualTo(benchmark.jtokkit(new TokenizerBenchmark.Encoded()));
        assertThat(encoded.tokens).isEqualTo(ids.length);
        assertThat(encoded.bytes).isEqualTo(Files.size(BenchmarkSupport.testData("text/test.txt")));
    }

    @ParameterizedTest
    @CsvSource({"copy", "mmap"})
    void loadOpensTheModel(String load) {
        LoadBenchmark benchmark = new LoadBenchmark();
        benchmark.model = "";
        benchmark.load = load;
        benchmark.find();

        ModelInfo info = benchmark.open();

        assertThat(info.attention().name()).isEqualTo("T6");
        assertThat(info.sizes().parameters()).isEqualTo(3_311_616);
    }

    @Test
    void peaksComputeWhatTheyCount() {
        PeakBenchmark.Data data = new PeakBenchmark.Data();
        data.kilobytes = 256;
        data.fill();
        PeakBenchmark.Traffic traffic = new PeakBenchmark.Traffic();
        PeakBenchmark.Work work = new PeakBenchmark.Work();
        PeakBenchmark peak = new PeakBenchmark();

        float[] sums = peak.read(data, traffic);
        float[] chains = peak.multiplyAdd(work).toArray();

        double sum = 0;
        for (float lane : sums) {
            sum += lane;
        }
        assertThat(sum).isCloseTo(65536 * 1e-3, within(1e-2));
        assertThat(traffic.bytes).isEqualTo(256 * 1024);
        // x ← 0.999·x + 0.001 ends at 1, up to the rounding of 0.999 and 0.001
        assertThat(chains).usingComparatorWithPrecision(1e-2f).containsOnly(10f);
        assertThat(work.flops).isEqualTo(2L * 10 * 100_000 * chains.length);
    }

    @Test
    void aRegionDoesOneItemAThread() {
        HandOverBenchmark benchmark = new HandOverBenchmark();
        benchmark.threads = 3;
        benchmark.spin = 1;
        benchmark.start();
        benchmark.region();
        benchmark.region();
        benchmark.end();

        assertThat(benchmark.done).hasSize(64 * 16).contains(2, atIndex(0)).contains(2, atIndex(16))
                .contains(2, atIndex(32)).contains(0, atIndex(48));
    }

    @Test
    void theScalarTwinIsMeasuredOnlyWhenAsked() {
        assertThat(BenchmarkSupport.kernels("simd").description()).startsWith("SIMD");
        assertThat(BenchmarkSupport.kernels("scalar")).isSameAs(KernelChoice.scalar());
    }

    /** JMH's own command line in a process of its own, without the vector module; what it printed, then its exit code. */
    private static String jmh(String... args) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Djmh.ignoreLock=true", "-cp",
                System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(args));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return printed + "\nexit code " + process.waitFor();
    }

    /** Without the vector module there is no number, and the exit code says so. */
    @Test
    void aRunWithoutVectorsFails() throws Exception {
        assertThat(jmh("MatrixVector", "-f", "0", "-wi", "0", "-i", "1", "-r", "1ms", "-p", "shape=8x8", "-p",
                "type=f32", "-p", "residency=cached")).contains("expected SIMD, found the scalar twin")
                .contains("0 measured, 0 skipped, 1 failed").endsWith("exit code 1");
    }

    /** 2^30 tokens of MHA take 17 TB: the other combination is measured, and that is no failure. */
    @Test
    void whatDoesNotFitIsSkipped() throws Exception {
        assertThat(jmh("DecodeAttention", "-f", "1", "-wi", "0", "-i", "1", "-r", "1ms", "-p", "context=1073741824,64",
                "-p", "attention=mha", "-p", "residency=cached")).contains("more than half of this machine's")
                .contains("1 measured, 1 skipped, 0 failed").endsWith("exit code 0");
    }

    @Test
    void everyBenchmarkOfKernelsForksWithVectors() {
        assertThat(Stream.of(DecodeAttentionBenchmark.class, PrefillAttentionBenchmark.class, ProjectionBenchmark.class,
                CacheAppendBenchmark.class, ElementWiseBenchmark.class, ModelBenchmark.class, SamplerBenchmark.class,
                MatrixVectorBenchmark.class, MatrixMatrixBenchmark.class, LoadBenchmark.class, PeakBenchmark.class))
                .allSatisfy(benchmark -> assertThat(benchmark.getAnnotation(Fork.class).jvmArgsPrepend())
                        .containsExactly(BenchmarkSupport.VECTORS, BenchmarkSupport.HUGE_PAGES));
    }

    @Test
    void saysWhatAParameterMayBe() {
        assertThatIllegalArgumentException().isThrownBy(() -> caches("paper", "mla2", 1, 1))
                .withMessage("attention: expected mha, mqa, gqa, mla, tpa or tpa_kvonly, found mla2");
        assertThatIllegalArgumentException().isThrownBy(() -> caches("paper", "mha", 1, 1, "q4"))
                .withMessage("cacheType: expected f32, f16, bf16 or q8, found q4");
        assertThatIllegalArgumentException().isThrownBy(() -> caches("huge", "mha", 1, 1))
                .withMessageContaining("shape: expected paper, ").withMessageContaining("found huge");
        assertThatIllegalArgumentException().isThrownBy(() -> BenchmarkSupport.copies("l2", 1))
                .withMessage("residency: expected memory or cached, found l2");
        assertThatIllegalArgumentException().isThrownBy(() -> BenchmarkSupport.kernels("gpu"))
                .withMessage("kernels: expected simd or scalar, found gpu");
        assertThatIllegalStateException().isThrownBy(() -> BenchmarkSupport.testData("nothing"))
                .withMessageContaining("run in the project's folder");
    }
}
