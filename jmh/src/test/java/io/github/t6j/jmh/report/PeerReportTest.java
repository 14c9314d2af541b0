package io.github.t6j.jmh.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.jmh.Machine;
import io.github.t6j.jmh.peer.PeerDescription;
import io.github.t6j.jmh.peer.PeerPlan;
import io.github.t6j.jmh.peer.PeerResults;
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
        PeerPlan plan = new PeerPlan("", List.of("t6", "mha"), List.of("q8_0"), 32, List.of(1024, 128), 32, 3, 2, null,
                null);

        new PeerReport(new PeerResults(plan, "25", List.of(), speeds)).write(Machine.unknown(), folder);

        assertThat(folder.resolve("summary.md")).content().contains(
                "| test | t6j T6 (bf16 cache) | t6j MHA (bf16 cache) | llama.cpp MHA (f16 cache) | MHA: t6j ÷ llama.cpp |",
                "| prompt of 32 | 720 (710) | 840 (820) | **2100 (2050)** | 0.40 × |",
                "| decode at 1024 | 99.0 (98.0) | 91.0 (90.0) | 72.0 (71.0) | 1.26 × |",
                "| decode at 128 | 99.0 (98.0) | 91.0 (90.0) | **182 (181)** | 0.50 × |", "(plots/peer-q8_0.svg)",
                "fastest of 3 rounds", "# Speed of t6j, llama.cpp: unknown", "; JDK 25, ",
                "llama.cpp's cache is f16, its default");
        assertThat(folder.resolve("report.html")).content().contains("data:image/svg+xml").contains("<strong>");
        assertThat(Files.readString(folder.resolve("plots/peer-q8_0.svg")))
                .contains(">t6j T6 (bf16 cache)<", ">llama.cpp MHA (f16 cache)<", ">tokens in the cache<");
    }

    /** Jlama has no GQA with wide heads and no k types: its cells there are dashes. */
    @Test
    void otherJavaEnginesHaveColumnsAndALineThatDescribesThem() throws IOException {
        List<PeerSpeed> speeds = List.of(speed("t6j", "mha", 128, 90), speed("jlama", "mha", 128, 60),
                speed("jlama native", "mha", 128, 100), speed("t6j", "gqa", 128, 95),
                new PeerSpeed("t6j", "mha", "q6_k", "bf16", 32, 128, new double[] {80}));
        PeerPlan plan = new PeerPlan("", List.of("mha", "gqa"), List.of("q8_0", "q6_k"), 32, List.of(128), 32, 1, 2,
                "jars", null);

        List<PeerDescription> engines = List.of(
                new PeerDescription("t6j", "1", "SIMD", "the file", "bf16", 0),
                new PeerDescription("jlama", "0.8.4", "Panama", "bf16 at load", "f32", 0.01),
                new PeerDescription("jlama", "0.8.4", "Panama", "bf16 at load", "f32", 0.02));
        new PeerReport(new PeerResults(plan, "25", engines, speeds)).write(Machine.unknown(), folder);

        assertThat(folder.resolve("summary.md")).content().contains(
                "| test | t6j MHA (bf16 cache) | jlama MHA (f16 cache) | jlama native MHA (f16 cache) "
                        + "| t6j GQA (bf16 cache) | MHA: t6j ÷ jlama | MHA: t6j ÷ jlama native |",
                "| decode at 128 | 90.0 (90.0) | 60.0 (60.0) | **100 (100)** | 95.0 (95.0) | 1.50 × | 0.90 × |",
                "| decode at 128 | 80.0 (80.0) | – | – | – | – | – |",
                "- t6j 1: SIMD; weights: the file; cache bf16.\n",
                "- jlama 0.8.4: Panama; weights: bf16 at load; cache f32; logits differ from t6j's by at most "
                        + "2.0e-02 of the largest.");
    }

    /** Native kernels have ratios of their own; llama.cpp is bold only if it is faster than both kinds of kernels. */
    @Test
    void bothKindsOfKernelsHaveRatios() throws IOException {
        List<PeerSpeed> speeds = List.of(speed("t6j", "mha", 128, 90), speed("t6j native", "mha", 128, 150),
                speed("llama.cpp", "mha", 128, 100));
        PeerPlan plan = new PeerPlan("", List.of("mha"), List.of("q8_0"), 32, List.of(128), 32, 1, 2, null, null);

        new PeerReport(new PeerResults(plan, "25", List.of(), speeds)).write(Machine.unknown(), folder);

        assertThat(folder.resolve("summary.md")).content().contains(
                "| MHA: t6j ÷ llama.cpp | MHA: t6j native ÷ llama.cpp |",
                "| decode at 128 | 90.0 (90.0) | 150 (150) | 100 (100) | 0.90 × | 1.50 × |");
    }
}
