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
 * What {@code t6j train} wrote to a log.jsonl.
 *
 * @param name of the run: its file's, or its folder's where that is log.jsonl
 * @param attention what it trained
 * @param parameters how many numbers it trained
 * @param steps the updates, in their order
 * @param evaluations likewise
 */
record TrainingLog(String name, String attention, long parameters, List<Entry> steps, List<Entry> evaluations) {
    private static final Gson GSON = new Gson();

    /** A loss at a time. */
    record Entry(long step, long tokens, double seconds, double loss) {}

    /** @throws IllegalArgumentException if it is none, or has no step */
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
            throw new IllegalArgumentException(file + ": expected a log.jsonl of t6j train, found other text", e);
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

    /** The evaluation with the lowest loss, or null: there was none. */
    Entry best() {
        return evaluations.stream().min(Comparator.comparingDouble(Entry::loss)).orElse(null);
    }
}
