package io.github.t6j.cli.generate;

import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.DiskSpace;
import io.github.t6j.cli.io.OnInterrupt;
import io.github.t6j.cli.io.Progress;
import io.github.t6j.cli.io.Range;
import io.github.t6j.schedule.Scheduler;
import io.github.t6j.schedule.SchedulerOptions;
import io.github.t6j.weights.NativeMemory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options of commands that work on many lines. */
public final class LinesArguments {
    /** Maximum number of waiting requests: a run has few lines at once, but one line may be a long text. */
    private static final int QUEUED = 1 << 24;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    /** Bytes of a result that has only an index. */
    private static final long MIN_RESULT = 12;

    @Option(names = "--out", paramLabel = "FILE.jsonl",
            description = {"File for the results, in the order of the input lines.",
                "Results that it already has are not computed again.",
                "A line that fails gets a result with the key error; the next run tries it again."})
    private Path out;

    @Option(names = "--parallel", paramLabel = "N", defaultValue = "8",
            description = "Number of lines computed at once (default: ${DEFAULT-VALUE}).")
    private int parallel;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    public void check() {
        Range.atLeast(spec, "--parallel", parallel, 1);
        Range.atMost(spec, "--parallel", parallel, SchedulerOptions.MAX_RUNNING / 2,
                "half of a pass, since that many requests wait");
    }

    /** @param lines value of {@code option}, which needs --out; or null */
    public void check(String option, Path lines) {
        if ((lines == null) != (out == null)) {
            throw new ParameterException(spec.commandLine(), option + " and --out: expected both or none");
        }
        check();
    }

    /** Returns the file for results, or null. */
    public Path out() {
        return out;
    }

    /** Lets {@link #run}, and the output after it, end cleanly: a pass that has begun is completed. */
    public static OnInterrupt onInterrupt(Main main) {
        return new OnInterrupt(main, PATIENCE);
    }

    /**
     * Works on the lines that have no result yet. Without --out, a line that fails ends the run. An interrupted run
     * keeps its results.
     *
     * @param options options of the sessions
     * @param each receives each new result
     * @return the exit code
     */
    public int run(Main main, Model model, SessionOptions options, List<Line> lines, LineWork work,
            Consumer<Map<String, Object>> each) {
        if (out == null) {
            return run(main, model, options, lines, work, List.of(), 0, each);
        }
        try (ResultsFile results = new ResultsFile(out, work::isResult)) {
            int before = results.count();
            DiskSpace.check(out, MIN_RESULT * Math.max(0, lines.size() - before));
            List<Integer> failed = results.earlier(lines.size(), work::add);
            if (before > 0) {
                main.note("note: " + (before - failed.size()) + " of " + lines.size() + " results are already in " + out
                        + (failed.isEmpty()
                                ? ""
                                : "; lines that failed before are computed again: " + failed.size()));
            }
            int code = run(main, model, options, lines, work, failed, before, results::add);
            if (code == Main.INTERRUPTED) {
                main.note(
                        results.count() + " of " + lines.size() + " lines are done; the same command continues");
            }
            return code;
        }
    }

    /**
     * Works on the lines {@code again}, which failed before, and on those from index {@code first} on.
     */
    private int run(Main main, Model model, SessionOptions options, List<Line> lines, LineWork work,
            List<Integer> again, int first, Consumer<Map<String, Object>> results) {
        int[] indices = IntStream.concat(again.stream().mapToInt(index -> index),
                IntStream.range(first, Math.max(first, lines.size()))).toArray();
        long bytes = NativeMemory.available() / 4 * 3;
        SchedulerOptions limits = SchedulerOptions.defaults().withMaxRunning(parallel).withMaxQueued(QUEUED)
                .withCacheBytes(bytes).withSession(options.withContextLength(contextLength(model, options)));
        int failed;
        try (Scheduler scheduler = new Scheduler(model, limits);
                Progress progress = Progress.atOnce(main, work.name())) {
            failed = new LinesRun(lines, work, scheduler, results, out != null).run(indices, 2 * parallel, progress);
        } catch (InterruptedException e) {
            return Main.INTERRUPTED;
        }
        if (failed > 0) {
            main.note(failed + " of " + lines.size() + " lines failed; the key error of each result gives the reason");
        }
        return failed == 0 ? Main.DONE : Main.FAILED;
    }

    /** Returns the length that the options or the model ask for; less if memory, which sessions share, is short. */
    public static int contextLength(Model model, SessionOptions options) {
        try (Session session = model.newSession(options)) {
            int length = session.contextLength();
            boolean isShort = options.contextLength() == 0 && length < model.info().sizes().contextLength();
            return isShort ? Math.max(1, length / 4 * 3) : length;
        }
    }
}
