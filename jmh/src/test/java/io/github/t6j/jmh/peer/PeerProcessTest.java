package io.github.t6j.jmh.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands and answers of an engine in a process of its own, with an engine that counts its tokens. */
class PeerProcessTest {
    private static final PeerPlan PLAN =
            new PeerPlan("", List.of("mha"), List.of("q8_0"), 100, List.of(1100), 16, 1, 2, null, null);

    @TempDir
    private Path folder;

    private PeerProcess start(String type) throws IOException {
        return start("fake native", type);
    }

    private PeerProcess start(String name, String type) throws IOException {
        PeerEngine engine = new PeerEngine(name, "FakePeer.java", folder.toString(), "-Dfake=,native");
        return PeerProcess.start(engine, folder, "mha", type, Path.of("model.gguf"), PLAN);
    }

    @Test
    void commandsReachTheEngine() throws IOException {
        Files.writeString(folder.resolve("hotspot_compiler"), "inline java/lang/String.length\n");
        Files.writeString(folder.resolve("version"), "1.0\n");
        int filled = IntStream.of(PeerModel.ids(1100, 50304)).sum();
        try (PeerProcess process = start("q8_0")) {
            assertThat(process.description()).isEqualTo(
                    new PeerDescription("fake native", "1.0", "model.gguf q8_0 2 1117,native", "none", "f64",
                            Double.NaN));
            process.fill(1100); // in three pieces

            assertThat(process.logits(new int[] {3, 4})).containsExactly(1102, filled + 7, 4);
            process.write(new int[] {5, 6});
            assertThat(process.logits(new int[] {7})).containsExactly(1105, filled + 25, 7);
            process.rewind();
            process.read(new int[] {8, 9, 10});
            assertThat(process.logits(new int[] {11})).containsExactly(1104, filled + 38, 2);
            process.fill(0);
            assertThat(process.logits(new int[] {1})).containsExactly(1, 1, 1);
        }
    }

    /** Jlama, for example, computes in Java if its native library does not load. */
    @Test
    void anEngineWithOtherKernelsThanItsNameSaysIsAnError() {
        assertThatIllegalStateException().isThrownBy(() -> start("fake", "q8_0")).withMessage(
                "fake: expected kernels in Java, found model.gguf q8_0 2 1117,native; see its messages above");
    }

    @Test
    void anEngineThatDoesNotStartIsAnError() {
        assertThatIllegalStateException().isThrownBy(() -> start("broken")).withMessage(
                "fake native, mha: expected the answer ready, found the end of its output; see its messages above");
    }
}
