package io.github.t6j.jmh.study;

import io.github.t6j.jmh.CommandRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code benchmarks.jar study}: compares how well attentions of equal parameters predict text. */
@Command(
        name = "study",
        mixinStandardHelpOptions = true,
        description = {"Trains MHA, MQA, GQA, MLA, T6 KV-only and T6 of equal parameters on the same tokens in order.",
            "Short runs choose a learning rate for each; long runs follow, with several seeds.",
            "Completed runs are not repeated, and interrupted runs continue.",
            "Then measures the training speed of each attention separately.",
            "Writes DIR/study.md, DIR/speed.json, DIR/results/*.json, DIR/logs/*.jsonl, and the curves."},
        footer = {
            "",
            "Example, 4 to 6 hours on two cores:",
            "  java --add-modules jdk.incubator.vector -jar jmh/target/benchmarks.jar study --out study"
        })
public final class StudyCommand implements Callable<Integer> {
    private static final String SPEED = "speed.json";
    private static final List<String> ATTENTIONS = List.of("mha", "mqa", "gqa", "mla", "t6-kvonly", "t6");

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder of existing and new results.")
    private Path out;

    @Option(names = "--work", paramLabel = "DIR", defaultValue = "jmh/target/study",
            description = "Folder of checkpoints and tokens (default: ${DEFAULT-VALUE}).")
    private Path work;

    @Option(names = "--testdata", paramLabel = "DIR", defaultValue = "testdata",
            description = "Folder of the project's test data with texts and tokenizer (default: ${DEFAULT-VALUE}).")
    private Path testdata;

    @Option(names = "--attentions", split = ",", paramLabel = "NAME",
            description = "Attentions to train (default: mha,mqa,gqa,mla,t6-kvonly,t6).")
    private List<String> attentions = ATTENTIONS;

    @Option(names = "--size", paramLabel = "SIZE", defaultValue = "micro",
            description = {"Size of the models: nano, micro or mini.",
                "They have 1.3, 3.4 and 7.3 million parameters (default: ${DEFAULT-VALUE})."})
    private String size;

    @Option(names = "--rates", split = ",", paramLabel = "R", defaultValue = "0.001,0.002,0.004",
            description = "Learning rates to choose from (default: ${DEFAULT-VALUE}).")
    private List<Double> rates;

    @Option(names = "--seeds", split = ",", paramLabel = "S", defaultValue = "1,2",
            description = "Seeds of the long runs; the short runs use the first (default: ${DEFAULT-VALUE}).")
    private List<Long> seeds;

    @Option(names = "--tokens", paramLabel = "N",
            description = "Number of tokens of a long run; a short one has a quarter (default: one pass over the text).")
    private Long tokens;

    @Option(names = "--speed", description = "Do not train, but measure the training speed again.")
    private boolean speedOnly;

    @Option(names = "--speed-rounds", paramLabel = "N", defaultValue = "3",
            description = {"Rounds of the speed measurement.",
                "Each round has 10 steps of every attention (default: ${DEFAULT-VALUE})."})
    private int speedRounds;

    @Spec
    private CommandSpec spec;

    private StudyCommand() {}

    /** @return the exit code: 0 done, 1 failed, 2 bad usage */
    public static int run(String... args) {
        return CommandRun.run(new StudyCommand(), "study", args);
    }

    @Override
    public Integer call() throws IOException {
        if (speedRounds < 1) {
            throw new ParameterException(
                    spec.commandLine(), "--speed-rounds: expected 1 or more, found " + speedRounds);
        }
        if (tokens != null && tokens < 4 * StudyTraining.STEP) {
            throw new ParameterException(spec.commandLine(), "--tokens: expected " + 4 * StudyTraining.STEP
                    + " or more, so that a short run has a step, found " + tokens);
        }
        Files.createDirectories(work);
        Path logs = Files.createDirectories(out.resolve("logs"));
        Files.createDirectories(out.resolve("results"));
        List<String> drawn = new ArrayList<>();
        try (StudyData data = new StudyData(testdata, work)) {
            long whole = tokens == null ? data.train.size() : tokens;
            if (!speedOnly) {
                train(data, whole, logs, drawn);
            }
            measureSpeed(data, whole);
            writeTable(whole);
        }
        if (speedOnly) {
            return 0;
        }
        drawn.addAll(List.of("--out", out.toString()));
        return LearningCurvesCommand.run(drawn.toArray(String[]::new));
    }

    /** Makes the missing runs. @param drawn receives the logs of some runs */
    private void train(StudyData data, long whole, Path logs, List<String> drawn) throws IOException {
        for (String attention : attentions) {
            for (double rate : rates) {
                make(shortRun(attention, rate, whole), data, logs);
            }
        }
        for (long seed : seeds) { // all attentions with one seed, then with the next, so that there is a table early
            for (String attention : attentions) {
                StudyRun run = longRun(attention, best(tried(attention, whole)), seed, whole);
                make(run, data, logs);
                if (seed == seeds.getFirst()) { // only as many curves as there are colours
                    drawn.add(logs.resolve(run.name() + ".jsonl").toString());
                }
                writeTable(whole);
            }
        }
    }

    private void make(StudyRun run, StudyData data, Path logs) throws IOException {
        if (!Files.exists(file(run))) {
            new StudyTraining(run, data, work, logs).make().write(file(run));
        }
    }

    /** Measures the speed if requested, or if an attention was not measured. */
    private void measureSpeed(StudyData data, long whole) throws IOException {
        List<StudyRun> runs = attentions.stream().map(one -> shortRun(one, rates.getFirst(), whole)).toList();
        StudySpeed before = speedOnly ? null : speed();
        if (before == null || !before.has(runs)) {
            StudySpeed.measure(runs, data, speedRounds).write(out.resolve(SPEED));
        }
    }

    /** Returns the measured speed, or null. */
    private StudySpeed speed() throws IOException {
        Path file = out.resolve(SPEED);
        return Files.exists(file) ? StudySpeed.read(file) : null;
    }

    /** Writes the table of the attentions whose short runs are complete. */
    private void writeTable(long whole) throws IOException {
        Map<String, List<StudyResult>> chosen = new LinkedHashMap<>();
        Map<String, List<StudyResult>> longRuns = new LinkedHashMap<>();
        for (String attention : attentions) {
            List<StudyResult> tried = tried(attention, whole);
            if (tried.size() < rates.size()) {
                continue;
            }
            chosen.put(attention, tried);
            List<StudyResult> runs = done(
                    seeds.stream().map(seed -> longRun(attention, best(tried), seed, whole)).toList());
            if (!runs.isEmpty()) {
                longRuns.put(attention, runs);
            }
        }
        if (!chosen.isEmpty()) {
            Files.writeString(out.resolve("study.md"), StudyTable.of(chosen, longRuns, speed()));
        }
    }

    private List<StudyResult> tried(String attention, long whole) throws IOException {
        return done(rates.stream().map(rate -> shortRun(attention, rate, whole)).toList());
    }

    private StudyRun shortRun(String attention, double rate, long whole) {
        return new StudyRun(attention + "-" + size, rate, seeds.getFirst(), whole / 4);
    }

    private StudyRun longRun(String attention, double rate, long seed, long whole) {
        return new StudyRun(attention + "-" + size, rate, seed, whole);
    }

    /** Returns the results of the completed runs. */
    private List<StudyResult> done(List<StudyRun> runs) throws IOException {
        List<StudyResult> results = new ArrayList<>();
        for (StudyRun run : runs) {
            if (Files.exists(file(run))) {
                results.add(StudyResult.read(file(run)));
            }
        }
        return results;
    }

    private Path file(StudyRun run) {
        return out.resolve("results").resolve(run.name() + ".json");
    }

    private static double best(List<StudyResult> tried) {
        return tried.stream().min(Comparator.comparingDouble(StudyResult::validationLoss)).orElseThrow().rate();
    }
}
