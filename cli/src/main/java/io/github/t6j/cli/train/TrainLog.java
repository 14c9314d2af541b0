package io.github.t6j.cli.train;

import io.github.t6j.ModelFormatException;
import io.github.t6j.cli.io.Errors;
import io.github.t6j.json.Json;
import io.github.t6j.training.LearningRate;
import io.github.t6j.weights.SmallFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * {@code log.jsonl} of a run. The first line describes the run. Then there is a line for each step, with step, tokens,
 * loss, gradient_norm, learning_rate and seconds, for each evaluation, with step, tokens, seconds, validation_loss and
 * best, and for each renewed plan, with step, tokens, seconds, warmup and updates. Resuming removes the lines after its
 * checkpoint, since their steps run again, except plans, which it follows.
 */
final class TrainLog implements AutoCloseable {
    static final String NAME = "log.jsonl";
    /** Key of the beginning of the samples in the description of the run. */
    static final String SAMPLE = "sample";
    /** Keys of the numbers of checkpoints to keep and of questions to ask, in the same place. */
    static final String KEEP = "keep";
    static final String ASKED = "asked";
    /** Number of steps of a run that has no log yet. */
    static final long NEW = -1;
    private static final String BEST = "validation_loss";

    private final Path file;
    private final Writer writer;
    private double lowest = Double.POSITIVE_INFINITY;
    private long evaluated;
    private double seconds;
    private Map<String, Object> description = Map.of();

    /**
     * Opens the log to append to it.
     *
     * @param steps steps that the run has made, whose lines stay; {@link #NEW} for a new run
     * @param keepsPlans true to keep later plans
     */
    TrainLog(Path file, long steps, boolean keepsPlans) {
        this.file = file;
        try {
            List<String> kept = steps != NEW && Files.exists(file) ? kept(steps, keepsPlans) : List.of();
            String text = kept.stream().map(line -> line + "\n").collect(Collectors.joining());
            SmallFile.write(file, text.getBytes(StandardCharsets.UTF_8));
            writer = Files.newBufferedWriter(file, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
        } catch (IOException | UncheckedIOException e) {
            throw Errors.failure(file, "cannot be written", e);
        }
    }

    /** Returns the plans of the log of a run, in their order; none if there is no log. */
    static List<LearningRate.Plan> plans(Path file) {
        try {
            return entries(file).stream().map(TrainLog::plan).filter(Objects::nonNull).toList();
        } catch (IllegalArgumentException e) {
            throw Errors.failure(file, "cannot be read", e);
        }
    }

    /** Returns the limits that the run was given last. */
    static RunLimits limits(Path file) {
        RunLimits limits = new RunLimits(null, null);
        for (Map<String, Object> entry : entries(file)) {
            limits = RunLimits.of(entry, limits);
        }
        return limits;
    }

    private static List<Map<String, Object>> entries(Path file) {
        try {
            return Files.exists(file)
                    ? lines(file).stream().map(TrainLog::entry).takeWhile(Objects::nonNull).toList()
                    : List.of();
        } catch (IOException | UncheckedIOException e) {
            throw Errors.failure(file, "cannot be read", e);
        }
    }

    /** Returns the first line of a log, which describes the run; empty if there is none. */
    static Map<String, Object> begun(Path file) {
        try {
            return Files.exists(file)
                    ? lines(file).stream().findFirst().map(TrainLog::entry).orElse(Map.of())
                    : Map.of();
        } catch (IOException | UncheckedIOException e) {
            throw Errors.failure(file, "cannot be read", e);
        }
    }

    /** Returns the number of a key of the first line, or {@code otherwise} if there is none of at least {@code min}. */
    static int number(Path file, String key, int min, int otherwise) {
        return begun(file).get(key) instanceof Long number && number >= min && number <= Integer.MAX_VALUE
                ? number.intValue()
                : otherwise;
    }

    /** Returns the lines; the last one of a process that was killed may end within a character. */
    private static List<String> lines(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).lines().toList();
    }

    /** Returns the plan of an entry; null for another entry. */
    private static LearningRate.Plan plan(Map<String, Object> entry) {
        return entry.get("step") instanceof Long step && entry.get("warmup") instanceof Long warmup
                && entry.get("updates") instanceof Long updates ? new LearningRate.Plan(step, warmup, updates) : null;
    }

    private List<String> kept(long steps, boolean keepsPlans) throws IOException {
        List<String> kept = new ArrayList<>();
        for (String line : lines(file)) {
            Map<String, Object> entry = entry(line);
            if (entry == null) {
                break;
            }
            if (steps(entry) > steps) {
                if (keepsPlans && plan(entry) != null) {
                    kept.add(line);
                }
                continue;
            }
            if (kept.isEmpty()) {
                description = entry;
            }
            if (entry.get(BEST) instanceof Number loss) {
                lowest = Math.min(lowest, loss.doubleValue());
                evaluated = steps(entry);
            }
            if (entry.get("seconds") instanceof Number passed) {
                seconds = passed.doubleValue();
            }
            kept.add(line);
        }
        return kept;
    }

    private static long steps(Map<String, Object> entry) {
        return entry.get("step") instanceof Long step ? step : 0;
    }

    /** Returns an entry; null for an incomplete line, which a killed process leaves. */
    private static Map<String, Object> entry(String line) {
        try {
            return Json.parseObject(line.getBytes(StandardCharsets.UTF_8), NAME);
        } catch (ModelFormatException e) {
            return null;
        }
    }

    /** Returns the first line, which describes the run; empty for a new run. */
    Map<String, Object> description() {
        return description;
    }

    /** Returns the beginning of the samples of the run; empty for the start of a document. */
    String sample() {
        return description.get(SAMPLE) instanceof String text ? text : "";
    }

    /** Returns the lowest validation loss so far; infinite before the first. */
    double lowest() {
        return lowest;
    }

    /** Returns the last step with an evaluation, or 0. */
    long evaluated() {
        return evaluated;
    }

    /** Returns the seconds that the run took before it was interrupted. */
    double seconds() {
        return seconds;
    }

    void write(Map<String, Object> entry) {
        try {
            writer.write(Json.writeLine(entry) + "\n");
            writer.flush();
        } catch (IOException e) {
            throw Errors.failure(file, "cannot be written", e);
        }
        if (entry.get(BEST) instanceof Double loss) {
            lowest = Math.min(lowest, loss);
        }
    }

    @Override
    public void close() {
        Errors.close(writer, file, "cannot be written");
    }
}
