package io.github.t6j.jmh.report;

import io.github.t6j.jmh.CommandRun;
import io.github.t6j.jmh.Machine;
import io.github.t6j.jmh.peer.PeerOptions;
import io.github.t6j.jmh.peer.PeerPlan;
import io.github.t6j.jmh.peer.PeerRun;
import io.github.t6j.jmh.suite.Suite;
import io.github.t6j.jmh.suite.SuiteProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code benchmarks.jar report}: measures a suite, or reads existing results, and makes tables and plots of them. */
@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        description = {"Runs a suite of benchmarks, or reads the results of one.",
            "Writes DIR/results.json (JMH's format), machine.json, report.html, summary.md and plots/*.svg."},
        footer = {
            "",
            "On 2 cores, --peer takes 5 minutes, --suite quick 12 minutes, paper 75 minutes, full many hours.",
            "After Ctrl-C, the same command with the same folder measures the missing points.",
            "",
            "Examples:",
            "  java -jar jmh/target/benchmarks.jar report --suite quick --out my-results",
            "  java -jar jmh/target/benchmarks.jar report --from my-results/results.json --compare OLD.json",
            "  java -jar jmh/target/benchmarks.jar report --from my-results/results.json --history jmh/history.jsonl",
            "  java -jar jmh/target/benchmarks.jar report --peer LLAMA --out my-results --models t6,mha --depths 128"
        })
public final class ReportCommand implements Callable<Integer> {
    static final String BEGIN = "<!-- benchmarks: begin, written by `benchmarks.jar report --readme` -->";
    static final String END = "<!-- benchmarks: end -->";

    @Spec
    private CommandSpec spec;

    @ArgGroup(multiplicity = "1")
    private Source source;

    /** Source of the results. */
    static final class Source {
        @Option(names = "--suite", required = true, paramLabel = "NAME",
                description = "Run the suite quick, paper or full; needs --out.")
        private String suite;

        @Option(names = "--from", required = true, paramLabel = "FILE",
                description = "Read JMH's results from a file, and machine.json next to it, if it exists.")
        private Path from;

        @ArgGroup(exclusive = false)
        private PeerOptions peer;
    }

    @Option(names = "--out", paramLabel = "DIR", description = "Folder to write to, new or existing.")
    private Path out;

    @Option(names = "--compare", paramLabel = "OLD.json",
            description = "Print results that are faster or slower than in OLD.json by more than 5 %% and the errors.")
    private Path compare;

    @Option(names = "--readme", paramLabel = "FILE",
            description = "Rewrite the tables between the two markers of FILE; needs --out.")
    private Path readme;

    @Option(names = "--history", paramLabel = "FILE",
            description = "Add a line for this run to FILE, and write history.md, history.html and plots next to it.")
    private Path history;

    @Option(names = "--machines", paramLabel = "DIR",
            description = "Compare the machines whose results are in folders of DIR, as shares of their own limits: "
                    + "write DIR/machines.md, machines.html and plots.")
    private Path machines;

    private int failed;

    private ReportCommand() {}

    /** @return the exit code: 0 done, 1 failed, 2 bad usage */
    public static int run(String... args) {
        return CommandRun.run(new ReportCommand(), "report", args);
    }

    @Override
    public Integer call() throws IOException {
        boolean writesElsewhere = compare != null || history != null || machines != null;
        if (out == null && (source.from == null || readme != null || !writesElsewhere)) {
            throw usage("--out: expected a folder to write to, found none");
        }
        if (source.peer != null) {
            return comparePeer();
        }
        List<Result> old = compare == null ? null : Results.read(compare); // first: the run may replace it
        Suite suite = source.suite == null
                ? null
                : checked(() -> Suite.of(source.suite, Runtime.getRuntime().availableProcessors()));
        if (readme != null) {
            markers(readme); // checked before minutes of measuring, like the fonts
        }
        History before = history == null ? null : History.read(history); // checked before measuring, too
        if (out != null || history != null || machines != null) {
            Chart.checkFonts();
        }
        if (out != null) {
            Files.createDirectories(out);
        }
        Path json = suite == null ? source.from : measure(suite);
        if (failed > CommandLine.ExitCode.SOFTWARE) {
            return failed; // the process of the suite has printed the reason, and how to go on
        }
        List<Result> results = Results.read(json);
        if (out != null) {
            write(results, Results.machine(json), json);
        }
        if (old != null) {
            Comparison.lines(old, results).forEach(System.out::println);
        }
        if (before != null) {
            before.with(History.Line.of(Results.machine(json), results)).write(history);
        }
        if (machines != null) {
            Machines.read(machines).write(machines);
        }
        return failed == 0 ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }

    private int comparePeer() throws IOException {
        PeerPlan plan = checked(source.peer::plan);
        Chart.checkFonts();
        Path json = Files.createDirectories(out).resolve("peer.json");
        History before = history == null ? null : History.read(history);
        Machine machine = Machine.here("peer");
        int code = source.peer.run(json);
        if (code == CommandLine.ExitCode.OK) {
            Results.write(machine, json);
            new PeerReport(PeerRun.read(json), PeerRun.descriptions(json)).write(machine, plan, source.peer.toString(),
                    out);
            System.err.println("wrote " + out.resolve("report.html"));
            if (before != null) {
                before.with(History.Line.ofPeers(machine, PeerRun.read(json))).write(history);
            }
        }
        return code;
    }

    private <T> T checked(Supplier<T> options) {
        try {
            return options.get();
        } catch (IllegalArgumentException wrong) {
            throw usage(wrong.getMessage());
        }
    }

    private CommandLine.ParameterException usage(String message) {
        return new CommandLine.ParameterException(spec.commandLine(), message);
    }

    /** Measures the points that the folder does not have. @return file of the results */
    private Path measure(Suite suite) throws IOException {
        Path json = out.resolve("results.json");
        Machine machine = Machine.here(suite.name()); // first, since the run changes files of the checkout
        if (Files.exists(json)) {
            checkSame(machine, Results.machine(json), json);
        } else {
            Results.write(machine, json);
        }
        failed = SuiteProcess.run(suite.name(), json, "java -jar jmh/target/benchmarks.jar report "
                + String.join(" ", spec.commandLine().getParseResult().originalArgs().stream()
                        .map(ReportCommand::quoted).toList()));
        return json;
    }

    private static String quoted(String argument) {
        return argument.contains(" ") ? "'" + argument + "'" : argument;
    }

    /** @throws IllegalArgumentException if results of another suite, machine or commit are in the folder */
    private static void checkSame(Machine here, Machine kept, Path json) {
        String difference = here.difference(kept);
        if (difference != null) {
            throw new IllegalArgumentException(json + ": expected results of this run to go on with, found "
                    + difference + "; give another --out, or delete the file to measure everything again");
        }
    }

    private void write(List<Result> results, Machine machine, Path json) throws IOException {
        Path copy = out.resolve("results.json");
        if (!Files.exists(copy) || !Files.isSameFile(copy, json)) {
            Files.writeString(copy, Files.readString(json));
            Results.write(machine, copy);
            if (Files.exists(Results.skippedFile(json))) {
                Files.copy(Results.skippedFile(json), Results.skippedFile(copy), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        Report report = Report.of(machine, results, Results.skipped(json));
        report.write(out);
        if (readme != null) {
            rewrite(report, machine.suite());
        }
        System.err.println("wrote " + out.resolve("report.html"));
    }

    /** Returns a README's text up to the first marker, and from the second on. */
    static String[] markers(Path readme) throws IOException {
        String text = Files.readString(readme);
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IllegalArgumentException(readme + ": expected the lines " + BEGIN + " and " + END
                    + ", found at most one; add both where the tables belong");
        }
        return new String[] {text.substring(0, begin + BEGIN.length()), text.substring(end)};
    }

    /** Replaces the text between the markers. The command that it names leaves committed results alone. */
    private void rewrite(Report report, String suite) throws IOException {
        Path folder = readme.toAbsolutePath().normalize().getParent();
        String link = folder.relativize(out.toAbsolutePath().normalize()).toString().replace('\\', '/');
        String[] parts = markers(readme);
        String tables = report.readme("report --suite " + suite + " --out my-results", link);
        Files.writeString(readme, parts[0] + "\n\n" + tables + "\n" + parts[1]);
    }
}
