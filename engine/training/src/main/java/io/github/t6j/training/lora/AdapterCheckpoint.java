package io.github.t6j.training.lora;

import io.github.t6j.ModelFormatException;
import io.github.t6j.RopeVariant;
import io.github.t6j.family.VariantName;
import io.github.t6j.family.lora.NewAdapter;
import io.github.t6j.training.Parameter;
import io.github.t6j.training.Trainer;
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
 * Adapter in the folder of a checkpoint. The metadata of its file say which model it belongs to, besides PEFT's path.
 *
 * @param base the model
 * @param checksum checksum of the model's weights
 */
public record AdapterCheckpoint(Path folder, NewAdapter adapter, Trainer.Base base, String checksum) {
    private static final String CHECKSUM = "base_checksum";
    private static final String VARIANT = "base_variant";

    /** Returns the entries of a file of adapters of {@code base}. */
    public static Map<String, String> metadata(Trainer.Base base, FrozenWeights frozen) {
        Map<String, String> metadata = new TreeMap<>(Map.of(CHECKSUM, checksum(frozen)));
        if (base.variant() != null) {
            metadata.put(VARIANT, VariantName.of(base.variant()));
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
        NewAdapter adapter = NewAdapter.read(folder);
        Path file = folder.resolve(NewAdapter.WEIGHTS);
        Path base = Path.of(adapter.base());
        if (!Files.exists(base)) {
            throw new ModelFormatException(folder.resolve(NewAdapter.CONFIG) + ": expected the model of the run at "
                    + base + ", found no such file or folder: move it back, or edit base_model_name_or_path");
        }
        try (Checkpoint checkpoint = Checkpoint.open(file, true)) {
            Map<String, String> metadata = checkpoint.metadata();
            String checksum = metadata.get(CHECKSUM);
            if (checksum == null) {
                throw new ModelFormatException(file + ": expected " + CHECKSUM + " in its metadata, found none: the"
                        + " adapter is not of a checkpoint");
            }
            return new AdapterCheckpoint(folder, adapter, new Trainer.Base(base, variant(metadata, file)), checksum);
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
     * @throws ModelFormatException if it has
     */
    public static void check(Path base, String expected, FrozenWeights frozen) {
        if (expected != null && !expected.equals(checksum(frozen))) {
            throw new ModelFormatException(base + ": expected the weights that the run began with, checksum " + expected
                    + ", found " + checksum(frozen) + ": restore the model, or begin a new run");
        }
    }

    /** Reads A and B. @throws ModelFormatException if a matrix is missing, unexpected, or has another shape */
    public void read(List<Parameter> parameters) {
        Path file = folder.resolve(NewAdapter.WEIGHTS);
        try (Checkpoint checkpoint = Checkpoint.open(file, true)) {
            parameters.forEach(parameter -> read(parameter, checkpoint.tensors().get(parameter.name()), file));
            int found = checkpoint.tensors().size();
            if (found != parameters.size()) {
                throw new ModelFormatException(file + ": expected " + parameters.size() + " matrices, found " + found
                        + ": it belongs to another model");
            }
        } catch (InternalError fault) { // a read past the end of a mapped file that was truncated
            throw FileBytes.truncated(file, fault);
        }
    }

    private static void read(Parameter parameter, Tensor found, Path file) {
        if (found == null || found.dtype() != DType.F32 || !found.shape().equals(parameter.shape())) {
            throw new ModelFormatException(file + ": " + parameter.name() + ": expected F32 of shape "
                    + parameter.shape() + ", found "
                    + (found == null ? "no such tensor" : found.dtype() + " of shape " + found.shape())
                    + ": it belongs to another model");
        }
        found.read(0, parameter.value(), 0, parameter.value().length);
    }
}
