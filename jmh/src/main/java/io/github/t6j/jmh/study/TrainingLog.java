package io.github.t6j.jmh.study;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import com.google.gson.annotations.SerializedName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/**
 * Log of a run of {@code t6j train}.
 *
 * @param name name of the run: its file's, or its folder's if the file is log.jsonl
 * @param attention attention of the model
 * @param parameters number of parameters
 * @param steps steps with their training loss, in order
 * @param evaluations entries with a validation loss, in order
 */
public record TrainingLog(String name, String attention, long parameters, List<Entry> steps, List<Entry> evaluations) {
    private static final Gson GSON = new Gson();

    /** A line of the log; the first has the attention, the others a loss at a step. */
    public record Entry(String attention, Long parameters, Long step, Long tokens, Double seconds, Double loss,
            @SerializedName("validation_loss") Double validation) {
        public double perplexity() {
            return Math.exp(validation);
        }

        boolean isComplete() {
            return step != null && tokens != null && seconds != null;
        }
    }

    /** @throws IllegalArgumentException if the file is not such a log, or has no step */
    static TrainingLog read(Path file) throws IOException {
        try {
            List<Entry> lines = Files.readAllLines(file).stream().map(line -> GSON.fromJson(line, Entry.class))
                    .filter(Objects::nonNull).toList();
            List<Entry> steps = lines.stream().filter(line -> line.loss != null).toList();
            List<Entry> evaluations = lines.stream().filter(line -> line.validation != null).toList();
            if (steps.isEmpty() || lines.getFirst().attention == null || lines.getFirst().parameters == null
                    || !steps.stream().allMatch(Entry::isComplete)
                    || !evaluations.stream().allMatch(Entry::isComplete)) {
                throw new IllegalArgumentException(
                        file + ": expected a log.jsonl of t6j train with a step, found none");
            }
            String fileName = file.getFileName().toString();
            return new TrainingLog(fileName.equals("log.jsonl")
                    ? file.toAbsolutePath().getParent().getFileName().toString()
                    : fileName.replaceFirst("\\.jsonl$", ""), lines.getFirst().attention, lines.getFirst().parameters,
                    steps,
                    evaluations);
        } catch (JsonParseException e) {
            throw new IllegalArgumentException(file + ": expected a log.jsonl of t6j train, found another format", e);
        }
    }

    /** Returns the evaluation with the lowest loss; null if there is none. */
    public Entry best() {
        return evaluations.stream().min(Comparator.comparingDouble(Entry::validation)).orElse(null);
    }
}
