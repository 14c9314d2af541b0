package io.github.t6j.jmh.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the report says, from results alone; {@link HtmlPage} and {@link Markdown} say how. */
final class Pages {
    private static final String DECODE = "DecodeAttentionBenchmark.step";

    private final Machine machine;
    private final List<Result> results;
    private final Limits limits;

    Pages(Machine machine, List<Result> results) {
        this.machine = machine;
        this.results = results;
        limits = new Limits(results);
    }

    /** All sections for which there is something to say. */
    List<Section> sections() {
        List<Section> sections = new ArrayList<>();
        sections.add(machine());
        if (has(DECODE)) {
            sections.add(decode());
            sections.add(cache());
        }
        if (has("ModelBenchmark")) {
            sections.add(models());
        }
        if (!limits.threads().isEmpty()) {
            sections.add(limits());
            sections.add(fractions());
        }
        sections.add(others());
        sections.removeIf(section -> section.tables.stream().allMatch(table -> table.rows().isEmpty()));
        return sections;
    }

    private boolean has(String name) {
        return results.stream().anyMatch(r -> r.name().startsWith(name));
    }

    private Section machine() {
        Section section = new Section("Machine and method");
        Table table = new Table(2, "what", "which");
        Result any = results.getFirst();
        table.add("CPU", machine.cpu() + ", " + machine.cores() + " cores for the JVM");
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
                .add("± and error bars are 95 % intervals of the mean over the iterations of all forks. They hold what"
                        + " varies within one run; what differs from run to run, such as neighbours on a shared machine, may be"
                        + " more.");
        return section;
    }

    private Section decode() {
        Section section = new Section("Decode attention",
                "Time of one decode step of one layer: scores, softmax and values of one query for each sequence of the"
                        + " batch, over a cache of that many tokens. “Equal heads” gives all attentions as many query heads,"
                        + " as the paper's figures 5, 7 and 8 do; “equal parameters” gives each the heads of the paper's"
                        + " language model of that size.");
        Table table = new Table(1, "shape", "cache", "threads", "batch", "where", "context", "MHA", "MQA", "GQA", "MLA",
                "TPA", "TPA KV-only");
        Table crossovers = new Table(3, "TPA against", "other", "result", "tokens", "other's time ÷ TPA's");
        for (Group group : Group.overContext(results)) {
            rows(group, table);
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

    private static void rows(Group group, Table table) {
        TreeSet<Integer> contexts = new TreeSet<>();
        group.series().values().forEach(points -> contexts.addAll(points.keySet()));
        for (int context : contexts) {
            List<String> row = new ArrayList<>(List.of(
                    Labels.shape(group.setting().shape()), group.setting().cacheType(),
                    Integer.toString(group.setting().threads()), Integer.toString(group.setting().batch()),
                    group.setting().residency(), Integer.toString(context)));
            for (String attention : Labels.ATTENTIONS) {
                Result result = group.series().containsKey(attention)
                        ? group.series().get(attention).get(context)
                        : null;
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
                    .put(Labels.attention(attention),
                            points.firstEntry().getValue().counter("cacheBytesPerToken").mean()));
        }
        Table table = new Table(1, "shape and type", "MHA", "MQA", "GQA", "MLA", "TPA", "TPA KV-only");
        bytes.forEach((setting, elements) -> {
            List<String> row = new ArrayList<>(List.of(setting));
            Labels.ATTENTIONS.forEach(attention -> {
                Double number = elements.get(Labels.attention(attention));
                row.add(number == null ? "–" : String.format(Locale.ROOT, "%.0f", number));
            });
            table.add(row.toArray(String[]::new));
            if (elements.size() == Labels.ATTENTIONS.size() && section.plots.size() < 2) {
                section.plots.add(Charts.bars("cache-" + (section.plots.size() + 1),
                        "Cache per token and layer", setting, "bytes", Charts.format("#,##0"), elements));
            }
        });
        section.tables.add(table);
        return section;
    }

    /** What models must share to be compared. */
    private record Setup(String test, String setting) {}

    private Section models() {
        Section section = new Section("Whole models",
                "Random weights of the paper's small size: equal parameters (124 M), not equal heads. Prefill feeds a"
                        + " prompt into an empty cache; decode feeds one token after that many others. Both end with logits.");
        Table table = new Table(2, "model", "test", "weights", "cache", "threads", "tokens/s", "of limit");
        Map<Setup, Map<String, Double>> speeds = new LinkedHashMap<>();
        for (Result result : results) {
            if (result.name().startsWith("ModelBenchmark")) {
                boolean prefill = result.is("ModelBenchmark.prefill");
                String test = prefill ? "prefill " + result.param("tokens") : "decode at " + result.param("depth");
                Measured speed = result.counter("tokensPerSecond");
                table.add(result.param("model"), test, result.param("type"), result.param("cacheType"),
                        result.param("threads"), speed.plain(), fraction(result));
                String setting = result.param("type") + " weights, " + result.param("cacheType") + " cache, "
                        + Labels.threads(result.computing());
                speeds.computeIfAbsent(new Setup(test, setting), s -> new LinkedHashMap<>())
                        .put(result.param("model"), speed.mean());
            }
        }
        speeds.forEach((setup, values) -> section.plots.add(Charts.bars("models-" + (section.plots.size() + 1),
                "Whole model: " + setup.test, "equal parameters (124 M), " + setup.setting, "tokens per second",
                Charts.format("#,##0.#"), values)));
        section.tables.add(table);
        return section;
    }

    private Section limits() {
        Section section = new Section("Limits of the machine",
                "Measured in the same run by PeakBenchmark: what any kernel could have at most.");
        List<String> header = new ArrayList<>(List.of("limit"));
        limits.threads().forEach(threads -> header.add(Labels.threads(threads)));
        Table table = new Table(header, 1, new ArrayList<>());
        row(table, "read from memory (256 MiB)", limits::memory, "B/s");
        row(table, "read from L2 (256 KiB)", limits::secondLevel, "B/s");
        row(table, "f32 multiply-add", limits::multiplyAdd, "FLOP/s");
        section.tables.add(table);
        return section;
    }

    private void row(Table table, String name, IntFunction<Measured> limit, String unit) {
        List<String> row = new ArrayList<>(List.of(name));
        for (int threads : limits.threads()) {
            Measured measured = limit.apply(threads);
            row.add(measured == null ? "–" : measured.rate(unit));
        }
        table.add(row.toArray(String[]::new));
    }

    private String fraction(Result result) {
        Limits.Fraction fraction = limits.of(result);
        return fraction == null ? "–" : fraction.text();
    }

    private Section fractions() {
        Section section = new Section("Fraction of the limits",
                "The nearer of two: bytes read against the read bandwidth, multiplications and additions against the"
                        + " multiply-add peak, both of as many threads. A kernel that must do both cannot reach 100 % of either.");
        Map<String, Double> shares = new LinkedHashMap<>();
        largest(DECODE).forEach(result -> put(shares, "decode " + Labels.attention(result.param("attention")), result));
        results.stream().filter(r -> r.name().startsWith("Matrix")).forEach(result -> put(shares,
                (result.is("MatrixVectorBenchmark.multiply") ? "mat·vec " : "mat·mat ") + result.param("shape") + " "
                        + result.param("type"),
                result));
        if (!shares.isEmpty()) {
            section.plots.add(Charts.bars("fractions", "Fraction of the nearer limit",
                    "decode: paper, equal heads, longest cache",
                    "per cent of the limit",
                    Charts.format("0"), shares));
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

    /** Of each attention the paper shape's step over the most tokens from memory in f32. */
    private List<Result> largest(String name) {
        List<Result> candidates = results.stream().filter(r -> r.is(name) && r.param("shape").equals("paper")
                && r.param("residency").equals("memory") && r.param("cacheType").equals("f32")
                && r.param("batch").equals("1")).toList();
        return Labels.ATTENTIONS.stream().flatMap(attention -> candidates.stream()
                .filter(r -> r.param("attention").equals(attention))
                .max(Comparator.comparing((Result r) -> r.number("context")).thenComparing(Result::computing)).stream())
                .toList();
    }

    private void put(Map<String, Double> shares, String label, Result result) {
        Limits.Fraction fraction = limits.of(result);
        if (fraction != null) {
            shares.put(label, 100 * fraction.share());
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

    /** The key, without what is as usual. */
    static String shortKey(Result result) {
        return result.key().replace("Benchmark", "").replace(" kernels=simd", "").replace(" residency=memory", "")
                .replaceAll(" batch=1(?= |$)", "").replaceAll(" model= ", " ");
    }
}
