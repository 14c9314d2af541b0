package io.github.t6j.training.files;

import io.github.t6j.family.VariantJson;
import io.github.t6j.family.lora.LoraConfig;
import io.github.t6j.json.Json;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.tokenizer.json.TokenizerFiles;
import io.github.t6j.training.layers.TrainingTensor;
import io.github.t6j.training.lora.NewAdapter;
import io.github.t6j.weights.CopiedFile;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.SmallFile;
import io.github.t6j.weights.safetensors.Safetensors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Contents of the files of a trained model except its weights: config.json, t6j.json, the tokenizer. An adapter has
 * adapter_config.json and the tokenizer.
 *
 * @param files contents by file name
 * @param weights name of the file with the parameters
 * @param metadata entries of that file besides the format
 */
public record ModelFiles(Map<String, byte[]> files, String weights, Map<String, String> metadata) {
    private static final String WEIGHTS = "model.safetensors";

    /** Creates the files of a model with these keys of config.json, without a tokenizer. */
    public static ModelFiles of(Map<String, Object> configJson, VariantJson variant) {
        Map<String, Object> config = new LinkedHashMap<>(configJson);
        config.put(config.containsKey("dtype") ? "dtype" : "torch_dtype", "float32");
        Map<String, byte[]> all = new LinkedHashMap<>(Map.of("config.json", json(config)));
        if (!variant.keys().isEmpty()) {
            Map<String, Object> keys = new LinkedHashMap<>(variant.keys());
            keys.put("format", 1L);
            all.put("t6j.json", json(keys));
        }
        return new ModelFiles(all, WEIGHTS, Map.of());
    }

    /**
     * Creates the files of an adapter, without a tokenizer.
     *
     * @param matrices the matrices that it changes
     */
    public static ModelFiles of(NewAdapter adapter, List<TensorSpec> matrices, Map<String, String> metadata) {
        return new ModelFiles(
                Map.of(LoraConfig.NAME, json(adapter.configJson(matrices))), LoraConfig.WEIGHTS, metadata);
    }

    /** Adds the tokenizer that {@link io.github.t6j.tokenizer.Tokenizer#load} finds at {@code path}. */
    public ModelFiles withTokenizer(Path path) {
        return with(TokenizerFiles.copy(path));
    }

    /** Adds the files of {@code folder} with defaults for sampling and end-of-text ids, if any. */
    public ModelFiles withGeneration(Path folder) {
        return with(CopiedFile.generation(folder));
    }

    /** Adds or replaces a text file. */
    public ModelFiles with(String name, String text) {
        return with(Map.of(name, text.getBytes(StandardCharsets.UTF_8)));
    }

    /** Adds or replaces files. */
    public ModelFiles with(Map<String, byte[]> further) {
        Map<String, byte[]> all = new LinkedHashMap<>(files);
        all.putAll(further);
        return new ModelFiles(all, weights, metadata);
    }

    private static byte[] json(Map<String, Object> keys) {
        return Json.write(keys).getBytes(StandardCharsets.UTF_8);
    }

    /** Writes all files, and the parameters as f32 under their names. Each file is written atomically. */
    public void write(Path folder, List<TrainingTensor> parameters) {
        files.forEach((name, bytes) -> SmallFile.write(folder.resolve(name), bytes));
        Map<String, String> entries = new TreeMap<>(metadata);
        entries.put("format", "pt");
        List<LazyTensor> tensors = new ArrayList<>();
        for (TrainingTensor parameter : parameters) {
            TensorSpec spec = parameter.spec();
            tensors.add(tensor(spec.name(), spec.shape(), parameter.value()));
            if (spec.alias() != null) {
                entries.put(spec.alias(), spec.name()); // the safetensors convention for tied tensors
            }
        }
        Safetensors.writeLazily(folder.resolve(weights), entries, tensors);
    }

    /** Returns a tensor of f32 elements, to be written to a file. */
    public static LazyTensor tensor(String name, List<Long> shape, float[] values) {
        return new LazyTensor(name, DType.F32, shape, arena -> bytes(values, arena));
    }

    private static MemorySegment bytes(float[] values, Arena arena) {
        MemorySegment bytes = arena.allocate(4L * values.length, 64);
        MemorySegment.copy(values, 0, bytes, ValueLayout.JAVA_FLOAT, 0, values.length);
        return bytes;
    }
}
