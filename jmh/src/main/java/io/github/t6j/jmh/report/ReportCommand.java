package io.github.t6j.jmh.report;

import io.github.t6j.jmh.CommandRun;
import io.github.t6j.jmh.Machine;
import io.github.t6j.jmh.peer.PeerOptions;
import io.github.t6j.jmh.peer.PeerPlan;
import io.github.t6j.jmh.peer.PeerResults;
import io.github.t6j.jmh.peer.PeerRun;
import io.github.t6j.jmh.suite.Suite;
import io.github.t6j.jmh.suite.SuiteProcess;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
            "Writes DIR/results.json (JMH's format; peer.json with --peer), machine.json, report.html, summary.md and",
            "plots/*.svg."},
        footer = {
            "",
            "On 2 cores, --peer takes 5 minutes, --suite quick 12 minutes, paper 75 minutes, full many hours, and up to",
            "twice as long on a noisy machine, since points whose forks differ by more than 10 % are measured again.",
            "After Ctrl-C, the same command with the same folder measures the missing points. A folder has the results",
            "of one suite or of --peer.",
            "",
            "Examples:",
            "  java -jar jmh/target/benchmarks.jar report --suite quick --out my-results",
            "  java -jar jmh/target/benchmarks.jar report --from my-results/results.json --compare OLD.json",
            "  java -jar jmh/target/benchmarks.jar report --from my-results/results.json --history jmh/history.jsonl",
            "  java -jar jmh/target/benchmarks.jar report --peer LLAMA --out my-peers --models t6,mha --depths 128"
        })
public final class ReportCommand implements Callable<Integer> {
    static final String BEGIN = "<!-- benchmarks: begin, written by `benchmarks.jar report --readme` -->";
    static final String END = "<!-- benchmarks: end -->";

    private static final String OTHERWISE =
            "; give another --out, or delete the file";

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
                description = "Read JMH's results or a peer.json, and machine.json next to it, if it exists.")
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
        if (source.peer != null || source.from != null && PeerResults.areIn(source.from)) {
            if (compare != null || readme != null || machines != null) {
                throw usage(
                        "--compare, --readme and --machines: expected results of a suite, found a comparison (--peer)");
            }
            return source.peer == null ? peerPages(source.from) : comparePeer(checked(source.peer::plan));
        }
        List<Result> old = compare == null ? null : Results.read(compare); // first: the run may replace it
        Machine then = compare == null ? null : Results.machine(compare);
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
            System.out.println(Comparison.run("before", then, old));
            System.out.println(Comparison.run("now", Results.machine(json), results));
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

    /** Measures the tests that the folder does not have. @return the exit code */
    private int comparePeer(PeerPlan plan) throws IOException {
        Chart.checkFonts();
        if (history != null) {
            History.read(history); // checked before minutes of measuring
        }
        Path json = Files.createDirectories(out).resolve("peer.json");
        begin(Machine.here("peer"), json);
        PeerResults kept = Files.exists(json) ? PeerResults.read(json) : null;
        if (kept != null && !kept.isOf(plan)) {
            throw new IllegalArgumentException(json + ": expected results of " + plan.withoutFolders().command()
                    + " and JDK " + Runtime.version() + ", found results of " + kept.plan().command() + " and JDK "
                    + kept.jdk() + OTHERWISE);
        }
        int code = PeerRun.fork(plan, json, command());
        return code == CommandLine.ExitCode.OK ? peerPages(json) : code;
    }

    /** Writes the pages of a comparison, and its line of the history. @return the exit code */
    private int peerPages(Path json) throws IOException {
        PeerResults results = PeerResults.read(json);
        Machine machine = Results.machine(json);
        History before = history == null ? null : History.read(history);
        Chart.checkFonts();
        if (out != null) {
            Files.createDirectories(out);
            copy(json, out.resolve("peer.json"), machine);
            new PeerReport(results).write(machine, out);
            System.err.println("wrote " + out.resolve("report.html"));
        }
        if (before != null) {
            before.with(History.Line.ofPeers(machine, results.speeds())).write(history);
        }
        return CommandLine.ExitCode.OK;
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
        begin(Machine.here(suite.name()), json);
        failed = SuiteProcess.run(suite.name(), json, command());
        return json;
    }

    /** Returns the command that was given, with options of the JVM: it goes on after Ctrl-C. */
    private String command() {
        List<String> java = ManagementFactory.getRuntimeMXBean().getInputArguments();
        return Stream.of(List.of("java"), java, List.of("-jar", "jmh/target/benchmarks.jar", "report"),
                spec.commandLine().getParseResult().originalArgs()).flatMap(List::stream).map(ReportCommand::quoted)
                .collect(Collectors.joining(" "));
    }

    private static String quoted(String argument) {
        return argument.contains(" ") ? "'" + argument + "'" : argument;
    }

    /**
     * Writes machine.json into the folder, or checks that the results there are of the same run.
     *
     * @throws IllegalArgumentException if results of another suite, machine or commit are in the folder
     */
    private void begin(Machine here, Path json) throws IOException {
        Path kept = Stream.of("results.json", "peer.json").map(out::resolve).filter(Files::exists).findFirst()
                .orElse(null);
        String difference = kept == null ? null : here.difference(Results.machine(kept));
        if (difference != null) {
            throw new IllegalArgumentException(
                    kept + ": expected results of this run to go on with, found " + difference + OTHERWISE);
        }
        if (kept == null) {
            Results.write(here, json);
        }
    }

    private void write(List<Result> results, Machine machine, Path json) throws IOException {
        Path copied = out.resolve("results.json");
        if (copy(json, copied, machine)) {
            Files.deleteIfExists(Results.skippedFile(copied)); // of an earlier run
            if (Files.exists(Results.skippedFile(json))) {
                Files.copy(Results.skippedFile(json), Results.skippedFile(copied));
            }
        }
        Report report = Report.of(machine, results, Results.skipped(json));
        report.write(out);
        if (readme != null) {
            rewrite(report, machine.suite());
        }
        System.err.println("wrote " + out.resolve("report.html"));
    }

    /** Copies results and their machine unless {@code to} is the same file. @return true if it copied */
    private static boolean copy(Path json, Path to, Machine machine) throws IOException {
        if (Files.exists(to) && Files.isSameFile(to, json)) {
            return false;
        }
        Path other = to.resolveSibling(to.endsWith("peer.json") ? "results.json" : "peer.json");
        if (Files.exists(other)) {
            throw new IllegalArgumentException(other + ": expected a folder for the pages of " + json
                    + " without other results, found these; give another --out");
        }
        if (Files.exists(to) && Files.mismatch(to, json) >= 0) {
            throw new IllegalArgumentException(to + ": expected the results of " + json + ", found others" + OTHERWISE);
        }
        Files.copy(json, to, StandardCopyOption.REPLACE_EXISTING);
        Results.write(machine, to);
        return true;
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
