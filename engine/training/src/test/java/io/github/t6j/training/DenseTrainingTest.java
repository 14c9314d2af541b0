package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Training of Phi-3, whose fused matrices are Mistral's; other models of these families are refused. */
class DenseTrainingTest {
    private static final long SEED = 35;
    private static final int LENGTH = 40;
    private static final Map<String, List<String>> PARTS = Map.of(
            "self_attn.qkv_proj", List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
            "mlp.gate_up_proj", List.of("mlp.gate_proj", "mlp.up_proj"));

    @TempDir
    Path folder;

    private static List<String> parts(String name) {
        return PARTS.entrySet().stream().filter(entry -> name.contains(entry.getKey()))
                .map(entry -> entry.getValue().stream().map(part -> name.replace(entry.getKey(), part)).toList())
                .findFirst().orElse(List.of(name));
    }

    /** Writes the model with Mistral's names: equal parts of the fused rows, since heads and key heads are as many. */
    private void writeAsMistral(Path phi3) throws IOException {
        List<Tensor> tensors = new ArrayList<>();
        try (Checkpoint checkpoint = Checkpoint.open(phi3, false)) {
            checkpoint.tensors().forEach((name, tensor) -> {
                List<String> parts = parts(name);
                float[] elements = tensor.toFloats();
                int size = elements.length / parts.size();
                for (int i = 0; i < parts.size(); i++) {
                    long[] shape = tensor.shape().stream().mapToLong(n -> n).toArray();
                    shape[0] /= parts.size();
                    tensors.add(Tensor.of(parts.get(i), Arrays.copyOfRange(elements, i * size, (i + 1) * size), shape));
                }
            });
        }
        Safetensors.write(folder.resolve("model.safetensors"), Map.of(), tensors);
        Map<String, Object> config = new LinkedHashMap<>(TestData.json(phi3.resolve("config.json")));
        config.putAll(Map.of("model_type", "mistral", "num_key_value_heads", config.get("num_attention_heads"),
                "architectures", List.of("MistralForCausalLM")));
        Files.writeString(folder.resolve("config.json"), Json.write(config));
    }

    @Test
    void gradientsOfFusedMatricesAreThoseOfTheirParts() throws IOException {
        Path phi3 = TestData.path("golden_more/phi3-window");
        writeAsMistral(phi3);
        int[] ids = new Random(SEED).ints(LENGTH + 1, 0, 262).toArray();
        int[] inputs = Arrays.copyOf(ids, LENGTH);
        int[] targets = Arrays.copyOfRange(ids, 1, LENGTH + 1);
        try (TrainableModel fused = TrainableModel.load(phi3, null, 2);
                TrainableModel split = TrainableModel.load(folder, null, 2)) {
            assertThat(fused.lossAndGradient(inputs, targets, 1, LENGTH, 1f))
                    .isEqualTo(split.lossAndGradient(inputs, targets, 1, LENGTH, 1f));
            Map<String, float[]> gradients =
                    split.parameters().stream().collect(Collectors.toMap(Parameter::name, Parameter::gradient));
            for (Parameter parameter : fused.parameters()) {
                List<String> parts = parts(parameter.name());
                int size = parameter.gradient().length / parts.size();
                for (int i = 0; i < parts.size(); i++) {
                    assertThat(Arrays.copyOfRange(parameter.gradient(), i * size, (i + 1) * size))
                            .as("seed " + SEED + ", " + parts.get(i)).isEqualTo(gradients.get(parts.get(i)));
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "gemma3-window  | multipliers, caps and activation: expected those of Llama, found GQA (gemma3_text)",
        "gemma2-window  | multipliers, caps and activation: expected those of Llama, found GQA (gemma2)",
        "granite-scaled | multipliers, caps and activation: expected those of Llama, found GQA (granite)",
        "phi3-longrope  | RoPE: expected one for all layers and lengths, found GQA (phi3)"
    })
    void otherModelsAreRejected(String name, String message) {
        assertThatThrownBy(() -> TrainableModel.load(TestData.path("golden_more/" + name), null, 1))
                .isInstanceOf(ModelFormatException.class).hasMessageContaining("training: " + message);
    }
}
