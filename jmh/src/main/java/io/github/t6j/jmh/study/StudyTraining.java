package io.github.t6j.jmh.study;

import com.google.gson.Gson;
import com.google.gson.JsonSyntaxException;
import io.github.t6j.Model;
import io.github.t6j.ModelInfo;
import io.github.t6j.training.LearningRate;
import io.github.t6j.training.Trainer;
import io.github.t6j.training.TrainingOptions;
import io.github.t6j.training.files.FolderReplacement;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;

/** Makes one run, from its last checkpoint if there is one; its log has some of the fields of {@code t6j train}'s. */
final class StudyTraining {
    private static final int SEQUENCES = 8;
    private static final int CONTEXT = 512;
    /** Tokens of a step. */
    static final int STEP = SEQUENCES * CONTEXT;

    /** Ratio of the smallest learning rate to the largest, and of the warm-up to all steps, as in the paper. */
    private static final double MIN_RATE = 0.05;
    private static final double WARM_UP = 0.02;

    private static final int LOGGED = 5; //        steps steps between lines of the log
    private static final int EVALUATED = 100; //   steps between evaluations
    private static final int CHECKPOINT = 100; // steps between checkpoints
    private static final int SOME_WINDOWS = 64;

    private static final Gson GSON = new Gson();

    private final StudyRun run;
    private final StudyData data;
    private final Path checkpoint;
    private final Path log;
    private double before; // seconds before the checkpoint
    private long start;

    StudyTraining(StudyRun run, StudyData data, Path work, Path logs) {
        this.run = run;
        this.data = data;
        checkpoint = work.resolve(run.name());
        log = logs.resolve(run.name() + ".jsonl");
    }

    /** Trains to the end. @return result of the run */
    StudyResult make() throws IOException {
        try (Trainer trainer = trainer()) {
            long steps = trainer.options().rate().updates();
            boolean begun = keepLog(trainer);
            start = System.nanoTime();
            double validation;
            double test;
            try (Writer out = Files.newBufferedWriter(log, StandardCharsets.UTF_8, StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND)) {
                if (!begun) {
                    line(out, Map.of("attention", trainer.attention(), "parameters", trainer.parameterCount()));
                }
                train(trainer, out, steps);
                validation = finite(trainer.evaluate(data.validation, Integer.MAX_VALUE));
                test = finite(trainer.evaluate(data.test, Integer.MAX_VALUE));
            } catch (CancellationException e) {
                throw e;
            } catch (IllegalStateException diverged) {
                System.err.println(run.name() + ": " + diverged.getMessage());
                trainer.save(checkpoint);
                validation = test = Double.POSITIVE_INFINITY;
            }
            return result(trainer, validation, test);
        }
    }

    private static double finite(double loss) {
        if (!Double.isFinite(loss)) {
            throw new IllegalStateException("expected a finite loss, found " + loss);
        }
        return loss;
    }

    private void train(Trainer trainer, Writer out, long steps) {
        trainer.train(data.train, step -> {
            if (step.step() % LOGGED == 0 || step.step() == 1 || step.step() == steps) {
                line(out, step.step(), "loss", step.loss());
            }
            if (step.step() % EVALUATED == 0 || step.step() == steps) {
                double loss = finite(trainer.evaluate(data.validation, SOME_WINDOWS));
                line(out, step.step(), "validation_loss", loss);
                System.err.printf(Locale.ROOT, "%s: step %d of %d, loss %.4f, validation %.4f, %.0f s%n",
                        run.name(), step.step(), steps, step.loss(), loss, seconds());
            }
            if (step.step() % CHECKPOINT == 0 || step.step() == steps) {
                trainer.save(checkpoint);
            }
            return true;
        });
    }

    private Trainer trainer() {
        FolderReplacement.recover(checkpoint);
        return Files.exists(checkpoint) ? Trainer.restore(checkpoint, 0) : newTrainer(run, data);
    }

    /** Returns the trainer of a new run. */
    static Trainer newTrainer(StudyRun run, StudyData data) {
        long steps = run.tokens() / STEP;
        TrainingOptions options = TrainingOptions.defaults(steps)
                .withBatches(TrainingOptions.Batches.defaults().withSequences(SEQUENCES).withContext(CONTEXT))
                .withRate(new LearningRate(run.rate(), MIN_RATE * run.rate(), (long) (WARM_UP * steps), steps))
                .withSeed(run.seed());
        return Trainer.create(run.preset(), data.tokenizer, options, 0);
    }

    /** Removes lines after the checkpoint from the log, since their steps run again. Returns true if lines remain. */
    private boolean keepLog(Trainer trainer) throws IOException {
        List<String> kept = new ArrayList<>();
        if (trainer.steps() > 0 && Files.exists(log)) {
            for (String line : Files.readAllLines(log)) {
                Map<?, ?> entry = entry(line);
                if (entry == null || entry.get("step") instanceof Double step && step > trainer.steps()) {
                    break;
                }
                before = entry.get("seconds") instanceof Double seconds ? seconds : before;
                kept.add(line);
            }
        }
        Files.write(log, kept);
        return !kept.isEmpty();
    }

    /** Returns an entry; null for an incomplete line. */
    private static Map<?, ?> entry(String line) {
        try {
            return GSON.fromJson(line, Map.class);
        } catch (JsonSyntaxException e) {
            return null;
        }
    }

    private double seconds() {
        return before + (System.nanoTime() - start) / 1e9;
    }

    private void line(Writer out, long step, String key, double loss) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("step", step);
        entry.put("tokens", step * STEP);
        entry.put("seconds", Math.round(1000 * seconds()) / 1000.0);
        entry.put(key, loss);
        line(out, entry);
    }

    private static void line(Writer out, Map<String, Object> entry) {
        try {
            out.write(GSON.toJson(entry) + "\n");
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the result; losses are infinite if the run diverged. */
    private StudyResult result(Trainer trainer, double validation, double test) {
        long steps = trainer.steps();
        return new StudyResult(
                run.preset(), trainer.attention(), run.rate(), run.seed(), steps, steps * STEP,
                trainer.parameterCount(), validation, validation * data.validationTokensPerByte / Math.log(2), test,
                test * data.testTokensPerByte / Math.log(2), cacheBytes());
    }

    private long cacheBytes() {
        try (Model model = Model.load(checkpoint)) {
            ModelInfo info = model.info();
            return (long) info.cache().elementsPerToken() * info.sizes().layers() * Float.BYTES;
        }
    }
}
