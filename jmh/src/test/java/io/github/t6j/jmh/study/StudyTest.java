package io.github.t6j.jmh.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonParser;
import io.github.t6j.jmh.report.Plot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A study of three attentions on a page of text: its runs, their order, its tables, and that no run is repeated. */
class StudyTest {
    /**
     * MHA has the mean (4.0 + 4.1 + 4.3) / 3 = 4.1333 and the deviation √((0.0178 + 0.0011 + 0.0278) / 2) = 0.1528, GQA
     * has (4 + 5) / 2 and √((0.25 + 0.25) / 1) = 0.7071.
     */
    private static final List<StudyRuns> SOME = List.of(
            runs("mha", "MHA", 9216, List.of(4.5), List.of(4.0, 4.1, 4.3), List.of(4.2)),
            runs("gqa", "GQA", 3072, List.of(6.0), List.of(4.4, 4.8), List.of(4.0, 5.0)),
            runs("t6", "T6", 4128, List.of(3.9), List.of(4.0), List.of(3.8, 4.2)),
            runs("t6-kvonly", "T6 KV-only", 3936, List.of(3.9), List.of(3.8), List.of()),
            runs("mla", "MLA", 1920, List.of(5.0, Double.POSITIVE_INFINITY), List.of(Double.POSITIVE_INFINITY),
                    List.of(Double.POSITIVE_INFINITY)),
            runs("mqa", "MQA", 1536, List.of(), List.of(), List.of()));

    @TempDir
    Path folder;

    private int study(String attentions, String seeds, String... more) {
        return StudyCommand.run(Stream
                .concat(Stream.of("--out", folder.resolve("out").toString(), "--work",
                        folder.resolve("work").toString(), "--testdata", folder.resolve("testdata").toString(),
                        "--size", "nano", "--attentions", attentions, "--rates", "0.004,0.002", "--seeds", seeds,
                        "--tokens", "8192"), Stream.of(more))
                .toArray(String[]::new));
    }

    private void copyData() throws IOException {
        Path from = Path.of(System.getProperty("t6j.testdata"));
        Path text = Files.createDirectories(folder.resolve("testdata/text"));
        Path tokenizer = Files.createDirectories(folder.resolve("testdata/tokenizers/bpe4096"));
        Files.copy(from.resolve("tokenizers/bpe4096/tokenizer.json"), tokenizer.resolve("tokenizer.json"));
        String book = Files.readString(from.resolve("text/test.txt"));
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(text.resolve("train.txt.gz")))) {
            out.write(book.substring(0, 120_000).getBytes(StandardCharsets.UTF_8));
        }
        Files.writeString(text.resolve("valid.txt"), book.substring(120_000, 126_000));
        Files.writeString(text.resolve("test.txt"), book.substring(126_000, 132_000));
    }

    @Tag("full")
    @Test
    void runsAreDoneOnce() throws IOException {
        copyData();
        PrintStream err = System.err;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            assertThat(study("mqa,mha,t6", "1,2", "--speed-rounds", "1")).isZero();
        } finally {
            System.setErr(err);
        }
        Path out = folder.resolve("out");
        List<String> expected = new ArrayList<>(List.of(
                "mha-nano-8k-0.002-1", "mha-nano-8k-0.004-1", "t6-nano-8k-0.002-1", "t6-nano-8k-0.004-1"));
        String mha = addSecondSeeds(out, "mha", expected);
        String t6 = addSecondSeeds(out, "t6", expected);
        expected.addAll(List.of("mqa-nano-8k-0.002-1", "mqa-nano-8k-0.004-1"));
        addSecondSeeds(out, "mqa", expected);
        assertThat(printed.toString(StandardCharsets.UTF_8).lines().filter(line -> line.contains(": step "))
                .map(line -> line.substring(0, line.indexOf(':')))).containsExactlyElementsOf(expected);
        String table = Files.readString(out.resolve("study.md"));
        double firstLoss = loss(out, "t6", t6, 1);
        double secondLoss = loss(out, "t6", t6, 2);
        assertThat(table)
                .contains(String.format(Locale.ROOT, "| T6 | 2 | %s | %.4f ± %.4f | ", t6, (firstLoss + secondLoss) / 2,
                        Math.abs(firstLoss - secondLoss) / Math.sqrt(2)))
                .contains("| MHA | 2 | ", "1,310,208", "1,319,424")
                .contains("| attention | 0.002 | 0.004 |\n|---|--:|--:|\n| MQA | ")
                .contains("](plots/loss-over-cache.svg)").doesNotContain("not complete");
        assertThat(out.resolve("learning-curves.html")).content().contains("mha-nano-8k-" + mha + "-1",
                "t6-nano-8k-" + t6 + "-1", "mqa-nano-8k-");
        StudySpeed speed = StudySpeed.read(out.resolve("speed.json"));
        assertThat(speed.tokensPerSecond().keySet()).containsExactly("mqa-nano", "mha-nano", "t6-nano");
        assertThat(speed.tokensPerSecond().get("t6-nano")).hasSize(10)
                .allSatisfy(rate -> assertThat(rate).isPositive());
        assertThat(speed.decodeMillis().get("mqa-nano")).hasSize(50).allSatisfy(ms -> assertThat(ms).isPositive());
        assertThat(table).contains("| tokens/s | ms a token after 16,384 |",
                speed.of("mha-nano") + " | " + speed.decodingOf("mha-nano") + " |\n",
                "50 decoding steps after 16,384 tokens",
                "10 training steps of 4096 tokens (in parentheses the fastest), in 1 rounds");
        try (var files = Files.list(out.resolve("results"))) {
            assertThat(files).hasSameSizeAs(expected);
        }
        Path result = out.resolve("results/t6-nano-8k-0.002-1.json");
        StudyResult before = StudyResult.read(result);
        assertThat(before.steps()).isEqualTo(2);
        assertThat(before.validationBits()).isBetween(1.0, 8.0);
        assertThat(before.cacheBytes()).isEqualTo(4L * (2 + 2) * (5 + 32) * 4);
        String measured = Files.readString(out.resolve("speed.json"));
        Files.delete(result); // as if it had been interrupted after its last checkpoint
        Files.delete(out.resolve("logs/mha-nano-8k-" + mha + "-1.jsonl"));
        assertThat(study("mqa,mha,t6", "1,2", "--speed-rounds", "1")).isZero();
        StudyResult after = StudyResult.read(result);
        assertThat(after.validationLoss()).isEqualTo(before.validationLoss());
        assertThat(after.testLoss()).isEqualTo(before.testLoss());
        assertThat(out.resolve("study.md")).hasContent(table);
        assertThat(out.resolve("learning-curves.html")).content().contains("t6-nano-8k-" + t6 + "-1")
                .doesNotContain("mha-nano");
        assertThat(out.resolve("speed.json")).as("measured once").hasContent(measured);
    }

    /**
     * Adds the runs with the second seed that the stored losses call for, without the code of the study: the better
     * rate has one, and also the other rate if the mean of the better one is higher than its loss.
     *
     * @return the rate with the lower mean
     */
    private static String addSecondSeeds(Path out, String attention, List<String> runs) throws IOException {
        boolean low = loss(out, attention, "0.002", 1) <= loss(out, attention, "0.004", 1);
        String first = low ? "0.002" : "0.004";
        String other = low ? "0.004" : "0.002";
        runs.add(attention + "-nano-8k-" + first + "-2");
        double mean = (loss(out, attention, first, 1) + loss(out, attention, first, 2)) / 2;
        if (mean <= loss(out, attention, other, 1)) {
            return first;
        }
        runs.add(attention + "-nano-8k-" + other + "-2");
        return mean <= (loss(out, attention, other, 1) + loss(out, attention, other, 2)) / 2 ? first : other;
    }

    private static double loss(Path out, String attention, String rate, int seed) throws IOException {
        String file = attention + "-nano-8k-" + rate + "-" + seed + ".json";
        return JsonParser.parseString(Files.readString(out.resolve("results").resolve(file))).getAsJsonObject()
                .get("validationLoss").getAsDouble();
    }

    @Tag("full")
    @Test
    void speedAloneTrainsNothing() throws IOException {
        copyData();
        assertThat(study("mha,t6", "1,2", "--speed", "--speed-rounds", "1")).isZero();
        Path out = folder.resolve("out");
        assertThat(StudySpeed.read(out.resolve("speed.json")).tokensPerSecond()).hasSize(2);
        assertThat(out.resolve("results")).isEmptyDirectory();
        assertThat(out.resolve("study.md")).doesNotExist();
        assertThat(study("mha,t6", "1,2", "--speed", "--speed-rounds", "0")).isEqualTo(2);
        assertThat(study("mqa", "1,2", "--speed", "--speed-rounds", "1")).isZero();
        assertThat(StudySpeed.read(out.resolve("speed.json")).tokensPerSecond())
                .as("those of others stay").containsOnlyKeys("mha-nano", "t6-nano", "mqa-nano");
    }

    /** Without the check, a wrong name would be found only after the runs of the other names. */
    @Test
    void wrongArgumentsEndBeforeTheFirstRun() throws IOException {
        copyData();
        assertThat(study("mha,t6_kvonly", "1")).isEqualTo(2);
        assertThat(StudyCommand.run("--out", folder.resolve("out").toString(), "--work",
                folder.resolve("work").toString(), "--size", "small")).isEqualTo(2);
        assertThat(study("mha", "1", "--rates", "0.001,2")).isEqualTo(2);
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void oneStudyUsesAFolder() throws IOException {
        copyData();
        Path work = Files.createDirectories(folder.resolve("work"));
        try (FileChannel other = FileChannel.open(
                work.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            assertThat(other.tryLock()).isNotNull();
            assertThat(study("mha", "1")).isEqualTo(1);
        }
        assertThat(folder.resolve("out")).doesNotExist();
    }

    /**
     * The first seed is better with 0.002, the mean with 0.004, which has all seeds: nothing is trained or measured.
     * 0.008 is not among the rates of the command; 16 thousand tokens and seed 4 are other studies.
     */
    @Test
    void storedResultsAreReused() throws IOException {
        copyData();
        Path out = folder.resolve("out");
        Path results = Files.createDirectories(out.resolve("results"));
        for (String[] run : new String[][] {{"0.002-1", "3.9"}, {"0.002-2", "5.0"}, {"0.004-1", "4.0"},
            {"0.004-2", "4.1"}, {"0.004-3", "4.3"}, {"0.008-1", "4.2"}, {"0.002-4", "1.0"}}) {
            Files.writeString(results.resolve("mha-nano-8k-" + run[0] + ".json"), """
                    {"preset": "mha-nano", "attention": "MHA", "rate": %s, "seed": %s, "steps": 2, "tokens": 8192,
                     "parameters": 1310208, "validationLoss": %s, "testLoss": 5.0, "cacheBytes": 9216}
                    """.formatted(run[0].split("-")[0], run[0].split("-")[1], run[1]));
        }
        Files.copy(results.resolve("mha-nano-8k-0.002-4.json"), results.resolve("mha-nano-16k-0.002-1.json"));
        new StudySpeed(StudySpeed.here(), 1, 5, 1, 4096, 2, Map.of("mha-nano", List.of(100.0)), 7,
                Map.of("mha-nano", List.of(2.5)))
                .write(out.resolve("speed.json"));
        assertThat(study("mha", "1,2,3")).isZero();
        assertThat(out.resolve("study.md")).content().contains("| MHA | 3 | 0.004 | 4.1333 ± 0.1528 | ",
                "| MHA | 4.4500 (2) | 4.1333 (3) | 4.2000 |\n").doesNotContain("was tried");
        assertThat(out.resolve("plots/loss-over-cache.svg")).content().contains(">MHA 2.50 ms<");
        assertThat(folder.resolve("work/mha-nano-8k-0.004-1")).doesNotExist();
        assertThat(out.resolve("learning-curves.html")).as("without a log").doesNotExist();
    }

    /** Pages are made where neither texts nor speeds are, also while a study uses the folder of checkpoints. */
    @Test
    void pagesAreMadeOfStoredResultsAlone() throws IOException {
        Path out = folder.resolve("out");
        Path results = Files.createDirectories(out.resolve("results"));
        result("t6", "T6", 0.004, 1, 3.9, 4128).write(results.resolve("t6-micro-5626k-0.004-1.json"));

        assertThat(pages(out, "--rates", "0.004")).isZero();

        assertThat(out.resolve("study.md")).content().contains("| T6 | 1 | 0.004 | 3.9000 | ")
                .doesNotContain("not complete yet", "MHA");
        assertThat(pages(out, "--attentions", "gqa")).as("without a run of this attention").isEqualTo(2);
        assertThat(pages(out, "--tokens", "99000")).as("without a run of this length").isEqualTo(2);
        assertThat(out.resolve("plots/loss-over-cache.svg")).exists();
        assertThat(out.resolve("speed.json")).doesNotExist();
        assertThat(folder.resolve("work")).doesNotExist();
        assertThat(pages(out, "--size", "nano")).as("without a run of this size").isEqualTo(2);
        result("t6", "T6", 0.004, 1, 3.7, 4128).write(results.resolve("t6-micro-99k-0.004-1.json"));
        assertThat(pages(out)).as("two lengths").isEqualTo(2);
        assertThat(pages(out, "--tokens", "99000")).isZero();
        assertThat(out.resolve("study.md")).content().contains("| T6 | – | – | 3.7000 |\n");
        assertThat(pages(out, "--speed")).as("one part only").isEqualTo(2);
    }

    private int pages(Path out, String... more) {
        return StudyCommand.run(Stream.concat(Stream.of("--pages", "--out", out.toString(), "--work",
                folder.resolve("work").toString(), "--testdata", folder.toString()), Stream.of(more))
                .toArray(String[]::new));
    }

    @Test
    void theCommittedStudyIsMadeOfItsResults() throws IOException {
        Path from = Path.of("results/study");
        Path out = Files.createDirectories(folder.resolve("out/results")).getParent();
        Files.copy(from.resolve("speed.json"), out.resolve("speed.json"));
        try (Stream<Path> files = Files.list(from.resolve("results"))) {
            for (Path file : files.toList()) {
                Files.copy(file, out.resolve("results").resolve(file.getFileName()));
            }
        }

        assertThat(pages(out)).isZero();

        assertThat(from.resolve("study.md")).as("study --pages --out jmh/results/study")
                .hasSameTextualContentAs(out.resolve("study.md"));
    }

    /** The jar has no vector module, so the study runs in a JVM of its own, which stops with the first one. */
    @Tag("full")
    @Test
    void anInterruptedStudyReportsItsResults() throws Exception {
        copyData();
        Path log = folder.resolve("out/logs/mha-nano-16384k-0.001-1.jsonl");
        Process study = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), "io.github.t6j.jmh.Main", "study", "--out",
                folder.resolve("out").toString(), "--work", folder.resolve("work").toString(), "--testdata",
                folder.resolve("testdata").toString(), "--size", "nano", "--attentions", "mha", "--tokens", "16384000")
                .redirectErrorStream(true).start();
        while (study.isAlive() && (!Files.exists(log) || Files.size(log) == 0)) {
            Thread.sleep(50);
        }
        study.toHandle().destroy(); // keeps its output open; the signal of kill runs the same hooks as Ctrl-C
        String printed = new String(study.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(study.waitFor()).isNotZero();
        assertThat(printed).contains(
                "stopped: completed runs are kept in " + folder.resolve("out/results"),
                "the interrupted run is kept up to its last checkpoint in " + folder.resolve("work"),
                "the same command goes on");
    }

    /**
     * Reads results from when they had a run's tokens per second; writes the table with and without the measured speed.
     */
    @Test
    void olderResultsAreRead() throws IOException {
        Path file = folder.resolve("old.json");
        Files.writeString(file, """
                {"preset": "mha-micro", "attention": "MHA", "rate": 0.001, "seed": 1, "steps": 343, "tokens": 1404928,
                 "parameters": 3440640, "validationLoss": 5.1037, "validationBits": 1.9336, "testLoss": 5.2345,
                 "testBits": 2.0738, "cacheBytes": 9216, "tokensPerSecond": 9149.5}
                """);
        StudyResult old = StudyResult.read(file);
        assertThat(old).isEqualTo(new StudyResult(
                "mha-micro", "MHA", 0.001, 1, 343, 1_404_928, 3_440_640, 5.1037, 1.9336, 5.2345, 2.0738, 9216));
        List<StudyRuns> runs = List.of(new StudyRuns("mha", new TreeMap<>(Map.of(0.001, List.of(old)))));
        assertThat(StudyTable.of(1, runs, null, null))
                .contains("| validation loss | validation perplexity | validation bits/byte | test loss "
                        + "| test perplexity | test bits/byte | parameters |",
                        "| MHA | 1 | 0.001 | 5.1037 | ", "| 3,440,640 | 9,216 |\n",
                        "T6 is the language model with TPA; figures draw both in one colour.")
                .doesNotContain("tokens/s", "Tokens/s", "was tried", "plots/");
        Map<String, List<Double>> steps = Map.of("mha-micro", List.of(100.0, 1.0, 1300.0, 1100.0));
        Map<String, List<Double>> decoding = Map.of("mha-micro", List.of(3.0, 1.0, 2.5));
        assertThat(StudyTable.of(1, runs, null, new StudySpeed(null, 2, 5, 2, 4096, 2, steps, 100, decoding))).contains(
                "| tokens/s | ms a token after 100 |\n", "| 3,440,640 | 9,216 | 600 (1,300) | 2.50 (1.00) |\n",
                "Tokens/s: the median of 4 training steps of 4096 tokens (in parentheses the fastest), in 2 rounds over the attentions, "
                        + "each time after 5 steps of warm-up; 2 threads.");
        assertThat(StudyTable.of(1, runs, null, new StudySpeed(null, 2, 5, 2, 4096, 2, Map.of(), 100, Map.of())))
                .contains("| 9,216 | – |\n").doesNotContain("ms a token");
        StudyResult diverged = result("mha", "MHA", 0.1, 1, Double.POSITIVE_INFINITY, 9216);
        diverged.write(file);
        assertThat(StudyResult.read(file)).isEqualTo(diverged);
        Files.writeString(file, "[]");
        assertThatThrownBy(() -> StudySpeed.read(file)).isInstanceOf(IOException.class)
                .hasMessage(file + ": expected the speeds of a study, found other content: delete the file");
    }

    private static StudyResult result(
            String attention, String name, double rate, long seed, double loss, long cacheBytes) {
        return new StudyResult(attention + "-micro", name, rate, seed, 1373, 5_623_808, 3_440_640, loss, loss / 2,
                loss, loss / 2, cacheBytes);
    }

    /**
     * Returns runs of an attention.
     *
     * @param losses losses of the seeds with the rates 0.001, 0.002 and 0.004
     */
    @SafeVarargs
    private static StudyRuns runs(String attention, String name, long cacheBytes, List<Double>... losses) {
        TreeMap<Double, List<StudyResult>> byRate = new TreeMap<>();
        for (int i = 0; i < losses.length; i++) {
            double rate = List.of(0.001, 0.002, 0.004).get(i);
            List<StudyResult> seeds = new ArrayList<>();
            for (double loss : losses[i]) {
                seeds.add(result(attention, name, rate, seeds.size() + 1, loss, cacheBytes));
            }
            byRate.put(rate, seeds);
        }
        return new StudyRuns(attention, byRate);
    }

    @Test
    void tablesHaveMeansDeviationsAndAllRates() {
        assertThat(StudyTable.of(2, SOME, StudyFigure.of(SOME, null), null))
                .contains("| MHA | 3 | 0.002 | 4.1333 ± 0.1528 | ", "| GQA | 2 | 0.004 | 4.5000 ± 0.7071 | ",
                        "| T6 | 1 | 0.001 | 3.9000 | ", "| MLA | 2 | 0.001 | diverged | diverged | ")
                .contains("\nnot complete yet: t6 (1 of 2 seeds), t6-kvonly (2 of 3 rates), mqa (0 of 3 rates)\n",
                        "until it had all. Seeds of one rate differ by up to 1.0000.\n",
                        "\n![Validation loss over cache size, mean ± standard deviation; dots: seeds]"
                                + "(plots/loss-over-cache.svg)\n")
                .endsWith("""
                        | attention | 0.001 | 0.002 | 0.004 |
                        |---|--:|--:|--:|
                        | MHA | 4.5000 | 4.1333 (3) | 4.2000 |
                        | GQA | 6.0000 | 4.6000 (2) | 4.5000 (2) |
                        | T6 | 3.9000 | 4.0000 | 4.0000 (2) |
                        | T6 KV-only | 3.9000 | 3.8000 | – |
                        | MLA | diverged (2) | diverged | diverged |

                        The best rate of GQA is the largest that was tried.

                        The best rate of T6 is the smallest that was tried.

                        The best rate of MLA is the smallest that was tried.
                        """)
                .doesNotContain("NaN");
        assertThat(SOME.get(1).bestRate()).isEqualTo(0.004);
        assertThat(StudyFigure.of(SOME.subList(3, 6), null)).as("without a loss").isNull();
    }

    /**
     * The horizontal axis has 392 pixels for caches from 3072 / 1.5 = 2048 to 9216 · 1.5 = 13824 bytes:
     * 68 + 392 · ln(1.5) / ln(6.75) = 151.24 for GQA, 460 − 83.24 = 376.76 for MHA. The vertical axis has losses of
     * 4.5 ± 0.7071 and 5 % more at both ends, from 3.7222 to 5.2778: 4.0 is at 0.1786 of its length, 4.1 at 0.2429, 4.3
     * at 0.3714, MHA's bar from 0.1661 to 0.3625, and GQA's from 0.0455 to 0.9545.
     */
    @Test
    void theFigureHasPointsAtTheirPlaces() {
        String svg = StudyFigure.of(SOME, null).svg();
        double[] ends = numbers(svg, "M68 # L68 # L460 ").getFirst();
        String line = "x1=\"#\" x2=\"#\" y1=\"#\" y2=\"#\"";

        assertThat(numbers(svg, line).stream().filter(of -> isNear(of[0], 151.24) && of[0] == of[1])).as("bar of GQA")
                .singleElement().satisfies(bar -> assertThat(shares(ends, bar[2], bar[3]))
                        .containsExactly(new double[] {0.0455, 0.9545}, within(1e-3)));
        assertThat(numbers(svg, line).stream().filter(of -> isNear(of[0], 376.76) && of[0] == of[1])).as("bar of MHA")
                .singleElement().satisfies(bar -> assertThat(shares(ends, bar[2], bar[3]))
                        .containsExactly(new double[] {0.1661, 0.3625}, within(1e-3)));
        double[] dots = numbers(svg, "M# # C").stream().filter(dot -> isNear(dot[0], 376.76 + 2))
                .mapToDouble(dot -> dot[1]).toArray(); // a circle begins at its right, 2 pixels from the centre
        assertThat(shares(ends, dots)).containsExactly(new double[] {0.1786, 0.2429, 0.3714}, within(1e-3));
        assertThat(svg).contains(">MHA<", ">GQA<", ">T6 (1 seed)<").doesNotContain(">T6 KV-only<", ">MLA<", "NaN");
    }

    /** MHA takes four times as long as GQA: its disc has twice the diameter. T6 was not measured. */
    @Test
    void theAreaOfADiscIsTheTimeOfAToken() {
        StudySpeed speed = new StudySpeed(null, 1, 5, 1, 4096, 2, Map.of(), 7,
                Map.of("mha-micro", List.of(4.0), "gqa-micro", List.of(1.0, 0.9, 1.1)));

        Plot plot = StudyFigure.of(SOME, speed);

        List<double[]> circles = numbers(plot.svg(), "M# # C");
        assertThat(circles).filteredOn(of -> isNear(of[0], 376.76 + 30)).as("MHA, from the disc's right").hasSize(1);
        assertThat(circles).filteredOn(of -> isNear(of[0], 151.24 + 15)).as("GQA").hasSize(1);
        assertThat(plot.svg()).contains(">MHA 4.00 ms<", ">GQA 1.00 ms<", ">T6 (1 seed)<");
        assertThat(plot.title()).isEqualTo("Validation loss over cache size, mean ± standard deviation; dots: seeds; "
                + "area of discs, and ms: time of a token after 7 tokens");
    }

    private static boolean isNear(double place, double expected) {
        return Math.abs(place - expected) < 0.1;
    }

    /** Returns the heights as shares of the axis, from the bottom. */
    private static double[] shares(double[] ends, double... heights) {
        return Arrays.stream(heights).map(height -> (ends[1] - height) / (ends[1] - ends[0])).sorted().toArray();
    }

    /** Returns the numbers of each match; # in {@code pattern} is a number. */
    private static List<double[]> numbers(String svg, String pattern) {
        return Pattern.compile(pattern.replace("#", "([0-9.]+)")).matcher(svg).results().map(found -> IntStream
                .rangeClosed(1, found.groupCount()).mapToDouble(i -> Double.parseDouble(found.group(i))).toArray())
                .toList();
    }
}
