package io.github.t6j.jmh.report;

import static io.github.t6j.jmh.report.TestResults.multiplyAdd;
import static io.github.t6j.jmh.report.TestResults.peak;
import static io.github.t6j.jmh.report.TestResults.step;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.gson.GsonBuilder;
import io.github.t6j.jmh.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Machines side by side: a folder each, with results of known shares. */
class MachinesTest {
    @TempDir
    private Path folder;

    private void add(String name, String cpu, List<Result> results) throws IOException {
        add(name, HistoryTest.machine(cpu, "quick", "abcdef123456"), results);
    }

    private void add(String name, Machine machine, List<Result> results) throws IOException {
        Path file = Files.createDirectory(folder.resolve(name)).resolve("results.json");
        Files.writeString(file, new GsonBuilder().serializeSpecialFloatingPointValues().create().toJson(results));
        Results.write(machine, file);
    }

    @Test
    void everyMachineHasItsSharesAndEveryAttentionItsChart() throws IOException {
        add("one", "A", HistoryTest.results());
        add("two", "B", HistoryTest.results());
        Files.createDirectory(folder.resolve("notes")); // without results: no machine

        Machines.read(folder).write(folder);

        assertThat(folder.resolve("machines.md")).content().contains(
                "| one | A, family 1, 2 cores | SIMD, 512-bit | quick | 1 | 2026-11-28 | abcdef123456 | 10.0 GB/s",
                "| TPA | 150 | one | 30.0 µs ± 0 % | 5 % | 50 % | multiply-add |\n"
                        + "| TPA | 150 | two | 30.0 µs ± 0 % | 5 % | 50 % | multiply-add |\n",
                "| MHA | 150 | one | 18.8 µs ± 0 % | 80 % | 40 % | memory read |", "(plots/machines-tpa.svg)",
                "(plots/machines-mha.svg)", "`jmh/results/MACHINE`", "`jmh/results/plots`").doesNotContain("GLA-2");
        assertThat(folder.resolve("plots/machines-mha.svg")).content().contains(">one, memory read<",
                ">two, memory read<", ">share of the machine's nearer limit<", ">tokens in the cache<");
    }

    /** TPA has one context, which makes bars; the share of each is in its name. */
    @Test
    void oneContextMakesBars() throws IOException {
        add("one", "A", HistoryTest.results());
        add("two", "B", HistoryTest.results());

        List<Plot> plots = Machines.read(folder).plots();

        assertThat(plots.getFirst().svg()).contains(">one, multiply-add: 50.0<", ">two, multiply-add: 50.0<",
                ">share of the machine's nearer limit, 150 tokens<").doesNotContain(">tokens in the cache<");
        assertThat(plots.getFirst().svg()).as("without error bars").doesNotContain("stroke-width=\"1.5\"");
        assertThat(plots.getLast().svg()).contains(">tokens in the cache<");
    }

    /** A figure names both limits of an attention that is nearer to another one at another context. */
    @Test
    void theLimitsOfACurveAreNamed() throws IOException {
        add("one", "A", List.of(peak(2, 300000, 10e9), multiplyAdd(2, 20e9),
                step("mha", "paper", 70, 2, 1000, 1000, 100), step("mha", "paper", 150, 2, 1000, 3000, 200)));

        assertThat(Machines.read(folder).plots()).singleElement().satisfies(
                plot -> assertThat(plot.svg()).contains(">one, memory read or multiply-add<"));
    }

    /** More forks count more than more steps, of which a run with one fork has more. */
    @Test
    void theFolderWithMoreForksCounts() throws IOException {
        List<Result> results = HistoryTest.results();
        add("long", "A", results);
        add("short", "A", results.subList(0, 3).stream().map(result -> forks(result, 3)).toList());

        assertThat(Machines.read(folder).runs()).extracting(Machines.Run::folder).containsExactly("short");
        assertThat(Machines.read(folder).runs().getFirst().forks()).isEqualTo(3);
    }

    private static Result forks(Result r, int forks) {
        return new Result(r.benchmark(), r.mode(), r.threads(), forks, r.jdkVersion(), r.vmName(), r.vmVersion(),
                r.jvmArgs(), r.warmupIterations(), r.warmupTime(), r.measurementIterations(), r.measurementTime(),
                r.params(), r.primaryMetric(), r.secondaryMetrics(), r.evidence());
    }

    /** A run with -XX:MaxVectorSize=32 is no better or worse run of the machine with 512 bits. */
    @Test
    void kernelsOfAnotherWidthStayApart() throws IOException {
        Machine wide = HistoryTest.machine("A", "quick", "abcdef123456");
        add("wide", wide, HistoryTest.results());
        add("short", new Machine(wide.cpu(), wide.family(), wide.cores(), wide.memory(), wide.thirdLevel(),
                wide.system(), "SIMD, 256-bit", wide.suite(), wide.date(), wide.version(), wide.commit()),
                HistoryTest.results());

        assertThat(Machines.read(folder).runs()).extracting(run -> run.folder() + " " + run.machine().kernels())
                .containsExactly("short SIMD, 256-bit", "wide SIMD, 512-bit");
    }

    @Test
    void latentsAreExplained() throws IOException {
        add("one", "A", List.of(peak(2, 300000, 10e9), multiplyAdd(2, 20e9),
                step("gla", "paper", 70, 2, 1000, 1000, 100), step("mlra", "paper", 70, 2, 1000, 1000, 100)));

        Machines.read(folder).write(folder);

        assertThat(folder.resolve("machines.md")).content().contains("\n- GLA-2 is Grouped Latent Attention: ",
                "\n- MLRA-4 is Multi-Head Low-Rank Attention ");
    }

    @Test
    void stepsThatAMachineDidNotMeasureHaveNoRow() throws IOException {
        List<Result> results = HistoryTest.results();
        add("one", "A", results);
        add("two", "B", results.stream().filter(result -> !"mha".equals(result.param("attention"))).toList());

        Machines.read(folder).write(folder);

        assertThat(folder.resolve("machines.md")).content().contains("| MHA | 150 | one |", "| TPA | 150 | two |")
                .doesNotContain("| MHA | 150 | two |");
    }

    @Test
    void ofTwoFoldersOfAMachineTheOneWithMoreStepsCounts() throws IOException {
        List<Result> results = HistoryTest.results();
        add("long", "A", results);
        add("short", "A", results.subList(0, 3));

        assertThat(Machines.read(folder).runs()).extracting(Machines.Run::folder).containsExactly("long");
    }

    @Test
    void aFolderWithoutMachinesIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Machines.read(folder))
                .withMessageStartingWith(folder + ": expected folders with results of the quick or paper suite, "
                        + "found none");
    }

    /** Another machine of the same cloud may bear the same name: the newer of two equal runs counts. */
    @Test
    void theNewestFolderCounts() throws IOException {
        Machine old = HistoryTest.machine("A", "quick", "abcdef123456");
        add("new", new Machine(old.cpu(), old.family(), old.cores(), old.memory(), old.thirdLevel(), old.system(),
                old.kernels(), old.suite(), "2026-12-01", old.version(), old.commit()), HistoryTest.results());
        add("old", old, HistoryTest.results());

        assertThat(Machines.read(folder).runs()).extracting(Machines.Run::folder).containsExactly("new");
    }

    @Test
    void committedMachinesAreReadable() throws IOException {
        Machines.read(Path.of("results")).write(folder);

        assertThat(Path.of("results/machines.md")).as("report --from RESULTS --machines jmh/results")
                .hasSameTextualContentAs(folder.resolve("machines.md"));
        assertThat(Machines.read(Path.of("results")).runs()).hasSizeGreaterThan(1)
                .allSatisfy(run -> assertThat(run.operations("tpa", 65536)).endsWith(" %"));
    }
}
