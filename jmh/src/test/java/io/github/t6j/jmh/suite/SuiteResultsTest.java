package io.github.t6j.jmh.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.jmh.suite.Suite.Point;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Results that an interrupted suite finds in its folder. */
class SuiteResultsTest {
    private static final Point LIMIT = new Point("PeakBenchmark.multiplyAdd", 2, Map.of());
    private static final Point STEP = new Point("DecodeAttentionBenchmark.step", 1, Map.of("context", "8192"));
    private static final List<Point> POINTS = List.of(LIMIT, STEP, LIMIT);

    @TempDir
    private Path folder;

    private static String result(String jdk, String point, String more, String forks) {
        return "{\"benchmark\": \"x\", \"jdkVersion\": \"" + jdk + "\", \"primaryMetric\": {\"rawData\": " + forks
                + "}, \"evidence\": {\"point\": \"" + point + "\"" + more + "}}";
    }

    private static String result(String point, String more, String forks) {
        return result(System.getProperty("java.version"), point, more, forks);
    }

    private SuiteResults read(String... results) throws IOException {
        Path file = Files.writeString(folder.resolve("results.json"), "[" + String.join(",\n", results) + "]");
        return new SuiteResults(file, POINTS);
    }

    @Test
    void anEmptyFolderHasNothing() throws IOException {
        SuiteResults results = new SuiteResults(folder.resolve("results.json"), POINTS);

        assertThat(results.count()).isZero();
        assertThat(results.has(0)).isFalse();
    }

    /** The limits at the end of the run are missing if a file has them once, although they are the same points. */
    @Test
    void eachResultIsThatOfOnePoint() throws IOException {
        SuiteResults results = read(result("Peak.multiplyAdd on 2 threads", "", "[[1]]"),
                result("DecodeAttention.step context=8192", "", "[[1]]"));

        assertThat(results.count()).isEqualTo(2);
        assertThat(List.of(results.has(0), results.has(1), results.has(2))).containsExactly(true, true, false);
    }

    @Test
    void aPointOfOtherParametersIsMissing() throws IOException {
        assertThat(read(result("DecodeAttention.step context=4096", "", "[[1]]")).count()).isZero();
    }

    /** Means of forks count, not iterations: 90 … 110 in each is noise of iterations. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {"[[90,110],[95,105],[100,100]]; 1.0; false",
        "[[100,100],[110,108]]; 1.09; false", "[[100],[112],[106]]; 1.12; true", "[[112],[100]]; 1.12; true",
        "[[100,200]]; 1.0; false"})
    void forksThatDifferByMoreThan10PerCentAreDue(String forks, double ratio, boolean due) throws IOException {
        SuiteResults results = read(result("DecodeAttention.step context=8192", "", forks));

        assertThat(results.ratio(1)).isCloseTo(ratio, within(1e-12));
        assertThat(results.isDue(1)).isEqualTo(due);
    }

    @Test
    void aPointIsMeasuredAgainOnce() throws IOException {
        SuiteResults results = read(result("DecodeAttention.step context=8192", ", \"again\": true", "[[1],[2]]"));

        assertThat(results.isDue(1)).isFalse();
        assertThat(results.isDue(0)).as("a missing point").isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "[1]", "[{}]", "text {"})
    void otherFilesAreKept(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("results.json"), text);

        assertThatIllegalArgumentException().isThrownBy(() -> new SuiteResults(file, POINTS))
                .withMessageStartingWith(file + ": expected results of this suite").withMessageContaining("delete");
        assertThat(file).content().isEqualTo(text);
    }

    @Test
    void resultsOfAnotherJdkAreKept() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> read(result("1.8", "Peak.multiplyAdd on 2 threads", "", "[[1]]")))
                .withMessageContaining("found those of JDK 1.8; use that JDK, or give another folder");
    }
}
