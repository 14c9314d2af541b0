package io.github.t6j.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.data.Index.atIndex;

import io.github.t6j.ModelInfo;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.attention.mamba.MambaConfig;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jmh.annotations.Fork;

/**
 * Correctness of the benchmarks: each body runs once, at small sizes, against an oracle; for attention see {@link
 * AttentionBenchmarksTest}.
 */
class BenchmarksTest {

    private static Rates rates() {
        Rates rates = new Rates();
        rates.begin();
        return rates;
    }

    @Test
    void elementWiseKernelsComputeTheirFormulas() {
        ElementWiseBenchmark benchmark = new ElementWiseBenchmark();
        benchmark.width = 128;
        benchmark.kernels = "simd";
        benchmark.fill();
        long hash = Outputs.hash();
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
        assertThat(hash).isEqualTo(OutputsTest.crc(normed, gated, weights, benchmark.sum, rotated));
    }

    /** Compares with the mixer's definition in float64, after the same tokens. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void mambaMixesItsRows(int rows) {
        MambaBenchmark benchmark = new MambaBenchmark();
        benchmark.config = new MambaConfig(3, 10, 12, 2, 1e-6f);
        benchmark.rows = rows;
        benchmark.residency = "cached";
        benchmark.threads = 2;
        benchmark.kernels = "simd";
        benchmark.fill();
        float[][] hashed = benchmark.outputs();
        benchmark.step(rates());
        float[] found = benchmark.step(rates()).clone();

        try (Workers workers = new Workers(1);
                SequenceCache cache = benchmark.mixer.newOracleCache(Format.F32, new int[1])) {
            AttentionAlgorithm oracle = benchmark.mixer.newOracle(workers);
            oracle.bind(cache);
            for (int pass = 0; pass < 2; pass++) {
                System.arraycopy(benchmark.projections, 0, benchmark.pass.projections, 0, benchmark.projections.length);
                cache.reserve(pass * rows, (pass + 1) * rows);
                oracle.attend(benchmark.pass);
                cache.commit();
            }
        }
        assertThat(hashed).hasDimensions(2, rows * 30);
        assertThat(hashed[1]).isNotEqualTo(hashed[0]); // of the states that the first pass wrote
        assertThat(found).hasSize(rows * 30).isNotEqualTo(new float[rows * 30]);
        for (int i = 0; i < found.length; i++) {
            assertThat(found[i]).isCloseTo(benchmark.pass.output[i], within(1e-4f));
        }
        benchmark.close();
    }

    @ParameterizedTest
    @CsvSource({"greedy, 1", "default, 40", "all, 50257"})
    void samplersChooseAmongTheMostLikely(String sampling, int among) {
        SamplerBenchmark benchmark = new SamplerBenchmark();
        benchmark.sampling = sampling;
        benchmark.fill();

        int id = benchmark.sample();

        long likelier = IntStream.range(0, 50257).filter(i -> benchmark.logits[i] > benchmark.logits[id]).count();
        assertThat(likelier).isLessThan(among);
    }

    private static final RandomModel SMALLEST =
            new RandomModel(2, 100, new AttentionShape("tpa", 24, new TpaConfig(3, 8, 8, 3, 2, 2)));

    private static ModelBenchmark.Loaded loaded(RandomModel model, String type) {
        ModelBenchmark.Loaded loaded = new ModelBenchmark.Loaded();
        loaded.model = "";
        loaded.type = type;
        loaded.cacheType = "f32";
        loaded.threads = 2;
        loaded.load(model);
        return loaded;
    }

    /** Compares with the float64 oracle of attention, with the cache fed in one piece and token by token. */
    @ParameterizedTest
    @CsvSource({"f32, tpa", "bf16, tpa", "f32, gqa"})
    void modelsPrefillAndDecode(String type, String attention) {
        RandomModel model = attention.equals("tpa")
                ? SMALLEST
                : new RandomModel(2, 100, new AttentionShape("gqa", 24, new GroupedQueryConfig(4, 8, 2)));
        ModelBenchmark.Loaded loaded = loaded(model, type);
        ModelBenchmark.Prompt prompt = new ModelBenchmark.Prompt();
        prompt.tokens = 130;
        prompt.make(loaded);
        ModelBenchmark.Context context = new ModelBenchmark.Context();
        context.depth = 129;
        ModelBenchmark.TokenRate rate = new ModelBenchmark.TokenRate();
        rate.begin();
        ModelBenchmark benchmark = new ModelBenchmark();

        float[] prefilled = Arrays.copyOf(benchmark.prefill(loaded, prompt, rates(), rate), 100);
        rate.end();
        assertThat(rate.tokensPerSecond()).isPositive();
        loaded.sequence.truncate(0);
        context.feed(loaded);
        benchmark.decode(loaded, context, rates(), rate);
        float[] decoded = Arrays.copyOf(benchmark.decode(loaded, context, rates(), rate), 100);

        float[] expected;
        try (Sequence oracle = loaded.transformer.newSequence(Format.F32, true)) {
            for (int id : loaded.ids(130)) {
                oracle.forward(new int[] {id}, 0, 1, 1, () -> false);
            }
            expected = Arrays.copyOf(oracle.logits(0, 1), 100);
        }
        assertThat(prefilled).usingComparatorWithPrecision(1e-5f).containsExactly(expected);
        assertThat(decoded).containsExactly(prefilled);
        loaded.close();
    }

    /** Table 9 gives 124 M parameters for every attention. */
    @ParameterizedTest
    @ValueSource(strings = {"t6-small", "t6-kvonly-small", "mha-small", "mqa-small", "gqa-small"})
    void randomModelsHaveThePapersSize(String name) {
        assertThat(RandomModel.of(name).matrixWeights()).isBetween(123_000_000L, 125_500_000L);
    }

    @ParameterizedTest
    @CsvSource({"f32, 1", "f32, 5", "bf16, 1", "bf16, 5"})
    void productsMultiply(String type, int rows) {
        Matrices matrices = new Matrices();
        matrices.shape = "70x33";
        matrices.type = type;
        matrices.threads = 2;
        matrices.magnitude = 1;
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
    void peaksCountTheirOperations() {
        PeakBenchmark.Data data = new PeakBenchmark.Data();
        data.kilobytes = 256;
        data.fill();
        PeakBenchmark.Work work = new PeakBenchmark.Work();
        PeakBenchmark peak = new PeakBenchmark();

        float[] sums = peak.read(data);
        float[] chains = peak.multiplyAdd(work).clone();

        double sum = 0;
        for (float lane : sums) {
            sum += lane;
        }
        assertThat(sum).isCloseTo(65536 * 1e-3, within(1e-2));
        // x ← 0.999·x + 0.001 ends at 1, up to the rounding of 0.999 and 0.001
        assertThat(chains).usingComparatorWithPrecision(1e-2f).containsOnly(10f);
        assertThat(work.flops).isEqualTo(2L * 10 * 100_000 * chains.length);
    }

    @Test
    void aRegionDoesOneItemAThread() {
        ParallelRegionBenchmark benchmark = new ParallelRegionBenchmark();
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

    /**
     * Runs JMH's command line in a process of its own, without the vector module. @return its output, then its exit
     * code
     */
    private static String jmh(String... args) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Djmh.ignoreLock=true", "-cp",
                System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(args));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return printed + "\nexit code " + process.waitFor();
    }

    /** Without the vector module there is no result, and the exit code is not 0. */
    @Test
    void aRunWithoutVectorsFails() throws Exception {
        assertThat(jmh("MatrixVector", "-f", "0", "-wi", "0", "-i", "1", "-r", "1ms", "-p", "shape=8x8", "-p",
                "type=f32", "-p", "residency=cached")).contains("expected SIMD, found the scalar twin")
                .contains("0 measured, 0 skipped, 1 failed").endsWith("exit code 1");
    }

    /** 2^30 tokens of MHA take 17 TB: only the other combination is measured, and that is not a failure. */
    @Tag("full")
    @Test
    void benchmarksThatDoNotFitAreSkipped() throws Exception {
        assertThat(jmh("DecodeAttention", "-f", "1", "-wi", "0", "-i", "1", "-r", "1ms", "-p", "context=1073741824,64",
                "-p", "attention=mha", "-p", "residency=cached")).contains("more than half of this machine's")
                .contains("1 measured, 1 skipped, 0 failed").endsWith("exit code 0");
    }

    @Test
    void everyBenchmarkOfKernelsForksWithVectors() {
        assertThat(Stream.of(DecodeAttentionBenchmark.class, PrefillAttentionBenchmark.class, ProjectionBenchmark.class,
                CacheAppendBenchmark.class, ElementWiseBenchmark.class, MambaBenchmark.class, ModelBenchmark.class,
                SamplerBenchmark.class,
                MatrixVectorBenchmark.class, MatrixMatrixBenchmark.class, LoadBenchmark.class, PeakBenchmark.class))
                .allSatisfy(benchmark -> assertThat(benchmark.getAnnotation(Fork.class).jvmArgsPrepend())
                        .containsExactly(BenchmarkSupport.VECTORS, BenchmarkSupport.HUGE_PAGES));
    }

    @Test
    void unknownParametersAreRejected() {
        assertThatIllegalArgumentException().isThrownBy(() -> BenchmarkSupport.copies("l2", 1))
                .withMessage("residency: expected memory or cached, found l2");
        assertThatIllegalArgumentException().isThrownBy(() -> BenchmarkSupport.kernels("gpu"))
                .withMessage("kernels: expected native, simd or scalar, found gpu");
        assertThatIllegalStateException().isThrownBy(() -> BenchmarkSupport.testData("nothing"))
                .withMessageContaining("run in the project's folder");
    }
}
