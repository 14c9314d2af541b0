package io.github.t6j.jmh.suite;

import io.github.t6j.jmh.SkippedException;
import io.github.t6j.jmh.suite.Suite.Point;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.profile.LinuxPerfNormProfiler;
import org.openjdk.jmh.profile.ProfilerException;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Measures the points of a suite that results.json does not have, reports each on stderr, and keeps the file up to
 * date. Points whose forks differ by more than 10 % are measured again at the end.
 */
public final class SuiteRun {
    /** Options of {@code perf stat}, which few virtual machines let count. */
    private static final String PERF = "events=cycles,instructions";

    private static final int STOP_MILLIS = 200;

    private final Suite suite;
    private final PrintStream err;
    private final Path json;
    private final SuiteResults results;
    private final boolean perf;
    private final Map<String, String> skipped = new LinkedHashMap<>(); // reason of each point
    private int measured;
    private int failed;
    private long start;
    private double done; // estimated seconds of what this run has measured
    private volatile boolean stopped;

    /**
     * Reads the results that exist.
     *
     * @param json file of the results, rewritten after each point
     */
    public SuiteRun(Suite suite, Path json, PrintStream err) throws IOException {
        this.suite = suite;
        this.err = err;
        this.json = json;
        results = new SuiteResults(json, suite.points());
        perf = hasPerf();
    }

    /** Returns true if {@code perf stat} exists and may count instructions and cycles here. */
    private static boolean hasPerf() {
        try {
            new LinuxPerfNormProfiler(PERF);
            return true;
        } catch (ProfilerException missing) {
            return false;
        }
    }

    /** Measures all missing points that this machine can measure. @return number of failed points */
    public int run() throws IOException {
        List<Point> points = suite.points();
        int kept = results.count();
        List<Point> missing = points(i -> !results.has(i) || results.isDue(i));
        err.printf(Locale.ROOT, "%d points, %sabout %s%s%n", points.size(),
                kept == 0 ? "" : kept + " of them measured before in " + json + due() + ", ",
                time(suite.seconds(missing)), perf ? "" : "; perf cannot count instructions and cycles here");
        start = System.nanoTime();
        results.putSkipped(skipped); // none yet: what did not fit is tried again
        pass(i -> !results.has(i), this::put);
        List<Point> due = points(results::isDue);
        if (!due.isEmpty() && !stopped) {
            err.printf("%d points whose forks differ by more than 10 %% are measured again, in about %s%n", due.size(),
                    time(suite.seconds(due)));
            pass(results::isDue, this::putAgain);
        }
        if (!stopped) {
            err.printf(Locale.ROOT, "%d measured, %d skipped, %d failed, in %s%n", measured, skipped.size(), failed,
                    time((System.nanoTime() - start) * 1e-9));
        }
        return failed;
    }

    /** Begins no more points, and prints what is kept. @param command command that goes on */
    void stop(String command) {
        stopped = true;
        err.printf("%nstopped: %d of %d points are kept in %s%n", results.count(), suite.points().size(), json);
        err.printf("the same command measures the missing %d%s:%n  %s%n", suite.points().size() - results.count(),
                due(), command);
        err.printf("pages of those that are kept:%n  java -jar jmh/target/benchmarks.jar report --from %s --out %s%n",
                json, json.getParent());
    }

    /** Returns the end of a sentence that says how many points will be measured again, or nothing. */
    private String due() {
        int due = points(results::isDue).size();
        return due == 0 ? "" : ", and " + due + " again";
    }

    boolean isStopped() {
        return stopped;
    }

    private List<Point> points(IntPredicate which) {
        return IntStream.range(0, suite.points().size()).filter(which).mapToObj(suite.points()::get).toList();
    }

    /** Receiver of a result, which returns a note for the line of progress. */
    private interface Keeping {
        String keep(int point, RunResult result) throws IOException;
    }

    private String put(int point, RunResult result) throws IOException {
        results.put(point, result);
        return results.isDue(point) ? marked(point) : "";
    }

    private String putAgain(int point, RunResult result) throws IOException {
        boolean closer = results.putAgain(point, result);
        return (closer ? ", replaces the first result" : ", the first result had closer forks and stays")
                + (results.ratio(point) > SuiteResults.MAX_RATIO ? marked(point) : "");
    }

    private String marked(int point) {
        return String.format(Locale.ROOT, ", forks differ by %.0f %%", 100 * (results.ratio(point) - 1));
    }

    /** Measures some points and prints their times and the time left, in proportion to the estimate. */
    private void pass(IntPredicate which, Keeping keeping) throws IOException {
        int[] chosen = IntStream.range(0, suite.points().size()).filter(which).toArray();
        double left = suite.seconds(IntStream.of(chosen).mapToObj(suite.points()::get).toList());
        for (int i = 0; i < chosen.length; i++) {
            Point point = suite.points().get(chosen[i]);
            String outcome = measure(chosen[i], keeping);
            if (stopped) {
                return;
            }
            done += suite.seconds(point);
            left -= suite.seconds(point);
            double seconds = (System.nanoTime() - start) * 1e-9 / done * Math.max(0, left);
            err.printf(Locale.ROOT, "[%d/%d, %s left] %s: %s%n", i + 1, chosen.length, time(seconds), point.label(),
                    outcome);
        }
    }

    private static String time(double seconds) {
        return String.format(Locale.ROOT, "%d:%02d", (int) seconds / 60, (int) seconds % 60);
    }

    private String measure(int point, Keeping keeping) throws IOException {
        ByteArrayOutputStream output = new ByteArrayOutputStream(); // of the fork
        PrintStream forks = new PrintStream(output, true, StandardCharsets.UTF_8);
        RunResult result;
        try {
            result = new Runner(options(suite.points().get(point)),
                    OutputFormatFactory.createFormatInstance(forks, VerboseMode.SILENT)).runSingle();
        } catch (RunnerException failure) {
            SkippedException reason = skipped(failure);
            if (reason != null) {
                skipped.put(suite.points().get(point).label(), reason.getMessage());
                results.putSkipped(skipped);
                return "skipped, " + reason.getMessage();
            }
            waitForStop();
            failed++;
            failure.printStackTrace(forks);
            return "failed\n" + output.toString(StandardCharsets.UTF_8);
        }
        measured++;
        return String.format(Locale.ROOT, "%.4g ms", millis(result)) + keeping.keep(point, result);
    }

    /** Waits a moment: Ctrl-C stops the fork, too, and that is no failure to report. */
    private static void waitForStop() {
        try {
            Thread.sleep(STOP_MILLIS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns the milliseconds of an operation. */
    private static double millis(RunResult result) {
        double unit = result.getParams().getTimeUnit().toNanos(1) * 1e-6;
        double score = result.getPrimaryResult().getScore();
        return result.getParams().getMode() == Mode.Throughput ? unit / score : unit * score;
    }

    private Options options(Point point) {
        Suite.Iterations warmup = suite.warmup(point);
        Suite.Iterations iterations = suite.measured();
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("^" + Pattern.quote("io.github.t6j.jmh." + point.benchmark()) + "$")
                .threads(point.jmhThreads()).forks(suite.forks()).shouldFailOnError(true)
                .warmupIterations(warmup.count()).warmupTime(TimeValue.milliseconds(warmup.millis()))
                .measurementIterations(iterations.count())
                .measurementTime(TimeValue.milliseconds(iterations.millis()))
                .addProfiler(EvidenceProfiler.class).addProfiler(GCProfiler.class);
        if (perf) {
            options.addProfiler(LinuxPerfNormProfiler.class, PERF);
        }
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
