package io.github.t6j.cli.train;

import io.github.t6j.ModelFormatException;
import io.github.t6j.cli.io.Errors;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * {@code log.jsonl} of a run. The first line describes the run. Then there is a line for each step, with step, tokens,
 * loss, gradient_norm, learning_rate and seconds, and for each evaluation, with step, tokens, seconds, validation_loss
 * and best. Resuming removes the lines after its checkpoint, since their steps run again.
 */
final class TrainLog implements AutoCloseable {
    static final String NAME = "log.jsonl";
    private static final String BEST = "validation_loss";

    private final Path file;
    private final Writer writer;
    private double lowest = Double.POSITIVE_INFINITY;
    private long evaluated;
    private double seconds;
    private Map<String, Object> description = Map.of();

    /** @param steps steps that the run has made, whose lines stay; 0 for a new run */
    TrainLog(Path file, long steps) {
        this.file = file;
        try {
            List<String> kept = steps > 0 && Files.exists(file) ? kept(steps) : List.of();
            Path partial = file.resolveSibling(NAME + ".partial");
            Files.write(partial, kept);
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
            writer = Files.newBufferedWriter(file, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
        } catch (IOException | UncheckedIOException e) {
            throw Errors.failure(file, "cannot be written", e);
        }
    }

    private List<String> kept(long steps) throws IOException {
        List<String> kept = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            Map<String, Object> entry = entry(line);
            if (entry == null || steps(entry) > steps) {
                break;
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
