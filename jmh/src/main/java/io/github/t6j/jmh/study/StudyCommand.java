package io.github.t6j.jmh.study;

import io.github.t6j.jmh.report.LearningCurvesCommand;
import io.github.t6j.jmh.report.ReportCommand;
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
import picocli.CommandLine.Option;

/** {@code benchmarks.jar study}: which attention predicts text best at equal parameters. */
@Command(
        name = "study",
        mixinStandardHelpOptions = true,
        description = "Trains MHA, MQA, GQA, MLA, T6 KV-only and T6 of equal parameters on the same tokens in the same order: a "
                + "learning rate for each by short runs, then long ones with several seeds. Runs that are done are not done "
                + "again, and one that was interrupted goes on. Writes DIR/study.md, DIR/results/*.json, DIR/logs/*.jsonl, "
                + "and the curves.",
        footer = {
            "",
            "Example: the study of jmh/results/study, some 3 hours on two cores",
            "  java --add-modules jdk.incubator.vector -jar jmh/target/benchmarks.jar study --out jmh/results/study"
        })
public final class StudyCommand implements Callable<Integer> {
    private static final List<String> ATTENTIONS = List.of("mha", "mqa", "gqa", "mla", "t6-kvonly", "t6");

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where results are and go.")
    private Path out;

    @Option(names = "--work", paramLabel = "DIR", defaultValue = "jmh/target/study",
            description = "Where checkpoints and tokens are kept (default: ${DEFAULT-VALUE}).")
    private Path work;

    @Option(names = "--testdata", paramLabel = "DIR", defaultValue = "testdata",
            description = "The project's test data, with the texts and the tokenizer (default: ${DEFAULT-VALUE}).")
    private Path testdata;

    @Option(names = "--attentions", split = ",", paramLabel = "NAME",
            description = "Which (default: mha,mqa,gqa,mla,t6-kvonly,t6).")
    private List<String> attentions = ATTENTIONS;

    @Option(names = "--size", paramLabel = "SIZE", defaultValue = "micro",
            description = "nano, micro or mini: 1.3, 3.4 or 7.3 million parameters (default: ${DEFAULT-VALUE}).")
    private String size;

    @Option(names = "--rates", split = ",", paramLabel = "R", defaultValue = "0.001,0.002,0.004",
            description = "Learning rates to choose from (default: ${DEFAULT-VALUE}).")
    private List<Double> rates;

    @Option(names = "--seeds", split = ",", paramLabel = "S", defaultValue = "1,2",
            description = "Seeds of the long runs; the first is that of the short ones (default: ${DEFAULT-VALUE}).")
    private List<Long> seeds;

    @Option(names = "--tokens", paramLabel = "N",
            description = "Tokens of a long run (default: one pass over the text); a short one has a quarter.")
    private Long tokens;

    private StudyCommand() {}

    /** @return the exit code: 0 done, 1 failed, 2 bad usage */
    public static int run(String... args) {
        return ReportCommand.run(new StudyCommand(), "study", args);
    }

    @Override
    public Integer call() throws IOException {
        Files.createDirectories(work);
        Path logs = Files.createDirectories(out.resolve("logs"));
        Files.createDirectories(out.resolve("results"));
        Map<String, List<StudyResult>> chosen = new LinkedHashMap<>();
        List<String> drawn = new ArrayList<>();
        try (StudyData data = new StudyData(testdata, work)) {
            long whole = tokens == null ? data.train.size() : tokens;
            for (String attention : attentions) {
                List<StudyResult> tried = new ArrayList<>();
                for (double rate : rates) {
                    tried.add(result(new StudyRun(attention + "-" + size, rate, seeds.getFirst(), whole / 4), data,
                            logs));
                }
                chosen.put(attention, tried);
            }
            Map<String, List<StudyResult>> longRuns = new LinkedHashMap<>();
            for (long seed : seeds) { // all attentions with one seed, then with the next: a table early on
                for (String attention : attentions) {
                    StudyRun run = new StudyRun(attention + "-" + size, best(chosen.get(attention)), seed, whole);
                    longRuns.computeIfAbsent(attention, _ -> new ArrayList<>()).add(result(run, data, logs));
                    if (seed == seeds.getFirst()) { // as many curves as there are colours for
                        drawn.add(logs.resolve(run.name() + ".jsonl").toString());
                    }
                    Files.writeString(out.resolve("study.md"), StudyTable.of(chosen, longRuns));
                }
            }
        }
        drawn.addAll(List.of("--out", out.toString()));
        return LearningCurvesCommand.run(drawn.toArray(String[]::new));
    }

    private static double best(List<StudyResult> tried) {
        return tried.stream().min(Comparator.comparingDouble(StudyResult::validationLoss)).orElseThrow().rate();
    }

    private StudyResult result(StudyRun run, StudyData data, Path logs) throws IOException {
        Path file = out.resolve("results").resolve(run.name() + ".json");
        if (!Files.exists(file)) {
            new StudyTraining(run, data, work, logs).make().write(file);
        }
        return StudyResult.read(file);
    }
}
