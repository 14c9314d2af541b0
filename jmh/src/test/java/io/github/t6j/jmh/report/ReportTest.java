package io.github.t6j.jmh.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.jmh.Machine;
import io.github.t6j.jmh.report.Result.Metric;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The report of results computed by formulas, so that its contents are known. */
class ReportTest {
    private static final Path SAMPLE = Path.of("src/test/resources/sample/results.json");

    /** File that .ci/render reads. */
    private static final Path OUT = Path.of("target/report");

    /** Curves over contexts and batches of the sample, and bars at the only context of three more settings. */
    private static final int CURVES = 3;
    private static final int PLOTS = CURVES + 3;

    @TempDir
    private Path folder;

    @BeforeAll
    static void render() {
        assertThat(ReportCommand.run("--from", SAMPLE.toString(), "--out", OUT.toString())).isZero();
    }

    private static String summary() throws IOException {
        return Files.readString(OUT.resolve("summary.md"));
    }

    @Test
    void resultsAreRead() throws IOException {
        List<Result> results = Results.read(SAMPLE);

        Result step = results.stream().filter(r -> r.is("DecodeAttentionBenchmark.step")).findFirst().orElseThrow();
        assertThat(step.param("attention")).isEqualTo("mha");
        assertThat(step.seconds().mean()).isCloseTo((560 * 256 + 3000) * 1e-9, within(1e-12));
        assertThat(step.counter("cacheBytesPerToken").mean()).isEqualTo(16384);
        assertThat(step.computing()).isEqualTo(2);
        assertThat(results.stream().filter(r -> r.is("PeakBenchmark.read")).map(Result::computing)).contains(1, 2);
    }

    /** Student's t of 4 degrees of freedom at 97.5 % is 2.776: for 1 … 5, s = √2.5, the error is 2.776·√2.5/√5. */
    @Test
    void errorsAreIntervalsOfTheMean() {
        Metric times = new Metric(3, "ns/op", List.of(List.of(1.0, 2.0, 3.0, 4.0, 5.0)));
        Metric shares = new Metric(3, "#", List.of(List.of(0.2, 0.4, 0.6, 0.8, 1.0)));

        assertThat(times.error()).isCloseTo(2.776 * Math.sqrt(2.5 / 5), within(1e-3));
        assertThat(result("X.x", Map.of(), times, Map.of("c", shares)).counter("c").error())
                .isCloseTo(times.error(), within(1e-9));
        assertThat(new Metric(3, "ns/op", List.of(List.of(3.0))).error()).isNaN();
    }

    private static Result result(String name, Map<String, String> params, Metric metric, Map<String, Metric> counters) {
        return new Result("a.b." + name, "avgt", 1, 1, "25", "vm", "25", List.of(), 1, "1 s", 1, "1 s", params, metric,
                counters, null);
    }

    @ParameterizedTest
    @CsvSource({"2000, ops/s, 0.0005", "2, ms/op, 0.002", "3, us/op, 0.000003", "4, ns/op, 0.000000004", "1, s/op, 1",
        "5, ops/ms, 0.0002"})
    void timesHaveOneUnit(double score, String unit, double seconds) {
        Metric metric = new Metric(score, unit, List.of(List.of(score, score)));

        assertThat(result("X.x", null, metric, null).seconds().mean()).isCloseTo(seconds, within(1e-12));
    }

    @Test
    void theSummaryHasTheMeasuredNumbers() throws IOException {
        assertThat(summary()).contains("| CPU | Sample CPU, no real one, 2 cores for the JVM |")
                .contains("| kernels | SIMD, 512-bit |").contains("--add-modules=jdk.incubator.vector")
                .contains(
                        "t6j 0.1.0, commit 0123456789ab, on Sample CPU, no real one, family 6, model 1, 2 cores; JDK 25.0.3,")
                .contains("| CPU family | family 6, model 1 |").contains("| L3 | 32.0 MiB |")
                .contains("f32 cache, 2 threads | 65536 | 3.58 ms ± 3 % | 3.97 ms ± 3 % | 36.7 ms ± 3 % |")
                .contains("| small, equal parameters (124 M), f32 | 1568 | 1376 | 6144 | 512 | 1024 | 1152 | – |")
                .contains("| t6-small | decode at 1024 | bf16 | f32 | 2 | 98.0 ± 3 % |")
                .contains("| read from memory (256 MiB) | 2 threads | 31.0 GB/s ± 4 % | 30.1 GB/s ± 4 % |")
                .contains("![Decode: paper, equal heads (32 × 64), f32 cache, 2 threads](plots/decode-1.svg)");
    }

    /** T6 comes first among the models of a test and a setting. */
    @Test
    void modelsAreComparedWithTheirLike() {
        Metric time = new Metric(10, "ms/op", List.of(List.of(10.0, 10.0)));
        List<Result> results = Stream.of("bf16", "q8_0").flatMap(type -> Stream.of("mha-small", "t6-small").map(
                model -> result("ModelBenchmark.decode", Map.of("model", model, "type", type), time, Map.of())))
                .toList();

        assertThat(Report.of(Machine.unknown(), results).models())
                .extracting(r -> r.param("model") + " " + r.param("type"))
                .containsExactly("t6-small bf16", "mha-small bf16", "t6-small q8_0", "mha-small q8_0");
    }

    @Test
    void fractionsAreOfTheNearerLimitOfAsManyThreads() throws IOException {
        List<Result> results = Results.read(SAMPLE);
        Limits limits = new Limits(results, 0);

        Limits.Fraction product = limits.of(find(results, "MatrixMatrixBenchmark.multiply", "type", "f32"));
        Limits.Fraction cached = limits.of(find(results, "DecodeAttentionBenchmark.step", "residency", "cached"));

        assertThat(product.of()).isEqualTo("multiply-add");
        assertThat(product.share()).isCloseTo(191.0 / 233, within(1e-3));
        // one thread, 0.7 · 108 ns a token and 80 µs, 7296 operations, of 117 GFLOP/s
        assertThat(cached.of()).isEqualTo("multiply-add");
        assertThat(cached.share()).isCloseTo(7296 * 4096 / ((0.7 * 54 * 4096 + 40000) * 2) / 117, within(1e-3));
        assertThat(limits.of(find(results, "SamplerBenchmark.sample", "sampling", "default"))).isNull();
    }

    private static Result find(List<Result> results, String name, String param, String value) {
        return results.stream().filter(r -> r.is(name) && r.param(param).equals(value)).findFirst().orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"epyc-zen4-2", "epyc-zen5-2", "epyc-zen5-2-paper"})
    void committedPagesAreMadeOfTheirResults(String name) throws IOException {
        Path results = Path.of("results", name, "results.json");
        assertThat(results.resolveSibling("summary.md")).as("report --from %s --out jmh/results/%s", results, name)
                .hasContent(Report.of(Results.machine(results), Results.read(results)).markdown());
    }

    /** Kernels that are not compiled yet allocate vectors; a tokenizer's result is an array. */
    @Test
    void committedStepsAllocateNothing() throws IOException {
        assertThat(Results.read(Path.of("results/epyc-zen4-2/results.json")))
                .filteredOn(result -> !result.name().startsWith("Tokenizer")).hasSizeGreaterThan(60)
                .allSatisfy(result -> assertThat(result.allocated()).as(result.shortKey()).isEqualTo("0 B"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"epyc-zen4-2-peer", "epyc-zen5-2-peer", "epyc-zen5-2-peer-16384"})
    void committedComparisonsAreMadeOfTheirResults(String name) throws IOException {
        Path results = Path.of("results", name, "peer.json");
        assertThat(ReportCommand.run("--from", results.toString(), "--out", folder.toString())).isZero();
        assertThat(results.resolveSibling("summary.md")).as("report --from %s --out jmh/results/%s", results, name)
                .hasSameTextualContentAs(folder.resolve("summary.md"));
    }

    /** All titles and labels of the horizontal axes are centred above and below the curves, also in other figures. */
    @Test
    void titlesAreCentredOnTheCurves() throws Exception {
        Pattern place =
                Pattern.compile("textLength=\"(\\d+)\"[^>]* x=\"([0-9.]+)\"[^>]*>(Decode: [^<]*|tokens in the cache|"
                        + "sequences in the batch|[a-z0-9]+ cache[^<]*)<");
        for (int i = 1; i <= CURVES; i++) {
            String svg = Files.readString(OUT.resolve("plots/decode-" + i + ".svg")).replaceAll("\\s+", " ");
            List<Double> centers = place.matcher(svg).results()
                    .map(found -> Double.parseDouble(found.group(2)) + Double.parseDouble(found.group(1)) / 2).toList();
            assertThat(centers).hasSize(3).allSatisfy(
                    center -> assertThat(center).isCloseTo(centers.getFirst(), within(1.0)));
        }
    }

    @Test
    void thePageIsOneFileWithoutScripts() throws IOException {
        String page = Files.readString(OUT.resolve("report.html"));

        assertThat(page).doesNotContain("<script").doesNotContain("src=\"http").doesNotContain("plots/")
                .contains("<meta name=\"viewport\"").contains("alt=\"Decode: paper, equal heads (32 × 64), f32 cache");
        assertThat(page.split("data:image/svg\\+xml;base64,", -1)).hasSize(1 + PLOTS);
    }

    @Test
    void plotsAreSvgWithTitlesAxesAndUnits() throws Exception {
        String curves = Files.readString(OUT.resolve("plots/decode-1.svg"));

        assertThat(curves).contains(">Decode: paper, equal heads (32 × 64)<", ">f32 cache, 2 threads<",
                ">tokens in the cache<", ">time per step (ms)<", ">TPA KV-only<", "viewBox=\"0 0 480 420\"");
        assertThat(Files.readString(OUT.resolve("plots/time.svg"))).contains(">Time of a decode step, one layer<",
                ">paper, equal heads (32 × 64), f32 cache, 2 threads<", ">ms<", ">TPA<").doesNotContain(">MLA<");
        assertThat(Files.readString(OUT.resolve("plots/cache.svg"))).contains(">Cache, one layer<", ">MB<", ">MHA<");
        try (Stream<Path> plots = Files.list(OUT.resolve("plots"))) {
            for (Path plot : plots.toList()) {
                DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
                factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
                assertThat(factory.newDocumentBuilder().parse(plot.toFile()).getDocumentElement().getTagName())
                        .isEqualTo("svg");
            }
        }
    }

    @Test
    void shortKeysOmitDefaults() {
        Metric time = new Metric(10, "ns/op", List.of(List.of(10.0, 10.0)));
        Map<String, String> usual = Map.of("batch", "1", "kernels", "simd", "residency", "memory", "context", "64");
        Map<String, String> unusual = Map.of(
                "batch", "16", "kernels", "scalar", "residency", "cached", "context", "64");

        assertThat(result("DecodeAttentionBenchmark.step", usual, time, null).shortKey())
                .isEqualTo("DecodeAttention.step context=64");
        assertThat(result("DecodeAttentionBenchmark.step", unusual, time, null).shortKey())
                .isEqualTo("DecodeAttention.step batch=16 context=64 kernels=scalar residency=cached");
    }

    @Test
    void comparisonsSeparateChangesFromNoise() throws IOException {
        List<Result> before = Results.read(SAMPLE);
        List<Result> after = new ArrayList<>(before);
        after.remove(20);
        after.set(0, slower(before.get(0), 1.5));
        after.set(10, slower(before.get(10), 0.5));
        after.set(11, slower(before.get(11), 1.04)); // within 5 %

        List<String> lines = Comparison.lines(before, after);

        assertThat(lines).hasSize(3);
        assertThat(lines.get(0)).startsWith("2.00 × faster: DecodeAttention.step").contains("→");
        assertThat(lines.get(1)).startsWith("1.50 × faster: Peak.read kilobytes=262144");
        assertThat(lines.get(2)).isEqualTo("2 of 81 changed beyond the noise; 0 are new, 1 are missing");
    }

    /** Slows all iterations down by a factor; scores of throughput are rates. */
    private static Result slower(Result r, double factor) {
        Metric metric = new Metric(r.primaryMetric().score() * factor, r.primaryMetric().scoreUnit(),
                r.primaryMetric().rawData().stream().map(fork -> fork.stream().map(x -> x * factor).toList()).toList());
        return new Result(r.benchmark(), r.mode(), r.threads(), r.forks(), r.jdkVersion(), r.vmName(), r.vmVersion(),
                r.jvmArgs(), r.warmupIterations(), r.warmupTime(), r.measurementIterations(), r.measurementTime(),
                r.params(), metric, r.secondaryMetrics(), r.evidence());
    }

    @Test
    void theReadmesTablesAreWrittenBetweenItsMarkers() throws IOException {
        Path readme = folder.resolve("README.md");
        Files.writeString(readme, "before\n" + ReportCommand.BEGIN + "\nold\n" + ReportCommand.END + "\nafter\n");
        Path out = folder.resolve("jmh/results/sample");

        for (int again = 0; again < 2; again++) {
            assertThat(ReportCommand.run("--from", SAMPLE.toString(), "--out", out.toString(), "--readme",
                    readme.toString())).isZero();
        }

        assertThat(Files.readString(readme)).startsWith("before\n" + ReportCommand.BEGIN + "\n\nMade by `java -jar ")
                .endsWith("\n" + ReportCommand.END + "\nafter\n").doesNotContain("old\n")
                .contains("`java -jar jmh/target/benchmarks.jar report --suite quick --out my-results` on ")
                .contains("""
                        | attention | 256 tokens | 4096 tokens | 65536 tokens | time ÷ TPA's | cache, bytes per token |
                        |---|--:|--:|--:|--:|--:|
                        | TPA | 53.8 µs ± 3 % | 261 µs ± 3 % | 3.58 ms ± 3 % | 1.00 × | 768 |
                        | TPA KV-only |""")
                .contains("| MHA | 146 µs ± 3 % | 2.30 ms ± 3 % | 36.7 ms ± 3 % | 10.3 × | 16384 |")
                .contains("equal heads").contains("equal parameters").contains("(jmh/results/sample/summary.md)")
                .contains("| t6-small | prefill 512 | bf16 | f32 | 2 | 830 ± 3 % |");
        assertThat(out.resolve("results.json")).hasSameTextualContentAs(SAMPLE);
        assertThat(out.resolve("report.html")).exists();
    }

    @Test
    void theProjectsReadmeHasTheMarkers() throws IOException {
        assertThat(Files.readString(Path.of("results/speed.md"))).contains(ReportCommand.BEGIN)
                .contains(ReportCommand.END);
    }

    @Test
    void mistakesAreReportedInOneLine() {
        assertThatIllegalArgumentException().isThrownBy(() -> Results.read(Path.of("pom.xml")))
                .withMessageContaining("pom.xml: expected JMH's results");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ReportCommand.markers(Path.of("pom.xml")))
                .withMessageContaining("expected the lines");
        assertThat(ReportCommand.run("--suite", "quick")).isEqualTo(2);
        assertThat(ReportCommand.run("--suite", "fast", "--out", folder.toString())).isEqualTo(2);
        assertThat(ReportCommand.run("--from", "nothing.json", "--out", folder.toString())).isEqualTo(1);
    }

    @Test
    void readmeIsCheckedBeforeHoursOfMeasuring() {
        Path out = folder.resolve("never");

        assertThat(ReportCommand.run("--suite", "full", "--out", out.toString(), "--readme", "pom.xml")).isEqualTo(1);
        assertThat(out).doesNotExist();
    }
}
