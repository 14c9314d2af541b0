package io.github.t6j.cli;

import io.github.t6j.family.Presets;
import io.github.t6j.training.BatchOrder;
import io.github.t6j.training.Initialization;
import io.github.t6j.training.LearningRate;
import io.github.t6j.training.Trainer;
import io.github.t6j.training.TrainingOptions;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options of {@code t6j train} that decide what a run computes, and how long it is. */
final class TrainArguments {
    /** What a step may take of --minutes: the rest is for evaluating, saving, and other programs. */
    private static final double SHARE = 0.85;

    /** Seconds and steps to try: the first are slower, before their code is compiled. */
    private static final double TRYING = 8;
    private static final int TRIES = 4;

    /** Minutes that the tries may take at most, without --minutes; with it a tenth of them. */
    private static final double TRYING_MINUTES = 1;

    private static final String DEFAULT_PRESET = "t6-micro";

    @Option(names = "--preset", paramLabel = "NAME",
            description = "Shape of the model (default: " + DEFAULT_PRESET + ").")
    private String preset;

    @Option(names = "--steps", paramLabel = "N",
            description = "Steps of the run, exactly (default: from what follows).")
    private Long steps;

    @Option(names = "--passes", paramLabel = "N", defaultValue = "4",
            description = "Passes over the data at most (default: ${DEFAULT-VALUE}).")
    private double passes;

    @Option(names = "--minutes", paramLabel = "M", description = "About so long at most; some steps are tried first.")
    private Double minutes;

    @Option(names = "--tokens", paramLabel = "N", description = "So many tokens at most, a token of each pass counted.")
    private Long tokens;

    @Option(names = "--context", paramLabel = "N", defaultValue = "0",
            description = "Tokens of a sequence (default: the model's block_size).")
    private int context;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "8",
            description = "Sequences computed at once (default: ${DEFAULT-VALUE}).")
    private int batch;

    @Option(names = "--accumulate", paramLabel = "N", defaultValue = "1",
            description = "Such batches of a step (default: ${DEFAULT-VALUE}).")
    private int accumulate;

    @Option(names = "--learning-rate", paramLabel = "R", defaultValue = "2e-3",
            description = "Largest learning rate (default: ${DEFAULT-VALUE}).")
    private double learningRate;

    @Option(names = "--min-learning-rate", paramLabel = "R",
            description = "Learning rate at the end (default: a tenth of the largest).")
    private Double minLearningRate;

    @Option(names = "--warm-up", paramLabel = "N",
            description = "Steps until the largest learning rate (default: a twentieth of the run).")
    private Long warmUp;

    @Option(names = "--weight-decay", paramLabel = "D", defaultValue = "0.1",
            description = "Decay of the weights (default: ${DEFAULT-VALUE}).")
    private double weightDecay;

    @Option(names = "--clip", paramLabel = "C", defaultValue = "1",
            description = "Largest norm of a step's gradients; 0: any (default: ${DEFAULT-VALUE}).")
    private double clip;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "0",
            description = "Of new weights and the data's order (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--order", paramLabel = "ORDER", defaultValue = "epoch",
            description = "epoch: each pass reads all, shuffled; random: places drawn at random, as the official script "
                    + "does (default: ${DEFAULT-VALUE}).")
    private BatchOrder.Order order;

    @Option(names = "--init", paramLabel = "HOW", defaultValue = "small",
            description = "New weights: official, or small, the same with a smaller embedding (default: ${DEFAULT-VALUE}).")
    private Initialization init;

    @Option(names = "--decay-vectors", description = "Let gains and biases decay, too, as the official script does.")
    private boolean decayVectors;

    @Option(names = "--sum-batches",
            description = "Add the gradients of a step's batches, as the official script does, "
                    + "instead of averaging them.")
    private boolean sumBatches;

    String preset() {
        return preset == null ? DEFAULT_PRESET : preset;
    }

    /** Checks that nothing contradicts the model that is gone on from. */
    void checkInitFrom(CommandSpec spec) {
        checkWithout(spec, "--preset", "--init-from with it: a model has its shape", preset != null);
        checkWithout(spec, "--init", "--init-from with it: a model has its weights", isGiven(spec, "--init"));
    }

    private static boolean isGiven(CommandSpec spec, String option) {
        return spec.commandLine().getParseResult().hasMatchedOption(option);
    }

    private static void checkWithout(CommandSpec spec, String option, String other, boolean both) {
        if (both) {
            throw new ParameterException(spec.commandLine(), option + ": expected no " + other);
        }
    }

    /** Checks all numbers. */
    void check(CommandSpec spec) {
        positive(spec, "--passes", passes);
        checkWithout(spec, "--steps", "--passes, --minutes or --tokens with it",
                steps != null && (isGiven(spec, "--passes") || minutes != null || tokens != null));
        if (minutes != null) {
            positive(spec, "--minutes", minutes);
        }
        if (tokens != null) {
            Range.atLeast(spec, "--tokens", tokens, 1);
        }
        Range.checked(spec, () -> Presets.of(preset()));
        Range.checked(spec, this::options);
    }

    private static void positive(CommandSpec spec, String option, double value) {
        if (!(value > 0 && value <= 1e9)) {
            throw new ParameterException(spec.commandLine(), option + ": expected above 0, found " + value);
        }
    }

    /** The options of a run whose length is not known yet, unless --steps says it. */
    TrainingOptions options() {
        return new TrainingOptions(
                new TrainingOptions.Batches(context, batch, accumulate, sumBatches, order),
                rate(steps == null ? Long.MAX_VALUE >>> 24 : steps),
                new TrainingOptions.Optimizer(0.9, 0.95, 1e-8, weightDecay, decayVectors, clip), init, seed);
    }

    private LearningRate rate(long count) {
        return new LearningRate(
                learningRate, minLearningRate == null ? learningRate / 10 : minLearningRate,
                warmUp == null ? count / 20 : steps == null ? Math.min(warmUp, count) : warmUp, count);
    }

    /** Chooses the number of steps, and says what it comes to. */
    void schedule(Main main, Trainer trainer, TrainingText text, long start) {
        long ofStep = trainer.options().batches().tokens();
        double seconds = minutes == null && steps != null ? 0 : measure(main, trainer);
        long count = steps == null ? (long) Math.ceil(passes * text.training().size() / ofStep) : steps;
        if (tokens != null) {
            count = Math.min(count, tokens / ofStep);
            if (count < 1) {
                main.note("--tokens: a step has " + ofStep + "; 1 step is made");
            }
        }
        if (minutes != null) {
            double left = minutes * 60 - (System.nanoTime() - start) / 1e9;
            long within = (long) (SHARE * left / seconds);
            if (within < 1) {
                main.note(
                        "--minutes: too little is left for a step after reading the data and trying one; 1 step is made");
            }
            count = Math.min(count, within);
        }
        count = Math.max(1, count);
        if (warmUp != null && warmUp > count) {
            main.note("--warm-up: the run has only " + count + " steps, all of which warm up");
        }
        trainer.setRate(rate(count));
        String time = seconds == 0 ? "" : ", about " + duration(count * seconds / SHARE);
        main.note(String.format(Locale.ROOT, "%s of %d tokens, %.1f passes over the data%s",
                count == 1 ? "1 step" : count + " steps", ofStep,
                (double) count * ofStep / text.training().size(), time));
    }

    /** Seconds of a step. */
    private double measure(Main main, Trainer trainer) {
        double most = 60 * (minutes == null ? TRYING_MINUTES : minutes / 10);
        try (Waiting _ = new Waiting(main, "trying some steps")) {
            long start = System.nanoTime();
            double fastest = Double.MAX_VALUE;
            double passed = 0;
            for (int tries = 0; passed < most && (passed < TRYING || tries < TRIES); tries++) {
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
