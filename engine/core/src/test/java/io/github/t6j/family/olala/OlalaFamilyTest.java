package io.github.t6j.family.olala;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.TestData;
import io.github.t6j.attention.AttentionPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests Olala models with small ones whose logits the original classes computed in float64. */
@Tag("width")
class OlalaFamilyTest {
    private static final double TOLERANCE = 2e-4;
    private static final int CHUNK = 7;

    @TempDir
    Path folder;

    static List<String> cases() throws IOException {
        try (Stream<Path> folders = Files.list(TestData.path("golden_olala"))) {
            return folders.filter(Files::isDirectory).map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    private static Model load(String name) {
        return Model.load(TestData.path("golden_olala/" + name), ModelOptions.defaults().withThreads(2));
    }

    private static int[] ids(String name) {
        return TestData.ints(((Map<?, ?>) TestData.json("golden_olala/" + name + "/case.json").get("prompt"))
                .get("input_ids"));
    }

    /** Checks whole prompts, chunks and steps: all within the tolerance, with the same bits. */
    @ParameterizedTest
    @MethodSource("cases")
    void logitsEqualTheOriginal(String name) {
        int[] ids = ids(name);
        double[] expected = TestData.doubles("golden_olala/" + name + "/logits_f64.safetensors", "logits");
        try (Model model = load(name)) {
            assertThat(model.info().family()).isEqualTo("Olala");
            for (AttentionPath path : AttentionPath.values()) {
                check(ids, expected, model, path.of(SessionOptions.defaults()));
            }
        }
    }

    private static void check(int[] ids, double[] expected, Model model, SessionOptions options) {
        try (Session whole = model.newSession(options);
                Session chunks = model.newSession(options);
                Session steps = model.newSession(options)) {
            float[][] found = new float[ids.length][];
            whole.prefill(ids, (position, logits) -> found[position] = logits.clone());
            double worst = 0;
            for (int position = 0; position < ids.length; position++) {
                for (int id = 0; id < found[position].length; id++) {
                    double exact = expected[position * found[position].length + id];
                    worst = Math.max(worst, Math.abs(found[position][id] - exact));
                }
            }
            assertThat(worst).as("largest difference from float64").isCloseTo(0, within(TOLERANCE));
            for (int position = 0; position < ids.length; position++) {
                steps.step(ids[position]);
                assertThat(steps.logits()).as("step " + position).isEqualTo(found[position]);
            }
            for (int from = 0; from < ids.length; from += CHUNK) {
                chunks.prefill(Arrays.copyOfRange(ids, from, Math.min(from + CHUNK, ids.length)),
                        (position, logits) -> assertThat(logits).as("chunks, position " + position)
                                .isEqualTo(found[position]));
            }
        }
    }
}
