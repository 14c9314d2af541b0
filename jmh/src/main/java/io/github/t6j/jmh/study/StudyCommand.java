package io.github.t6j.jmh.study;

import io.github.t6j.jmh.CommandRun;
import io.github.t6j.jmh.report.Chart;
import io.github.t6j.jmh.report.Plot;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code benchmarks.jar study}: compares how well attentions of about equal parameters predict text. */
@Command(
        name = "study",
        mixinStandardHelpOptions = true,
        description = {"Trains MHA, GQA, T6, T6 KV-only, MLA and MQA of about equal parameters",
            "on the same tokens in order.",
            "Each attention has one full run per learning rate, with the first seed.",
            "The next seed then runs at the rate with the lowest mean loss, until it has all seeds.",
            "MHA, GQA, T6 and T6 KV-only make all their runs before MLA and MQA begin.",
            "Completed runs are not repeated, and interrupted runs continue.",
            "Then measures the speed of each attention separately, in training and in decoding.",
            "Writes DIR/study.md, DIR/speed.json, DIR/results/*.json, DIR/logs/*.jsonl, the figure",
            "DIR/plots/loss-over-cache.svg, and the curves.",
            "After Ctrl-C, the same command goes on after the last checkpoint of the interrupted run."},
        footer = {
            "",
            "Example, 7 to 12 hours on two cores:",
            "  java -jar jmh/target/benchmarks.jar study --out study"
        })
public final class StudyCommand implements Callable<Integer> {
    private static final String SPEED = "speed.json";

    private static final String ATTENTIONS = "mha,gqa,t6,t6-kvonly,mla,mqa";

    /** T6 with steps of t6j.json, which have presets of the size micro only. */
    private static final String STEPS =
            "t6-groups,t6-shift,t6-norm,t6-gate,t6-headgate,t6-differential,t6-scaled,t6-capped,t6-scale,"
                    + "t6-window,t6-steps";

    /** Attentions that make all their runs before the others begin. */
    private static final List<String> FIRST = List.of("mha", "gqa", "t6", "t6-kvonly");
    private static final List<String> SIZES = List.of("nano", "micro", "mini");

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder of existing and new results.")
    private Path out;

    @Option(names = "--work", paramLabel = "DIR", defaultValue = "jmh/target/study",
            description = {"Folder of checkpoints and tokens, which an interrupted run needs.",
                "A clean build deletes the default folder (default: ${DEFAULT-VALUE})."})
    private Path work;

    @Option(names = "--testdata", paramLabel = "DIR", defaultValue = "testdata",
            description = "Folder of the project's test data with texts and tokenizer (default: ${DEFAULT-VALUE}).")
    private Path testdata;

    @Option(names = "--attentions", split = ",", paramLabel = "NAME",
            defaultValue = ATTENTIONS,
            description = {"Attentions to train, or T6 with steps, of the size micro: " + STEPS,
                "(default: ${DEFAULT-VALUE})."})
    private Set<String> attentions;

    @Option(names = "--size", paramLabel = "SIZE", defaultValue = "micro",
            description = {"Size of the models: nano, micro or mini.",
                "They have 1.3, 3.4 and 7.3 million parameters (default: ${DEFAULT-VALUE})."})
    private String size;

    @Option(names = "--rates", split = ",", paramLabel = "R", defaultValue = "0.001,0.002,0.004",
            description = {"Learning rates to try; the study also chooses from rates with results in DIR",
                "(default: ${DEFAULT-VALUE})."})
    private SortedSet<Double> rates;

    @Option(names = "--seeds", split = ",", paramLabel = "S", defaultValue = "1,2,3",
            description = "Seeds; each learning rate has a run with the first (default: ${DEFAULT-VALUE}).")
    private Set<Long> seeds;

    @Option(names = "--tokens", paramLabel = "N",
            description = "Number of tokens of a run (default: one pass over the text).")
    private Long tokens;

    @ArgGroup
    private Part part = new Part();

    /** Part of the study that runs alone. */
    static final class Part {
        @Option(names = "--speed", required = true, description = "Do not train, but measure the speed again.")
        private boolean speed;

        @Option(names = "--pages", required = true,
                description = {"Neither train nor measure, but write study.md",
                    "and its figure again, of all attentions and seeds in DIR unless options choose some."})
        private boolean pages;
    }

    @Option(names = "--speed-rounds", paramLabel = "N", defaultValue = "3",
            description = {"Rounds of the speed measurement.",
                "Each round has 10 training and 50 decoding steps of every attention (default: ${DEFAULT-VALUE})."})
    private int speedRounds;

    @Spec
    private CommandSpec spec;

    private StudyCommand() {}

    /** @return the exit code: 0 done, 1 failed, 2 bad usage */
    public static int run(String... args) {
        return CommandRun.run(new StudyCommand(), "study", args);
    }

    /** Runs the command in a JVM of its own. */
    public static void main(String[] args) {
        System.exit(run(args));
    }

    @Override
    public Integer call() throws IOException {
        checkArguments();
        Chart.checkFonts();
        if (part.pages) {
            takeStored();
            writeTable(tokens);
            return 0;
        }
        Files.createDirectories(work);
        try (FileChannel lock = FileChannel.open(
                work.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            if (!isFree(lock)) {
                System.err.println(
                        work + ": another study uses this folder: wait for it, or give another --work and --out");
                return 1;
            }
            Thread stopped = new Thread(() -> System.err.println("\nstopped: " + kept()));
            Runtime.getRuntime().addShutdownHook(stopped);
            try {
                return study();
            } finally {
                Runtime.getRuntime().removeShutdownHook(stopped);
            }
        }
    }

    /** Returns what Ctrl-C leaves, and how to go on. */
    private String kept() {
        return part.speed
                ? out.resolve(SPEED) + " is unchanged\nthe same command measures again"
                : "completed runs are kept in " + out.resolve("results")
                        + "\nthe interrupted run is kept up to its last checkpoint in " + work
                        + "\nthe same command goes on";
    }

    /** Takes tokens, attentions and seeds from the names of the results in DIR, unless options give them. */
    private void takeStored() throws IOException {
        Path results = out.resolve("results");
        check(Files.isDirectory(results), "--out: expected a folder with results of a study, found none in " + out);
        Pattern name = Pattern.compile("(.+)-" + size + "-(\\d+)k-.+-(\\d+)\\.json");
        try (Stream<Path> files = Files.list(results)) {
            List<Matcher> runs = files.map(file -> name.matcher(file.getFileName().toString()))
                    .filter(Matcher::matches).toList();
            SortedSet<Long> lengths = runs.stream().map(run -> 1000 * Long.parseLong(run.group(2)))
                    .collect(Collectors.toCollection(TreeSet::new));
            check(!lengths.isEmpty(),
                    "--out: expected a folder with runs of the size " + size + ", found none in " + out);
            check(tokens != null || lengths.size() == 1,
                    "--tokens: expected the tokens of the runs to show, of " + lengths + ", found none");
            tokens = tokens == null ? lengths.first() : tokens;
            if (!isGiven("--attentions")) {
                attentions = Stream.of((ATTENTIONS + "," + STEPS).split(","))
                        .filter(known -> runs.stream().anyMatch(run -> run.group(1).equals(known)))
                        .collect(Collectors.toCollection(LinkedHashSet::new));
            }
            if (!isGiven("--seeds")) {
                seeds = runs.stream().map(run -> Long.parseLong(run.group(3)))
                        .collect(Collectors.toCollection(TreeSet::new));
            }
            check(runs.stream().anyMatch(run -> Long.parseLong(run.group(2)) == tokens / 1000
                    && attentions.contains(run.group(1)) && seeds.contains(Long.parseLong(run.group(3)))),
                    "--out: expected runs of " + attentions + " with " + tokens + " tokens and seeds " + seeds
                            + ", found none in " + out);
        }
    }

    private boolean isGiven(String option) {
        return spec.commandLine().getParseResult().hasMatchedOption(option);
    }

    private static boolean isFree(FileChannel lock) throws IOException {
        try {
            return lock.tryLock() != null;
        } catch (OverlappingFileLockException sameProcess) {
            return false;
        }
    }

    private void checkArguments() {
        check(speedRounds >= 1, "--speed-rounds: expected 1 or more, found " + speedRounds);
        check(tokens == null || tokens >= StudyTraining.STEP, "--tokens: expected " + StudyTraining.STEP
                + " or more, so that a run has a step, found " + tokens);
        List<String> known = List.of((ATTENTIONS + "," + STEPS).split(","));
        for (String attention : attentions) {
            check(known.contains(attention), "--attentions: expected some of " + String.join(",", known) + ", found "
                    + attention);
            check(isPlain(attention) || size.equals("micro"), "--size: expected micro for " + attention + ", found "
                    + size);
        }
        check(SIZES.contains(size), "--size: expected one of " + String.join(",", SIZES) + ", found " + size);
        for (double rate : rates) {
            check(rate > 0 && rate <= 1, "--rates: expected numbers above 0, at most 1, found " + rate);
        }
    }

    private static boolean isPlain(String attention) {
        return List.of(ATTENTIONS.split(",")).contains(attention);
    }

    private void check(boolean valid, String message) {
        if (!valid) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private int study() throws IOException {
        Path logs = Files.createDirectories(out.resolve("logs"));
        Files.createDirectories(out.resolve("results"));
        try (StudyData data = new StudyData(testdata, work)) {
            long length = tokens == null ? data.train.size() : tokens;
            if (!part.speed) {
                train(data, length, logs);
            }
            measureSpeed(data, length);
            writeTable(length);
            return part.speed ? 0 : drawCurves(length, logs);
        }
    }

    /** Makes the missing runs. */
    private void train(StudyData data, long length, Path logs) throws IOException {
        for (boolean first : List.of(true, false)) {
            List<String> group = attentions.stream().filter(attention -> FIRST.contains(attention) == first).toList();
            for (int max = 1; max <= seeds.size(); max++) { // all attentions with one seed, then with the next
                for (String attention : group) {
                    StudyRun next = next(attention, max, length);
                    while (next != null) {
                        make(next, data, length, logs);
                        next = next(attention, max, length);
                    }
                }
            }
        }
    }

    /** Returns the next run of an attention, or null once each rate has a run, and the best one has {@code max}. */
    private StudyRun next(String attention, int max, long length) throws IOException {
        StudyRuns runs = completed(attention, length);
        Double missing = runs.missingRate();
        double rate = missing == null ? runs.bestRate() : missing;
        for (long seed : seeds) {
            StudyRun run = run(attention, rate, seed, length);
            if (runs.byRate().get(rate).size() < max && !Files.exists(file(run))) {
                return run;
            }
        }
        return null;
    }

    private void make(StudyRun run, StudyData data, long length, Path logs) throws IOException {
        new StudyTraining(run, data, work, logs).make().write(file(run));
        writeTable(length);
    }

    /** Draws the curves of the best rates with the first seed: only as many as there are colours. */
    private int drawCurves(long length, Path logs) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("--out", out.toString()));
        for (String attention : attentions.stream().filter(StudyCommand::isPlain).toList()) { // those with a style
            StudyRun run = run(attention, completed(attention, length).bestRate(), firstSeed(), length);
            Path log = logs.resolve(run.name() + ".jsonl");
            if (Files.exists(log)) {
                arguments.add(log.toString());
            } else {
                System.err.println(log + ": no such file; the curves do not show this run");
            }
        }
        return arguments.size() == 2 ? 0 : LearningCurvesCommand.run(arguments.toArray(String[]::new));
    }

    /** Measures the speed of all attentions if requested, or of the attentions not measured yet on this machine. */
    private void measureSpeed(StudyData data, long length) throws IOException {
        StudySpeed kept = speed();
        StudySpeed before = kept != null && kept.isOfThisMachine() ? kept : null;
        List<StudyRun> runs = attentions.stream().map(attention -> run(attention, rates.first(), firstSeed(), length))
                .filter(run -> part.speed || before == null || !before.has(run)).toList();
        if (!runs.isEmpty()) {
            StudySpeed.measure(runs, data, speedRounds, work.resolve("speed")).over(before).write(out.resolve(SPEED));
        }
    }

    /** Returns the measured speed, or null. */
    private StudySpeed speed() throws IOException {
        Path file = out.resolve(SPEED);
        return Files.exists(file) ? StudySpeed.read(file) : null;
    }

    /** Writes the table and the figure of the completed runs, if there is one. */
    private void writeTable(long length) throws IOException {
        List<StudyRuns> all = new ArrayList<>();
        for (String attention : attentions) {
            all.add(completed(attention, length));
        }
        if (all.stream().allMatch(runs -> runs.byRate().values().stream().allMatch(List::isEmpty))) {
            return;
        }
        Plot figure = StudyFigure.of(all, speed());
        if (figure != null) {
            Plot.write(List.of(figure), out);
        }
        Files.writeString(out.resolve("study.md"), StudyTable.of(seeds.size(), all, figure, speed()));
    }

    /** Reads the completed runs of an attention, including rates that this command does not use. */
    private StudyRuns completed(String attention, long length) throws IOException {
        SortedMap<Double, List<StudyResult>> byRate = new TreeMap<>();
        rates.forEach(rate -> byRate.put(rate, new ArrayList<>()));
        try (Stream<Path> files = Files.list(out.resolve("results"))) {
            for (Path file : files.filter(path -> path.toString().endsWith(".json")).sorted().toList()) {
                StudyResult result = StudyResult.read(file);
                StudyRun run = run(attention, result.rate(), result.seed(), length);
                if (file.equals(file(run)) && seeds.contains(result.seed())) {
                    byRate.computeIfAbsent(result.rate(), _ -> new ArrayList<>()).add(result);
                }
            }
        }
        return new StudyRuns(attention, byRate);
    }

    private long firstSeed() {
        return seeds.iterator().next();
    }

    private StudyRun run(String attention, double rate, long seed, long length) {
        return new StudyRun(attention + "-" + size, rate, seed, length);
    }

    private Path file(StudyRun run) {
        return out.resolve("results").resolve(run.name() + ".json");
    }
}
