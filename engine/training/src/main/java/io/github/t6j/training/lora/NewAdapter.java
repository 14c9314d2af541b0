package io.github.t6j.training.lora;

import io.github.t6j.ModelFormatException;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.lora.LoraConfig;
import io.github.t6j.json.Json;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.weights.SmallFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adapter that training writes in PEFT's layout.
 *
 * @param rank rank of all modules
 * @param alpha the scale of B · A is alpha/rank
 * @param base path of the model that the adapter changes
 */
public record NewAdapter(int rank, double alpha, String base) {
    private static final String PREFIX = "base_model.model.";
    private static final String MATRIX = ".weight";

    /** Returns true if the folder at {@code path} has an adapter and no model. */
    public static boolean isIn(Path path) {
        return Files.exists(path.resolve(LoraConfig.NAME)) && !Files.exists(path.resolve("config.json"));
    }

    /**
     * Reads adapter_config.json of an adapter that training wrote.
     *
     * @throws ModelFormatException if it is not one; the message names the key
     */
    public static NewAdapter read(Path folder) {
        Path file = folder.resolve(LoraConfig.NAME);
        Map<String, Object> keys = Json.parseObject(SmallFile.read(file, SmallFile.CONFIG), file.toString());
        new LoraConfig(keys, file.toString());
        ConfigJson json = new ConfigJson(keys, file.toString());
        String base = json.text("base_model_name_or_path", "");
        if (base.isBlank()) {
            throw json.wrong("base_model_name_or_path", "the path of a model", "none");
        }
        return new NewAdapter(json.required("r", "the rank of the adapter"), json.number("lora_alpha", 8), base);
    }

    /** Returns the factor A of the change of a matrix, [rank, inputs]. */
    public TensorSpec a(TensorSpec matrix) {
        return factor(matrix, "A", List.of((long) rank, matrix.shape().getLast()));
    }

    /** Returns the factor B of the change of a matrix, [outputs, rank]. */
    public TensorSpec b(TensorSpec matrix) {
        return factor(matrix, "B", List.of(matrix.shape().getFirst(), (long) rank));
    }

    private static TensorSpec factor(TensorSpec matrix, String name, List<Long> shape) {
        return new TensorSpec(
                PREFIX + module(matrix) + ".lora_" + name + MATRIX, null, shape, matrix.role(), matrix.layer());
    }

    private static String module(TensorSpec matrix) {
        return matrix.name().replaceFirst("\\.weight$", "");
    }

    /** Returns the keys of adapter_config.json of an adapter of these matrices. */
    public Map<String, Object> configJson(List<TensorSpec> matrices) {
        List<String> modules = matrices.stream().map(NewAdapter::module)
                .map(module -> module.substring(module.lastIndexOf('.') + 1)).distinct().sorted().toList();
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("base_model_name_or_path", base);
        keys.put("bias", "none");
        keys.put("fan_in_fan_out", false);
        keys.put("inference_mode", true);
        keys.put("init_lora_weights", true);
        keys.put("lora_alpha", alpha == Math.rint(alpha) ? (Object) (long) alpha : (Object) alpha);
        keys.put("lora_dropout", 0.0);
        keys.put("modules_to_save", null);
        keys.put("peft_type", "LORA");
        keys.put("r", (long) rank);
        keys.put("target_modules", new ArrayList<>(modules));
        keys.put("task_type", "CAUSAL_LM");
        return keys;
    }
}
