package io.github.t6j.jmh.report;

import static io.github.t6j.jmh.report.TestResults.step;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.jmh.Machine;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The answer to "which attention for my context?", curves and bars. */
class AdviceTest {
    /** Returns a step whose iterations differ from the mean by {@code spread}. */
    private static Result unsteady(String attention, double nanoseconds, double spread) {
        Result step = step(attention, "paper", 4096, 2, 1000, 1000, nanoseconds);
        double mean = step.primaryMetric().score();
        return new Result(step.benchmark(), step.mode(), step.threads(), step.forks(), step.jdkVersion(), step.vmName(),
                step.vmVersion(), step.jvmArgs(), 1, "1 s", 3, "1 s", step.params(), new Result.Metric(mean, "ns/op",
                        List.of(List.of(mean * (1 - spread), mean, mean * (1 + spread)))),
                step.secondaryMetrics(), null);
    }

    /** Attentions as fast as the fastest share its cell; the others follow in the order of their times. */
    @Test
    void theFastestComesFirst() {
        List<Result> steps = List.of(step("mha", "paper", 256, 2, 1000, 1000, 50), unsteady("mha", 300, 0.01),
                unsteady("gqa", 140, 0.01), unsteady("tpa", 101, 0.01), unsteady("mqa", 100, 0.01),
                step("tpa", "paper", 256, 2, 1000, 1000, 100));
        List<Advice> advice = Advice.of(Group.overContext(steps).getFirst());

        assertThat(advice).hasSize(2);
        assertThat(advice.getFirst()).isEqualTo(new Advice(256, "MHA", "12.8 µs ± 0 %", "TPA 2.00 ×"));
        assertThat(advice.getLast().fastest()).isEqualTo("MQA, TPA 1.01 ×");
        assertThat(advice.getLast().time()).startsWith("410 µs ± ");
        assertThat(advice.getLast().others()).isEqualTo("GQA 1.40 ×, MHA 3.00 ×");
    }

    /**
     * Iterations that differ by 12 % make an interval of 30 %: 4.303 · 0.12 / √3. The noisier of two attentions is not
     * faster for that, and its multiple is uncertain.
     */
    @Test
    void noiseMakesNoAttentionFaster() {
        List<Result> steps = List.of(unsteady("tpa", 107, 0.001), unsteady("tpa_kvonly", 119, 0.12),
                unsteady("mqa", 100, 0.001), unsteady("gqa", 104, 0.001), unsteady("mha", 104.9, 0.12),
                unsteady("mla", 106, 0.12));

        Advice advice = Advice.of(Group.overContext(steps).getFirst()).getFirst();

        assertThat(advice.fastest()).isEqualTo("MQA, MHA 1.05 ×");
        assertThat(advice.others()).isEqualTo("GQA 1.04 ×, MLA 1.06 × ?, TPA 1.07 ×, TPA KV-only 1.19 × ?");
    }

    @Test
    void oneAttentionIsNoAnswer() {
        assertThat(Advice.of(Group.overContext(List.of(step("mha", "paper", 256, 2, 1, 1, 1))).getFirst())).isEmpty();
    }

    /** TPA with steps exists in one shape only, and has no colour or column. */
    @Test
    void attentionsWithoutAColumnAreLeftOut() throws IOException {
        List<Result> steps = List.of(step("tpa_steps", "olala", 64, 2, 1, 1, 1), step("tpa", "small", 64, 2, 1, 1, 1));

        assertThat(Group.overContext(steps)).singleElement()
                .satisfies(group -> assertThat(group.series()).containsOnlyKeys("tpa"));
        assertThat(Report.of(Machine.unknown(), steps).markdown()).contains("| TPA |");
    }

    /** Each bar has its attention's colour, and its value in its name. */
    @Test
    void oneContextMakesBars() {
        Group group = Group.overContext(List.of(step("mha", "small", 4096, 2, 1000, 1000, 300),
                step("tpa", "small", 4096, 2, 1000, 1000, 100))).getFirst();
        String svg = group.bars("decode-1").svg();

        assertThat(group.isBars()).isTrue();
        assertThat(group.isCurve()).isFalse();
        assertThat(svg).contains(">MHA: 1.23<", ">TPA: 0.41<", ">time per step (ms)<",
                ">Decode: small, equal parameters (124 M)<", ">f32 cache, 2 threads, 4096 tokens<",
                "stroke-width=\"1.5\""); // error bars
        assertThat(svg.substring(svg.indexOf("</style"))).contains("fill=\"rgb(158,75,17)\"");
    }

    /** Returns a step of three forks, the last of which takes {@code ratio} times as long as the others. */
    private static Result forked(String attention, int context, double nanoseconds, double ratio) {
        Result step = step(attention, "paper", context, 2, 1000, 1000, nanoseconds);
        double first = 3 * step.primaryMetric().score() / (2 + ratio);
        return new Result(step.benchmark(), step.mode(), step.threads(), 3, step.jdkVersion(), step.vmName(),
                step.vmVersion(), step.jvmArgs(), 1, "1 s", 1, "1 s", step.params(), new Result.Metric(
                        step.primaryMetric().score(), "ns/op", List.of(List.of(first), List.of(first),
                                List.of(ratio * first))),
                step.secondaryMetrics(), null);
    }

    /** In the figure of times a marker is white, the colour of the background; bars have a dagger. */
    @Test
    void timesWhoseForksDifferAreMarkedInFigures() {
        Group curve = Group.overContext(List.of(forked("gqa", 1024, 100, 1), forked("gqa", 4096, 100, 1.2),
                forked("gqa", 8192, 100, 1))).getFirst();
        Group bars = Group.overContext(List.of(forked("gqa", 1024, 100, 1), forked("tpa", 1024, 100, 1.2))).getFirst();

        assertThat(hollow(curve.plot("x").svg())).isEqualTo(1 + hollow(curve.figure().getLast().svg()));
        assertThat(hollow(curve.figure().getFirst().svg())).isEqualTo(hollow(curve.plot("x").svg()));
        assertThat(bars.bars("x").svg()).contains(">TPA †: 0.10<", ">GQA: 0.10<");
    }

    /** Returns the number of white shapes: the background, and hollow markers. */
    private static int hollow(String svg) {
        return svg.split("fill=\"white\"", -1).length;
    }

    /** The vertical axis begins below 0.13 ms and ends above {@code last}; powers of 10 would be no or one tick. */
    @ParameterizedTest
    @CsvSource({"0.61, '0.2 0.5'", "0.41, '0.2 0.3 0.4'", "0.19, '0.13 0.15 0.19'", "5, '0.2 0.5 1 2 5'",
        "30, '1 10'"})
    void shortAxesHaveMoreTicks(double last, String ticks) {
        Group group = Group.overContext(List.of(step("gqa", "paper", 1000, 2, 1000, 1000, 130),
                step("gqa", "paper", 2000, 2, 1000, 1000, last * 1e6 / 2000))).getFirst();

        assertThat(Pattern.compile(">([0-9.]+)<").matcher(group.plot("x").svg()).results().map(found -> found.group(1)))
                .contains(ticks.split(" ")).doesNotContain(last == 30 ? "2" : "0.1");
    }

    /** A setting of a batch is a point of the curves over batches, and needs no figure of its own. */
    @Test
    void stepsWithinCurvesHaveNoBars() {
        Map<String, String> params = Map.of("attention", "mha", "shape", "paper", "context", "4096", "cacheType", "f32",
                "threads", "2", "residency", "memory");
        List<Result> steps = List.of("1", "2").stream().map(batch -> {
            TreeMap<String, String> all = new TreeMap<>(params);
            all.put("batch", batch);
            return step(all, 1000, 1000, 100);
        }).toList();
        List<Group> curves = Group.overBatch(steps);

        assertThat(Group.overContext(steps)).allSatisfy(group -> assertThat(group.isWithin(curves)).isTrue());
    }
}
