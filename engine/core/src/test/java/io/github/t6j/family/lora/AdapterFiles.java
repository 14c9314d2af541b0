package io.github.t6j.family.lora;

import io.github.t6j.TestNumbers;
import io.github.t6j.json.Json;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Adapters with random matrices, as PEFT stores them, and models that have them merged in float64. */
final class AdapterFiles {
    /** Keys that PEFT 0.15 writes, for rank 5 and alpha 12. */
    static final Map<String, Object> CONFIG = config();

    private AdapterFiles() {}

    private static Map<String, Object> config() {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("alpha_pattern", Map.of());
        config.put("auto_mapping", null);
        config.put("base_model_name_or_path", "org/base");
        config.put("bias", "none");
        config.put("fan_in_fan_out", false);
        config.put("inference_mode", true);
        config.put("init_lora_weights", true);
        config.put("layer_replication", null);
        config.put("layers_pattern", null);
        config.put("layers_to_transform", null);
        config.put("loftq_config", Map.of());
        config.put("lora_alpha", 12L);
        config.put("lora_bias", false);
        config.put("lora_dropout", 0.05);
        config.put("megatron_config", null);
        config.put("modules_to_save", null);
        config.put("peft_type", "LORA");
        config.put("r", 5L);
        config.put("rank_pattern", Map.of());
        config.put("target_modules", List.of("q_proj", "v_proj"));
        config.put("task_type", "CAUSAL_LM");
        config.put("trainable_token_indices", null);
        config.put("use_dora", false);
        config.put("use_rslora", false);
        return config;
    }

    static Map<String, Object> with(String key, Object value) {
        Map<String, Object> changed = new LinkedHashMap<>(CONFIG);
        changed.put(key, value);
        return changed;
    }

    static Map<String, Object> with(String key, Object value, String other, Object otherValue) {
        Map<String, Object> changed = with(key, value);
        changed.put(other, otherValue);
        return changed;
    }

    /** A module with its matrices: a [rank][inputs], b [outputs][rank]. */
    record Module(String name, int outputs, int inputs, int rank, float[] a, float[] b) {
        static Module random(Tensor matrix, int rank, Random random) {
            int outputs = Math.toIntExact(matrix.shape().get(0));
            int inputs = Math.toIntExact(matrix.shape().get(1));
            return new Module(matrix.name().replaceFirst("\\.weight$", ""), outputs, inputs, rank,
                    TestNumbers.normal(random, rank * inputs, 0.05), TestNumbers.normal(random, outputs * rank, 0.05));
        }

        List<Tensor> tensors() {
            return List.of(tensor("A", a, rank, inputs), tensor("B", b, outputs, rank));
        }

        private Tensor tensor(String which, float[] elements, long rows, long columns) {
            return Tensor.of("base_model.model." + name + ".lora_" + which + ".weight", elements, rows, columns);
        }
    }

    static Path write(Path folder, Map<String, Object> config, List<Tensor> tensors) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("adapter_config.json"), Json.write(config));
        Safetensors.write(folder.resolve("adapter_model.safetensors"), Map.of("format", "pt"), tensors);
        return folder;
    }

    static Path writeModules(Path folder, Map<String, Object> config, List<Module> modules) throws IOException {
        return write(folder, config, modules.stream().flatMap(module -> module.tensors().stream()).toList());
    }

    /** Adds scale · B · A to elements of f32, in float64: another order of the sums than the engine's. */
    static void merge(float[] elements, Module module, double scale, double[] exact) {
        for (int row = 0; row < module.outputs; row++) {
            for (int column = 0; column < module.inputs; column++) {
                double product = 0;
                for (int k = module.rank - 1; k >= 0; k--) {
                    product += (double) module.b[row * module.rank + k] * module.a[k * module.inputs + column];
                }
                exact[row * module.inputs + column] += scale * product;
            }
        }
        for (int i = 0; i < elements.length; i++) {
            elements[i] = (float) exact[i];
        }
    }

    /** An adapter with the scale of each of its modules, computed by the test. */
    record Merge(Module module, double scale) {}

    /** Writes a model of f32 with the changes merged, in the order of the list. */
    static Path writeMerged(Path source, Path folder, List<Merge> merges) throws IOException {
        Files.createDirectories(folder);
        Files.copy(source.resolve("config.json"), folder.resolve("config.json"));
        List<Tensor> tensors = new ArrayList<>();
        try (Checkpoint checkpoint = Checkpoint.open(source, false)) {
            for (Tensor tensor : checkpoint.tensors().values()) {
                float[] elements = tensor.toFloats();
                double[] exact = TestNumbers.doubles(elements);
                for (Merge merge : merges) {
                    if (tensor.name().equals(merge.module.name + ".weight")) {
                        merge(elements, merge.module, merge.scale, exact);
                    }
                }
                tensors.add(Tensor.of(tensor.name(), DType.F32, elements,
                        tensor.shape().stream().mapToLong(size -> size).toArray()));
            }
            Safetensors.write(folder.resolve("model.safetensors"), checkpoint.metadata(), tensors);
        }
        return folder;
    }
}
