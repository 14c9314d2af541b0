package io.github.t6j.cli.train;

import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.hub.Sizes;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Errors;
import io.github.t6j.cli.io.OnInterrupt;
import io.github.t6j.cli.io.Progress;
import io.github.t6j.cli.io.Text;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.StepResult;
import io.github.t6j.training.Trainer;
import io.github.t6j.training.TrainingOptions;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.DoubleSupplier;

/** A run of {@code t6j train}: steps, and at intervals an evaluation, a checkpoint and a sample. */
final class TrainLoop {
    private static final int EVALUATIONS = 10;
    private static final int WINDOWS = 64;
    private static final int SAMPLE = 48;

    /** Assumed bytes a second to disk and of weights from memory, before the first evaluation. */
    private static final double WRITING = 5e8;
    private static final double READING = 1e10;

    /** Assumed seconds to load a checkpoint for a sample or for answers. */
    private static final double LOADING = 1;

    /** Longest interval between checkpoints in seconds, even if no evaluation is due. */
    private static final double SAVING_SECONDS = 600;

    private final Main main;
    private final Trainer trainer;
    private final TrainingText text;
    private final RunFolder folder;
    private final StepPlan plan;
    private final DoubleSupplier clock;
    private final double begun;
    private final long first;
    private final boolean resumed;
    private String prompt; // null for the log's
    private Progress progress;
    private TrainLog log;
    private double secondsBefore;
    private double saved; // time of the last checkpoint, in seconds of this process
    private double loss = Double.NaN;
    private double validation = Double.NaN;
    private long evaluated; // last step with an evaluation
    private long toGenerate = -1; // tokens of an evaluation; -1 until they are counted
    private boolean planned; // the first plan of a budget is printed

    /**
     * Creates a loop.
     *
     * @param prompt beginning of the samples, or null for the run's, by default the start of a document
     * @param clock seconds since the command began
     */
    TrainLoop(
            Main main, Trainer trainer, TrainingText text, RunFolder folder, String prompt, StepPlan plan,
            DoubleSupplier clock) {
        this.main = main;
        this.trainer = trainer;
        this.text = text;
        this.folder = folder;
        this.prompt = prompt;
        this.plan = plan;
        this.clock = clock;
        begun = clock.getAsDouble();
        first = trainer.steps();
        resumed = folder.hasCheckpoint();
    }

    /** Prints the model and the memory that training needs. */
    void printBeginning() {
        String parameters = trainer.base().isPresent()
                ? "trains " + Sizes.count(trainer.parameterCount()) + " of "
                        + Sizes.count(trainer.modelParameterCount())
                : Sizes.count(trainer.parameterCount());
        main.note(String.format(Locale.ROOT, "%s, %s parameters, %,d ids, context %,d; about %s of memory",
                trainer.attention(), parameters, trainer.vocabulary(),
                trainer.options().batches().context(), Sizes.of(trainer.memory())));
        if (resumed) {
            main.note("continuing after step " + first + " of " + updates());
        }
    }

    private long updates() {
        return trainer.options().rate().updates();
    }

    private long tokens() {
        return trainer.steps() * trainer.options().batches().tokens();
    }

    /** Trains until the end or an interrupt. @return the exit code */
    int run(OnInterrupt interrupt) {
        progress = new Progress(main, "training");
        try (Progress _ = progress;
                TrainLog opened = openLog()) {
            log = opened;
            secondsBefore = log.seconds();
            prompt = prompt == null ? log.sample() : prompt;
            if (log.description().isEmpty()) {
                log.write(description());
            }
            if (plan.isNew()) {
                Map<String, Object> entry = planEntry();
                entry.putAll(plan.limits().entry());
                log.write(entry);
            }
            evaluated = log.evaluated();
            plan.worked();
            try {
                if (first > 0 && isDue(first) && evaluated < first) {
                    evaluate(); // due at the checkpoint, but not done before the interrupt
                }
                trainer.train(text.training(), this::onStep);
            } catch (CancellationException e) {
                interrupt.finish();
                return interrupted();
            } catch (IllegalStateException e) { // the loss of a step is NaN or infinite
                throw diverged(e.getMessage());
            }
            note(String.format(Locale.ROOT, "done: %s is the %s with the lowest validation loss, %.3f",
                    folder.path(), trainer.base().isPresent() ? "adapter" : "model", log.lowest()));
            return Main.DONE;
        }
    }

    /** Opens the log, which drops what a resumed run repeats, once the data is known to be the same. */
    private TrainLog openLog() {
        if (resumed) {
            checkData(TrainLog.begun(folder.log()));
            trainer.checkData(text.training());
        }
        return new TrainLog(folder.log(), resumed ? first : TrainLog.NEW, !plan.isNew());
    }

    private int interrupted() {
        if (plan.settle()) {
            log.write(planEntry());
        }
        String where = "interrupted after step " + trainer.steps() + " of " + updates() + "; its checkpoint ";
        try {
            folder.save(trainer);
        } catch (RuntimeException failure) {
            note(where + "could not be saved: " + Errors.line(failure)
                    + "; --resume continues from the checkpoint before it, if there is one");
            return Main.FAILED;
        }
        note(where + "is saved: continue with --resume, and " + text.options() + " and --out as before");
        return folder.hasModel() ? Main.INTERRUPTED : savedModel();
    }

    /** Saves the model of a run that was interrupted before it saved one. */
    private int savedModel() {
        try {
            trainer.saveModel(folder.path());
            return Main.INTERRUPTED;
        } catch (RuntimeException failure) {
            note("the model could not be saved: " + Errors.line(failure) + "; the checkpoint has the same weights");
            return Main.FAILED;
        }
    }

    /** Returns a failure that suggests a new run: resuming would meet the same loss again. */
    private CommandFailure diverged(String what) {
        String command = folder.hasCheckpoint() && trainer.base().isEmpty()
                ? "t6j train --init-from " + RunFolder.newest(folder.path()) + " with " + text.options() + " as before,"
                : "the command that began this run with";
        return new CommandFailure(what + ", such as " + command + " another --out, and a --learning-rate below "
                + trainer.options().rate().maximum());
    }

    /** @param begun description of the run from its log; empty if the log is lost */
    private void checkData(Map<String, Object> begun) {
        if (begun.isEmpty()) {
            note("note: " + folder.log() + " is missing, so the best model so far is unknown; the next validated model"
                    + " replaces it");
        }
        Map<String, Object> now = new LinkedHashMap<>();
        putData(now);
        for (String key : now.keySet()) {
            Object before = begun.getOrDefault(key, now.get(key));
            if (!before.equals(now.get(key))) {
                throw new CommandFailure("--resume: expected the same data as when the run began, with "
                        + key.replace('_', ' ') + " " + before + ", found " + now.get(key)
                        + ": give the same files to " + (text.questions() == null ? "" : "--chat, ")
                        + "--data and, if you used it, --valid");
            }
        }
    }

    private Map<String, Object> description() {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("attention", trainer.attention());
        entry.put("parameters", trainer.parameterCount());
        entry.put("vocabulary", (long) trainer.vocabulary());
        entry.put("context", (long) trainer.options().batches().context());
        entry.put("tokens_of_step", trainer.options().batches().tokens());
        if (plan.budget() == null) {
            entry.put("steps", updates());
        } else {
            entry.put("minutes", plan.budget().seconds() / 60);
        }
        entry.putAll(plan.limits().entry());
        entry.put("learning_rate", trainer.options().rate().maximum());
        entry.put("seed", trainer.options().seed());
        putData(entry);
        entry.put(TrainLog.KEEP, (long) folder.keep());
        if (text.questions() != null) {
            entry.putAll(text.questions().counts());
        }
        if (!prompt.isEmpty()) {
            entry.put(TrainLog.SAMPLE, prompt);
        }
        return entry;
    }

    private void putData(Map<String, Object> entry) {
        entry.put("training_tokens", text.training().size());
        entry.put("validation_tokens", text.validation().size());
        entry.put("validation_checksum", text.validationChecksum());
    }

    private Map<String, Object> planEntry() {
        Map<String, Object> entry = entry();
        entry.put("warmup", trainer.options().rate().warmup());
        entry.put("updates", updates());
        return entry;
    }

    private Map<String, Object> entry() {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("step", trainer.steps());
        entry.put("tokens", tokens());
        entry.put("seconds", Math.round(1e3 * (secondsBefore + elapsed())) / 1e3);
        return entry;
    }

    private double elapsed() {
        return clock.getAsDouble() - begun;
    }

    private boolean onStep(StepResult result) {
        plan.stepped();
        Map<String, Object> entry = entry();
        entry.put("loss", result.loss());
        entry.put("gradient_norm", result.gradientNorm());
        entry.put("learning_rate", result.learningRate());
        log.write(entry);
        loss = result.loss();
        if (plan.renew(estimatedEvaluation(), this::evaluations)) {
            log.write(planEntry());
            printFirstPlan();
        }
        if (isDue(result.step())) {
            evaluate();
        } else if (elapsed() - saved > SAVING_SECONDS) {
            if (plan.settle()) {
                log.write(planEntry()); // the process may be killed before it can plan by its speed
            }
            save();
            plan.worked();
        }
        progress.print(line());
        return true;
    }

    /** Prints the first plan of a budget. */
    private void printFirstPlan() {
        if (!planned) {
            planned = true;
            note(String.format(Locale.ROOT, "%d steps fit, %.1f passes over the data; the plan adapts to the speed",
                    updates(),
                    (double) updates() * trainer.options().batches().tokens() / text.training().size()));
        }
    }

    private boolean isDue(long step) {
        return step >= evaluated + interval(updates()) || step == updates();
    }

    /** Returns the number of evaluations from the present step to the end of a run of that many updates. */
    private long evaluations(long updates) {
        return 1 + Math.max(0, updates - 1 - evaluated) / interval(updates);
    }

    /**
     * Returns the steps between two evaluations: a tenth of the run, or more if evaluations would take over a tenth of
     * the time.
     */
    private long interval(long updates) {
        return Math.max(1, Math.max(Math.ceilDiv(updates, EVALUATIONS), Math.min(updates, 10 * cost())));
    }

    /** Returns the steps that take as long as an evaluation. */
    private long cost() {
        TimeBudget budget = plan.budget();
        if (budget != null && budget.isWarm()) {
            return (long) Math.ceil(budget.evaluation(estimatedEvaluation()) / budget.ofStep());
        }
        TrainingOptions.Batches batches = trainer.options().batches();
        long windows = Math.min(WINDOWS, text.validation().size() / batches.context());
        return Math.ceilDiv(windows, 3L * batches.sequences() * batches.accumulation());
    }

    /** Returns the seconds of an evaluation with saving and a sample, before there was one. */
    private double estimatedEvaluation() {
        if (plan.budget() == null) {
            return 0;
        }
        TrainingOptions.Batches batches = trainer.options().batches();
        long windows = Math.min(WINDOWS, text.validation().size() / batches.context());
        double steps = windows / (3.0 * batches.sequences() * batches.accumulation());
        double bytes = 16.0 * trainer.parameterCount();
        double generating = toGenerate() * (double) Float.BYTES * trainer.modelParameterCount() / READING;
        return steps * plan.budget().ofStep() + bytes / WRITING + LOADING + generating;
    }

    private long toGenerate() {
        if (toGenerate < 0) {
            toGenerate = text.questions() == null ? SAMPLE : text.questions().answerTokens();
        }
        return toGenerate;
    }

    private String line() {
        long step = trainer.steps();
        double ofStep = elapsed() / Math.max(1, step - first);
        TimeBudget budget = plan.budget();
        double left = budget == null ? ofStep * (updates() - step) : budget.left();
        String of = budget == null || budget.isWarm() || step == updates() ? " of " + updates() : "";
        String validated = Double.isNaN(validation) ? "" : String.format(Locale.ROOT, ", validation %.3f", validation);
        return String.format(Locale.ROOT, "step %d%s: loss %.3f%s, %.0f tokens/s, %d:%02d left", step, of,
                loss, validated, trainer.options().batches().tokens() / ofStep, (long) left / 60, (long) left % 60);
    }

    /**
     * Evaluates the model. The log entry comes last, after all files are saved, so that an interrupted evaluation is
     * repeated.
     */
    private void evaluate() {
        validation = trainer.evaluate(text.validation(), WINDOWS);
        if (!Double.isFinite(validation)) {
            throw diverged(
                    "step " + trainer.steps() + ": expected a finite validation loss, found " + validation
                            + ": begin a new run with a lower learning rate");
        }
        boolean best = validation < log.lowest();
        Map<String, Object> entry = entry();
        entry.put("validation_loss", validation);
        entry.put("best", best);
        if (best) {
            trainer.saveModel(folder.path());
        }
        Path checkpoint = save();
        Questions.Result answers = text.questions() == null ? null : answers(checkpoint);
        if (answers != null) {
            entry.put("answers", (long) answers.answers().size());
            entry.put("right_answers", answers.right());
            entry.put("samples", answers.samples(trainer.steps()));
        }
        log.write(entry);
        evaluated = trainer.steps();
        note(line() + (best ? ", the lowest so far" : ""));
        if (answers != null) {
            printAnswers(answers);
        } else if (text.questions() == null) {
            sample(checkpoint);
        }
        plan.evaluated();
    }

    private Path save() {
        saved = elapsed();
        return folder.save(trainer);
    }

    /** Returns the answers to held-out questions; null without any, or after a failure, which does not end the run. */
    private Questions.Result answers(Path checkpoint) {
        if (text.questions().count() == 0) {
            return null;
        }
        try (Model model = load(checkpoint)) {
            return text.questions().ask(model);
        } catch (CancellationException e) {
            throw e;
        } catch (RuntimeException e) {
            note("note: cannot answer the held-out questions: " + Errors.line(e));
            return null;
        }
    }

    private void printAnswers(Questions.Result answers) {
        note("answers: " + answers.right() + " of " + answers.answers().size()
                + " match the held-out conversations");
        Questions.Answered sample = answers.sample(trainer.steps());
        note("sample: " + Text.printable(sample.question().replace('\n', ' '), 200) + " → "
                + Text.printable(Questions.Answered.shown(sample.found()).replace('\n', ' '), 200));
    }

    /** Prints a sample of the model's text; a failure does not end the run. */
    private void sample(Path checkpoint) {
        try {
            write(checkpoint);
        } catch (CancellationException e) {
            throw e;
        } catch (RuntimeException e) {
            note("note: cannot generate a sample: " + Errors.line(e));
        }
    }

    private void write(Path checkpoint) {
        try (Model model = load(checkpoint)) {
            if (!model.hasTokenizer()) {
                return;
            }
            try (Session session = model.newSession()) {
                GenerationOptions options = GenerationOptions.defaults().withMaxTokens(SAMPLE)
                        .withSampling(SamplingOptions.defaults().withSeed(trainer.steps()));
                Generation generation = session.generate(prompt, options, token -> true);
                note("sample: " + Text.printable((prompt + generation.text()).replace('\n', ' '), 400));
            }
        }
    }

    /** Loads a checkpoint, or the model that its adapter belongs to with the adapter. */
    private Model load(Path checkpoint) {
        if (trainer.base().isEmpty()) {
            return Model.load(checkpoint);
        }
        Trainer.Base base = trainer.base().get();
        ModelOptions options = ModelOptions.defaults().withAdapter(checkpoint, 1);
        ModelOptions all = Tokenizer.existsIn(checkpoint) ? options.withTokenizer(checkpoint) : options;
        return Model.load(base.path(), base.variant().map(all::withVariant).orElse(all));
    }

    /** Prints a line that stays above the line of progress. */
    private void note(String line) {
        progress.interrupt(() -> main.note(line));
    }
}
