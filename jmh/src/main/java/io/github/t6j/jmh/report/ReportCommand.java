package io.github.t6j.jmh.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
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
            "Suites on 2 cores: quick takes 5 minutes, paper 60 minutes, full hours.",
            "",
            "Examples:",
            "  java -jar jmh/target/benchmarks.jar report --suite quick --out results",
            "  java -jar jmh/target/benchmarks.jar report --from results/results.json --compare old/results.json"
        })
public final class ReportCommand implements Callable<Integer> {
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
                description = "Read JMH's results from a file, and machine.json beside it, if it exists.")
        private Path from;
    }

    @Option(names = "--out", paramLabel = "DIR", description = "Folder to write to, new or existing.")
    private Path out;

    @Option(names = "--compare", paramLabel = "OLD.json",
            description = "Print results that are faster or slower than in OLD.json by more than 5 %% and the errors.")
    private Path compare;

    @Option(names = "--readme", paramLabel = "FILE",
            description = "Rewrite the tables between the two markers of FILE; needs --out.")
    private Path readme;

    private int failed;

    private ReportCommand() {}

    /** @return the exit code: 0 done, 1 failed, 2 bad usage */
    public static int run(String... args) {
        return run(new ReportCommand(), "report", args);
    }

    /**
     * Runs a command of this jar. @return the exit code: 0 done, 1 failed with a message that begins with {@code name},
     * 2 bad usage
     */
    public static int run(Callable<Integer> command, String name, String... args) {
        return new CommandLine(command).setExecutionExceptionHandler((failure, line, parsed) -> {
            if (failure.getMessage() == null) {
                failure.printStackTrace();
            }
            line.getErr().println(name + ": " + message(failure));
            return CommandLine.ExitCode.SOFTWARE;
        }).execute(args);
    }

    private static String message(Exception failure) {
        return switch (failure) {
            case NoSuchFileException missing -> missing.getMessage() + ": expected a file, found none";
            case IOException other -> "cannot read or write " + other.getMessage();
            default -> failure.getMessage();
        };
    }

    @Override
    public Integer call() throws IOException {
        if (out == null && (source.suite != null || readme != null || compare == null)) {
            throw usage("--out: expected a folder to write to, found none");
        }
        List<Result> before = compare == null ? null : Results.read(compare); // first: the run may replace it
        Suite suite = source.suite == null ? null : suite();
        if (readme != null) {
            ReadmeTable.check(readme); // checked before minutes of measuring, like the fonts
        }
        if (out != null) {
            Charts.checkFonts();
            Files.createDirectories(out);
        }
        Path json = suite == null ? source.from : measure(suite);
        List<Result> results = Results.read(json);
        Machine machine = Results.machine(json);
        if (out != null) {
            write(results, machine, json);
        }
        if (readme != null) {
            ReadmeTable.write(readme, machine, results, out);
        }
        if (before != null) {
            Comparison.lines(before, results).forEach(System.out::println);
        }
        return failed == 0 ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }

    private Suite suite() {
        try {
            return Suite.of(source.suite, Runtime.getRuntime().availableProcessors());
        } catch (IllegalArgumentException unknown) {
            throw usage(unknown.getMessage());
        }
    }

    private CommandLine.ParameterException usage(String message) {
        return new CommandLine.ParameterException(spec.commandLine(), message);
    }

    private Path measure(Suite suite) throws IOException {
        Path json = out.resolve("results.json");
        Machine machine = Machine.here(suite.name()); // first, since the run changes files of the checkout
        Files.deleteIfExists(json);
        Results.write(machine, json);
        failed = new SuiteRun(suite, System.err).run(json);
        return json;
    }

    private void write(List<Result> results, Machine machine, Path json) throws IOException {
        Path copy = out.resolve("results.json");
        if (!Files.exists(copy) || !Files.isSameFile(copy, json)) {
            Files.writeString(copy, Files.readString(json));
            Results.write(machine, copy);
        }
        Pages pages = new Pages(machine, results);
        List<Section> sections = pages.sections();
        String title = "t6j benchmarks: " + machine.cpu();
        Files.writeString(out.resolve("report.html"), HtmlPage.of(title, pages.facts(), sections));
        Files.writeString(out.resolve("summary.md"), Markdown.of(title, pages.facts(), sections));
        Path plots = Files.createDirectories(out.resolve("plots"));
        for (Section section : sections) {
            for (Plot plot : section.plots) {
                Files.writeString(plots.resolve(plot.name() + ".svg"), plot.svg());
            }
        }
        System.err.println("wrote " + out.resolve("report.html"));
    }
}
