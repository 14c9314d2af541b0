package io.github.t6j.jmh.suite;

import io.github.t6j.jmh.SkippedException;
import io.github.t6j.jmh.suite.Suite.Point;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Measures a suite point by point, reports each on stderr, and keeps results.json up to date. */
public final class SuiteRun {
    private final Suite suite;
    private final PrintStream err;
    private final List<RunResult> results = new ArrayList<>();
    private int skipped;
    private int failed;

    public SuiteRun(Suite suite, PrintStream err) {
        this.suite = suite;
        this.err = err;
    }

    /**
     * Measures all points that this machine can measure; the run continues after a failed point.
     *
     * @param json file of JMH's results, rewritten after each point
     * @return number of failed points
     */
    public int run(Path json) throws IOException {
        List<Point> points = suite.points();
        err.printf(Locale.ROOT, "%d points, about %s%n", points.size(), time(suite.seconds()));
        long start = System.nanoTime();
        double done = 0; // share of the estimated time
        for (int i = 0; i < points.size(); i++) {
            String outcome = measure(points.get(i), json);
            done += suite.seconds(points.get(i));
            double left = (System.nanoTime() - start) * 1e-9 / done * (suite.seconds() - done);
            err.printf(Locale.ROOT, "[%d/%d, %s left] %s: %s%n", i + 1, points.size(), time(Math.max(0, left)),
                    points.get(i).label(), outcome);
        }
        err.printf(Locale.ROOT, "%d measured, %d skipped, %d failed, in %s%n", results.size(), skipped, failed,
                time((System.nanoTime() - start) * 1e-9));
        return failed;
    }

    private static String time(double seconds) {
        return String.format(Locale.ROOT, "%d:%02d", (int) seconds / 60, (int) seconds % 60);
    }

    private String measure(Point point, Path json) throws IOException {
        ByteArrayOutputStream output = new ByteArrayOutputStream(); // of the fork
        PrintStream forks = new PrintStream(output, true, StandardCharsets.UTF_8);
        try {
            results.add(new Runner(options(point), OutputFormatFactory.createFormatInstance(forks, VerboseMode.SILENT))
                    .runSingle());
        } catch (RunnerException failure) {
            SkippedException reason = skipped(failure);
            if (reason != null) {
                skipped++;
                return "skipped, " + reason.getMessage();
            }
            failed++;
            failure.printStackTrace(forks);
            return "failed\n" + output.toString(StandardCharsets.UTF_8);
        }
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        ResultFormatFactory.getInstance(ResultFormatType.JSON, new PrintStream(text, true, StandardCharsets.UTF_8))
                .writeOut(results);
        // Results are published: they must not contain the path of this machine's JDK.
        Files.writeString(json, text.toString(StandardCharsets.UTF_8).replaceAll("(\"jvm\" : )\".*\"", "$1\"java\""));
        var score = results.getLast().getPrimaryResult();
        return String.format(Locale.ROOT, "%.4g %s", score.getScore(), score.getScoreUnit());
    }

    private Options options(Point point) {
        Suite.Iterations warmup = suite.warmup(point);
        Suite.Iterations measured = suite.measured();
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("^" + Pattern.quote("io.github.t6j.jmh." + point.benchmark()) + "$")
                .threads(point.jmhThreads()).forks(suite.forks()).shouldFailOnError(true)
                .warmupIterations(warmup.count()).warmupTime(TimeValue.milliseconds(warmup.millis()))
                .measurementIterations(measured.count()).measurementTime(TimeValue.milliseconds(measured.millis()));
        point.params().forEach(options::param);
        return options.build();
    }

    /** Returns the reason why a fork skipped the point; null if something else failed. */
    private static SkippedException skipped(Throwable failure) {
        if (failure == null || failure instanceof SkippedException) {
            return (SkippedException) failure;
        }
        for (Throwable part : failure.getSuppressed()) {
            if (skipped(part) != null) {
                return skipped(part);
            }
        }
        return skipped(failure.getCause());
    }
}
