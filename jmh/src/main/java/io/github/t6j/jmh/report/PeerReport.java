package io.github.t6j.jmh.report;

import io.github.t6j.jmh.Machine;
import io.github.t6j.jmh.peer.PeerPlan;
import io.github.t6j.jmh.peer.PeerResults;
import io.github.t6j.jmh.peer.PeerSpeed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jfree.chart.axis.NumberAxis;

/** Tables and figures that compare t6j with llama.cpp and other Java engines; the template peer.md.ftl arranges them. */
record PeerReport(PeerResults results) {
    private List<PeerSpeed> speeds() {
        return results.speeds();
    }

    /** Writes report.html, summary.md and the plots. */
    void write(Machine machine, Path out) throws IOException {
        PeerPlan plan = results.plan();
        Map<String, List<List<String>>> types = new LinkedHashMap<>();
        speeds().forEach(speed -> types.computeIfAbsent(speed.type(), this::rows));
        List<Plot> plots = types.keySet().stream().map(this::plot).toList();
        String text = Page.of("report/peer.md.ftl", Map.of("machine", machine, "plan", plan, "jdk", results.jdk(),
                "names", speeds().stream().map(PeerSpeed::engine).distinct().collect(Collectors.joining(", ")), "types",
                types, "plots", plots, "columns", speeds().stream().map(PeerReport::column).distinct().toList(),
                "ratios", ratios(), "engines", engineRows()));
        Files.writeString(out.resolve("summary.md"), text);
        Files.writeString(out.resolve("report.html"), Page.html(text, plots));
        Plot.write(plots, out);
    }

    private static String column(PeerSpeed speed) {
        return speed.engine() + " " + speed.model().toUpperCase(Locale.ROOT) + " (" + speed.cache() + " cache)";
    }

    /** Returns the ratios of t6j, without and with native kernels, to each other engine with the same model. */
    private List<String> ratios() {
        return speeds().stream().filter(PeerReport::isOwn).flatMap(own -> peers(own).map(peer -> ratio(own, peer)))
                .distinct().toList();
    }

    /** Returns the other engines' speeds in the test of {@code own}. */
    private Stream<PeerSpeed> peers(PeerSpeed own) {
        return speeds().stream().filter(peer -> !isOwn(peer) && isOfTheSameTest(peer, own));
    }

    private static boolean isOfTheSameTest(PeerSpeed one, PeerSpeed other) {
        return one.model().equals(other.model()) && one.type().equals(other.type()) && one.depth() == other.depth();
    }

    private static String ratio(PeerSpeed own, PeerSpeed peer) {
        return peer.model().toUpperCase(Locale.ROOT) + ": " + own.engine() + " ÷ " + peer.engine();
    }

    private static boolean isOwn(PeerSpeed speed) {
        return speed.engine().startsWith("t6j");
    }

    /** Returns a line for each engine, then for each that was left out with a model. */
    private List<String> engineRows() {
        return Stream.concat(descriptions().stream(), results.leftOut().stream()).toList();
    }

    /** Returns a line for each engine, with the largest difference of its logits; older runs did not record it. */
    private List<String> descriptions() {
        Map<String, Double> lines = new LinkedHashMap<>();
        results.engines().forEach(engine -> lines.merge("%s %s: %s; weights: %s; cache %s".formatted(engine.engine(),
                engine.version(), engine.options(), engine.weights(), engine.cache()), engine.logits(), Math::max));
        return lines.entrySet().stream().map(line -> line.getKey() + (line.getValue() == 0
                ? ""
                : "; logits differ from t6j's by at most " + String.format(Locale.ROOT, "%.1e", line.getValue())
                        + " of the largest"))
                .toList();
    }

    /** Returns a row for each test: its name, the speeds in the order of the columns, the ratios of the fastest. */
    private List<List<String>> rows(String type) {
        Map<String, List<PeerSpeed>> tests = new LinkedHashMap<>();
        speeds().stream().filter(speed -> speed.type().equals(type))
                .forEach(speed -> tests.computeIfAbsent(speed.test(), test -> new ArrayList<>()).add(speed));
        List<List<String>> rows = new ArrayList<>();
        tests.forEach((test, all) -> {
            Map<String, String> cells = new LinkedHashMap<>();
            speeds().stream().map(PeerReport::column).forEach(column -> cells.put(column, "–"));
            ratios().forEach(ratio -> cells.put(ratio, "–"));
            for (PeerSpeed speed : all) {
                String text = Numbers.digits(speed.fastest()) + " (" + Numbers.digits(speed.median()) + ")";
                cells.put(column(speed), isFasterThanOwn(speed, all) ? "**" + text + "**" : text);
                if (isOwn(speed)) {
                    peers(speed).forEach(peer -> cells.put(
                            ratio(speed, peer), Numbers.factor(speed.fastest() / peer.fastest())));
                }
            }
            rows.add(Stream.concat(Stream.of(test), cells.values().stream()).toList());
        });
        return rows;
    }

    private static boolean isFasterThanOwn(PeerSpeed speed, List<PeerSpeed> all) {
        return !isOwn(speed) && all.stream().filter(own -> isOwn(own) && own.model().equals(speed.model()))
                .allMatch(own -> own.fastest() < speed.fastest());
    }

    /** Returns the attention of a column's model: models of other sizes than ours are GQA. */
    private static String attention(String column) {
        return column.contains(" MHA ") ? "mha" : column.contains(" T6 ") ? "tpa" : "gqa";
    }

    private static Plot bars(String type, List<PeerSpeed> decoding) {
        Bars bars = new Bars("Decode, " + type + " weights", "fastest of the rounds, after "
                + decoding.getFirst().depth() + " tokens", "tokens per second");
        for (PeerSpeed speed : decoding) {
            bars.bar(column(speed), AttentionStyle.of(attention(column(speed))).color(),
                    new Measured(speed.fastest(), Double.NaN));
        }
        return bars.plot("peer-" + type);
    }

    /** Draws the speed of decoding over the depth, or bars at the only depth. */
    private Plot plot(String type) {
        List<PeerSpeed> decoding = speeds().stream().filter(s -> s.type().equals(type) && s.depth() >= 0).toList();
        if (decoding.stream().map(PeerSpeed::depth).distinct().count() == 1) {
            return bars(type, decoding);
        }
        double max = decoding.stream().mapToInt(PeerSpeed::depth).max().orElse(1);
        double min = decoding.stream().mapToInt(PeerSpeed::depth).min().orElse(1);
        Chart chart = new Chart("Decode, " + type + " weights", "fastest of the rounds",
                Chart.logAxis("tokens in the cache", 2, max / min), new NumberAxis("tokens per second"));
        Map<String, TreeMap<Integer, Measured>> curves = new LinkedHashMap<>();
        decoding.forEach(speed -> curves.computeIfAbsent(column(speed), column -> new TreeMap<>()).put(speed.depth(),
                new Measured(speed.fastest(), Double.NaN)));
        Map<AttentionStyle, Integer> earlier = new LinkedHashMap<>(); // curves of the attention
        curves.forEach((column, values) -> chart.curve(
                column, AttentionStyle.of(attention(column)).next(earlier), values));
        return chart.plot("peer-" + type);
    }
}
