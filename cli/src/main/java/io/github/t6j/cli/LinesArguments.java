package io.github.t6j.cli;

import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.cli.schedule.Limits;
import io.github.t6j.cli.schedule.Scheduler;
import io.github.t6j.weights.PhysicalMemory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** For commands that do something with many lines. */
final class LinesArguments {
    /** Requests that wait: a run itself has few lines under way, but one may be a long text. */
    private static final int QUEUED = 1 << 24;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Option(names = "--out", paramLabel = "FILE.jsonl",
            description = "Where the results of many lines go, in their order; what is there is not done again, and a wrong "
                    + "line gives a result that says so.")
    private Path out;

    @Option(names = "--parallel", paramLabel = "N", defaultValue = "8",
            description = "Lines at once (default: ${DEFAULT-VALUE}).")
    private int parallel;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    void check() {
        Range.atLeast(spec, "--parallel", parallel, 1);
        Range.atMost(spec, "--parallel", parallel, Limits.MOST_RUNNING / 2,
                "half of what one pass takes: as many wait");
    }

    /** @param lines what {@code option} says, which needs --out with it; or null */
    void check(String option, Path lines) {
        if ((lines == null) != (out == null)) {
            throw new ParameterException(spec.commandLine(), option + " and --out: expected both or none");
        }
        check();
    }

    /** Where results go, or null. */
    Path out() {
        return out;
    }

    /** For {@link #run} and what is printed after it: the pass that is under way is waited for. */
    static OnInterrupt onInterrupt(Main main) {
        return new OnInterrupt(main, PATIENCE);
    }

    /**
     * Does what is not done yet. Without --out a wrong line ends the run. An interrupt ends it with what is done.
     *
     * @param options of the sessions
     * @param each hears of each new result
     * @return the exit code
     */
    int run(Main main, Model model, SessionOptions options, List<Line> lines, LineWork work,
            Consumer<Map<String, Object>> each) {
        if (out == null) {
            return run(main, model, options, lines, work, 0, 0, each);
        }
        try (ResultsFile results = new ResultsFile(out, work::isResult)) {
            int before = results.count();
            if (before > 0) {
                main.note("note: " + before + " of " + lines.size() + " results are in " + out + " already");
            }
            int failed = results.earlier(lines.size(), work::add);
            int code = run(main, model, options, lines, work, before, failed, results::add);
            if (code == Main.INTERRUPTED) {
                main.note(
                        results.count() + " of " + lines.size() + " are done; the same command goes on with the rest");
            }
            return code;
        }
    }

    /**
     * Does the lines from number {@code first} on.
     *
     * @param failedBefore how many of those before were wrong
     */
    private int run(Main main, Model model, SessionOptions options, List<Line> lines, LineWork work, int first,
            int failedBefore, Consumer<Map<String, Object>> results) {
        long bytes = PhysicalMemory.available() / 4 * 3;
        Limits limits = new Limits(parallel, QUEUED, bytes, contextLength(model, options));
        int failed;
        try (Scheduler scheduler = new Scheduler(model, options, limits);
                Progress progress = new Progress(main, work.name())) {
            failed = failedBefore
                    + new LinesRun(lines, work, scheduler, results, out != null).run(first, 2 * parallel, progress);
        } catch (InterruptedException e) {
            return Main.INTERRUPTED;
        }
        if (failed > 0) {
            main.note(failed + " of " + lines.size() + " lines failed; \"error\" of their results says why");
        }
        return failed == 0 ? Main.DONE : Main.FAILED;
    }

    /** What the options ask for, or else the model's, or what memory holds: less of it, for others use it, too. */
    static int contextLength(Model model, SessionOptions options) {
        try (Session session = model.newSession(options)) {
            int length = session.contextLength();
            boolean isShort = options.contextLength() == 0 && length < model.info().sizes().contextLength();
            return isShort ? Math.max(1, length / 4 * 3) : length;
        }
    }
}
