package io.github.t6j.jmh.study;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.benchmark.FilledCache;
import io.github.t6j.jmh.Machine;
import io.github.t6j.training.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Speed of attentions in training and in decoding, measured separately, since a run's wall clock includes evaluations,
 * pauses, and other work of the machine.
 *
 * @param machine processor, cores, kernels and JDK; null in older files
 * @param tokens tokens of a training step
 * @param tokensPerSecond speed of each timed training step of each preset, in order
 * @param depth tokens in the cache, of random elements, before the first decoding step
 * @param decodeMillis time of each timed decoding step of each preset, in order
 */
record StudySpeed(
        String machine, int rounds, int warmUp, int steps, int tokens, int threads,
        Map<String, List<Double>> tokensPerSecond, int depth, Map<String, List<Double>> decodeMillis) {
    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();
    private static final int WARM_UP = 5;
    private static final int STEPS = 10;
    private static final int DEPTH = 16_384;
    private static final int DECODED = 50; // after as many of warm-up
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    StudySpeed {
        decodeMillis = decodeMillis == null ? Map.of() : decodeMillis; // of older files
    }

    /**
     * Measures each of {@code runs}, one after the other, and repeats that in each round.
     *
     * @param work folder for the models that are decoded, replaced each time
     */
    static StudySpeed measure(List<StudyRun> runs, StudyData data, int rounds, Path work) throws IOException {
        Map<String, List<Double>> all = new LinkedHashMap<>();
        Map<String, List<Double>> decoding = new LinkedHashMap<>();
        for (int round = 0; round < rounds; round++) {
            for (StudyRun run : runs) {
                List<Double> steps = all.computeIfAbsent(run.preset(), _ -> new ArrayList<>());
                try (Trainer trainer = StudyTraining.newTrainer(run, data)) {
                    for (int step = 0; step < WARM_UP + STEPS; step++) {
                        long start = System.nanoTime();
                        trainer.step(data.train);
                        if (step >= WARM_UP) {
                            steps.add(StudyTraining.STEP * 1e9 / (System.nanoTime() - start));
                        }
                    }
                    trainer.save(work);
                }
                List<Double> millis = decoding.computeIfAbsent(run.preset(), _ -> new ArrayList<>());
                decode(work, millis);
                System.err.printf(
                        Locale.ROOT, "speed of %s: round %d of %d, %.0f tokens/s, %.2f ms a token so far%n",
                        run.preset(), round + 1, rounds, median(steps), median(millis));
            }
        }
        return new StudySpeed(
                here(), rounds, WARM_UP, STEPS, StudyTraining.STEP, Runtime.getRuntime().availableProcessors(), all,
                DEPTH,
                decoding);
    }

    /** Returns processor, cores, kernels and JDK of this run. */
    static String here() throws IOException {
        Machine machine = Machine.here("study");
        return String.join(", ", machine.processor(), Integer.toString(machine.cores()) + " cores", machine.kernels(),
                "JDK " + System.getProperty("java.version"));
    }

    /** Returns true if this machine and JDK measured these speeds. */
    boolean isOfThisMachine() throws IOException {
        return here().equals(machine);
    }

    /** Decodes some tokens of a saved model after {@value #DEPTH} others. */
    private static void decode(Path folder, List<Double> millis) {
        SessionOptions options = SessionOptions.defaults().withContextLength(DEPTH + 2 * DECODED);
        try (Model model = Model.load(folder); Session session = model.newSession(options)) {
            model.warmUp(PATIENCE); // else the first attention would decode with the scalar twin
            FilledCache.fill(session, DEPTH, 1);
            for (int step = 0; step < 2 * DECODED; step++) {
                long start = System.nanoTime();
                session.step(step);
                if (step >= DECODED) {
                    millis.add((System.nanoTime() - start) / 1e6);
                }
            }
        }
    }

    /** @throws IOException if the file cannot be read, or {@link #write} did not write it */
    static StudySpeed read(Path file) throws IOException {
        try {
            StudySpeed speed = GSON.fromJson(Files.readString(file), StudySpeed.class);
            if (speed != null && speed.tokensPerSecond != null) {
                return speed;
            }
        } catch (JsonParseException damaged) {
            // reported below
        }
        throw new IOException(file + ": expected the speeds of a study, found other content: delete the file");
    }

    /** Writes the speeds completely or not at all. */
    void write(Path file) throws IOException {
        Path partial = file.resolveSibling(file.getFileName() + ".partial");
        Files.writeString(partial, GSON.toJson(this) + "\n");
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
    }

    boolean has(StudyRun run) {
        return tokensPerSecond.containsKey(run.preset()) && decodeMillis.containsKey(run.preset());
    }

    /** Returns these speeds, and earlier ones of other presets that were measured in the same way, or null. */
    StudySpeed over(StudySpeed before) {
        if (before == null || !machine.equals(before.machine) || before.rounds != rounds || before.warmUp != warmUp
                || before.steps != steps
                || before.tokens != tokens || before.threads != threads || before.depth != depth) {
            return this;
        }
        Map<String, List<Double>> all = new LinkedHashMap<>(before.tokensPerSecond);
        all.putAll(tokensPerSecond);
        Map<String, List<Double>> decoding = new LinkedHashMap<>(before.decodeMillis);
        decoding.putAll(decodeMillis);
        return new StudySpeed(machine, rounds, warmUp, steps, tokens, threads, all, depth, decoding);
    }

    /** Returns tokens per second of the median step and of the fastest, as text; – if the preset was not measured. */
    String of(String preset) {
        List<Double> measured = tokensPerSecond.get(preset);
        return measured == null
                ? "–"
                : String.format(Locale.ROOT, "%,.0f (%,.0f)", median(measured), Collections.max(measured));
    }

    /** Returns milliseconds of the median decoding step and of the fastest, as text; – if it was not measured. */
    String decodingOf(String preset) {
        List<Double> measured = decodeMillis.get(preset);
        return measured == null
                ? "–"
                : String.format(Locale.ROOT, "%.2f (%.2f)", median(measured), Collections.min(measured));
    }

    /** Returns milliseconds of the median decoding step; NaN if it was not measured. */
    double decodeTime(String preset) {
        List<Double> measured = decodeMillis.get(preset);
        return measured == null ? Double.NaN : median(measured);
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int half = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2;
    }

    /** Returns a description of the measurement, for people. */
    String words() {
        String training = String.format(Locale.ROOT,
                "Tokens/s: the median of %d training steps of %d tokens (in parentheses the fastest), in %d rounds over the "
                        + "attentions, each time after %d steps of warm-up; %d threads%s. Measured by itself, not of the "
                        + "runs (speed.json).",
                rounds * steps, tokens, rounds, warmUp, threads, machine == null ? "" : " of " + machine);
        String decoding = decodeMillis.isEmpty()
                ? ""
                : String.format(Locale.ROOT,
                        " Milliseconds: the median of %d decoding steps after %,d tokens in the same rounds, weights and "
                                + "cache f32.",
                        rounds * DECODED, depth);
        return training + decoding + "\n";
    }
}
