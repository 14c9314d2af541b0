package io.github.t6j.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.data.Index.atIndex;

import io.github.t6j.ModelInfo;
import io.github.t6j.attention.MaterializedAttention;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.jmh.DecodeAttentionBenchmark.Caches;
import io.github.t6j.kernels.KernelChoice;
import io.github.t6j.kernels.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
        DecodeAttentionBenchmark.Traffic traffic = new DecodeAttentionBenchmark.Traffic();
        traffic.begin(caches, 1);
        return new DecodeAttentionBenchmark().step(caches, traffic);
    }

    /** In float64, by definition, from the cache that the benchmark filled. */
    private static void assertAttends(float[] found, Caches caches, int query, PagedCache cache) {
        float[] expected = new float[found.length];
        try (Workers one = new Workers(1)) {
            new MaterializedAttention(cache, false, one).attendCached(
                    caches.variant, caches.queries[query], 1, 0, 0, caches.context - 1, expected);
        }
        assertThat(found).hasSize(caches.variant.heads() * caches.variant.headDim());
        assertThat(found).usingComparatorWithPrecision(1e-5f).containsExactly(expected);
        assertThat(found).doesNotContain(Float.NaN);
    }

    /** Numbers a token: 2·h·d, 2·g·d or (1 + 1)(h + d) at equal heads, and those of the paper's sizes. */
    @ParameterizedTest
    @CsvSource({
        "paper, mha, 4096",
        "paper, gqa, 512",
        "paper, mqa, 128",
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
        "small, tpa, 392",
        "small, tpa_kvonly, 344",
        "medium, mha, 2048",
        "medium, tpa, 444",
        "large, gqa, 256",
        "large, tpa_kvonly, 404",
        "xl, mqa, 128",
        "xl, tpa, 568"
    })
    void decodeStepsAttend(String shape, String attention, int numbers) {
        Caches caches = caches(shape, attention, 70, 2);

        float[] last = step(caches);

        assertAttends(last, caches, 1, caches.caches[1]);
        DecodeAttentionBenchmark.Traffic traffic = new DecodeAttentionBenchmark.Traffic();
        traffic.begin(caches, 5);
        assertThat(traffic.cacheBytesPerToken()).isEqualTo(numbers * 4 / 5.0);
        assertThat(traffic.bytesPerSecond()).isZero();
        new DecodeAttentionBenchmark().step(caches, traffic);
        assertThat(traffic.bytesPerSecond()).isPositive();
        assertThat(caches.bytesPerStep()).isEqualTo(2 * 70 * numbers * 4L);
        caches.close();
    }

    /** 32 heads of 64: T6 of ranks 1 has 192 numbers and four scales, MHA 4096 and 64. */
    @ParameterizedTest
    @CsvSource({"tpa, f16, 384", "tpa, bf16, 384", "tpa, q8, 208", "mha, f16, 8192", "mha, bf16, 8192",
        "mha, q8, 4352"})
    void decodeStepsReadEveryTypeOfCache(String attention, String type, int bytes) {
        Caches caches = caches("paper", attention, 70, 1, type);

        assertAttends(step(caches), caches, 0, caches.caches[0]);
        assertThat(caches.bytesPerStep()).isEqualTo(70L * bytes);
        caches.close();
    }

    @Test
    void decodeStepsPassOverAllCachesInTurn() {
        Caches caches = caches("small", "tpa", 300, 1);
        Caches seconds = caches("small", "tpa", 300, 2); // its second cache begins with another row
        PagedCache first = caches.caches[0];
        PagedCache second = seconds.caches[1];
        caches.caches = new PagedCache[] {first, second};

        for (PagedCache expected : new PagedCache[] {first, second, first}) {
            assertAttends(step(caches), caches, 0, expected);
        }

        caches.caches = new PagedCache[] {first};
        caches.close();
        seconds.close();
    }

    @Test
    void enoughCopiesAreNotCached() {
        assertThat(Setting.copies("memory", 100 << 20)).isEqualTo(4);
        assertThat(Setting.copies("memory", (100 << 20) - 1)).isEqualTo(5);
        assertThat(Setting.copies("memory", 1L << 40)).isEqualTo(1);
        assertThat(Setting.copies("cached", 1)).isEqualTo(1);
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
        benchmark.fill(matrices);
        return benchmark.multiply(matrices, traffic);
    }

    private static float[] matrix(Matrices matrices, int rows, Matrices.Traffic traffic) {
        MatrixMatrixBenchmark benchmark = new MatrixMatrixBenchmark();
        benchmark.rows = rows;
        benchmark.fill(matrices);
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
        assertThat(encoded.bytes).isEqualTo(Files.size(Setting.testData("text/test.txt")));
    }

    @ParameterizedTest
    @CsvSource({"copy", "mmap"})
    void loadOpensTheModel(String load) {
        LoadBenchmark benchmark = new LoadBenchmark();
        benchmark.model = "";
        benchmark.load = load;
        benchmark.find();

        ModelInfo info = benchmark.open();

        assertThat(info.variant()).isEqualTo("T6");
        assertThat(info.parameters()).isEqualTo(3_311_616);
    }

    @Test
    void peaksComputeWhatTheyCount() {
        PeakBenchmark.Data data = new PeakBenchmark.Data();
        data.kilobytes = 256;
        data.fill();
        PeakBenchmark.Traffic traffic = new PeakBenchmark.Traffic();
        PeakBenchmark.Work work = new PeakBenchmark.Work();
        PeakBenchmark peak = new PeakBenchmark();

        float[] sums = peak.read(data, traffic).toArray();
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
        assertThat(Setting.kernels("simd").description()).startsWith("SIMD");
        assertThat(Setting.kernels("scalar")).isSameAs(KernelChoice.scalar());
    }

    /** As a process: without the vector module there is no number, and the exit code says so. */
    @Test
    void aRunWithoutVectorsFails() throws Exception {
        Process process = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Djmh.ignoreLock=true", "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(), "MatrixVector", "-f", "0", "-wi", "0", "-i", "1", "-r", "1ms", "-p",
                "shape=8x8", "-p", "type=f32", "-p", "residency=cached").redirectErrorStream(true).start();
        String printed = new String(process.getInputStream().readAllBytes());

        assertThat(process.waitFor()).as(printed).isNotZero();
        assertThat(printed).contains("expected SIMD, found the scalar twin");
    }

    @Test
    void everyBenchmarkOfKernelsForksWithVectors() {
        assertThat(Stream.of(DecodeAttentionBenchmark.class, MatrixVectorBenchmark.class, MatrixMatrixBenchmark.class,
                LoadBenchmark.class, PeakBenchmark.class))
                .allSatisfy(benchmark -> assertThat(benchmark.getAnnotation(Fork.class).jvmArgsPrepend())
                        .containsExactly(Setting.VECTORS));
    }

    @Test
    void saysWhatAParameterMayBe() {
        assertThatIllegalArgumentException().isThrownBy(() -> caches("paper", "mla2", 1, 1))
                .withMessage("attention: expected mha, mqa, gqa, tpa or tpa_kvonly, found mla2");
        assertThatIllegalArgumentException().isThrownBy(() -> caches("paper", "mha", 1, 1, "q4"))
                .withMessage("cacheType: expected f32, f16, bf16 or q8, found q4");
        assertThatIllegalArgumentException().isThrownBy(() -> caches("huge", "mha", 1, 1))
                .withMessageContaining("shape: expected paper, ").withMessageContaining("found huge");
        assertThatIllegalArgumentException().isThrownBy(() -> Setting.copies("l2", 1))
                .withMessage("residency: expected memory or cached, found l2");
        assertThatIllegalArgumentException().isThrownBy(() -> Setting.kernels("gpu"))
                .withMessage("kernels: expected simd or scalar, found gpu");
        assertThatIllegalStateException().isThrownBy(() -> Setting.testData("nothing"))
                .withMessageContaining("run in the project's folder");
    }
}
