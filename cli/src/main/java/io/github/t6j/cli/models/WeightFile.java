package io.github.t6j.cli.models;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.DiskSpace;
import io.github.t6j.cli.io.Progress;
import io.github.t6j.family.t6.T6Family;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.TensorReader;
import io.github.t6j.weights.safetensors.Safetensors;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes the safetensors files of the commands. */
public final class WeightFile {
    public static final String NAME = "model.safetensors";

    private WeightFile() {}

    /**
     * Returns a tensor that is computed when it is written, so that a model may be larger than memory. Only matrices
     * are quantised; in a quantised model, other tensors are f32.
     */
    static LazyTensor tensor(String name, DType dtype, List<Long> shape, Elements elements) {
        DType stored = stored(dtype, shape);
        return new LazyTensor(name, stored, shape, arena -> elements.write(stored, shape, arena));
    }

    /**
     * Returns {@code tensor} under another name, with elements of {@code reader}.
     *
     * @param reader returns the tensor's elements when it is written
     */
    static LazyTensor converted(String name, Tensor tensor, TensorReader reader) {
        return new LazyTensor(
                name, reader.dtype(tensor), tensor.shape(), arena -> reader.whole(tensor, arena).data());
    }

    private static DType stored(DType dtype, List<Long> shape) {
        return dtype.isQuantized() && shape.size() != 2 ? DType.F32 : dtype;
    }

    /**
     * Writes a model, after checking that it fits on the disk.
     *
     * @param tied true if its embedding is stored once, as lm_head.weight, like in the official files
     */
    static void write(Path file, List<LazyTensor> tensors, boolean tied, Main main) {
        DiskSpace.check(file, tensors.stream().mapToLong(LazyTensor::bytes).sum());
        try (Progress progress = new Progress(main, "writing " + file)) {
            List<LazyTensor> watched = new ArrayList<>();
            for (LazyTensor tensor : tensors) {
                int place = watched.size();
                watched.add(new LazyTensor(tensor.name(), tensor.dtype(), tensor.shape(), arena -> {
                    progress.update(place, tensors.size());
                    return tensor.data().apply(arena);
                }));
            }
            Map<String, String> metadata = new TreeMap<>(Map.of("format", "pt"));
            if (tied) {
                metadata.put(T6Family.EMBEDDING_NAME, T6Family.HEAD_NAME);
            }
            Safetensors.writeLazily(file, metadata, watched);
        }
    }

    /** Writes the tensor {@code logits}, f32 [positions, vocabulary]. */
    public static void writeLogits(Path file, MemorySegment rows, long positions, long vocabulary) {
        Tensor logits = new Tensor("logits", DType.F32, List.of(positions, vocabulary), rows);
        Safetensors.write(file, Map.of(), List.of(logits));
    }

    /** Returns config.json's name of a type; it has no names for quantised types, whose other tensors are f32. */
    static String torchName(DType dtype) {
        if (dtype.isQuantized()) {
            return "float32";
        }
        return switch (dtype) {
            case F32 -> "float32";
            case F16 -> "float16";
            case BF16 -> "bfloat16";
            default -> throw new IllegalArgumentException("expected a type of weights, found " + dtype);
        };
    }
}
