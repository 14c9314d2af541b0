package io.github.t6j.jmh.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Contents of the report, from the results alone; {@link HtmlPage} and {@link Markdown} format it. */
final class Pages {
    private static final String DECODE = "DecodeAttentionBenchmark.step";

    /** Smallest number of attentions for which a figure of cache sizes is drawn. */
    private static final int LEAST_BARS = 6;

    private final Machine machine;
    private final List<Result> results;
    private final Limits limits;

    Pages(Machine machine, List<Result> results) {
        this.machine = machine;
        this.results = results;
        limits = new Limits(results, machine.thirdLevelBytes());
    }

    /** Returns all sections that have content. */
    List<Section> sections() {
        List<Section> sections = new ArrayList<>();
        if (has(DECODE)) {
            MainTable.groups(results).forEach(group -> sections.add(main(group)));
            sections.add(decode());
            sections.add(cache());
        }
        if (has("ModelBenchmark")) {
            sections.add(models());
        }
        if (!limits.threads().isEmpty()) {
            Stream.of("paper", "mlra").map(shape -> Roofline.of(results, limits, shape)).filter(Objects::nonNull)
                    .forEach(roofline -> sections.add(roofline(roofline)));
            sections.add(limits());
            sections.add(fractions());
        }
        sections.add(others());
        sections.add(machine());
        sections.removeIf(section -> section.tables.stream().allMatch(table -> table.rows().isEmpty()));
        sections.addFirst(howToRead());
        return sections;
    }

    /** Returns one line with the software, the machine and the date of the run. */
    String facts() {
        return machine.software() + ", on " + machine.cpu() + ", "
                + (machine.family() == null ? "family not known" : machine.family()) + ", " + machine.cores()
                + " cores; JDK " + results.getFirst().jdkVersion() + ", " + machine.kernels() + "; suite "
                + machine.suite() + ", " + machine.date() + ".";
    }

    private static Section howToRead() {
        Section section = new Section("How to read this");
        section.notes.addAll(List.of(
                "TPA, the attention that t6j is made for, comes first; the others answer the same queries from"
                        + " caches in other formats.",
                "Equal heads compare caches and kernels; equal parameters compare models of the same size. Every table"
                        + " and figure says which.",
                "Times of attention are for one layer. A whole model also reads all its weights for each token, so it"
                        + " gains less.",
                "± and error bars are 95 % intervals of the mean within this run. Between runs, ignore differences below"
                        + " 1.5 × in results that read from memory.",
                "“Of limit” is the share of the nearer limit: the highest read bandwidth and the highest rate of"
                        + " multiply-adds in this run. The report explains each share above 100 %."));
        return section;
    }

    private boolean has(String name) {
        return results.stream().anyMatch(r -> r.name().startsWith(name));
    }

    private static Section main(Group group) {
        Section section = new Section("TPA and the other attentions: " + group.setting().rest(),
                "Time of one decode step of one layer's attention, read from memory: "
                        + Labels.shape(group.setting().shape()) + ".");
        section.tables.add(MainTable.of(group));
        return section;
    }

    private Section machine() {
        Section section = new Section("Machine and method");
        Table table = new Table(2, "what", "which");
        Result any = results.getFirst();
        table.add("t6j", machine.software());
        table.add("CPU", machine.cpu() + ", " + machine.cores() + " cores for the JVM");
        table.add("CPU family", machine.family() == null ? "not known" : machine.family());
        table.add("L3", machine.thirdLevelBytes() == 0 ? "not known" : Numbers.size(machine.thirdLevelBytes()));
        table.add("memory", machine.memory() + " GB");
        table.add("system", machine.system());
        table.add("JDK", any.vmName() + " " + any.vmVersion());
        table.add("flags", results.stream().flatMap(r -> r.jvmArgs() == null ? Stream.of() : r.jvmArgs().stream())
                .distinct().sorted().collect(Collectors.joining(" ")));
        table.add("kernels", machine.kernels());
        table.add("suite", machine.suite() + ", " + machine.date());
        table.add("JMH", results.stream().map(r -> r.forks() + (r.forks() == 1 ? " fork, " : " forks, ")
                + r.warmupIterations() + " × " + r.warmupTime() + " warm-up, " + r.measurementIterations() + " × "
                + r.measurementTime() + " measured").distinct().collect(Collectors.joining("; ")));
        section.tables.add(table);
        section.notes
                .add("± and error bars are 95 % intervals of the mean over the iterations of all forks. They cover"
                        + " variation within one run; differences between runs, for example through other programs on a shared"
                        + " machine, may be larger.");
        return section;
    }

    private Section decode() {
        Section section = new Section("Decode attention, all settings",
                "Time of one decode step of one layer: scores, softmax and values of one query for each sequence of the"
                        + " batch, over a cache of that many tokens. “Equal heads” gives all attentions as many query heads,"
                        + " as the paper's figures 5, 7 and 8 do; “equal parameters” gives each the heads of the paper's"
                        + " language model of that size.");
        List<String> attentions = attentions();
        List<String> header = new ArrayList<>(List.of("setting", "tokens"));
        attentions.forEach(attention -> header.add(Labels.attention(attention)));
        Table table = new Table(header, 1, new ArrayList<>());
        Table crossovers = new Table(3, "TPA against", "other", "result", "tokens", "other's time ÷ TPA's");
        for (Group group : Group.overContext(results)) {
            rows(group, attentions, table);
            if (group.isCurve()) {
                section.plots.add(Charts.curves(
                        "decode-" + (section.plots.size() + 1), group, "tokens in the cache"));
            }
            Crossover.rows(group, crossovers);
        }
        for (Group group : Group.overBatch(results)) {
            if (group.isCurve()) {
                section.plots.add(Charts.curves(
                        "decode-" + (section.plots.size() + 1), group, "sequences in the batch"));
            }
        }
        section.tables.add(table);
        section.tables.add(crossovers);
        return section;
    }

    /** Returns the attentions whose decode steps were measured. */
    private List<String> attentions() {
        return Labels.ATTENTIONS.stream().filter(attention -> results.stream().anyMatch(
                r -> r.is(DECODE) && r.param("attention").equals(attention))).toList();
    }

    private static void rows(Group group, List<String> attentions, Table table) {
        TreeSet<Integer> contexts = new TreeSet<>();
        group.series().values().forEach(points -> contexts.addAll(points.keySet()));
        for (int context : contexts) {
            List<String> row = new ArrayList<>(List.of(group.setting().text(), Integer.toString(context)));
            for (String attention : attentions) {
                Result result = group.series().getOrDefault(attention, new TreeMap<>()).get(context);
                row.add(result == null ? "–" : result.seconds().time());
            }
            table.add(row.toArray(String[]::new));
        }
    }

    private Section cache() {
        Section section = new Section("Cache", "Bytes that one token takes in one layer's cache.");
        Map<String, Map<String, Double>> bytes = new LinkedHashMap<>();
        for (Group group : Group.overContext(results)) {
            String setting = Labels.shape(group.setting().shape()) + ", " + group.setting().cacheType();
            group.series().forEach((attention, points) -> bytes.computeIfAbsent(setting, s -> new LinkedHashMap<>())
                    .put(attention, points.firstEntry().getValue().counter("cacheBytesPerToken").mean()));
        }
        List<String> header = new ArrayList<>(List.of("shape and type"));
        attentions().forEach(attention -> header.add(Labels.attention(attention)));
        Table table = new Table(header, 1, new ArrayList<>());
        bytes.forEach((setting, sizes) -> {
            List<String> row = new ArrayList<>(List.of(setting));
            attentions().forEach(attention -> row.add(
                    sizes.containsKey(attention) ? Numbers.whole(sizes.get(attention)) : "–"));
            table.add(row.toArray(String[]::new));
            if (sizes.size() >= LEAST_BARS && section.plots.size() < 2) {
                List<Bar> bars = Labels.ATTENTIONS.stream().filter(sizes::containsKey).map(attention -> new Bar(
                        Labels.attention(attention), new Measured(sizes.get(attention), Double.NaN),
                        Numbers.whole(sizes.get(attention)))).toList();
                section.plots.add(Bars.of("cache-" + (section.plots.size() + 1), "Cache per token and layer", setting,
                        "bytes", Double.NaN, bars));
            }
        });
        section.tables.add(table);
        return section;
    }

    /** Parameters that models must share to be compared. */
    private record Setup(String test, String setting) {}

    private Section models() {
        Section section = new Section("Whole models",
                "Random weights of the paper's small size: equal parameters (124 M), not equal heads. Prefill feeds a"
                        + " prompt into an empty cache; decode feeds one token after that many others. Both end with logits.");
        Table table = new Table(2, "model", "test", "weights", "cache", "threads", "tokens/s", "of limit");
        Map<Setup, List<Bar>> speeds = new LinkedHashMap<>();
        for (Result result : Labels.models(results)) {
            Measured speed = result.counter("tokensPerSecond");
            table.add(result.param("model"), Labels.test(result), result.param("type"), result.param("cacheType"),
                    result.param("threads"), speed.plain(), fraction(result));
            String setting = result.param("type") + " weights, " + result.param("cacheType") + " cache, "
                    + Labels.threads(result.computing());
            speeds.computeIfAbsent(new Setup(Labels.test(result), setting), s -> new ArrayList<>())
                    .add(new Bar(result.param("model"), speed, speed.plain()));
        }
        speeds.forEach((setup, bars) -> section.plots.add(Bars.of("models-" + (section.plots.size() + 1),
                "Whole model: " + setup.test, "equal parameters (124 M), " + setup.setting, "tokens per second",
                Double.NaN, bars)));
        section.tables.add(table);
        return section;
    }

    private static Section roofline(Roofline roofline) {
        Section section = new Section("Roofline: " + roofline.shape(),
                "Operations per second that a decode step reaches, over its operations per byte of cache. Left of the"
                        + " bend memory is the limit, right of it multiply-adds are. Each attention is shown at its"
                        + " longest context.");
        section.plots.add(Charts.roofline("roofline-" + roofline.shape(), roofline).with(roofline.notes()));
        section.tables.add(roofline.table());
        return section;
    }

    private Section limits() {
        Section section = new Section("Limits of the machine",
                "Limits of any kernel, measured by PeakBenchmark at both ends of the same run. The higher of the two"
                        + " counts.");
        Table table = new Table(2, "limit", "threads", "at the beginning", "at the end");
        for (int threads : limits.threads()) {
            int kilobytes = limits.memoryKilobytes();
            row(table, "read from memory (" + Numbers.size(kilobytes * 1024L) + ")", threads, limits.memory(threads),
                    "B/s");
            row(table, "read from L2 (256 KiB)", threads, limits.secondLevel(threads), "B/s");
            row(table, "f32 multiply-add", threads, limits.multiplyAdd(threads), "FLOP/s");
        }
        section.tables.add(table);
        return section;
    }

    private static void row(Table table, String name, int threads, Limits.Ends ends, String unit) {
        if (!ends.values().isEmpty()) {
            table.add(name, Labels.threads(threads), ends.first().rate(unit),
                    ends.last() == null ? "not measured" : ends.last().rate(unit));
        }
    }

    private String fraction(Result result) {
        Limits.Fraction fraction = limits.of(result);
        return fraction == null ? "–" : fraction.text();
    }

    private Section fractions() {
        Section section = new Section("Fraction of the limits",
                "Share of the nearer limit: bytes read of the read bandwidth, or multiplications and additions of the"
                        + " multiply-add peak, with the same number of threads. A kernel that does both cannot reach 100 %.");
        List<Bar> bars = new ArrayList<>();
        List<String> words = new ArrayList<>();
        largest(DECODE).forEach(result -> bar(
                "decode " + Labels.attention(result.param("attention")), result, bars, words));
        results.stream().filter(r -> r.name().startsWith("Matrix")).forEach(result -> bar(
                (result.is("MatrixVectorBenchmark.multiply") ? "mat·vec " : "mat·mat ") + result.param("shape") + " "
                        + result.param("type"),
                result, bars, words));
        if (!bars.isEmpty()) {
            section.plots.add(Bars.of("fractions", "Fraction of the nearer limit",
                    "decode: paper, equal heads, longest cache", "per cent of the limit", 100, bars).with(words));
        }
        Table table = new Table(1, "benchmark", "bytes", "operations", "of limit");
        for (Result result : results) {
            if (limits.of(result) != null && !result.name().startsWith("ModelBenchmark")) {
                Measured bytes = result.counter("bytesPerSecond", "bytes");
                Measured flops = result.counter("flopsPerSecond", "flops");
                table.add(shortKey(result), bytes == null || bytes.mean() == 0 ? "–" : bytes.rate("B/s"),
                        flops == null || flops.mean() == 0 ? "–" : flops.rate("FLOP/s"), fraction(result));
            }
        }
        section.tables.add(table);
        return section;
    }

    /** Returns each attention's step at the paper's shape with the most tokens, from memory, in f32. */
    private List<Result> largest(String name) {
        List<Result> candidates = results.stream().filter(r -> r.is(name) && r.param("shape").equals("paper")
                && r.param("residency").equals("memory") && r.param("cacheType").equals("f32")
                && r.param("batch").equals("1")).toList();
        return Labels.ATTENTIONS.stream().flatMap(attention -> candidates.stream()
                .filter(r -> r.param("attention").equals(attention))
                .max(Comparator.comparing((Result r) -> r.number("context")).thenComparing(Result::computing)).stream())
                .toList();
    }

    private void bar(String label, Result result, List<Bar> bars, List<String> words) {
        Limits.Fraction fraction = limits.of(result);
        if (fraction != null) {
            boolean above = !fraction.why().isEmpty();
            bars.add(new Bar(
                    label, fraction.share().times(100), Numbers.percent(fraction.share().mean()) + (above ? " *" : ""),
                    above));
            if (above) {
                words.add(fraction.note(label));
            }
        }
    }

    private Section others() {
        Section section = new Section("Other kernels");
        Table table = new Table(1, "benchmark", "time per operation");
        for (Result result : results) {
            if (!result.is(DECODE) && !result.name().startsWith("Peak") && !result.name().startsWith("Model")) {
                table.add(shortKey(result), result.seconds().time());
            }
        }
        section.tables.add(table);
        return section;
    }

    /** Returns the key without the usual parameters. */
    static String shortKey(Result result) {
        return result.key().replace("Benchmark", "").replace(" kernels=simd", "").replace(" residency=memory", "")
                .replaceAll(" batch=1(?= |$)", "").replaceAll(" model= ", " ");
    }
}
