package io.github.t6j.training.lora;

import io.github.t6j.ModelFormatException;
import io.github.t6j.RopeVariant;
import io.github.t6j.family.VariantName;
import io.github.t6j.family.lora.LoraConfig;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.training.layers.TrainingTensor;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.FileBytes;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Adapter in the folder of a checkpoint. In addition to PEFT's path, the metadata of its file identify the model that
 * it changes.
 *
 * @param model path of the model
 * @param variant RoPE variant of the model, or null if its files determine it
 * @param checksum checksum of the model's weights
 */
public record AdapterCheckpoint(Path folder, NewAdapter adapter, Path model, RopeVariant variant, String checksum) {
    private static final String CHECKSUM = "base_checksum";
    private static final String VARIANT = "base_variant";

    /**
     * Returns the metadata of a file of adapters.
     *
     * @param variant RoPE variant of the model, or null if its files determine it
     * @param frozen weights of the model
     */
    public static Map<String, String> metadata(RopeVariant variant, FrozenWeights frozen) {
        Map<String, String> metadata = new TreeMap<>(Map.of(CHECKSUM, checksum(frozen)));
        if (variant != null) {
            metadata.put(VARIANT, VariantName.of(variant));
        }
        return metadata;
    }

    private static String checksum(FrozenWeights frozen) {
        return Long.toHexString(frozen.checksum());
    }

    /**
     * Opens the adapter of a checkpoint.
     *
     * @throws ModelFormatException if it is damaged, or its model is missing
     */
    public static AdapterCheckpoint open(Path folder) {
        NewAdapter read = NewAdapter.read(folder);
        Path file = folder.resolve(LoraConfig.WEIGHTS);
        Path modelPath = Path.of(read.base());
        if (!Files.exists(modelPath)) {
            throw new ModelFormatException(folder.resolve(LoraConfig.NAME) + ": expected the model of the run at "
                    + modelPath + ", found no such file or folder: move it back, or edit base_model_name_or_path");
        }
        try (Checkpoint checkpoint = Checkpoint.open(file, true)) {
            Map<String, String> metadata = checkpoint.metadata();
            String stored = metadata.get(CHECKSUM);
            if (stored == null) {
                throw new ModelFormatException(file + ": expected " + CHECKSUM + " in its metadata, found none: the"
                        + " adapter is not of a checkpoint");
            }
            return new AdapterCheckpoint(folder, read, modelPath, variant(metadata, file), stored);
        }
    }

    private static RopeVariant variant(Map<String, String> metadata, Path file) {
        try {
            return metadata.containsKey(VARIANT) ? VariantName.parse(metadata.get(VARIANT)) : null;
        } catch (IllegalArgumentException unknown) {
            throw new ModelFormatException(file + ": " + unknown.getMessage(), unknown);
        }
    }

    /**
     * Checks that the model of a run has not changed.
     *
     * @param expected its checksum, or null for a new run
     * @throws ModelFormatException if it has changed
     */
    public static void check(Path model, String expected, FrozenWeights frozen) {
        if (expected != null && !expected.equals(checksum(frozen))) {
            throw new ModelFormatException(
                    model + ": expected the weights that the run began with, checksum " + expected
                            + ", found " + checksum(frozen) + ": restore the model, or begin a new run");
        }
    }

    /**
     * Reads A and B of each matrix.
     *
     * @throws ModelFormatException if a matrix is missing, unexpected, or has another shape
     */
    public void read(List<TrainingTensor> parameters) {
        Path file = folder.resolve(LoraConfig.WEIGHTS);
        try (Checkpoint checkpoint = Checkpoint.open(file, true)) {
            parameters.forEach(parameter -> read(parameter, checkpoint.tensors().get(parameter.spec().name()), file));
            int found = checkpoint.tensors().size();
            if (found != parameters.size()) {
                throw new ModelFormatException(file + ": expected " + parameters.size() + " matrices, found " + found
                        + ": it belongs to another model");
            }
        } catch (InternalError fault) { // a read past the end of a mapped file that was truncated
            throw FileBytes.truncated(file, fault);
        }
    }

    private static void read(TrainingTensor parameter, Tensor found, Path file) {
        TensorSpec spec = parameter.spec();
        if (found == null || found.dtype() != DType.F32 || !found.shape().equals(spec.shape())) {
            throw new ModelFormatException(file + ": " + spec.name() + ": expected F32 of shape "
                    + spec.shape() + ", found "
                    + (found == null ? "no such tensor" : found.dtype() + " of shape " + found.shape())
                    + ": it belongs to another model");
        }
        found.read(0, parameter.value(), 0, parameter.value().length);
    }
}
