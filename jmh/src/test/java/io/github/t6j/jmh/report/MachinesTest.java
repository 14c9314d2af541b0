package io.github.t6j.jmh.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.gson.GsonBuilder;
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
        Path file = Files.createDirectory(folder.resolve(name)).resolve("results.json");
        Files.writeString(file, new GsonBuilder().serializeSpecialFloatingPointValues().create().toJson(results));
        Results.write(HistoryTest.machine(cpu, "quick", "abcdef123456"), file);
    }

    @Test
    void everyMachineHasItsSharesAndEveryAttentionItsChart() throws IOException {
        add("one", "A", HistoryTest.results());
        add("two", "B", HistoryTest.results());
        Files.createDirectory(folder.resolve("notes")); // without results: no machine

        Machines.read(folder).write(folder);

        assertThat(folder.resolve("machines.md")).content().contains(
                "| one | A, family 1, 2 cores | SIMD, 512-bit | 2026-11-28 | abcdef123456 | 10.0 GB/s",
                "| TPA | 150 | one | 30.0 µs ± 0 % | 5 % | 50 % |\n"
                        + "| TPA | 150 | two | 30.0 µs ± 0 % | 5 % | 50 % |\n",
                "| MHA | 150 | one | 18.8 µs ± 0 % | 80 % | 40 % |", "(plots/machines-tpa.svg)",
                "(plots/machines-mha.svg)");
        assertThat(folder.resolve("plots/machines-mha.svg")).content().contains(">one<", ">two<",
                ">share of each machine's own limit<");
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

    @Test
    void committedMachinesAreReadable() throws IOException {
        assertThat(Machines.read(Path.of("results")).runs()).hasSizeGreaterThan(1)
                .allSatisfy(run -> assertThat(run.operations("tpa", 65536)).endsWith(" %"));
    }
}
