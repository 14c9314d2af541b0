package io.github.t6j.jmh.study;

import io.github.t6j.jmh.CommandRun;
import io.github.t6j.jmh.report.AttentionStyle;
import io.github.t6j.jmh.report.Chart;
import io.github.t6j.jmh.report.Page;
import io.github.t6j.jmh.report.Plot;
import java.awt.BasicStroke;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.data.xy.YIntervalSeries;
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
    /** Points of a training curve; each is the mean of the steps up to it. */
    private static final int POINTS = 200;

    @Parameters(arity = "1..*", paramLabel = "LOG", description = "log.jsonl of one or more runs of t6j train.")
    private List<Path> logs;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder to write to, new or existing.")
    private Path out;

    private LearningCurvesCommand() {}

    /** @return the exit code: 0 done, 1 failed, 2 bad usage */
    public static int run(String... args) {
        return CommandRun.run(new LearningCurvesCommand(), "learning-curves", args);
    }

    @Override
    public Integer call() throws IOException {
        List<TrainingLog> runs = new ArrayList<>();
        for (Path log : logs) {
            runs.add(TrainingLog.read(log));
        }
        Chart.checkFonts();
        List<Plot> plots = List.of(draw("Loss over tokens", "million tokens", runs, entry -> entry.tokens() / 1e6),
                draw("Loss over time", "minutes", runs, entry -> entry.seconds() / 60));
        Plot.write(plots, out);
        Path page = out.resolve("learning-curves.html");
        Files.writeString(page, Page.html(
                Page.of("study/learning-curves.md.ftl", Map.of("plots", plots, "runs", runs)), plots));
        System.err.println("wrote " + page);
        return CommandLine.ExitCode.OK;
    }

    /** Draws a thin line for training, and a thick one with markers for validation, in a colour for each run. */
    private static Plot draw(
            String title, String place, List<TrainingLog> logs, ToDoubleFunction<TrainingLog.Entry> number) {
        NumberAxis losses = new NumberAxis("loss (nats per token)");
        losses.setAutoRangeIncludesZero(false);
        NumberAxis places = new NumberAxis(place);
        places.setAutoRangeIncludesZero(false);
        Chart chart = new Chart(title, "", places, losses);
        for (int i = 0; i < logs.size(); i++) {
            TrainingLog log = logs.get(i);
            AttentionStyle style = style(logs, i);
            Color pale = new Color(style.color().getRGB() & 0xFFFFFF | 0x70000000, true);
            String label = label(logs, i);
            YIntervalSeries training = new YIntervalSeries(label + ", training");
            YIntervalSeries validation = new YIntervalSeries(label);
            int group = Math.max(1, log.steps().size() / POINTS);
            for (int from = 0; from < log.steps().size(); from += group) {
                List<TrainingLog.Entry> steps = log.steps().subList(from, Math.min(log.steps().size(), from + group));
                add(training, number.applyAsDouble(steps.getLast()),
                        steps.stream().mapToDouble(TrainingLog.Entry::loss).average().orElseThrow());
            }
            log.evaluations().forEach(entry -> add(validation, number.applyAsDouble(entry), entry.validation()));
            chart.line(training, pale, new BasicStroke(1f), null, validation.isEmpty());
            chart.line(validation, style.color(), new BasicStroke(2f), style.marker(), !validation.isEmpty());
        }
        return chart.plot(title.toLowerCase(Locale.ROOT).replace(' ', '-'));
    }

    /** Returns the attention's own style; later runs of one attention have its colour with other lines. */
    private static AttentionStyle style(List<TrainingLog> logs, int i) {
        int earlier = (int) logs.subList(0, i).stream()
                .filter(log -> log.attention().equals(logs.get(i).attention())).count();
        AttentionStyle own = AttentionStyle.named(logs.get(i).attention());
        if (own == null) { // T6 with steps, for example: the colours of attentions that no run has, from the last on
            List<AttentionStyle> free = AttentionStyle.all().reversed().stream().filter(style -> logs.stream()
                    .noneMatch(log -> style.equals(AttentionStyle.named(log.attention())))).toList();
            List<String> others = logs.stream().map(TrainingLog::attention)
                    .filter(name -> AttentionStyle.named(name) == null).distinct().toList();
            own = free.isEmpty()
                    ? AttentionStyle.all().getLast()
                    : free.get(others.indexOf(logs.get(i).attention()) % free.size());
        }
        return own.like(earlier);
    }

    /** Returns the attention, with the name of its run if there are several, and a number for equal names. */
    private static String label(List<TrainingLog> logs, int i) {
        TrainingLog log = logs.get(i);
        List<TrainingLog> same = logs.stream().filter(other -> other.attention().equals(log.attention())).toList();
        long named = same.stream().filter(other -> other.name().equals(log.name())).count();
        return log.attention() + (same.size() == 1 ? "" : ": " + log.name()) + (named == 1 ? "" : " (" + (i + 1) + ")");
    }

    private static void add(YIntervalSeries series, double x, double y) {
        series.add(x, y, y, y);
    }
}
