package io.github.t6j.jmh.report;

import io.github.t6j.jmh.Machine;
import io.github.t6j.jmh.peer.PeerDescription;
import io.github.t6j.jmh.peer.PeerPlan;
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
import java.util.stream.Stream;
import org.jfree.chart.axis.NumberAxis;

/**
 * Tables and figures that compare t6j with llama.cpp and other Java engines; the template peer.md.ftl arranges them.
 *
 * @param engines descriptions of the other Java engines, one for each model and type
 */
record PeerReport(List<PeerSpeed> speeds, List<PeerDescription> engines) {
    private static final List<String> ENGINES = List.of("t6j", "llama.cpp", "jlama", "jinfer");

    /** Writes report.html, summary.md and the plots. @param command command that made the results */
    void write(Machine machine, PeerPlan plan, String command, Path out) throws IOException {
        Map<String, List<List<String>>> types = new LinkedHashMap<>();
        speeds.forEach(speed -> types.computeIfAbsent(speed.type(), this::rows));
        List<Plot> plots = types.keySet().stream().map(this::plot).toList();
        String text = Page.of("report/peer.md.ftl", Map.of("machine", machine, "threads", plan.threads(), "rounds",
                plan.rounds(), "jdk", Runtime.version().toString(), "types", types, "plots", plots, "columns",
                speeds.stream().map(PeerReport::column).distinct().toList(), "ratios", ratios(), "engines",
                engineRows(), "command", command));
        Files.writeString(out.resolve("summary.md"), text);
        Files.writeString(out.resolve("report.html"), Page.html(text, plots));
        Plot.write(plots, out);
    }

    private static String column(PeerSpeed speed) {
        return speed.engine() + " " + speed.model().toUpperCase(Locale.ROOT) + " (" + speed.cache() + " cache)";
    }

    /** Returns the models that t6j and another engine run, as in the table's header. */
    private List<String> ratios() {
        return speeds.stream().filter(speed -> !isOwn(speed)).map(PeerReport::ratio).distinct().toList();
    }

    private static String ratio(PeerSpeed peer) {
        return peer.model().toUpperCase(Locale.ROOT) + ": t6j ÷ " + peer.engine();
    }

    private static boolean isOwn(PeerSpeed speed) {
        return speed.engine().startsWith("t6j");
    }

    /** Returns a line for each other Java engine, with the largest difference of its logits. */
    private List<String> engineRows() {
        Map<String, Double> lines = new LinkedHashMap<>();
        engines.forEach(engine -> lines.merge("%s %s, %s; %s; cache %s".formatted(engine.engine(), engine.version(),
                engine.options(), engine.weights(), engine.cache()), engine.logits(), Math::max));
        return lines.entrySet().stream().map(line -> line.getKey() + "; logits differ from t6j's by at most "
                + String.format(Locale.ROOT, "%.0e", line.getValue()) + " of the largest").toList();
    }

    /** Returns a row for each test: its name, the speeds in the order of the columns, the ratios of the fastest. */
    private List<List<String>> rows(String type) {
        Map<String, List<PeerSpeed>> tests = new LinkedHashMap<>();
        speeds.stream().filter(speed -> speed.type().equals(type))
                .forEach(speed -> tests.computeIfAbsent(speed.test(), test -> new ArrayList<>()).add(speed));
        List<List<String>> rows = new ArrayList<>();
        tests.forEach((test, all) -> {
            Map<String, String> cells = new LinkedHashMap<>();
            speeds.stream().map(PeerReport::column).forEach(column -> cells.put(column, "–"));
            ratios().forEach(ratio -> cells.put(ratio, "–"));
            for (PeerSpeed speed : all) {
                double reference = all.stream() // t6j with native kernels, if they were measured
                        .filter(other -> other.model().equals(speed.model()) && isOwn(other))
                        .reduce((first, last) -> last).orElseThrow().fastest();
                String text = Numbers.digits(speed.fastest()) + " (" + Numbers.digits(speed.median()) + ")";
                cells.put(column(speed), speed.fastest() > reference ? "**" + text + "**" : text);
                if (!isOwn(speed)) {
                    cells.put(ratio(speed), Numbers.factor(reference / speed.fastest()));
                }
            }
            rows.add(Stream.concat(Stream.of(test), cells.values().stream()).toList());
        });
        return rows;
    }

    private static Plot bars(String type, List<PeerSpeed> decoding) {
        Bars bars = new Bars("Decode, " + type + " weights", "fastest of the rounds, after "
                + decoding.getFirst().depth() + " tokens", "tokens per second");
        for (PeerSpeed speed : decoding) {
            String attention = speed.model().startsWith("mha") ? "mha" : speed.model().startsWith("t6") ? "tpa" : "gqa";
            bars.bar(column(speed), AttentionStyle.of(attention).color(), new Measured(speed.fastest(), Double.NaN));
        }
        return bars.plot("peer-" + type);
    }

    /** Draws the speed of decoding over the depth, or bars at the only depth. */
    private Plot plot(String type) {
        List<PeerSpeed> decoding = speeds.stream().filter(s -> s.type().equals(type) && s.depth() >= 0).toList();
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
        curves.forEach((column, values) -> {
            AttentionStyle style =
                    AttentionStyle.of(column.contains("MHA") ? "mha" : column.contains("T6") ? "tpa" : "gqa");
            String engine = decoding.stream().filter(speed -> column(speed).equals(column)).findFirst().orElseThrow()
                    .engine();
            int other = ENGINES.indexOf(engine.replace(" native", ""));
            int variant = 2 * other + (engine.endsWith(" native") ? 1 : 0);
            chart.curve(column, other == 0 ? style : other == 1 ? style.dotted() : style.like(variant), values);
        });
        return chart.plot("peer-" + type);
    }
}
