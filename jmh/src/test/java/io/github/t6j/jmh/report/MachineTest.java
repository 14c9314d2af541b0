package io.github.t6j.jmh.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.jmh.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** machine.json of this version and of earlier ones. */
class MachineTest {
    /** A run from before L3, family, version and commit existed. */
    private static final Path OLD = Path.of("src/test/resources/old-results/results.json");

    @TempDir
    private Path folder;

    @Test
    void theMachineIsDescribed() throws IOException {
        Machine machine = Machine.here("test");

        assertThat(machine.kernels()).startsWith("SIMD");
        assertThat(machine.cores()).isPositive();
        assertThat(machine.memory()).isPositive();
        assertThat(machine.thirdLevel()).isNotNegative();
        if (Files.exists(Path.of("/proc/cpuinfo"))) {
            assertThat(machine.family()).matches("(family [0-9]+, model [0-9]+|implementer 0x\\w+, part 0x\\w+)");
        }
        if (machine.commit() != null) { // null in a tree without git
            assertThat(machine.commit()).matches("[0-9a-f]{12,}(-dirty)?");
        }
    }

    @Test
    void itsJsonIsReadAsItWasWritten() throws IOException {
        Machine machine = new Machine("a CPU", "family 26, model 2", 2, 25.3, 33554432L, "Linux", "SIMD, 512-bit",
                "quick", "2026-11-26", "0.1.0", "0123456789ab");
        Path results = folder.resolve("results.json");

        Results.write(machine, results);

        assertThat(Results.machine(results)).isEqualTo(machine);
        assertThat(folder.resolve("machine.json")).content().contains("\"family\": \"family 26, model 2\"")
                .contains("\"thirdLevel\": 33554432").contains("\"version\": \"0.1.0\"")
                .contains("\"commit\": \"0123456789ab\"");
    }

    @Test
    void oldResultsNeedNoNewFields() throws IOException {
        Machine machine = Results.machine(OLD);

        assertThat(machine.cpu()).isEqualTo("AMD EPYC");
        assertThat(machine.family()).isNull();
        assertThat(machine.thirdLevelBytes()).isZero();
        assertThat(machine.processor()).isEqualTo("AMD EPYC");
        assertThat(machine.software()).isEqualTo("t6j, version not recorded");
        String text = Report.of(machine, Results.read(OLD)).markdown();
        assertThat(text).contains("t6j, version not recorded, on AMD EPYC, family not known, 2 cores; JDK 25.0.3, SIMD")
                .contains("| L3 | not known |").contains("| 31.5 GB/s ± 4 % | not measured |")
                .contains("| 161 % of memory read: memory was slower while the limit was measured, once in this run, or"
                        + " a part lay in L3, whose size is unknown |")
                .contains("| 153 % of memory read: equal within the errors |");
    }

    private static Machine machine(String kernels, String commit, String date) {
        return new Machine("CPU", "family 1", 2, 8, 0L, "Linux", kernels, "quick", date, "0.1.0", commit);
    }

    /** Another build would be mixed with the first; a run may go on the next day. */
    @Test
    void aRunGoesOnWithTheSameKernelsAndCommit() {
        Machine begun = machine("SIMD, 512-bit", "0123456789ab", "2026-11-30");

        assertThat(machine("SIMD, 512-bit", "0123456789ab", "2026-12-01").difference(begun)).isNull();
        assertThat(machine("SIMD, 512-bit", "0123456789ab-dirty", "2026-11-30").difference(begun))
                .isEqualTo("commit 0123456789ab instead of 0123456789ab-dirty");
        assertThat(machine("SIMD, 256-bit", "0123456789ab", "2026-11-30").difference(begun))
                .isEqualTo("kernels SIMD, 512-bit instead of SIMD, 256-bit");
        assertThat(machine("SIMD, 512-bit", "ba9876543210", "2026-11-30").difference(begun))
                .isEqualTo("commit 0123456789ab instead of ba9876543210");
        assertThat(begun.difference(Machine.unknown())).isEqualTo("suite unknown instead of quick");
    }
}
