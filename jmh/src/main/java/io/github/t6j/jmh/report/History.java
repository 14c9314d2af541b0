package io.github.t6j.jmh.report;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import io.github.t6j.jmh.Machine;
import io.github.t6j.jmh.peer.PeerSpeed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.SymbolAxis;

/**
 * History of the suites over commits: a file of JSON lines, one for each suite, commit and machine, oldest first; the
 * template history.md.ftl arranges its page.
 */
public record History(List<Line> lines) {
    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    /** Suite of the lines that compare with llama.cpp. */
    private static final String PEER = "peer";

    /** Test of the lines of {@link #PEER} that is drawn; the table has all. */
    private static final String DRAWN = " q8_0 decode";

    /** A ratio has five decimals: pages round it to three digits. */
    private static final double PRECISION = 1e5;

    /** Letters of a commit in a figure. */
    private static final int SHORT = 7;

    /**
     * A run of a suite.
     *
     * @param forks of each step; null in the suite peer and in older lines
     * @param marked attentions whose forks, or whose limit's, differ by more than 10 %; null if there are none
     * @param ratios by attention, the share of the machine's nearest limit in a decode step of the longest context; in
     *     the suite peer by model, type and test, the speed of t6j divided by llama.cpp's
     */
    public record Line(
            String suite, String commit, String date, String machine, Integer forks, List<String> marked,
            Map<String, Double> ratios) {
        private static Line of(Machine machine, Integer forks, List<String> marked, Map<String, Double> ratios) {
            ratios.replaceAll((name, ratio) -> Math.round(ratio * PRECISION) / PRECISION);
            return new Line(machine.suite(), machine.commit() == null ? "unknown" : machine.commit(), machine.date(),
                    machine.processor() + ", " + Numbers.cores(machine.cores()) + ", " + machine.kernels(), forks,
                    marked.isEmpty() ? null : marked, ratios);
        }

        /** Returns the line of a suite's results. */
        static Line of(Machine machine, List<Result> results) {
            Limits limits = new Limits(results, machine.thirdLevelBytes());
            Map<String, Double> ratios = new LinkedHashMap<>();
            List<String> marked = new ArrayList<>();
            Machines.steps(results).ifPresent(steps -> steps.series().forEach((attention, points) -> {
                Limits.Fraction share = limits.of(points.lastEntry().getValue());
                if (share != null) {
                    ratios.put(attention, share.share());
                }
                if (share != null && share.isMarked()) {
                    marked.add(attention);
                }
            }));
            Integer forks = results.stream().map(Result::forks).min(Comparator.naturalOrder()).orElse(null);
            return of(machine, forks, marked, ratios);
        }

        /** Returns the line of a comparison with llama.cpp. */
        static Line ofPeers(Machine machine, List<PeerSpeed> speeds) {
            Map<String, Double> ratios = new LinkedHashMap<>();
            speeds.stream().filter(speed -> speed.engine().equals("llama.cpp")).forEach(peer -> speeds.stream()
                    .filter(own -> own.engine().equals("t6j") && own.model().equals(peer.model())
                            && own.type().equals(peer.type()) && own.test().equals(peer.test()))
                    .forEach(own -> ratios.put(peer.model() + " " + peer.type() + " " + peer.test(),
                            own.fastest() / peer.fastest())));
            return of(machine, null, List.of(), ratios);
        }

        /** Returns the ratio as text, or a dash if this run has none. */
        public String ratio(String name) {
            Double ratio = ratios.get(name);
            return ratio == null
                    ? "–"
                    : suite.equals(PEER)
                            ? Numbers.factor(ratio)
                            : Numbers.percent(ratio) + (isMarked(name) ? " †" : "");
        }

        private boolean isMarked(String name) {
            return marked != null && marked.contains(name);
        }

        private boolean isOfTheSameRun(Line other) {
            return suite.equals(other.suite) && commit.equals(other.commit) && machine.equals(other.machine);
        }

        /** Returns this line with ratios that {@code before} has alone: a comparison may be measured in parts. */
        private Line over(Line before) {
            if (!suite.equals(PEER)) {
                return this;
            }
            Map<String, Double> all = new LinkedHashMap<>(before.ratios);
            all.putAll(ratios);
            return new Line(suite, commit, date, machine, forks, marked, all);
        }

        private boolean isComplete() {
            return suite != null && commit != null && date != null && machine != null && ratios != null;
        }
    }

    /** Runs of one suite on one machine, side by side. */
    public record Part(String suite, String machine, List<Line> lines, List<Plot> plots) {
        /** Returns true if the ratios are of t6j to llama.cpp. */
        public boolean isPeer() {
            return suite.equals(PEER);
        }

        /** Returns the names of all ratios. */
        public List<String> names() {
            return lines.stream().flatMap(line -> line.ratios.keySet().stream()).distinct().toList();
        }
    }

    /**
     * Reads a history; a missing file is an empty one.
     *
     * @throws IllegalArgumentException if a line is not one of a history
     */
    static History read(Path file) throws IOException {
        List<Line> lines = new ArrayList<>();
        for (String text : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
            lines.add(line(text, file, lines.size() + 1));
        }
        return new History(lines);
    }

    private static Line line(String text, Path file, int number) {
        try {
            Line line = GSON.fromJson(text, Line.class);
            if (line != null && line.isComplete()) {
                return line;
            }
        } catch (JsonParseException _) {
            // reported below
        }
        throw new IllegalArgumentException(file + ", line " + number + ": expected JSON with suite, commit, date,"
                + " machine and ratios, found " + text);
    }

    /** Returns the history with a line at its end, or over the line of the same run. */
    History with(Line added) {
        List<Line> all = new ArrayList<>(lines);
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).isOfTheSameRun(added)) {
                all.set(i, added.over(all.get(i)));
                return new History(all);
            }
        }
        all.add(added);
        return new History(all);
    }

    /** Returns the parts, in the order of their first lines. */
    List<Part> parts() {
        List<Part> parts = new ArrayList<>();
        lines.stream().collect(Collectors.groupingBy(line -> line.suite + " on " + line.machine, LinkedHashMap::new,
                Collectors.toList())).values().forEach(runs -> {
                    Line any = runs.getFirst();
                    List<Plot> plots =
                            runs.size() < 2 ? List.of() : List.of(plot("history-" + (1 + parts.size()), runs));
                    parts.add(new Part(any.suite, any.machine, runs, plots));
                });
        return parts;
    }

    private static Plot plot(String name, List<Line> runs) {
        boolean peer = runs.getFirst().suite.equals(PEER);
        SymbolAxis commits = new SymbolAxis("commit", runs.stream()
                .map(line -> line.commit.substring(0, Math.min(SHORT, line.commit.length()))).toArray(String[]::new));
        commits.setVerticalTickLabels(true);
        commits.setGridBandsVisible(false);
        Chart chart = new Chart(peer ? "t6j ÷ llama.cpp, decode, q8_0" : "Share of the machine's limit",
                runs.getFirst().suite + ", " + runs.getFirst().machine, commits,
                new NumberAxis(peer ? "ratio of tokens per second" : "%"));
        Map<String, TreeMap<Integer, Measured>> curves = new LinkedHashMap<>();
        for (int i = 0; i < runs.size(); i++) {
            int at = i;
            runs.get(i).ratios.forEach((ratio, value) -> {
                if (!peer || ratio.contains(DRAWN)) {
                    curves.computeIfAbsent(ratio, key -> new TreeMap<>()).put(at,
                            new Measured(peer ? value : 100 * value, Double.NaN));
                }
            });
        }
        Map<AttentionStyle, Integer> earlier = new LinkedHashMap<>(); // curves of the attention
        curves.forEach((ratio, values) -> {
            AttentionStyle known = AttentionStyle.of(ratio.split(" ")[0]);
            AttentionStyle style = known == null ? AttentionStyle.of("gqa") : known; // models of other sizes are GQA
            String curve = peer && known != null
                    ? ratio.replaceFirst("^\\S+ q8_0", style.name() + ",")
                    : peer ? ratio : style.name();
            Set<Integer> hollow = values.keySet().stream().filter(at -> runs.get(at).isMarked(ratio))
                    .collect(Collectors.toSet());
            chart.curve(curve, style.next(earlier), values, hollow);
        });
        return chart.plot(name);
    }

    /** Writes the file, and next to it history.md, history.html and the plots. */
    void write(Path file) throws IOException {
        Files.writeString(file, lines.stream().map(line -> GSON.toJson(line) + "\n").collect(Collectors.joining()));
        List<Part> parts = parts();
        List<Plot> plots = parts.stream().flatMap(part -> part.plots.stream()).toList();
        String text = Page.of("report/history.md.ftl", Map.of("parts", parts, "names", AttentionStyle.names()));
        Path folder = file.toAbsolutePath().getParent();
        Files.writeString(folder.resolve("history.md"), text);
        Files.writeString(folder.resolve("history.html"), Page.html(text, plots));
        Plot.write(plots, folder);
    }
}
