package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.TestData;
import io.github.t6j.TestNumbers;
import io.github.t6j.training.files.ModelFiles;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tests the ablation of the MLRA checkpoints with gates, of which there is no golden model: golden models with random
 * gates against a float64 forward pass that reproduces the logits of the golden models.
 */
class GatedModelsTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"gqa, c_gated", "mha, gated_proj", "mla, gated_proj", "tpa_odd, gated_proj"})
    void gatesMultiplyTheOutputOfAttention(String name, String gate) throws IOException {
        Path golden = TestData.path("golden_mlra/" + name);
        SmallModels plain = SmallModels.read(golden, null);
        write(plain, gate, golden);
        SmallModels gated = SmallModels.read(folder, null);
        int[] ids = plain.ids(new Random(5), 70);
        double[][] expected = new Float64Model(gated).logits(ids);
        try (Model model = Model.load(folder);
                Session session = model.newSession(
                        SessionOptions.defaults().withContextLength(80))) {
            assertThat(model.info().attention().name()).endsWith(", gated");
            session.prefill(Arrays.copyOf(ids, 66), (at, logits) -> check(at, logits, expected));
            for (int at = 66; at < ids.length; at++) {
                session.step(ids[at]);
                check(at, session.logits(), expected);
            }
        }
        assertThatThrownBy(() -> TrainableModel.load(folder, null, 1)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("cannot train it yet");
    }

    private static void check(int position, float[] logits, double[][] expected) {
        for (int i = 0; i < logits.length; i++) {
            assertThat((double) logits[i]).as("logit %d of position %d", i, position)
                    .isCloseTo(expected[position][i], within(2e-4));
        }
    }

    private void write(SmallModels plain, String gate, Path golden) throws IOException {
        List<LazyTensor> tensors = new ArrayList<>();
        plain.specs().forEach(spec -> tensors.add(
                ModelFiles.tensor(spec.name(), spec.shape(), plain.weights().get(spec.name()))));
        Random random = new Random(3);
        long width = plain.config().sizes().width();
        long values = (long) plain.config().attention().heads() * plain.config().attention().valueDim();
        for (int layer = 0; layer < plain.config().sizes().layers(); layer++) {
            tensors.add(ModelFiles.tensor(
                    "transformer.h." + layer + ".attn." + gate + ".weight", List.of(values, width),
                    TestNumbers.uniform(random, (int) (values * width), 0.5f)));
        }
        Safetensors.writeLazily(folder.resolve("model.safetensors"), Map.of(), tensors);
        Files.copy(golden.resolve("config.json"), folder.resolve("config.json"));
    }
}
