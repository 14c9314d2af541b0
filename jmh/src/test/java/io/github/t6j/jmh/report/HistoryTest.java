package io.github.t6j.jmh.report;

import static io.github.t6j.jmh.report.TestResults.multiplyAdd;
import static io.github.t6j.jmh.report.TestResults.peak;
import static io.github.t6j.jmh.report.TestResults.step;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.t6j.jmh.Machine;
import io.github.t6j.jmh.peer.PeerSpeed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lines of a history, of results with known shares, and their page. */
class HistoryTest {
    /** Reads 10 GB/s and 20 GFLOP/s with 2 threads. */
    private static final List<Result> LIMITS = List.of(peak(2, 300000, 10e9), multiplyAdd(2, 20e9));

    @TempDir
    private Path folder;

    static Machine machine(String cpu, String suite, String commit) {
        return new Machine(cpu, "family 1", 2, 8, 0L, "Linux", "SIMD, 512-bit", suite, "2026-11-28", "0.1.0", commit);
    }

    /** Returns limits and steps of 1 and 2 bytes a nanosecond, the longer context slower, and 5 operations. */
    static List<Result> results() {
        List<Result> steps = List.of(step("mha", "paper", 70, 2, 1000, 1000, 100),
                step("mha", "paper", 150, 2, 1000, 1000, 125), step("tpa", "paper", 150, 2, 100, 2000, 200),
                step("tpa", "paper", 150, 1, 100, 2000, 100));
        return Stream.concat(LIMITS.stream(), steps.stream()).toList();
    }

    @Test
    void aLineHasTheShareOfTheNearestLimitAtTheLongestContextOnAllCores() {
        History.Line line = History.Line.of(machine("A", "quick", "abcdef123456"), results());

        assertThat(line.ratios()).containsOnly(Map.entry("mha", 0.8), Map.entry("tpa", 0.5));
        assertThat(line.machine()).isEqualTo("A, family 1, 2 cores, SIMD, 512-bit");
        assertThat(line.ratio("mha")).isEqualTo("80 %");
        assertThat(line.ratio("gqa")).isEqualTo("–");
    }

    @Test
    void theLineOfARunReplacesItsOwn() throws IOException {
        Path file = folder.resolve("history.jsonl");
        for (String commit : List.of("aaaaaaaaaaaa", "bbbbbbbbbbbb", "aaaaaaaaaaaa")) {
            History.read(file).with(History.Line.of(machine("A", "quick", commit), results())).write(file);
        }
        History.read(file).with(History.Line.of(machine("B", "quick", "aaaaaaaaaaaa"), results())).write(file);
        History.read(file).with(History.Line.of(machine("B", "quick", "aaaaaaaaaaaa-dirty"), results())).write(file);
        History.read(file).with(History.Line.of(machine("C", "quick", "aaaaaaaaaaaa"), results())).write(file);

        assertThat(Files.readAllLines(file)).containsExactly(
                "{\"suite\":\"quick\",\"commit\":\"aaaaaaaaaaaa\",\"date\":\"2026-11-28\","
                        + "\"machine\":\"A, family 1, 2 cores, SIMD, 512-bit\",\"forks\":1,\"ratios\":{\"tpa\":0.5,\"mha\":0.8}}",
                "{\"suite\":\"quick\",\"commit\":\"bbbbbbbbbbbb\",\"date\":\"2026-11-28\","
                        + "\"machine\":\"A, family 1, 2 cores, SIMD, 512-bit\",\"forks\":1,\"ratios\":{\"tpa\":0.5,\"mha\":0.8}}",
                "{\"suite\":\"quick\",\"commit\":\"aaaaaaaaaaaa\",\"date\":\"2026-11-28\","
                        + "\"machine\":\"B, family 1, 2 cores, SIMD, 512-bit\",\"forks\":1,\"ratios\":{\"tpa\":0.5,\"mha\":0.8}}",
                "{\"suite\":\"quick\",\"commit\":\"aaaaaaaaaaaa-dirty\",\"date\":\"2026-11-28\","
                        + "\"machine\":\"B, family 1, 2 cores, SIMD, 512-bit\",\"forks\":1,\"ratios\":{\"tpa\":0.5,\"mha\":0.8}}",
                "{\"suite\":\"quick\",\"commit\":\"aaaaaaaaaaaa\",\"date\":\"2026-11-28\","
                        + "\"machine\":\"C, family 1, 2 cores, SIMD, 512-bit\",\"forks\":1,\"ratios\":{\"tpa\":0.5,\"mha\":0.8}}");
        assertThat(folder.resolve("history.md")).content().contains("## quick on A, family 1, 2 cores, SIMD, 512-bit",
                "![Share of the machine's limit, quick, A, family 1, 2 cores, SIMD, 512-bit](plots/history-1.svg)",
                "| commit | date | forks | TPA | MHA |\n|---|---|--:|--:|--:|\n| aaaaaaaaaaaa | 2026-11-28 | 1 | 50 % | 80 % |\n",
                "## quick on B, family 1, 2 cores, SIMD, 512-bit");
        assertThat(folder.resolve("plots/history-1.svg")).content().contains(">aaaaaaa<", ">bbbbbbb<", ">TPA<");
        assertThat(folder.resolve("plots/history-2.svg")).exists();
        assertThat(folder.resolve("plots/history-3.svg")).doesNotExist(); // a single run is no curve
        assertThat(folder.resolve("history.html")).content().contains("data:image/svg+xml");
    }

    @Test
    void peersAreRatiosOfTheFastestRounds() {
        History.Line line = History.Line.ofPeers(machine("A", "peer", "abc"), List.of(
                new PeerSpeed("t6j", "t6", "q8_0", "bf16", 32, 128, new double[] {300}),
                new PeerSpeed("t6j", "mha", "q8_0", "bf16", 32, 128, new double[] {250, 300}),
                new PeerSpeed("t6j native", "mha", "q8_0", "bf16", 32, 128, new double[] {900}),
                new PeerSpeed("llama.cpp", "mha", "q8_0", "f16", 32, 128, new double[] {200, 190})));

        assertThat(line.ratios()).containsOnly(Map.entry("mha q8_0 decode at 128", 1.5));
        assertThat(line.ratio("mha q8_0 decode at 128")).isEqualTo("1.50 ×");
    }

    /** Comparisons have many tests and few commits: a row for each test, and a line of its own in the figure. */
    @Test
    void peersHaveARowForEachTest() throws IOException {
        Path file = folder.resolve("history.jsonl");
        for (String commit : List.of("aaaaaaaaaaaa", "bbbbbbbbbbbb")) {
            History.Line line =
                    new History.Line("peer", commit, "2026-11-28", "A, 2 cores", null, null, new LinkedHashMap<>(
                            Map.of("mha q8_0 decode at 128", 1.5, "mha q8_0 decode at 1024", 1.25)));
            History.read(file).with(line).write(file);
        }

        assertThat(folder.resolve("history.md")).content().contains(
                "| test | aaaaaaaaaaaa, 2026-11-28 | bbbbbbbbbbbb, 2026-11-28 |\n|---|--:|--:|\n",
                "| mha q8_0 decode at 128 | 1.50 × | 1.50 × |\n", "| mha q8_0 decode at 1024 | 1.25 × | 1.25 × |\n");
        assertThat(folder.resolve("plots/history-1.svg")).content().contains(">MHA, decode at 128<",
                ">MHA, decode at 1024<");
    }

    /** A second run of other types at the same commit leaves the ratios of the first. */
    @Test
    void aComparisonMayBeMeasuredInParts() {
        History.Line first = peer(Map.of("mha q8_0 decode at 128", 1.5, "gqa q8_0 decode at 128", 1.25));
        History.Line second = peer(Map.of("mha q8_0 decode at 128", 2.0, "mha q6_k decode at 128", 3.0));

        assertThat(new History(List.of(first)).with(second).lines()).singleElement().satisfies(
                line -> assertThat(line.ratios()).containsOnly(Map.entry("mha q8_0 decode at 128", 2.0),
                        Map.entry("gqa q8_0 decode at 128", 1.25), Map.entry("mha q6_k decode at 128", 3.0)));
    }

    private static History.Line peer(Map<String, Double> ratios) {
        return new History.Line("peer", "abc", "2026-11-28", "A, 2 cores", null, null, ratios);
    }

    /** MHA's step and TPA's are equal in all forks, but not the reads that MHA is a share of. */
    @Test
    void sharesOfUncertainLimitsAreMarked() throws IOException {
        Path file = folder.resolve("history.jsonl");
        List<Result> uncertain = new ArrayList<>(results());
        double reads = 10e9 / (1024.0 * 300000); // a second
        uncertain.set(0, TestResults.withForks(peak(2, 300000, 10e9), 0.9 * reads, 1.1 * reads));
        for (String commit : List.of("aaaaaaaaaaaa", "bbbbbbbbbbbb")) {
            History.read(file).with(History.Line.of(machine("A", "quick", commit), uncertain)).write(file);
        }

        assertThat(History.read(file).lines().getFirst().marked()).containsExactly("mha");
        assertThat(folder.resolve("history.md")).content().contains("| 1 | 50 % | 80 % † |\n");
    }

    @Test
    void anotherFileIsRefused() throws IOException {
        Path file = folder.resolve("other.jsonl");
        for (String wrong : List.of("{\"suite\":\"quick\"}", "[", "")) {
            Files.writeString(file, wrong + "\n");
            assertThatIllegalArgumentException().isThrownBy(() -> History.read(file))
                    .withMessageStartingWith(
                            file + ", line 1: expected JSON with suite, commit, date, machine and ratios");
        }
    }

    /** The command reads existing results, and needs no other folder. */
    @Test
    void theCommandAddsALineAndComparesMachines() throws IOException {
        Path file = folder.resolve("history.jsonl");
        Path sample = Path.of("src/test/resources/sample");
        Path machine = Files.createDirectories(folder.resolve("machines/sample"));
        for (String name : List.of("results.json", "machine.json")) {
            Files.copy(sample.resolve(name), machine.resolve(name));
        }

        int code = ReportCommand.run("--from", machine.resolve("results.json").toString(), "--history", file.toString(),
                "--machines", machine.getParent().toString());

        assertThat(code).isZero();
        assertThat(History.read(file).lines()).singleElement()
                .satisfies(line -> assertThat(line.ratios()).containsKey("tpa"));
        assertThat(machine.resolveSibling("machines.md")).content().contains("| sample |");
        assertThat(machine.resolve("summary.md")).doesNotExist();
    }

    /** A comparison's pages and its line come from peer.json, too. */
    @Test
    void theCommandReadsComparisons() throws IOException {
        Path file = folder.resolve("history.jsonl");
        Path peers = Path.of("results/epyc-zen5-2-peer/peer.json");

        assertThat(ReportCommand.run("--from", peers.toString(), "--out", folder.resolve("out").toString(), "--history",
                file.toString())).isZero();

        assertThat(History.read(file).lines()).singleElement()
                .satisfies(line -> assertThat(line.ratios()).containsKey("mha q4_k_m decode at 128"));
        assertThat(folder.resolve("out/summary.md")).content()
                .contains("| decode at 1024 | – | 298 (295) | 207 (140) | 382 (369) | 188 (141) | 1.44 × | 2.03 × |");
        assertThat(folder.resolve("out/peer.json")).hasSameTextualContentAs(peers);
        assertThat(ReportCommand.run("--from", peers.toString(), "--compare", peers.toString())).isEqualTo(2);
        assertThat(ReportCommand.run("--from", peers.toString(), "--machines", folder.toString())).isEqualTo(2);
        Path unused = folder.resolve("unused");
        assertThat(ReportCommand.run("--peer", folder.toString(), "--out", unused.toString(), "--readme", "README.md"))
                .as("refused before it measures").isEqualTo(2);
        assertThat(unused).doesNotExist();
    }

    /** Quick's folder takes no comparison, which would overwrite its pages. */
    @Test
    void aFolderHasTheResultsOfOneSuite() throws IOException {
        Path out = Files.createDirectories(folder.resolve("out"));
        Path sample = Path.of("src/test/resources/sample");
        for (String name : List.of("results.json", "machine.json")) {
            Files.copy(sample.resolve(name), out.resolve(name));
        }

        assertThat(ReportCommand.run("--peer", folder.toString(), "--out", out.toString())).isOne();
        Path peers = Path.of("results/epyc-zen5-2-peer/peer.json");
        assertThat(ReportCommand.run("--from", peers.toString(), "--out", out.toString())).isOne();

        assertThat(out.resolve("peer.json")).doesNotExist();
        assertThat(out.resolve("machine.json")).hasSameTextualContentAs(sample.resolve("machine.json"));
    }

    /** Results of another run of the same suite are not overwritten either. */
    @Test
    void pagesDoNotReplaceTheResultsOfAnotherRun() throws IOException {
        Path sample = Path.of("src/test/resources/sample/results.json");
        Path out = folder.resolve("out");
        assertThat(ReportCommand.run("--from", sample.toString(), "--out", out.toString())).isZero();
        assertThat(ReportCommand.run("--from", sample.toString(), "--out", out.toString())).as("the same").isZero();

        Path other = Path.of("results/epyc-zen5-2/results.json");
        assertThat(ReportCommand.run("--from", other.toString(), "--out", out.toString())).isOne();

        assertThat(out.resolve("results.json")).hasSameTextualContentAs(sample);
    }

    /** The committed history, whose every line is one of a run of its own. */
    @Test
    void theCommittedHistoryIsReadable() throws IOException {
        History history = History.read(Path.of("history.jsonl"));
        history.write(folder.resolve("history.jsonl"));

        assertThat(Path.of("history.md")).as("report --from RESULTS --history jmh/history.jsonl")
                .hasSameTextualContentAs(folder.resolve("history.md"));

        assertThat(history.lines()).hasSizeGreaterThan(17);
        for (History.Line line : history.lines()) {
            assertThat(history.with(line)).isEqualTo(history);
        }
    }
}
