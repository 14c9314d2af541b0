package io.github.t6j.jmh.report;

import static io.github.t6j.jmh.report.TestResults.step;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The answer to "which attention for my context?", and bars. */
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

    /** Attentions within the errors of the fastest share its cell; the others follow in the order of their times. */
    @Test
    void theFastestComesFirst() {
        List<Result> steps = List.of(step("mha", "paper", 256, 2, 1000, 1000, 50), unsteady("mha", 300, 0.01),
                unsteady("gqa", 140, 0.01), unsteady("tpa", 100, 0.01), unsteady("mqa", 101, 0.01),
                step("tpa", "paper", 256, 2, 1000, 1000, 100));
        List<Advice> advice = Advice.of(Group.overContext(steps).getFirst());

        assertThat(advice).hasSize(2);
        assertThat(advice.getFirst()).isEqualTo(new Advice(256, "MHA", "12.8 µs ± 0 %", "TPA 2.00 ×"));
        assertThat(advice.getLast().fastest()).isEqualTo("TPA, MQA");
        assertThat(advice.getLast().time()).startsWith("410 µs ± ");
        assertThat(advice.getLast().others()).isEqualTo("GQA 1.40 ×, MHA 3.00 ×");
    }

    @Test
    void oneAttentionIsNoAnswer() {
        assertThat(Advice.of(Group.overContext(List.of(step("mha", "paper", 256, 2, 1, 1, 1))).getFirst())).isEmpty();
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
                ">Decode: small, equal parameters (124 M)<", ">f32 cache, 2 threads, 4096 tokens<");
        assertThat(svg.substring(svg.indexOf("</style"))).contains("fill=\"rgb(158,75,17)\"");
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
