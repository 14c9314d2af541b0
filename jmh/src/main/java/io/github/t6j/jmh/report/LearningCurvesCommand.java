package io.github.t6j.jmh.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code benchmarks.jar learning-curves}: draws the logs of training runs. */
@Command(
        name = "learning-curves",
        mixinStandardHelpOptions = true,
        description = {"Draws the losses of training runs.",
            "Writes DIR/learning-curves.html, DIR/plots/loss-over-tokens.svg and DIR/plots/loss-over-time.svg."},
        footer = {
            "",
            "Example:",
            "  java -jar jmh/target/benchmarks.jar learning-curves t6/log.jsonl mha/log.jsonl --out curves"
        })
public final class LearningCurvesCommand implements Callable<Integer> {
    private static final String HOW_TO_READ =
            "Thin lines: training loss, averaged over steps. Thick lines: loss of the validation data."
                    + " Both in nats per token; the perplexity is e to the power of the loss.";

    @Parameters(arity = "1..*", paramLabel = "LOG", description = "log.jsonl of one or more runs of t6j train.")
    private List<Path> logs;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder to write to, new or existing.")
    private Path out;

    private LearningCurvesCommand() {}

    /** @return the exit code: 0 done, 1 failed, 2 bad usage */
    public static int run(String... args) {
        return ReportCommand.run(new LearningCurvesCommand(), "learning-curves", args);
    }

    @Override
    public Integer call() throws IOException {
        List<TrainingLog> runs = new ArrayList<>();
        for (Path log : logs) {
            runs.add(TrainingLog.read(log));
        }
        Charts.checkFonts();
        Section section = new Section("Losses");
        section.plots.add(LossCurves.of(
                "loss-over-tokens", "Loss over tokens", "million tokens", runs, entry -> entry.tokens() / 1e6));
        section.plots.add(LossCurves.of(
                "loss-over-time", "Loss over time", "minutes", runs, entry -> entry.seconds() / 60));
        section.tables.add(table(runs));
        Path plots = Files.createDirectories(out.resolve("plots"));
        for (Plot plot : section.plots) {
            Files.writeString(plots.resolve(plot.name() + ".svg"), plot.svg());
        }
        Path page = out.resolve("learning-curves.html");
        Files.writeString(page, HtmlPage.of("t6j: learning curves", HOW_TO_READ, List.of(section)));
        System.err.println("wrote " + page);
        return CommandLine.ExitCode.OK;
    }

    private static Table table(List<TrainingLog> runs) {
        Table table =
                new Table(2, "run", "attention", "parameters", "steps", "tokens", "minutes", "lowest validation loss",
                        "perplexity", "at step");
        for (TrainingLog run : runs) {
            TrainingLog.Entry last = run.steps().getLast();
            TrainingLog.Entry best = run.best();
            table.add(run.name(), run.attention(), Long.toString(run.parameters()), Long.toString(last.step()),
                    Long.toString(last.tokens()), format("%.1f", last.seconds() / 60),
                    best == null ? "–" : format("%.4f", best.loss()),
                    best == null ? "–" : format("%.2f", Math.exp(best.loss())),
                    best == null ? "–" : Long.toString(best.step()));
        }
        return table;
    }

    private static String format(String pattern, double value) {
        return String.format(Locale.ROOT, pattern, value);
    }
}
