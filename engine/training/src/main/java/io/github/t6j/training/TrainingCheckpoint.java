package io.github.t6j.training;

import io.github.t6j.ModelFormatException;
import io.github.t6j.training.files.FolderReplacement;
import io.github.t6j.training.files.ModelFiles;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.FileBytes;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.SmallFile;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import io.github.t6j.weights.safetensors.Safetensors;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Checkpoint of a training run: the folder of a model with {@code training.json} and {@code optimizer.safetensors},
 * which has m and v of every parameter as NAME.exp_avg and NAME.exp_avg_sq, torch's names.
 *
 * @param json contents of training.json
 */
record TrainingCheckpoint(Path folder, TrainingJson json) {
    private static final String TRAINING = "training.json";
    private static final String OPTIMIZER = "optimizer.safetensors";
    private static final String MEAN = ".exp_avg";
    private static final String SQUARE = ".exp_avg_sq";

    /**
     * Opens the checkpoint in {@code folder}; one whose replacement was interrupted is recovered.
     *
     * @throws ModelFormatException if the folder is not a checkpoint or training.json is invalid
     */
    static TrainingCheckpoint open(Path folder) {
        FolderReplacement.recover(folder);
        Path file = folder.resolve(TRAINING);
        if (!Files.exists(file)) {
            throw new ModelFormatException(
                    file + ": expected a checkpoint of a training run, found no such file: give a checkpoint's folder");
        }
        return new TrainingCheckpoint(
                folder, TrainingJson.parse(SmallFile.read(file, SmallFile.CONFIG), file.toString()));
    }

    /** Writes the folder atomically, with the {@code files} of the model; an existing checkpoint is replaced. */
    void write(ModelFiles files, List<Parameter> parameters, AdamW optimizer) {
        byte[] training = json.write().getBytes(StandardCharsets.UTF_8);
        FolderReplacement.write(folder, part -> {
            files.write(part, parameters.stream().map(Parameter::tensor).toList());
            writeMoments(part, parameters, optimizer);
            SmallFile.write(part.resolve(TRAINING), training);
        });
    }

    private static void writeMoments(Path folder, List<Parameter> parameters, AdamW optimizer) {
        List<LazyTensor> tensors = new ArrayList<>();
        for (int i = 0; i < parameters.size(); i++) {
            Parameter parameter = parameters.get(i);
            tensors.add(ModelFiles.tensor(parameter.name() + MEAN, parameter.shape(), optimizer.means().get(i)));
            tensors.add(ModelFiles.tensor(parameter.name() + SQUARE, parameter.shape(), optimizer.squares().get(i)));
        }
        Safetensors.writeLazily(folder.resolve(OPTIMIZER), Map.of(), tensors);
    }

    /** @throws ModelFormatException if a tensor is missing, unexpected, or has another shape */
    void readMoments(List<Parameter> parameters, AdamW optimizer) {
        Path file = folder.resolve(OPTIMIZER);
        try (Checkpoint checkpoint = Checkpoint.open(file, true)) {
            Map<String, Tensor> tensors = checkpoint.tensors();
            for (int i = 0; i < parameters.size(); i++) {
                Parameter parameter = parameters.get(i);
                read(tensors, parameter, MEAN, optimizer.means().get(i), file);
                read(tensors, parameter, SQUARE, optimizer.squares().get(i), file);
            }
            if (tensors.size() != 2 * parameters.size()) {
                throw new ModelFormatException(file + ": expected " + 2 * parameters.size() + " tensors, found "
                        + tensors.size() + ": it belongs to another model");
            }
        } catch (InternalError fault) { // a read past the end of a mapped file that was truncated
            throw FileBytes.truncated(file, fault);
        }
    }

    private static void read(
            Map<String, Tensor> tensors, Parameter parameter, String suffix, float[] into, Path file) {
        Tensor tensor = tensors.get(parameter.name() + suffix);
        if (tensor == null || tensor.dtype() != DType.F32 || !tensor.shape().equals(parameter.shape())) {
            throw new ModelFormatException(file + ": " + parameter.name() + suffix + ": expected F32 of shape "
                    + parameter.shape() + ", found "
                    + (tensor == null ? "no such tensor" : tensor.dtype() + " of shape " + tensor.shape())
                    + ": it belongs to another model");
        }
        tensor.read(0, into, 0, into.length);
    }
}
