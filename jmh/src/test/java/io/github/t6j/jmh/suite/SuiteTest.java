package io.github.t6j.jmh.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.jmh.report.ReportCommand;
import io.github.t6j.jmh.report.Result;
import io.github.t6j.jmh.report.Results;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Points of the suites, and runs of the smallest one. */
class SuiteTest {
    @TempDir
    private Path folder;

    /** Numbers of points on two cores with different limits; the committed runs of 2026-11 have no Mamba-3. */
    @ParameterizedTest
    @CsvSource({"quick, 71", "paper, 362"})
    void suitesHaveTheirPoints(String name, int points) {
        assertThat(Suite.of(name, 2).points()).hasSize(points);
    }

    @Test
    void unknownSuitesAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Suite.of("fast", 2))
                .withMessage("--suite: expected quick, paper or full, found fast");
    }

    /** Estimates of the suites; jmh/README.md has the measured times. */
    @ParameterizedTest
    @CsvSource({"quick, 900", "paper, 4500"})
    void suitesKeepToTheirTime(String name, int seconds) {
        Suite suite = Suite.of(name, 2);

        assertThat(suite.seconds(suite.points())).isLessThan(seconds);
        assertThat(suite.points()).filteredOn(point -> !point.benchmark().startsWith("Peak")).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @ValueSource(strings = {"quick", "paper", "full"})
    void committedSuitesHaveThreeForks(String name) {
        assertThat(Suite.of(name, 2).forks()).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource({"1, 3", "2, 6"})
    void limitsAreMeasuredAtBothEnds(int cores, int limits) {
        List<Suite.Point> points = Suite.of("quick", cores).points();

        List<Suite.Point> end = points.subList(points.size() - limits, points.size());
        assertThat(end).isEqualTo(points.subList(0, limits)).doesNotHaveDuplicates()
                .allMatch(point -> point.benchmark().startsWith("Peak"));
        assertThat(points).filteredOn(point -> point.benchmark().startsWith("Peak")).hasSize(2 * limits);
    }

    /** At least 400 MiB, and twice the L3. */
    @ParameterizedTest
    @CsvSource({"0, 409600", "33554432, 409600", "402653184, 786432"})
    void theLimitOfMemoryIsReadFromMemory(long thirdLevel, String kilobytes) {
        assertThat(Suite.of("quick", 2, thirdLevel).points().stream().filter(
                point -> point.benchmark().equals("PeakBenchmark.read")).map(point -> point.params().get("kilobytes")))
                .containsOnly("256", kilobytes);
    }

    /** Measures two points in forks of their own, and a limit before and after them. */
    @Tag("full")
    @Test
    void aSuiteIsMeasuredAndPrinted() throws Exception {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        Path json = folder.resolve("results.json");

        System.setProperty("jmh.ignoreLock", "true");
        new SuiteRun(Suite.of("test", 2), json, new PrintStream(printed, true, StandardCharsets.UTF_8)).run();

        List<Result> results = Results.read(json);
        assertThat(results).hasSize(4).allSatisfy(result -> assertThat(result.seconds().mean()).isPositive());
        assertThat(results.getFirst().counter("flops").mean()).isPositive();
        Result step = results.get(2);
        assertThat(step.counter("cacheBytesPerToken").mean()).isCloseTo(768, within(1e-6));
        assertThat(step.evidence().point())
                .isEqualTo("DecodeAttention.step residency=cached context=128 attention=tpa");
        assertThat(step.kernels()).startsWith("SIMD, ");
        assertThat(step.outputs()).matches("[0-9a-f]{8}");
        assertThat(step.allocated()).isEqualTo("0 B");
        double steps = 1 / step.seconds().mean();
        assertThat(step.counter("bytesPerSecond").mean() / steps).isBetween(0.2 * 128 * 768,
                5.0 * 128 * 768);
        assertThat(printed.toString(StandardCharsets.UTF_8)).startsWith("4 points, about ").contains("[1/4, ")
                .contains("[3/4, ").contains("[4/4, 0:00 left] Peak.multiplyAdd")
                .contains("4 measured, 0 skipped, 0 failed, in 0:").contains(" ms");
    }

    /**
     * 2^30 tokens of MHA fit nowhere. A shape that does not exist is a failure, which is reported; the run continues.
     */
    @Test
    void unmeasurablePointsAreReported() throws Exception {
        Suite test = Suite.of("test", 2);
        String decode = "DecodeAttentionBenchmark.step";
        Suite suite = new Suite("test", 1, test.warmup(), test.measured(), List.of(
                new Suite.Point(decode, 1, Map.of("attention", "mha", "context", "1073741824")),
                new Suite.Point(decode, 1, Map.of("attention", "tpa", "context", "64", "shape", "huge")),
                new Suite.Point("PeakBenchmark.multiplyAdd", 1, Map.of())));
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        Path json = folder.resolve("results.json");

        System.setProperty("jmh.ignoreLock", "true");
        int failed = new SuiteRun(suite, json, new PrintStream(printed, true, StandardCharsets.UTF_8)).run();

        assertThat(failed).isEqualTo(1);
        assertThat(Results.read(json)).hasSize(2); // the limit, at both ends
        assertThat(printed.toString(StandardCharsets.UTF_8))
                .contains("skipped, 1 × mha at 1073741824 tokens takes 17592.2 GB")
                .contains("shape: expected paper, ").contains("2 measured, 1 skipped, 1 failed");
        assertThat(ReportCommand.run("--from", json.toString(), "--out", folder.resolve("pages").toString())).isZero();
        assertThat(folder.resolve("pages/summary.md")).content().contains("## Not measured",
                " | 1 × mha at 1073741824 tokens takes 17592.2 GB");
        assertThat(folder.resolve("pages/skipped.json")).exists();
    }
}
