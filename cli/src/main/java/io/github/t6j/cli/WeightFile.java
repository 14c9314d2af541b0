package io.github.t6j.cli;

import io.github.t6j.family.T6Family;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.Safetensors;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What the commands write as safetensors. */
final class WeightFile {
    static final String NAME = "model.safetensors";

    private WeightFile() {}

    /**
     * A tensor that is made when its turn to be written comes, so that a model may be larger than memory. What is no
     * matrix is not quantised, but f32.
     */
    static LazyTensor tensor(String name, DType dtype, List<Long> shape, Elements elements) {
        DType stored = stored(dtype, shape);
        return new LazyTensor(name, stored, shape, arena -> elements.write(stored, shape, arena));
    }

    /** {@code tensor} by another name and in another type; null: in its own. */
    static LazyTensor converted(String name, Tensor tensor, DType dtype) {
        boolean same = dtype == null || stored(dtype, tensor.shape()) == tensor.dtype() || !tensor.dtype().isFloating();
        LazyTensor made = same
                ? new LazyTensor(name, tensor.dtype(), tensor.shape(), arena -> tensor.data())
                : tensor(name, dtype, tensor.shape(), Elements.of(tensor, stored(dtype, tensor.shape())));
        return tensor.dtype().isQuantized() ? checked(made, tensor) : made;
    }

    private static LazyTensor checked(LazyTensor made, Tensor quantized) {
        return new LazyTensor(made.name(), made.dtype(), made.shape(), arena -> {
            Elements.checkScales(quantized);
            return made.data().apply(arena);
        });
    }

    private static DType stored(DType dtype, List<Long> shape) {
        return dtype.isQuantized() && shape.size() != 2 ? DType.F32 : dtype;
    }

    /** Writes a model whose tied embedding stands once, as lm_head.weight. */
    static void write(Path file, List<LazyTensor> tensors, Main main) {
        try (Progress progress = new Progress(main, "writing " + file)) {
            List<LazyTensor> watched = new ArrayList<>();
            for (LazyTensor tensor : tensors) {
                int place = watched.size();
                watched.add(new LazyTensor(tensor.name(), tensor.dtype(), tensor.shape(), arena -> {
                    progress.update(place, tensors.size());
                    return tensor.data().apply(arena);
                }));
            }
            Safetensors.writeLazily(file, Map.of("format", "pt", T6Family.EMBEDDING_NAME, T6Family.HEAD_NAME), watched);
        }
    }

    /** Writes the tensor {@code logits}, f32 [positions, vocabulary]. */
    static void writeLogits(Path file, MemorySegment rows, long positions, long vocabulary) {
        Tensor logits = new Tensor("logits", DType.F32, List.of(positions, vocabulary), rows);
        Safetensors.write(file, Map.of(), List.of(logits));
    }

    /** What config.json calls a type; it knows no quantised ones, whose other tensors are f32. */
    static String torchName(DType dtype) {
        return switch (dtype) {
            case F32, Q8_0, Q4_0 -> "float32";
            case F16 -> "float16";
            case BF16 -> "bfloat16";
            default -> throw new IllegalArgumentException("no weights of type " + dtype);
        };
    }
}
