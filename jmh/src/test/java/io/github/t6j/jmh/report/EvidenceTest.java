package io.github.t6j.jmh.report;

import static io.github.t6j.jmh.report.TestResults.step;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.jmh.Machine;
import io.github.t6j.jmh.report.Result.Evidence;
import io.github.t6j.jmh.report.Result.Metric;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Errors over forks, marks, and the evidence of a suite. */
class EvidenceTest {
    private static final Evidence PROOF =
            new Evidence("DecodeAttention.step", "SIMD, 512-bit", List.of("0123abcd"), true);

    /** Returns a step of MHA in three forks with these means in nanoseconds; iterations of 100 ms. */
    private static Result forks(Evidence evidence, Map<String, Metric> counters, double... means) {
        List<List<Double>> raw = Arrays.stream(means).mapToObj(mean -> List.of(0.9 * mean, 1.1 * mean)).toList();
        Map<String, String> params = Map.of("attention", "mha", "shape", "paper", "context", "8192", "cacheType", "f32",
                "threads", "2", "batch", "1", "residency", "memory", "kernels", "simd");
        return new Result("a.b.DecodeAttentionBenchmark.step", "avgt", 1, means.length, "25.0.3", "vm", "25", List.of(),
                2, "100 ms", 2, "100 ms", new TreeMap<>(params),
                new Metric(Arrays.stream(means).average().orElseThrow(), "ns/op", raw), counters, evidence);
    }

    private static Metric once(double value, String unit) {
        return new Metric(value, unit, List.of(List.of(value, value), List.of(value, value), List.of(value, value)));
    }

    /** Student's t of 2 degrees of freedom at 97.5 % is 4.303; the means 1, 2 and 3 have s = 1. */
    @Test
    void errorsAreIntervalsOverForks() {
        assertThat(forks(null, Map.of(), 1, 2, 3).seconds().error()).isCloseTo(4.303e-9 / Math.sqrt(3), within(1e-12));
    }

    @ParameterizedTest
    @CsvSource({"100, 105, 109, false, 9 %", "111, 100, 105, true, 11 %", "100, 300, 100, true, 200 %"})
    void forksThatDifferAreMarked(double a, double b, double c, boolean marked, String spread) {
        Result result = forks(null, Map.of(), a, b, c);

        assertThat(result.isMarked()).isEqualTo(marked);
        assertThat(result.markedTime().endsWith(" †")).isEqualTo(marked);
        assertThat(result.spread()).isEqualTo(spread);
    }

    /** 100 steps of 1 ms in an iteration: 600 bytes a step are less than the 64 KiB that JMH itself may take. */
    @ParameterizedTest
    @CsvSource({"600, 0 B", "700, 700 B", "65536, 64.0 KiB"})
    void allocationsExcludeThoseOfJmh(double bytes, String text) {
        Map<String, Metric> counters = Map.of("gc.alloc.rate.norm", once(bytes, "B/op"));

        assertThat(forks(null, counters, 1e6, 1e6, 1e6).allocated()).isEqualTo(text);
        assertThat(forks(null, Map.of(), 1e6, 1e6, 1e6).allocated()).isEqualTo("–");
    }

    /** C2 may still compile in the first iterations, and JMH takes more in the last; each fork must have one without. */
    @Test
    void allocationsAreThoseOfTheSteadyState() {
        for (double middle : new double[] {0, 65536}) {
            Metric metric = new Metric(1, "B/op",
                    List.of(List.of(70_000.0, middle, 90_000.0), List.of(70_000.0, 0.0, 0.0)));

            assertThat(forks(null, Map.of("gc.alloc.rate.norm", metric), 1e6, 1e6).allocated())
                    .isEqualTo(middle == 0 ? "0 B" : "64.0 KiB");
        }
    }

    /** A step longer than an iteration is the only one in it. */
    @Test
    void aLongStepIsOneIteration() {
        Map<String, Metric> counters = Map.of("gc.alloc.rate.norm", once(60_000, "B/op"));

        assertThat(forks(null, counters, 5e8, 5e8, 5e8).allocated()).isEqualTo("0 B");
    }

    /** 1 GB/s in a step of 1 ms are 10^6 bytes; 250,000 instructions are 0.25 a byte. */
    @Test
    void eventsAreCountedForEachByte() {
        Map<String, Metric> counters = Map.of("bytesPerSecond", new Metric(1e9, "ops/s", List.of(List.of(1e9))),
                "instructions", once(250_000, "#/op"), "cycles:u", once(2_000_000, "#/op"));
        Result result = forks(null, counters, 1e6, 1e6, 1e6);

        assertThat(result.perByte("instructions")).isEqualTo("0.25");
        assertThat(result.perByte("cycles")).isEqualTo("2.00");
        assertThat(result.perByte("branches")).isEqualTo("–");
    }

    @Test
    void theReportHasTheEvidence() throws IOException {
        String text = Report.of(Machine.unknown(), List.of(forks(PROOF, Map.of("cacheBytesPerToken",
                once(16384, "#")), 1e6, 1e6, 4e6))).markdown();

        assertThat(text).contains("## Evidence\n", " | 300 % | yes | – | – | – | SIMD, 512-bit | 0123abcd |",
                "These error bars exceed ±25 %, because forks took different times:",
                ", of 1.00 ms, 1.00 ms, 4.00 ms\n", " † |");
        assertThat(Report.of(Machine.unknown(), List.of(step("mha", "paper", 8192, 2, 1, 1, 1))).markdown())
                .doesNotContain("## Evidence").doesNotContain("exceed ±25 %");
    }

    /** Changed outputs are reported; vectors of another width change them, too, so the line names both kernels. */
    @Test
    void comparisonsReportOtherOutputs() {
        Result before = forks(PROOF, Map.of(), 1e6, 1e6, 1e6);
        Result wrong = forks(new Evidence("", "SIMD, 512-bit", List.of("ffffffff"), false), Map.of(), 1e6, 1e6, 1e6);
        Result narrow = forks(new Evidence("", "SIMD, 128-bit", List.of("ffffffff"), false), Map.of(), 1e6, 1e6, 1e6);

        assertThat(Comparison.lines(List.of(before), List.of(wrong))).hasSize(2).first().asString()
                .startsWith("another output: DecodeAttention.step").endsWith(": 0123abcd → ffffffff");
        assertThat(Comparison.lines(List.of(before), List.of(narrow))).hasSize(2).first().asString()
                .startsWith("another output with other kernels: DecodeAttention.step")
                .endsWith(": 0123abcd → ffffffff (SIMD, 512-bit → SIMD, 128-bit)");
        assertThat(Comparison.lines(List.of(before), List.of(before))).hasSize(1);
    }
}
