package io.github.t6j.jmh.peer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Logits of Gemma, Phi-3, Granite and SmolLM3 compared with llama.cpp's, from f32 GGUF files with short windows. */
@Tag("peer")
class LlamaDenseTest {
    private static final long SEED = 35;
    private static final int IDS = 150;
    private static final int THREADS = 2;
    private static final Results RESULTS = new Results("dense", "## Logits of Gemma, Phi-3, Granite and SmolLM3", "",
            "Weights of f32; " + IDS + " positions, " + DenseModel.VOCABULARY
                    + " logits each. Largest difference: of t6j's and"
                    + " llama.cpp's logits, divided by the largest logit. llama.cpp looks Gemma's GELU up in a table of f16.",
            "", "| model | largest difference | bound |", "|---|--:|--:|");

    @TempDir
    Path folder;

    @ParameterizedTest
    @MethodSource("io.github.t6j.jmh.peer.DenseModel#all")
    void t6jAgreesWithLlamaCpp(DenseModel shape) throws IOException {
        int[] ids = new Random(SEED).ints(IDS, 0, DenseModel.VOCABULARY).toArray();
        Path file = folder.resolve("f32.gguf");
        shape.write(file, SEED);
        float[][] expected;
        try (LlamaModel model = Llama.open().load(file); LlamaContext context = model.newContext(256, THREADS)) {
            expected = context.decode(ids);
        }
        double[] difference = {0};
        double[] largest = {0};
        try (Model model = Model.load(file, ModelOptions.defaults().withThreads(THREADS));
                Session session = model.newSession()) {
            session.prefill(ids, (position, found) -> {
                for (int id = 0; id < found.length; id++) {
                    float other = expected[position][id];
                    difference[0] = Math.max(difference[0], Math.abs(found[id] - other));
                    largest[0] = Math.max(largest[0], Math.abs(other));
                }
            });
        }
        RESULTS.add(
                String.format(Locale.ROOT, "| %s | %.1e | %.0e |", shape, difference[0] / largest[0], shape.bound()));
        assertThat(difference[0] / largest[0]).as("seed %d, largest logit %f", SEED, largest[0])
                .isLessThan(shape.bound());
    }

    @AfterAll
    static void write() throws IOException {
        RESULTS.write();
    }
}
