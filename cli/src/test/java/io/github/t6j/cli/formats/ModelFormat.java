package io.github.t6j.cli.formats;

import io.github.t6j.json.Json;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** File formats of a model. */
public enum ModelFormat {
    /** model.safetensors. */
    SAFETENSORS,
    /** Three files of safetensors, and their index. */
    SHARDS,
    /** pytorch_model.bin. */
    TORCH,
    /** One .gguf file, without config.json. */
    GGUF;

    private static final int SHARD_COUNT = 3;

    /** Returns true if files of this format can have matrices of {@code dtype}. */
    public boolean holds(DType dtype) {
        return switch (this) {
            case SAFETENSORS, SHARDS, GGUF -> true;
            case TORCH -> !dtype.isQuantized();
        };
    }

    /** Returns true if files of this format can have models of {@code kind}. */
    public boolean holds(ModelKind kind) {
        return this != GGUF || kind.isInGguf();
    }

    /** Creates a model with random weights that this format supports. */
    public StoredModel random(ModelKind kind, ModelSizes sizes, DType dtype, long seed) {
        boolean blocks = this == GGUF && dtype.isQuantized();
        ModelSizes fitting = blocks ? sizes.inBlocks(dtype.blockSize()) : sizes;
        return StoredModel.random(kind.plan(fitting), dtype, !blocks, seed);
    }

    /** Writes a model into a new folder. @return path to load: the folder, or the file in it */
    public Path write(StoredModel model, Path folder) throws IOException {
        Files.createDirectory(folder);
        if (this == GGUF) {
            Path file = folder.resolve("model.gguf");
            GgufWriter.write(file, model.config(), model.tensors());
            return file;
        }
        Files.writeString(folder.resolve("config.json"), Json.write(model.config()));
        if (!model.variant().isEmpty()) {
            Files.writeString(folder.resolve("t6j.json"), Json.write(model.variant()));
        }
        switch (this) {
            case SAFETENSORS -> Safetensors.write(folder.resolve("model.safetensors"), Map.of(), model.tensors());
            case SHARDS -> writeShards(model.tensors(), folder);
            case TORCH -> TorchWriter.write(folder.resolve("pytorch_model.bin"), model.tensors(), model.aliases());
            default -> throw new AssertionError(this);
        }
        return folder;
    }

    private static void writeShards(List<Tensor> tensors, Path folder) throws IOException {
        Map<String, Object> files = new TreeMap<>();
        for (int shard = 0; shard < SHARD_COUNT; shard++) {
            String name = "model-0000" + (shard + 1) + "-of-0000" + SHARD_COUNT + ".safetensors";
            List<Tensor> inShard = new ArrayList<>();
            for (int i = shard; i < tensors.size(); i += SHARD_COUNT) {
                inShard.add(tensors.get(i));
                files.put(tensors.get(i).name(), name);
            }
            Safetensors.write(folder.resolve(name), Map.of("format", "pt"), inShard);
        }
        Files.writeString(folder.resolve("model.safetensors.index.json"),
                Json.write(Map.of("metadata", Map.of(), "weight_map", files)));
    }
}
