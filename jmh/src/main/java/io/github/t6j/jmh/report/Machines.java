package io.github.t6j.jmh.report;

import io.github.t6j.jmh.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jfree.chart.axis.NumberAxis;

/**
 * Decode steps on several machines, as shares of each machine's own limits; the template machines.md.ftl arranges them.
 * A machine is a folder with results of a suite.
 */
public record Machines(List<Run> runs) {
    private static final String SHARE = "share of the machine's nearer limit";

    /**
     * Results of a machine.
     *
     * @param folder name of their folder
     * @param steps steps with an f32 cache read from memory, in as many threads as the machine has cores
     */
    public record Run(String folder, Machine machine, Limits limits, Group steps) {
        /** Returns processor and cores. */
        public String name() {
            return machine.processor() + ", " + Numbers.cores(machine.cores());
        }

        private List<Result> points() {
            return steps.series().values().stream().flatMap(points -> points.values().stream()).toList();
        }

        /** Returns the forks of each step, the fewest if they differ. */
        public int forks() {
            return points().stream().mapToInt(Result::forks).min().orElseThrow();
        }

        /** Returns the limit of reads from memory. */
        public String memory() {
            return limits.memory(steps.setting().threads()).text("B/s");
        }

        /** Returns the limit of multiply-adds. */
        public String multiplyAdd() {
            return limits.multiplyAdd(steps.setting().threads()).text("FLOP/s");
        }

        private Optional<Result> step(String attention, int context) {
            return Optional.ofNullable(steps.series().getOrDefault(attention, new TreeMap<>()).get(context));
        }

        /** Returns true if this machine measured the step. */
        public boolean has(String attention, int context) {
            return step(attention, context).isPresent();
        }

        /** Returns the time of a step, or a dash if it was not measured. */
        public String time(String attention, int context) {
            return steps.time(attention, context);
        }

        /** Returns the share of the memory's limit in a step, or a dash. */
        public String reads(String attention, int context) {
            return percent(step(attention, context), limits.memory(steps.setting().threads()), "bytesPerSecond",
                    "bytes");
        }

        /** Returns the share of the multiply-add limit in a step, or a dash. */
        public String operations(String attention, int context) {
            return percent(step(attention, context), limits.multiplyAdd(steps.setting().threads()), "flopsPerSecond",
                    "flops");
        }

        /** Returns the nearer limit of a step, or a dash. */
        public String limit(String attention, int context) {
            return step(attention, context).map(limits::of).map(Limits.Fraction::of).orElse("–");
        }

        /** Returns the folder, and the nearer limits of an attention. */
        private String label(String attention) {
            return percents(attention).keySet().stream().map(context -> limit(attention, context)).distinct().collect(
                    Collectors.joining(" or ", folder + ", ", ""));
        }

        private static String percent(Optional<Result> step, Limits.Ends limit, String... counter) {
            return step.map(measured -> measured.counter(counter)).filter(found -> limit.highest() != null)
                    .map(counted -> Numbers.percent(counted.mean() / limit.highest().mean())).orElse("–");
        }

        /** Returns the shares of the nearest limit in per cent, by context. */
        private TreeMap<Integer, Measured> percents(String attention) {
            TreeMap<Integer, Measured> percents = new TreeMap<>();
            steps.series().getOrDefault(attention, new TreeMap<>()).forEach((context, step) -> {
                Limits.Fraction share = limits.of(step);
                if (share != null) {
                    percents.put(context, new Measured(100 * share.share(), Double.NaN));
                }
            });
            return percents;
        }
    }

    /** Returns the steps that machines are compared by: the paper's shape, one sequence, the most threads. */
    static Optional<Group> steps(List<Result> results) {
        return Group.overContext(results).stream().filter(group -> group.setting().shape().equals("paper")
                && group.setting().cacheType().equals("f32") && group.setting().residency().equals("memory")
                && group.setting().batch() == 1)
                .max(Comparator.comparingInt(group -> group.setting().threads()));
    }

    /**
     * Reads the folders in {@code folder}. Of several folders of one machine with the same kernels, the one with the
     * most forks counts, of these the one with the most steps, and of these the newest.
     *
     * @throws IllegalArgumentException if none has decode steps
     */
    static Machines read(Path folder) throws IOException {
        List<Path> files;
        try (Stream<Path> found = Files.list(folder)) {
            files = found.map(machine -> machine.resolve("results.json")).filter(Files::exists).sorted().toList();
        }
        Map<String, Run> runs = new LinkedHashMap<>();
        for (Path file : files) {
            List<Result> results = Results.read(file);
            Machine machine = Results.machine(file);
            steps(results).ifPresent(steps -> {
                Run run = new Run(file.getParent().getFileName().toString(), machine,
                        new Limits(results, machine.thirdLevelBytes()), steps);
                runs.merge(run.name() + ", " + machine.kernels(), run, Machines::better);
            });
        }
        if (runs.isEmpty()) {
            throw new IllegalArgumentException(folder + ": expected folders with results of the quick or paper suite,"
                    + " found none; make one with report --suite quick --out " + folder + "/MACHINE");
        }
        return new Machines(List.copyOf(runs.values()));
    }

    /** Returns the run that stands for a machine: of the most forks, then steps, then the newest. */
    private static Run better(Run one, Run other) {
        Run shown = Stream.of(one, other).max(Comparator.comparingInt(Run::forks)
                .thenComparingInt(run -> run.points().size()).thenComparing(run -> run.machine().date())).orElseThrow();
        System.err.printf("%s is not shown: %s is of the same machine, and has more forks or steps, or is newer%n",
                (shown == one ? other : one).folder(), shown.folder());
        return shown;
    }

    /** Returns the attentions that any machine has measured, in the order of tables. */
    public List<String> attentions() {
        return AttentionStyle.NAMES.stream()
                .filter(name -> runs.stream().anyMatch(run -> run.steps.series().containsKey(name))).toList();
    }

    /** Returns the context that most machines have measured, the longest of several. */
    public int context(String attention) {
        Map<Integer, Integer> counts = new TreeMap<>();
        runs.forEach(run -> run.steps.series().getOrDefault(attention, new TreeMap<>()).keySet()
                .forEach(context -> counts.merge(context, 1, Integer::sum)));
        return counts.entrySet().stream().max(Map.Entry.<Integer, Integer>comparingByValue()
                .thenComparing(Map.Entry.comparingByKey())).orElseThrow().getKey();
    }

    /** Draws one chart for each attention, with a curve for each machine, or a bar if there is one context. */
    public List<Plot> plots() {
        return attentions().stream().map(attention -> {
            TreeSet<Integer> contexts = new TreeSet<>();
            runs.forEach(run -> contexts.addAll(run.percents(attention).keySet()));
            return contexts.size() == 1 ? bars(attention, contexts.first()) : curves(attention, contexts);
        }).toList();
    }

    private Plot curves(String attention, TreeSet<Integer> contexts) {
        AttentionStyle style = AttentionStyle.of(attention);
        double range = contexts.isEmpty() ? 2 : (double) contexts.last() / contexts.first();
        Chart chart = new Chart("Decode: " + style.name(), SHARE, Chart.logAxis("tokens in the cache", 2, range),
                new NumberAxis("%"));
        for (int i = 0; i < runs.size(); i++) {
            TreeMap<Integer, Measured> percents = runs.get(i).percents(attention);
            if (!percents.isEmpty()) {
                chart.curve(runs.get(i).label(attention), style.like(i), percents);
            }
        }
        return chart.plot("machines-" + attention);
    }

    private Plot bars(String attention, int context) {
        AttentionStyle style = AttentionStyle.of(attention);
        Bars bars = new Bars("Decode: " + style.name(), SHARE + ", " + context + " tokens", "%");
        for (Run run : runs) {
            Measured percent = run.percents(attention).get(context);
            if (percent != null) {
                bars.bar(run.label(attention), style.color(), percent);
            }
        }
        return bars.plot("machines-" + attention);
    }

    /** Writes machines.md, machines.html and the plots. */
    void write(Path out) throws IOException {
        List<Plot> plots = plots();
        String text = Page.of("report/machines.md.ftl",
                Map.of("machines", this, "plots", plots, "names", AttentionStyle.names()));
        Files.writeString(out.resolve("machines.md"), text);
        Files.writeString(out.resolve("machines.html"), Page.html(text, plots));
        Plot.write(plots, out);
    }
}
