package io.github.t6j.jmh.report;

import io.github.t6j.jmh.Machine;
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
import org.jfree.chart.axis.NumberAxis;

/** Tables and figures that compare t6j with llama.cpp; the template peer.md.ftl arranges them. */
record PeerReport(List<PeerSpeed> speeds) {
    /** Writes report.html, summary.md and the plots. @param command command that made the results */
    void write(Machine machine, PeerPlan plan, String command, Path out) throws IOException {
        Map<String, List<List<String>>> types = new LinkedHashMap<>();
        speeds.forEach(speed -> types.computeIfAbsent(speed.type(), this::rows));
        List<Plot> plots = types.keySet().stream().map(this::plot).toList();
        String text = Page.of("report/peer.md.ftl", Map.of("machine", machine, "threads", plan.threads(), "rounds",
                plan.rounds(), "jdk", Runtime.version().toString(), "types", types, "plots", plots, "columns",
                speeds.stream().map(PeerReport::column).distinct().toList(), "shared", shared(), "command", command));
        Files.writeString(out.resolve("summary.md"), text);
        Files.writeString(out.resolve("report.html"), Page.html(text, plots));
        Plot.write(plots, out);
    }

    private static String column(PeerSpeed speed) {
        return speed.engine() + " " + speed.model().toUpperCase(Locale.ROOT) + " (" + speed.cache() + " cache)";
    }

    /** Returns the models that both engines run. */
    private List<String> shared() {
        return speeds.stream().filter(speed -> speed.engine().equals("llama.cpp"))
                .map(speed -> speed.model().toUpperCase(Locale.ROOT)).distinct().toList();
    }

    /** Returns a row for each test: its name, the speeds in the order of measurement, the ratios of the fastest. */
    private List<List<String>> rows(String type) {
        Map<String, List<PeerSpeed>> tests = new LinkedHashMap<>();
        speeds.stream().filter(speed -> speed.type().equals(type))
                .forEach(speed -> tests.computeIfAbsent(speed.test(), test -> new ArrayList<>()).add(speed));
        List<List<String>> rows = new ArrayList<>();
        tests.forEach((test, all) -> {
            List<String> row = new ArrayList<>(List.of(test));
            List<String> ratios = new ArrayList<>();
            for (PeerSpeed speed : all) {
                double reference = all.stream() // t6j with native kernels, if they were measured
                        .filter(other -> other.model().equals(speed.model()) && other.engine().startsWith("t6j"))
                        .reduce((first, last) -> last).orElseThrow().fastest();
                String text = Numbers.digits(speed.fastest()) + " (" + Numbers.digits(speed.median()) + ")";
                row.add(speed.fastest() > reference ? "**" + text + "**" : text);
                if (speed.engine().equals("llama.cpp")) {
                    ratios.add(Numbers.factor(reference / speed.fastest()));
                }
            }
            row.addAll(ratios);
            rows.add(row);
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
            chart.curve(column, column.startsWith("t6j") ? style : style.dotted(), values);
        });
        return chart.plot("peer-" + type);
    }
}
