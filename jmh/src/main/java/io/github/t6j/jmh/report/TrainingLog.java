package io.github.t6j.jmh.report;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/**
 * Log of a run of {@code t6j train}.
 *
 * @param name name of the run: its file's, or its folder's if the file is log.jsonl
 * @param attention attention of the model
 * @param parameters number of parameters
 * @param steps steps, in order
 * @param evaluations evaluations, in order
 */
record TrainingLog(String name, String attention, long parameters, List<Entry> steps, List<Entry> evaluations) {
    private static final Gson GSON = new Gson();

    /** A loss at a step. */
    record Entry(long step, long tokens, double seconds, double loss) {}

    /** @throws IllegalArgumentException if the file is not such a log, or has no step */
    static TrainingLog read(Path file) throws IOException {
        List<JsonObject> lines;
        try {
            lines = Files.readAllLines(file).stream().map(line -> GSON.fromJson(line, JsonObject.class)).toList();
            JsonObject first = lines.isEmpty() ? null : lines.getFirst();
            List<Entry> steps = entries(lines, "loss");
            if (first == null || !first.has("attention") || !first.has("parameters") || steps.isEmpty()) {
                throw new IllegalArgumentException(
                        file + ": expected a log.jsonl of t6j train with a step, found none");
            }
            Path folder = file.toAbsolutePath().getParent();
            String own = file.getFileName().toString();
            String name = own.equals("log.jsonl") ? folder.getFileName().toString() : own.replaceFirst("\\.jsonl$", "");
            return new TrainingLog(name, first.get("attention").getAsString(),
                    first.get("parameters").getAsLong(), steps, entries(lines, "validation_loss"));
        } catch (JsonParseException | UnsupportedOperationException | IllegalStateException | NumberFormatException e) {
            throw new IllegalArgumentException(file + ": expected a log.jsonl of t6j train, found another format", e);
        }
    }

    private static List<Entry> entries(List<JsonObject> lines, String loss) {
        return lines.stream().filter(line -> line != null && line.has(loss)).map(line -> new Entry(
                (long) number(line, "step"), (long) number(line, "tokens"), number(line, "seconds"),
                number(line, loss))).toList();
    }

    private static double number(JsonObject line, String key) {
        if (!line.has(key)) {
            throw new IllegalStateException(key + " is missing");
        }
        return line.get(key).getAsDouble();
    }

    /** Returns the evaluation with the lowest loss; null if there is none. */
    Entry best() {
        return evaluations.stream().min(Comparator.comparingDouble(Entry::loss)).orElse(null);
    }
}
