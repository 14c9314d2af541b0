package io.github.t6j.cli.train;

import io.github.t6j.MemoryLimitException;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.hub.Sizes;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Range;
import io.github.t6j.cli.io.Spinner;
import io.github.t6j.cli.models.PresetNames;
import io.github.t6j.training.BatchOrder;
import io.github.t6j.training.Initialization;
import io.github.t6j.training.LearningRate;
import io.github.t6j.training.Trainer;
import io.github.t6j.training.TrainingOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Options of {@code t6j train} that decide what a run computes, and its length. */
final class TrainArguments {
    /** Names of options by the library's parameter names. */
    private static final Map<String, String> OPTIONS = Map.of(
            "sequences", "batch", "accumulation", "accumulate", "decay", "weight-decay", "maximum", "learning-rate",
            "minimum", "min-learning-rate", "warmup", "warm-up", "updates", "steps");

    private static final double PASSES = 4;

    /** Share of the time for steps; the rest is for evaluating, saving, and other programs. */
    private static final double SHARE = 0.85;

    /** Seconds and steps of the trial; the first steps are slower, before their code is compiled. */
    private static final double TRYING = 8;
    private static final int TRIES = 4;

    /** Longest trial in seconds. */
    private static final double LONGEST_TRIAL = 60;

    /** Contexts to try, each a quarter of the one before, if the model's own does not fit memory. */
    private static final int LONG_CONTEXT = 1 << 12;
    private static final int SHORT_CONTEXT = 1 << 6;

    private static final String DEFAULT_PRESET = "t6-micro";

    @Option(names = "--preset", paramLabel = "NAME",
            description = "Shape of the model (default: " + DEFAULT_PRESET + ").")
    private String preset;

    @Option(names = "--steps", paramLabel = "N",
            description = "Number of steps (default: from --passes, --minutes and --tokens).")
    private Long steps;

    @Option(names = "--more-steps", paramLabel = "N", description = "With --resume: number of steps to add to the run.")
    private Long moreSteps;

    @Option(names = "--passes", paramLabel = "N",
            description = "Maximum number of passes over the data (default: 4; no limit with --minutes).")
    private Double passes;

    @Option(names = "--minutes", paramLabel = "M",
            description = "Time budget of the command; the run makes as many steps as fit.")
    private Double minutes;

    @Option(names = "--tokens", paramLabel = "N",
            description = "Maximum number of tokens to train on; each pass over a token counts.")
    private Long tokens;

    @Option(names = "--context", paramLabel = "N", defaultValue = "0",
            description = "Number of tokens in a training window (default: the model's, or what fits).")
    private int context;

    @Option(names = "--batch", paramLabel = "N",
            description = "Number of training windows in a batch (default: 8, or what fits memory and --minutes).")
    private Integer batch;

    @Option(names = "--accumulate", paramLabel = "N", defaultValue = "1",
            description = "Number of batches in a step (default: ${DEFAULT-VALUE}).")
    private int accumulate;

    @Option(names = "--learning-rate", paramLabel = "R", defaultValue = "2e-3",
            description = "Maximum learning rate (default: ${DEFAULT-VALUE}).")
    private double learningRate;

    @Option(names = "--min-learning-rate", paramLabel = "R",
            description = "Learning rate of the last step (default: a tenth of the maximum).")
    private Double minLearningRate;

    @Option(names = "--warm-up", paramLabel = "N",
            description = "Number of steps until the maximum learning rate (default: a twentieth of the run).")
    private Long warmUp;

    @Option(names = "--weight-decay", paramLabel = "D", defaultValue = "0.1",
            description = "Weight decay (default: ${DEFAULT-VALUE}).")
    private double weightDecay;

    @Option(names = "--clip", paramLabel = "C", defaultValue = "1",
            description = "Maximum norm of a step's gradients; 0 means no limit (default: ${DEFAULT-VALUE}).")
    private double clip;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "0",
            description = "Seed of new weights and of the order of the data (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--order", paramLabel = "ORDER", defaultValue = "epoch",
            description = {"Order of the data: epoch or random.",
                "epoch reads all data in each pass, shuffled.",
                "random draws windows from random places, as the official script does (default: ${DEFAULT-VALUE})."})
    private BatchOrder.Order order;

    @Option(names = "--init", paramLabel = "HOW", defaultValue = "small",
            description = {"Initialization of new weights: official or small.",
                "small uses a smaller embedding (default: ${DEFAULT-VALUE})."})
    private Initialization init;

    @Option(names = "--decay-vectors",
            description = "Apply weight decay to gains and biases, too, as the official script does.")
    private boolean decayVectors;

    @Option(names = "--sum-batches",
            description = {"Add the gradients of a step's batches, as the official script does",
                "(default: average them)."})
    private boolean sumBatches;

    String preset() {
        return preset == null ? DEFAULT_PRESET : preset;
    }

    /** Checks that no option contradicts the model of --init-from. */
    void checkInitFrom(CommandSpec spec) {
        checkWithout(spec, "--preset", "--init-from, whose model has a shape, found both", preset != null);
        checkWithout(spec, "--init", "--init-from, whose model has weights, found both", isGiven(spec, "--init"));
    }

    private static boolean isGiven(CommandSpec spec, String option) {
        return spec.commandLine().getParseResult().hasMatchedOption(option);
    }

    private static void checkWithout(CommandSpec spec, String option, String excluded, boolean both) {
        if (both) {
            throw new ParameterException(spec.commandLine(), option + ": expected no " + excluded);
        }
    }

    /** Checks all numbers. */
    void check(CommandSpec spec, boolean resume) {
        if (passes != null) {
            positive(spec, "--passes", passes);
        }
        checkWithout(spec, "--steps", "--passes, --minutes or --tokens, found one of them",
                steps != null && (passes != null || minutes != null || tokens != null));
        if (moreSteps != null) {
            Range.atLeast(spec, "--more-steps", moreSteps, 1);
            Range.atMost(spec, "--more-steps", moreSteps, Integer.MAX_VALUE, "the most");
            checkWithout(spec, "--more-steps", "--minutes, found both", minutes != null);
            if (!resume) {
                throw new ParameterException(spec.commandLine(), "--more-steps: expected --resume, found none: "
                        + "give the length of a new run by --steps");
            }
        }
        if (resume && minutes == null && (passes != null || tokens != null)) {
            String limit = passes != null ? "--passes" : "--tokens";
            throw new ParameterException(spec.commandLine(), "--resume: expected no " + limit + " without --minutes,"
                    + " since a resumed run keeps its length: add --minutes, or omit " + limit);
        }
        if (minutes != null) {
            positive(spec, "--minutes", minutes);
        }
        if (tokens != null) {
            Range.atLeast(spec, "--tokens", tokens, 1);
        }
        PresetNames.check(spec, preset());
        Range.checked(spec, this::options, OPTIONS);
    }

    private static void positive(CommandSpec spec, String option, double value) {
        if (!(value > 0 && value <= 1e9)) {
            throw new ParameterException(spec.commandLine(), option + ": expected a number above 0, found " + value);
        }
    }

    /** Returns the options of a run; its length is a placeholder unless --steps gives it. */
    TrainingOptions options() {
        LearningRate rate = rate(steps == null ? Long.MAX_VALUE >>> 24 : steps);
        return TrainingOptions.defaults(rate.updates()).withRate(rate).withInitialization(init).withSeed(seed)
                .withBatches(TrainingOptions.Batches.defaults().withSequences(batch == null ? 1 : batch)
                        .withContext(context)
                        .withAccumulation(accumulate).withAdds(sumBatches).withOrder(order))
                .withOptimizer(TrainingOptions.Optimizer.defaults().withDecay(weightDecay)
                        .withDecaysVectors(decayVectors).withClip(clip));
    }

    private LearningRate rate(long count) {
        return new LearningRate(
                learningRate, minLearningRate == null ? learningRate / 10 : minLearningRate,
                warmUp == null ? count / 20 : steps == null ? Math.min(warmUp, count) : warmUp, count);
    }

    /**
     * Makes a trainer with the model's context, or with a shorter one if the user gave none and the model's exceeds
     * memory or a step's limit.
     */
    Trainer withContext(Function<TrainingOptions, Trainer> maker) {
        TrainingOptions options = options();
        int tried = context;
        while (true) {
            try {
                return maker.apply(options.withBatches(options.batches().withContext(tried)));
            } catch (MemoryLimitException | IllegalArgumentException e) {
                tried = tried == 0 ? LONG_CONTEXT : tried / 4;
                if (context > 0 || tried < SHORT_CONTEXT) {
                    throw e;
                }
            }
        }
    }

    /** Chooses the batch and the context that the command line does not give. */
    void fit(Trainer trainer, List<Path> data, boolean conversations, int threads) {
        double seconds = minutes == null ? Double.POSITIVE_INFINITY : 60 * minutes;
        new BatchSize(trainer, context == 0, batch == null, conversations, threads).fit(data, seconds);
    }

    /**
     * Plans the number of steps of a new run, and prints the plan.
     *
     * @param clock seconds since the command began
     */
    StepPlan schedule(Main main, Trainer trainer, TrainingText text, int threads, DoubleSupplier clock) {
        long ofStep = trainer.options().batches().tokens();
        RunLimits orDefault =
                new RunLimits(passes == null && minutes == null ? Double.valueOf(PASSES) : passes, tokens);
        long count = Math.max(1, steps != null ? steps : orDefault.steps(ofStep, text.training().size()));
        if (tokens != null && tokens < ofStep) {
            main.note(
                    "note: --tokens is less than the " + Sizes.count(ofStep) + " tokens of a step; the run has 1 step");
        }
        if (minutes != null) {
            return within(main, trainer, count, threads, clock, false).limitedTo(limits());
        }
        double seconds = steps != null ? 0 : measure(main, trainer);
        if (warmUp != null && warmUp > count) {
            main.note("note: --warm-up is longer than the run of " + count + " steps, all of which warm up");
        }
        trainer.setRate(rate(count));
        String time = seconds == 0 ? "" : ", about " + duration(count * seconds / SHARE);
        main.note(String.format(Locale.ROOT, "%s of %,d tokens, %.1f passes over the data%s",
                count == 1 ? "1 step" : Sizes.count(count) + " steps", ofStep,
                (double) count * ofStep / text.training().size(), time));
        return StepPlan.fixed(trainer).limitedTo(limits());
    }

    /** Returns the limits that were given. */
    private RunLimits limits() {
        return new RunLimits(passes, tokens);
    }

    /**
     * Plans the steps of a resumed run: the steps in its log, or more.
     *
     * @param log log of the run
     * @throws CommandFailure if a limit of the run leaves no step for --minutes
     */
    StepPlan resumed(
            Main main, Trainer trainer, TrainingText text, Path log, int threads, DoubleSupplier clock) {
        if (minutes != null) {
            RunLimits limits = limits().over(TrainLog.limits(log));
            long max = limits.steps(trainer.options().batches().tokens(), text.training().size());
            if (max <= trainer.steps()) {
                throw new CommandFailure("--minutes: expected a run of fewer steps than its limits allow ("
                        + limits.text() + ": " + max + " steps), found " + trainer.steps()
                        + ": give another limit with --passes or --tokens");
            }
            return within(main, trainer, max, threads, clock, true).limitedTo(limits);
        }
        List<LearningRate.Plan> recorded = TrainLog.plans(log);
        return moreSteps == null
                ? StepPlan.following(trainer, recorded)
                : StepPlan.lengthened(trainer, recorded, moreSteps);
    }

    /** @param max maximum number of updates */
    private StepPlan within(
            Main main, Trainer trainer, long max, int threads, DoubleSupplier clock, boolean resumed) {
        TimeBudget budget = new TimeBudget(clock, 60 * minutes, max);
        long updates = Math.min(max, trainer.steps() + BatchSize.maxSteps(trainer, budget.left(), threads));
        String unit = "steps of " + Sizes.count(trainer.options().batches().tokens()) + " tokens";
        main.note(budget.left() > 0
                ? unit + ", as many as fit in " + duration(60 * minutes)
                : "note: --minutes leaves no time after reading the data; the run has 1 step");
        return StepPlan.within(trainer, budget, warmUp, updates, resumed);
    }

    /** Measures the seconds of a step. */
    private double measure(Main main, Trainer trainer) {
        try (Spinner _ = new Spinner(main, "timing some steps")) {
            long start = System.nanoTime();
            double fastest = Double.MAX_VALUE;
            double passed = 0;
            for (int tries = 0; passed < LONGEST_TRIAL && (passed < TRYING || tries < TRIES); tries++) {
                fastest = Math.min(fastest, trainer.secondsOfStep());
                passed = (System.nanoTime() - start) / 1e9;
            }
            return fastest;
        }
    }

    static String duration(double seconds) {
        if (seconds < 100) {
            return String.format(Locale.ROOT, "%.0f seconds", seconds);
        }
        return seconds < 6000
                ? String.format(Locale.ROOT, "%.0f minutes", seconds / 60)
                : String.format(Locale.ROOT, "%.1f hours", seconds / 3600);
    }
}
