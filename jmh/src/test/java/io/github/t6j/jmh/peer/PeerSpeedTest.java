package io.github.t6j.jmh.peer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.training.presets.Presets;
import io.github.t6j.weights.DType;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The files of the comparison of speeds, and the comparison itself with small models. */
class PeerSpeedTest {
    /** The vocabulary of the measured models, since the ids are chosen from it. */
    private static final PeerShape SMALL = new PeerShape(96, 2, 3, 1, 32, 160, 50304);

    @TempDir
    private Path folder;

    @Test
    void t6jReadsTheFilesThatItWrites() throws IOException {
        Path llama = folder.resolve("small.gguf");
        LlamaFile.write(llama, SMALL);
        Path t6 = folder.resolve("tiny");
        PeerShape.writeT6(t6, Presets.of("tiny"), DType.Q8_0);

        for (Path file : List.of(llama, t6)) {
            try (Model model = Model.load(file); Session session = model.newSession()) {
                session.prefill(1, 2, 3);
                float[] logits = session.logits();
                assertThat(IntStream.range(0, logits.length)).allMatch(i -> Float.isFinite(logits[i]))
                        .anyMatch(i -> logits[i] != 0);
            }
        }
    }

    @Tag("peer")
    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16", "Q8_0", "Q4_0"})
    void bothEnginesRunTheSameFile(LlamaFileType type) throws IOException {
        Path unrounded = folder.resolve("small.gguf");
        LlamaFile.write(unrounded, SMALL);
        Path file = folder.resolve("typed.gguf");
        Llama llama = Llama.open();
        llama.quantize(unrounded, file, type);
        PeerPlan plan = new PeerPlan("", List.of("mha"), List.of("q8_0"), 100, List.of(70), 8, 2, 1, null, null);
        PrintStream quiet = new PrintStream(OutputStream.nullOutputStream());

        PeerRun run = new PeerRun(plan, folder.resolve("peer.json"), 0, quiet);
        run.measure(type.name(), List.of(PeerModel.t6j("mha", file, plan.contextLength(), 1, null),
                PeerModel.llama("mha", llama, file, plan.contextLength(), 1)));
        List<PeerSpeed> speeds = run.results().speeds();

        assertThat(speeds).extracting(speed -> speed.engine() + " " + speed.test()).containsExactly(
                "t6j prompt of 100", "llama.cpp prompt of 100", "t6j decode at 70", "llama.cpp decode at 70");
        assertThat(speeds).allSatisfy(speed -> assertThat(speed.median()).isPositive());
    }
}
