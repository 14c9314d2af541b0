package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.TestData;
import io.github.t6j.TestNumbers;
import io.github.t6j.training.files.ModelFiles;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the ablation of the MLRA checkpoints with gates, which runs and cannot be trained. */
class GatedModelsTest {
    @TempDir
    Path folder;

    @Test
    void trainingIsRefused() throws IOException {
        Path golden = TestData.path("golden_mlra/mha");
        SmallModels plain = SmallModels.read(golden, null);
        List<LazyTensor> tensors = new ArrayList<>();
        plain.specs().forEach(spec -> tensors.add(
                ModelFiles.tensor(spec.name(), spec.shape(), plain.weights().get(spec.name()))));
        long width = plain.config().sizes().width();
        long values = (long) plain.config().attention().heads() * plain.config().attention().valueDim();
        for (int layer = 0; layer < plain.config().sizes().layers(); layer++) {
            tensors.add(ModelFiles.tensor(
                    "transformer.h." + layer + ".attn.gated_proj.weight", List.of(values, width),
                    TestNumbers.uniform(new Random(3), (int) (values * width), 0.5f)));
        }
        Safetensors.writeLazily(folder.resolve("model.safetensors"), Map.of(), tensors);
        Files.copy(golden.resolve("config.json"), folder.resolve("config.json"));
        assertThatThrownBy(() -> TrainableModel.load(folder, null, 1)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("cannot train it yet");
    }
}
