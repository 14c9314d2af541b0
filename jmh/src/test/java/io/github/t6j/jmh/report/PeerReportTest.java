package io.github.t6j.jmh.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.jmh.Machine;
import io.github.t6j.jmh.peer.PeerPlan;
import io.github.t6j.jmh.peer.PeerSpeed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Table and figures of t6j next to llama.cpp, of known speeds. */
class PeerReportTest {
    @TempDir
    private Path folder;

    private static PeerSpeed speed(String engine, String model, int depth, double... speeds) {
        return new PeerSpeed(engine, model, "q8_0", engine.equals("t6j") ? "bf16" : "f16", 32, depth, speeds);
    }

    @Test
    void rowsHaveBothEnginesAndTheirRatio() throws IOException {
        List<PeerSpeed> speeds = List.of(speed("t6j", "t6", -1, 700, 720, 710), speed("t6j", "mha", -1, 800, 840, 820),
                speed("llama.cpp", "mha", -1, 2100, 2000, 2050), speed("t6j", "t6", 1024, 98, 97, 99),
                speed("t6j", "mha", 1024, 90, 91, 88), speed("llama.cpp", "mha", 1024, 70, 72, 71),
                speed("t6j", "t6", 128, 98, 97, 99), speed("t6j", "mha", 128, 90, 91, 88),
                speed("llama.cpp", "mha", 128, 182, 180, 181));
        PeerPlan plan = new PeerPlan("", List.of("t6", "mha"), List.of("q8_0"), 32, List.of(1024, 128), 32, 3, 2);

        new PeerReport(speeds).write(Machine.unknown(), plan, "report --peer LLAMA", folder);

        assertThat(folder.resolve("summary.md")).content().contains(
                "| test | t6j T6 (bf16 cache) | t6j MHA (bf16 cache) | llama.cpp MHA (f16 cache) | MHA: t6j ÷ llama.cpp |",
                "| prompt of 32 | 720 (710) | 840 (820) | **2100 (2050)** | 0.40 × |",
                "| decode at 1024 | 99.0 (98.0) | 91.0 (90.0) | 72.0 (71.0) | 1.26 × |",
                "| decode at 128 | 99.0 (98.0) | 91.0 (90.0) | **182 (181)** | 0.50 × |", "(plots/peer-q8_0.svg)",
                "fastest of 3 rounds", "llama.cpp's cache is f16, its default");
        assertThat(folder.resolve("report.html")).content().contains("data:image/svg+xml").contains("<strong>");
        assertThat(Files.readString(folder.resolve("plots/peer-q8_0.svg")))
                .contains(">t6j T6 (bf16 cache)<", ">llama.cpp MHA (f16 cache)<", ">tokens in the cache<");
    }
}
