package io.github.t6j.cli.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.OnInterrupt;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.LearningRate;
import io.github.t6j.training.Trainer;
import io.github.t6j.training.TrainingOptions;
import io.github.t6j.training.files.FolderReplacement;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.function.LongToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs with a time budget, whose clock is a function of the steps made. */
class TrainLoopTest {
    private static final Path TOKENIZER = CommandResult.TESTDATA.resolve("tokenizers/bpe4096");
    private static final LearningRate RATE = new LearningRate(2e-3, 2e-4, 50, 1000);

    @TempDir
    private Path folder;
    private Path data;
    private Path out;
    private double now;

    @BeforeEach
    void write() throws IOException {
        String text = Files.readString(CommandResult.TESTDATA.resolve("text/test.txt"));
        data = Files.writeString(folder.resolve("data.txt"), text.substring(0, 20_000));
        out = folder.resolve("run");
    }

    /** Ten times slower during the first 3 steps; a third of the speed after step 53. */
    private static double changing(long step) {
        return 2 + 4 * Math.min(step, 3) + 0.4 * Math.clamp(step - 3, 0, 50) + 1.2 * Math.max(0, step - 53);
    }

    /** @param time seconds since the command began, by the number of steps, without evaluations */
    private void run(Trainer trainer, double seconds, LongToDoubleFunction time) {
        int before = checkpoints(out).size();
        DoubleSupplier clock =
                () -> now = time.applyAsDouble(trainer.steps()) + 3 * (checkpoints(out).size() - before);
        Main main = new Main(new ByteArrayInputStream(new byte[0]), new ByteArrayOutputStream(),
                new PrintStream(new ByteArrayOutputStream()), false);
        try (OnInterrupt interrupt = new OnInterrupt(main);
                TrainingText text = TrainingText.open(
                        main, List.of(data), null, Tokenizer.load(TOKENIZER), trainer);
                RunFolder run = new RunFolder(out, 100)) {
            StepPlan plan = StepPlan.within(
                    trainer, new TimeBudget(clock, seconds, Long.MAX_VALUE), null, trainer.steps() + 1000,
                    trainer.steps() > 0);
            TrainLoop loop = new TrainLoop(main, trainer, text, run, "The whale", plan, clock);
            assertThat(loop.run(interrupt)).isEqualTo(Main.DONE);
        }
        assertThat(now / seconds).as("share of the budget").isBetween(0.9, 1.05);
    }

    private static Trainer trainer() {
        return Trainer.create("t6-nano", TOKENIZER, TrainingOptions.defaults(1000).withRate(RATE).withSeed(5)
                .withBatches(TrainingOptions.Batches.defaults().withSequences(1).withContext(32)), 1);
    }

    private void run() {
        try (Trainer trainer = trainer()) {
            run(trainer, 60, TrainLoopTest::changing);
        }
    }

    private CommandResult resume(Path run, String... more) {
        return CommandResult.of(Stream.concat(
                Stream.of("train", "--data", data.toString(), "--out", run.toString(), "--resume", "--keep", "100"),
                Stream.of(more)).toArray(String[]::new));
    }

    private static List<Map<String, Object>> with(String key, Path run) throws IOException {
        return TrainRuns.log(run).stream().filter(entry -> entry.containsKey(key)).toList();
    }

    private static List<Path> checkpoints(Path run) {
        String[] names = run.resolve("checkpoints").toFile().list((folder, name) -> !name.startsWith("."));
        return names == null
                ? List.of()
                : Arrays.stream(names).sorted().map(run.resolve("checkpoints")::resolve).toList();
    }

    private static List<Double> rates(Path run) throws IOException {
        return with("learning_rate", run).stream().skip(1).map(entry -> (Double) entry.get("learning_rate")).toList();
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path file : all.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }

    /** Plans are renewed after the checkpoint that a run is resumed from without a clock; then another run goes on. */
    @Tag("full")
    @Test
    void aResumedRunFollowsTheRecordedPlansAndIsLengthened() throws IOException {
        run();
        List<Map<String, Object>> plans = with("updates", out);
        List<Double> rates = rates(out);
        assertThat(plans).hasSizeBetween(2, 30);
        assertThat(plans.getLast()).containsEntry("updates", (long) rates.size());
        assertThat(rates.getLast()).isEqualTo(RATE.minimum());
        for (int i = 20; i < rates.size(); i++) {
            assertThat(rates.get(i)).as("rate %d", i).isCloseTo(rates.get(i - 1), within(0.15 * RATE.maximum()));
        }
        long lastRenewal = (Long) plans.getLast().get("step");
        Path resumed = folder.resolve("resumed");
        copy(out, resumed);
        List<Path> all = checkpoints(resumed);
        List<Path> later = all.subList(1, all.size());
        assertThat(all.getFirst().getFileName().toString()).isLessThan("step-%09d".formatted(lastRenewal));
        later.forEach(FolderReplacement::delete);

        CommandResult ran = resume(resumed);

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.err()).contains("sample: The whale");
        assertThat(checkpoints(resumed).getLast().getFileName()).isEqualTo(checkpoints(out).getLast().getFileName());
        for (String file : List.of("model.safetensors", "optimizer.safetensors", "training.json")) {
            assertThat(checkpoints(resumed).getLast().resolve(file))
                    .hasSameBinaryContentAs(checkpoints(out).getLast().resolve(file));
        }
        assertThat(rates(resumed)).isEqualTo(rates);
        assertThat(with("updates", resumed)).containsExactlyElementsOf(plans);

        lengthened(rates);
    }

    private void lengthened(List<Double> before) throws IOException {
        int first = before.size();
        try (Trainer trainer = Trainer.restore(checkpoints(out).getLast(), 1)) {
            run(trainer, 40, step -> 1 + 0.8 * (step - first));
        }
        List<Double> rates = rates(out);
        assertThat(rates.size() - first).isBetween(35, 50);
        assertThat(rates.get(first)).isEqualTo(RATE.minimum());
        assertThat(rates.subList(first, rates.size()).stream().mapToDouble(rate -> rate).max().orElseThrow())
                .isGreaterThan(2 * RATE.minimum());
        assertThat(rates.getLast()).isEqualTo(RATE.minimum());

        CommandResult ran = resume(out, "--more-steps", "3");
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(rates(out)).hasSize(rates.size() + 3).startsWith(rates.toArray(Double[]::new));
        assertThat(resume(out).err()).contains("continuing after step " + (rates.size() + 3) + " of "
                + (rates.size() + 3));
    }

    /** The first plan has far too many steps, so that an interrupted run must not keep it. */
    @Test
    void anInterruptBeforeTheSpeedIsKnownLeavesAPlanThatFits() {
        Main main = new Main(new ByteArrayInputStream(new byte[0]), new ByteArrayOutputStream(),
                new PrintStream(new ByteArrayOutputStream()), false);
        try (Trainer trainer = trainer();
                TrainingText text = TrainingText.open(main, List.of(data), null, Tokenizer.load(TOKENIZER), trainer)) {
            StepPlan plan = StepPlan.within(
                    trainer, new TimeBudget(() -> 2 + 4 * trainer.steps(), 600, Long.MAX_VALUE), null, 1000, false);
            assertThat(plan.settle()).isTrue();
            assertThat(trainer.options().rate().updates()).as("no step was timed").isEqualTo(200);

            trainer.train(text.training(), result -> {
                plan.stepped();
                return result.step() < 3;
            });
            assertThat(plan.settle()).isTrue();
            assertThat(trainer.options().rate().updates()).as("586 seconds are left").isEqualTo(3 + 586 / 4);

            LearningRate.Plan first = new LearningRate.Plan(3, 5, 1000);
            StepPlan.following(trainer, List.of(first, new LearningRate.Plan(3, 4, 20)));
            assertThat(trainer.options().rate().updates()).as("the last plan of a step").isEqualTo(20);
        }
    }

    /** The log has plans after the checkpoint; more steps are added to the length of the last one. */
    @Test
    void moreStepsAreAddedToTheLastRecordedPlan() {
        try (Trainer trainer = trainer()) {
            List<LearningRate.Plan> plans =
                    List.of(new LearningRate.Plan(0, 50, 900), new LearningRate.Plan(7, 20, 400),
                            new LearningRate.Plan(9, 20, 300));
            StepPlan plan = StepPlan.lengthened(trainer, plans, 40);
            assertThat(plan.isNew()).isTrue();
            assertThat(trainer.options().rate().plans()).containsExactly(new LearningRate.Plan(0, 17, 340));
        }
        try (Trainer trainer = trainer()) {
            StepPlan.lengthened(trainer, List.of(), 40);
            assertThat(trainer.options().rate().updates()).isEqualTo(1040);
        }
    }

    /** A checkpoint is saved after ten minutes; until then the plan has far too many steps. */
    @Tag("full")
    @Test
    void aCheckpointBeforeTheSpeedIsKnownHasAPlanThatFits() throws IOException {
        try (Trainer trainer = trainer()) {
            run(trainer, 40_000, step -> 200 * step);
        }
        Map<String, Object> plan = with("updates", out).getFirst();
        long step = (Long) plan.get("step");
        assertThat(step).isBetween(3L, 5L);
        assertThat(checkpoints(out).getFirst().getFileName()).hasToString("step-%09d".formatted(step));
        assertThat((Long) plan.get("updates")).isBetween(180L, 210L);
    }

    /** A process that is killed before it reaches a recorded plan leaves it to the next one. */
    @Test
    void theLogKeepsLaterPlans() throws IOException {
        Path file = folder.resolve("log.jsonl");
        List<String> lines = List.of("{\"attention\":\"T6\"}", "{\"step\":1,\"loss\":8.5}", "{\"step\":2,\"loss\":8.0}",
                "{\"step\":2,\"warmup\":3,\"updates\":40}", "{\"step\":4,\"warmup\":3,\"updates\":30}");
        Files.write(file, lines);
        for (int kill = 0; kill < 2; kill++) {
            new TrainLog(file, 1, true).close();
            assertThat(file).hasContent(String.join("\n", lines.get(0), lines.get(1), lines.get(3), lines.get(4)));
            assertThat(TrainLog.plans(file))
                    .containsExactly(new LearningRate.Plan(2, 3, 40), new LearningRate.Plan(4, 3, 30));
        }
        new TrainLog(file, 1, false).close();
        assertThat(TrainLog.plans(file)).isEmpty();
    }

    /** A process that is killed, or a full disk, cuts the last line anywhere, also within a character. */
    @Test
    void aLogThatIsCutKeepsItsWholeLines() throws IOException {
        Path file = folder.resolve("log.jsonl");
        String first = "{\"sample\":\"é\",\"keep\":7}";
        byte[] all = (first + "\n{\"step\":1,\"warmup\":3,\"updates\":40}\n{\"step\":1,\"samples\":[\"é\"]}")
                .getBytes(StandardCharsets.UTF_8);
        Files.write(file, Arrays.copyOf(all, all.length - 4));
        assertThat(TrainLog.plans(file)).containsExactly(new LearningRate.Plan(1, 3, 40));
        assertThat(TrainLog.number(file, TrainLog.KEEP, 1, 2)).isEqualTo(7);
        assertThat(TrainLog.number(file, TrainLog.KEEP, 8, 2)).isEqualTo(2);
        assertThat(TrainLog.number(file, TrainLog.ASKED, 0, 50)).isEqualTo(50);
        try (TrainLog log = new TrainLog(file, 0, true)) {
            assertThat(log.sample()).isEqualTo("é");
        }
        assertThat(file).hasContent(first + "\n{\"step\":1,\"warmup\":3,\"updates\":40}");
        new TrainLog(file, TrainLog.NEW, false).close();
        assertThat(file).isEmptyFile();
    }
}
