package io.github.t6j.jmh.report;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Decode steps that differ only in the attention and one number.
 *
 * @param setting common parameters
 * @param series results by attention, then by that number, in its order
 */
public record Group(Setting setting, Map<String, TreeMap<Integer, Result>> series) {
    private static final Map<String, String> SHAPES = Map.of("paper", "paper, equal heads (32 × 64)", "paper-1024",
            "paper-1024, equal heads (16 × 64)", "paper-3072", "paper-3072, equal heads (48 × 64)", "d128",
            "d128, equal heads (32 × 128)", "mlra", "mlra, published models (2.9 B, 24 heads)", "small",
            "small, equal parameters (124 M)", "medium", "medium, equal parameters (353 M)", "large",
            "large, equal parameters (773 M)", "xl", "xl, equal parameters (1.5 B)");

    /** Contexts side by side in the main table, which is narrow enough for a phone. */
    private static final int CONTEXTS = 3;

    /**
     * Parameters that two decode steps must share to be compared; 0 in {@code context} or {@code batch} matches any.
     */
    public record Setting(String shape, String cacheType, int threads, String residency, int batch, int context) {
        /** Returns the name of the shape, and what its attentions have in common. */
        public String shapeText() {
            return SHAPES.getOrDefault(shape, shape);
        }

        public String text() {
            return shapeText() + ", " + rest();
        }

        /** Returns the setting without the shape. */
        public String rest() {
            return cacheType + " cache" + (residency.equals("cached") ? ", one cache" : "")
                    + (batch > 1 ? ", batch " + batch : "") + (context > 0 ? ", " + context + " tokens" : "") + ", "
                    + Numbers.threads(threads);
        }
    }

    /** Groups decode steps over contexts. */
    static List<Group> overContext(List<Result> results) {
        return groups(results, "context", r -> new Setting(
                r.param("shape"), r.param("cacheType"), r.computing(), r.param("residency"), r.number("batch"), 0));
    }

    /** Groups decode steps over batches. */
    static List<Group> overBatch(List<Result> results) {
        return groups(results, "batch", r -> new Setting(
                r.param("shape"), r.param("cacheType"), r.computing(), r.param("residency"), 0, r.number("context")));
    }

    private static List<Group> groups(List<Result> results, String number, Function<Result, Setting> setting) {
        Map<Setting, Group> groups = new LinkedHashMap<>();
        results.stream().filter(r -> r.is("DecodeAttentionBenchmark.step") && !r.param("kernels").equals("scalar"))
                .filter(r -> AttentionStyle.NAMES.contains(r.param("attention"))) // not TPA with steps, of one shape
                .sorted(Comparator.comparing(r -> AttentionStyle.NAMES.indexOf(r.param("attention"))))
                .forEach(r -> groups.computeIfAbsent(setting.apply(r), s -> new Group(s, new LinkedHashMap<>())).series
                        .computeIfAbsent(r.param("attention"), a -> new TreeMap<>()).put(r.number(number), r));
        return List.copyOf(groups.values());
    }

    /** Returns true if there are enough points for a curve. */
    boolean isCurve() {
        return series.values().stream().anyMatch(points -> points.size() > 1);
    }

    /** Returns the numbers at which any attention was measured. */
    public List<Integer> numbers() {
        return series.values().stream().flatMap(points -> points.keySet().stream()).distinct().sorted().toList();
    }

    /** Returns true if attentions are compared at one number, which makes bars. */
    boolean isBars() {
        return numbers().size() == 1 && series.size() > 1;
    }

    private List<Result> steps() {
        return series.values().stream().flatMap(steps -> steps.values().stream()).toList();
    }

    /** Returns true if a figure of curves has all steps of this group. */
    boolean isWithin(List<Group> curves) {
        return curves.stream().anyMatch(curve -> curve.steps().containsAll(steps()));
    }

    /** Returns the shortest, a middle and the longest context. */
    public List<Integer> contexts() {
        List<Integer> all = numbers();
        return all.size() <= CONTEXTS ? all : List.of(all.getFirst(), all.get(all.size() / 2), all.getLast());
    }

    /** Returns the attentions that were measured at one of {@link #contexts}. */
    public List<String> attentions() {
        return series.keySet().stream()
                .filter(attention -> contexts().stream().anyMatch(series.get(attention)::containsKey)).toList();
    }

    /** Returns the time of a step, or a dash if it was not measured. */
    public String time(String attention, int number) {
        Result step = series.getOrDefault(attention, new TreeMap<>()).get(number);
        return step == null ? "–" : step.markedTime();
    }

    /** Returns the attention's time divided by TPA's at the longest common context, or a dash. */
    public String ratio(String attention) {
        TreeMap<Integer, Result> tpa = series.getOrDefault("tpa", new TreeMap<>());
        return series.get(attention).descendingMap().entrySet().stream().filter(step -> tpa.containsKey(step.getKey()))
                .findFirst().map(step -> Numbers.factor(
                        step.getValue().seconds().mean() / tpa.get(step.getKey()).seconds().mean()))
                .orElse("–");
    }

    /** Returns the bytes of a token in the cache, or a dash. */
    public String bytes(String attention) {
        return series.containsKey(attention)
                ? Numbers.whole(series.get(attention).firstEntry().getValue().counter("cacheBytesPerToken").mean())
                : "–";
    }

    /** Returns a group with the attentions of both. */
    Group with(Group added) {
        Map<String, TreeMap<Integer, Result>> all = new LinkedHashMap<>(added.series);
        all.putAll(series);
        return new Group(setting, all);
    }

    /** Draws the time of a step over the number, with logarithmic axes and error bars. */
    Plot plot(String name) {
        return plot(name, "Decode: " + setting.shapeText(), setting.rest(), "time per step (ms)",
                step -> step.seconds().times(1e3), Result::isMarked);
    }

    /** Draws time and cache of TPA, MHA and GQA over the context: the figure of the project's README. */
    List<Plot> figure() {
        Map<String, TreeMap<Integer, Result>> drawn = new LinkedHashMap<>(series);
        drawn.keySet().retainAll(List.of("tpa", "mha", "gqa"));
        Group three = new Group(setting, drawn);
        return List.of(three.plot("time", "Time of a decode step, one layer", setting.text(), "ms",
                step -> step.seconds().times(1e3), Result::isMarked),
                three.plot("cache", "Cache, one layer", setting.text(), "MB",
                        step -> step.counter("cacheBytesPerToken").times(step.number("context") / 1e6), _ -> false));
    }

    /** Draws the time of a step at the only number as bars. */
    Plot bars(String name) {
        int number = numbers().getFirst();
        Bars bars = new Bars("Decode: " + setting.shapeText(), setting.rest() + ", " + number
                + (setting.batch == 0 ? " sequences" : " tokens"), "time per step (ms)");
        series.forEach((attention, steps) -> {
            AttentionStyle style = AttentionStyle.of(attention);
            Result step = steps.get(number);
            bars.bar(style.name() + (step.isMarked() ? " †" : ""), style.color(), step.seconds().times(1e3));
        });
        return bars.plot(name);
    }

    /** Draws a curve for each attention; the markers of steps that match {@code hollow} are hollow. */
    private Plot plot(String name, String title, String subtitle, String unit, Function<Result, Measured> value,
            Predicate<Result> hollow) {
        Chart chart = new Chart(title, subtitle, Chart.logAxis(
                setting.batch == 0 ? "sequences in the batch" : "tokens in the cache", 2,
                (double) numbers().getLast() / numbers().getFirst()), Chart.logAxis(unit, 10, 1));
        series.forEach((attention, steps) -> {
            TreeMap<Integer, Measured> values = new TreeMap<>();
            steps.forEach((number, step) -> values.put(number, value.apply(step)));
            Set<Integer> marked = steps.keySet().stream().filter(number -> hollow.test(steps.get(number)))
                    .collect(Collectors.toSet());
            if (steps.size() > 1) {
                chart.curve(AttentionStyle.of(attention).name(), AttentionStyle.of(attention), values, marked);
            }
        });
        return chart.plot(name);
    }
}
