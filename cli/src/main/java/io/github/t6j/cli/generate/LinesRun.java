package io.github.t6j.cli.generate;

import io.github.t6j.cli.io.Progress;
import io.github.t6j.schedule.RefusedException;
import io.github.t6j.schedule.RefusedException.Reason;
import io.github.t6j.schedule.Scheduler;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/** Runs many lines at once in one scheduler; each line has one result, in the order of the lines. */
final class LinesRun {
    private static final double NANOS = 1e9;

    /** A line whose work was submitted, or that failed. */
    private record Pending(Map<String, Object> result, LineWork.Finish finish) {}

    private final List<Line> lines;
    private final LineWork work;
    private final Scheduler scheduler;
    private final Consumer<Map<String, Object>> results;
    private final boolean continuesAfterErrors;
    private final Deque<Pending> pending = new ArrayDeque<>();
    private int failed;

    /** @param continuesAfterErrors true if a line that fails gets a result with an error; false if it ends the run */
    LinesRun(List<Line> lines, LineWork work, Scheduler scheduler, Consumer<Map<String, Object>> results,
            boolean continuesAfterErrors) {
        this.lines = lines;
        this.work = work;
        this.scheduler = scheduler;
        this.results = results;
        this.continuesAfterErrors = continuesAfterErrors;
    }

    /**
     * Works on some lines.
     *
     * @param indices indices of the lines
     * @param max maximum number of submitted lines
     * @return number of lines that failed
     * @throws InterruptedException if the thread is interrupted; the results so far belong to the first indices
     */
    int run(int[] indices, int max, Progress progress) throws InterruptedException {
        if (indices.length > 0) {
            progress.update(lines.size() - indices.length, lines.size()); // the first line may take long
        }
        long start = System.nanoTime();
        int next = 0;
        for (int done = 0; done < indices.length; done++) {
            while (next < indices.length && pending.size() < max) {
                pending.add(begin(indices[next]));
                next++;
            }
            results.accept(result(pending.remove()));
            double each = (System.nanoTime() - start) / NANOS / (done + 1);
            double left = each * (indices.length - done - 1);
            progress.update(lines.size() - indices.length + done + 1.0, lines.size(), () -> {
                String found = work.found();
                return String.format(Locale.ROOT, "%.1f lines a second, %s left", 1 / each,
                        Progress.time(Math.round(left))) + (found.isEmpty() ? "" : ", " + found);
            });
        }
        return failed;
    }

    private Pending begin(int index) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("index", (long) index);
        try {
            return new Pending(result, work.begin(lines.get(index), index, result, scheduler));
        } catch (RuntimeException wrong) {
            return new Pending(result, _ -> {
                throw wrong;
            });
        }
    }

    private Map<String, Object> result(Pending line) throws InterruptedException {
        try {
            line.finish.into(line.result);
            work.add(line.result);
        } catch (RuntimeException wrong) {
            boolean ended = wrong instanceof RefusedException refused && refused.reason() == Reason.CLOSED;
            if (!continuesAfterErrors || ended) { // not an error of the line
                throw wrong;
            }
            failed++;
            line.result.put("error", String.valueOf(wrong.getMessage()));
        }
        return line.result;
    }
}
