package io.github.t6j.jmh.report;

import static io.github.t6j.jmh.report.TestResults.multiplyAdd;
import static io.github.t6j.jmh.report.TestResults.peak;
import static io.github.t6j.jmh.report.TestResults.step;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Limits at both ends of a run, and the reasons for shares above 100 %. */
class LimitsTest {
    private static final long L3 = 32 << 20;

    /** 16384 bytes and 8192 operations in 400 ns: 40.96 GB/s. */
    private static final Result MHA = step("mha", "paper", 8192, 2, 16384, 8192, 400);

    private static Limits.Fraction fraction(long thirdLevel, Result result, Result... limits) {
        return new Limits(List.of(limits), thirdLevel).of(result);
    }

    @Test
    void theHigherEndCounts() {
        List<Result> run = List.of(
                peak(2, 409600, 40e9), multiplyAdd(2, 200e9), peak(1, 409600, 30e9), MHA, peak(2, 409600, 51.2e9),
                multiplyAdd(2, 190e9));
        Limits limits = new Limits(run, L3);

        Limits.Fraction fraction = limits.of(MHA);

        assertThat(fraction.share()).isCloseTo(0.8, within(1e-9));
        assertThat(fraction.toString()).isEqualTo("80 % of memory read");
        assertThat(limits.memory(2).results().getFirst().counter("bytes").mean()).isEqualTo(40e9);
        assertThat(limits.memory(2).results().getLast().counter("bytes").mean()).isEqualTo(51.2e9);
        assertThat(limits.multiplyAdd(2).highest().mean()).isEqualTo(200e9);
        assertThat(limits.memory(1).isOnce()).isTrue();
        assertThat(limits.memory(3).highest()).isNull();
        assertThat(limits.memoryKilobytes()).isEqualTo(409600);
    }

    /** Counters of several threads include more than the measurement, so the score counts. */
    @Test
    void readsFollowFromTheScore() {
        Result read = peak(2, 983040, 29e9);

        assertThat(read.secondaryMetrics().get("bytes").score()).isGreaterThan(50e9);
        assertThat(read.counter("bytes").mean()).isCloseTo(29e9, within(1.0));
    }

    /** In a run with several sizes, only the largest read comes from memory, not those from L3 and L2. */
    @Test
    void smallReadsAreNotOfMemory() {
        assertThat(fraction(L3, MHA, peak(2, 256, 10e9), peak(2, 4096, 10e9))).isNull();
        assertThat(fraction(L3, MHA, peak(2, 4096, 10e9), peak(2, 786432, 40.96e9)).toString())
                .isEqualTo("100 % of memory read");
    }

    @Test
    void aShareAbove100PerCentHasAReason() {
        assertThat(fraction(L3, MHA, peak(2, 409600, 32e9), peak(2, 409600, 30e9)).toString())
                .isEqualTo("128 % of memory read: memory was slower at both ends of the run");
        assertThat(fraction(L3, MHA, peak(2, 262144, 32e9)).toString()).isEqualTo(
                "128 % of memory read: memory was slower while the limit was measured, once in this run");
        assertThat(fraction(0, MHA, peak(2, 262144, 32e9)).reason()).isEqualTo("memory was slower while the limit was"
                + " measured, once in this run, or a part lay in L3, whose size is unknown");
        assertThat(fraction(L3, MHA, multiplyAdd(2, 16e9)).toString()).isEqualTo(
                "128 % of multiply-add: the processor's clock was lower while the limit was measured, once in this run");
        // iterations 12 % apart make an interval of 30 %, which holds 40.96: 4.303 · 0.12 / √3
        assertThat(fraction(L3, MHA, peak(2, 262144, 32e9, 0.12)).toString())
                .isEqualTo("128 % of memory read: equal within the errors");
    }

    @Test
    void dataInL1MayBeFasterThanL2() {
        Result cached =
                step(Map.of("attention", "tpa", "shape", "paper", "context", "64", "cacheType", "f32", "threads",
                        "2", "batch", "1", "residency", "cached"), 768, 7296, 4);

        assertThat(fraction(L3, cached, peak(2, 256, 160e9), peak(2, 256, 150e9)).toString())
                .isEqualTo("120 % of L2 read: a part lay in L1, which is faster");
    }

    /** 100.4 % is printed as 100 %, without a reason; 100.6 % has one. */
    @Test
    void reasonsFollowThePrintedPercentage() {
        assertThat(fraction(L3, MHA, peak(2, 409600, 40.96e9 / 1.004)).toString()).isEqualTo("100 % of memory read");
        assertThat(fraction(L3, MHA, peak(2, 409600, 40.96e9 / 1.006)).toString()).startsWith("101 % of memory read: ");
    }
}
