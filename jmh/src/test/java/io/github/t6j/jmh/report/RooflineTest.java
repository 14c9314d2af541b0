package io.github.t6j.jmh.report;

import static io.github.t6j.jmh.report.TestResults.multiplyAdd;
import static io.github.t6j.jmh.report.TestResults.peak;
import static io.github.t6j.jmh.report.TestResults.step;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Compares with numbers computed by hand: 32 GB/s and 256 GFLOP/s meet at 8 operations per byte. */
class RooflineTest {
    /**
     * MHA has 8192 operations and 16384 bytes per token, TPA 7296 and 768, MLA of the published shape 2·24·(64 + 2·512)
     * and 576·4.
     */
    private static final List<Result> RUN = List.of(
            peak(2, 409600, 32e9), multiplyAdd(2, 256e9), peak(1, 409600, 20e9), multiplyAdd(1, 128e9),
            step("mha", "paper", 1024, 2, 16384, 8192, 300), step("mha", "paper", 65536, 2, 16384, 8192, 640),
            step("tpa", "paper", 65536, 2, 768, 7296, 57), step("tpa", "paper", 65536, 1, 768, 7296, 100),
            step("tpa", "small", 65536, 2, 1568, 14672, 100), step("mla", "mlra", 8192, 2, 2304, 52224, 408));

    private static final Limits LIMITS = new Limits(RUN, 32 << 20);

    @Test
    void spotsLieWhereTheyShould() {
        Roofline roofline = Roofline.of(RUN, LIMITS, "paper");

        assertThat(roofline.setting()).isEqualTo("paper, equal heads (32 × 64), f32 cache, 2 threads");
        assertThat(roofline.spots()).extracting(Roofline.Spot::attention).containsExactly("tpa", "mha");
        assertThat(roofline.spots()).extracting(Roofline.Spot::context).containsOnly(65536);
        Roofline.Spot tpa = roofline.spots().getFirst();
        assertThat(tpa.intensity()).isCloseTo(9.5, within(1e-9));
        assertThat(tpa.rate().mean()).isCloseTo(128e9, within(1.0)); // 7296 in 57 ns
        Roofline.Spot mha = roofline.spots().getLast();
        assertThat(mha.intensity()).isCloseTo(0.5, within(1e-9));
        assertThat(mha.rate().mean()).isCloseTo(12.8e9, within(1.0)); // 8192 in 640 ns
    }

    @Test
    void theRoofBendsWhereTheLimitsMeet() {
        Roofline roofline = Roofline.of(RUN, LIMITS, "paper");

        assertThat(roofline.ridge()).isCloseTo(8, within(1e-9));
        assertThat(roofline.roof(0.5)).isCloseTo(16e9, within(1.0));
        assertThat(roofline.roof(8)).isCloseTo(256e9, within(1.0));
        assertThat(roofline.roof(9.5)).isCloseTo(256e9, within(1.0));
        assertThat(roofline.table().rows()).containsExactly(
                List.of("TPA", "65536", "9.50", "128 GFLOP/s ± 0 %", "256 GFLOP/s", "50 % of multiply-add"),
                List.of("MHA", "65536", "0.50", "12.8 GFLOP/s ± 0 %", "16.0 GFLOP/s", "80 % of memory read"));
        assertThat(roofline.notes()).isEmpty();
    }

    @Test
    void thePublishedModelsHaveTheirOwn() {
        Roofline roofline = Roofline.of(RUN, LIMITS, "mlra");

        assertThat(roofline.spots()).hasSize(1);
        assertThat(roofline.spots().getFirst().intensity()).isCloseTo(52224 / 2304.0, within(1e-9));
        assertThat(roofline.spots().getFirst().rate().mean()).isCloseTo(128e9, within(1.0));
        assertThat(roofline.setting()).startsWith("mlra, published models (2.9 B");
    }

    @Test
    void withoutLimitsOrStepsThereIsNone() {
        List<Result> steps = RUN.subList(4, RUN.size());

        assertThat(Roofline.of(steps, new Limits(steps, 0), "paper")).isNull();
        assertThat(Roofline.of(RUN, LIMITS, "xl")).isNull();
    }

    /** 16384 bytes in 400 ns are 40.96 GB/s, 128 % of 32. */
    @Test
    void aSpotAboveTheRoofSaysWhy() {
        List<Result> run = List.of(
                peak(2, 409600, 32e9), multiplyAdd(2, 256e9), step("mha", "paper", 8192, 2, 16384, 8192, 400));

        Roofline roofline = Roofline.of(run, new Limits(run, 32 << 20), "paper");

        assertThat(roofline.notes()).containsExactly(
                "* MHA, 128 % of memory read: memory was slower while the limit was measured, once in this run.");
    }

    @Test
    void theFigureHasBothLimitsAndAllSpots() {
        String svg = Charts.roofline("roofline", Roofline.of(RUN, LIMITS, "paper")).svg();

        assertThat(svg).contains(">memory 32.0 GB/s<", ">multiply-add 256 GFLOP/s<", ">TPA<", ">MHA<",
                ">operations per byte of the cache<", ">operations per second (GFLOP/s)<");
    }
}
