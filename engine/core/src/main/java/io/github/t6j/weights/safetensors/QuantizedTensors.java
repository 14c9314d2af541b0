package io.github.t6j.weights.safetensors;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.Tensor;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Form of quantised matrices [out, in] in a safetensors file. The bytes are a U8 tensor [out, bytes of a row's blocks],
 * such as [out, ⌈in/32⌉ · 34] (Q8_0) or [out, ⌈in/256⌉ · 144] (Q4_K). The file's metadata has their type and shape, as
 * the text of a JSON object:
 *
 * <pre>
 *   "t6j.quantized": {"lm_head.weight": {"type": "q8_0", "shape": [4096, 256]}, …}
 * </pre>
 */
final class QuantizedTensors {
    static final String KEY = "t6j.quantized";

    private static final Map<String, DType> TYPES =
            Stream.of(DType.values()).filter(dtype -> dtype.isQuantized() && dtype != DType.IQ4_NL)
                    .collect(Collectors.toMap(QuantizedTensors::word, dtype -> dtype, (a, b) -> a, LinkedHashMap::new));

    private QuantizedTensors() {}

    /** Returns the shape of a matrix's bytes. */
    static List<Long> storedShape(DType dtype, List<Long> shape) {
        return List.of(shape.get(0),
                Math.multiplyExact(Math.ceilDiv(shape.get(1), dtype.blockSize()), dtype.bytes()));
    }

    private static String word(DType dtype) {
        return dtype.name().toLowerCase(Locale.ROOT);
    }

    /** Returns the metadata entry for the quantised tensors among {@code tensors}. */
    static String describe(List<LazyTensor> tensors) {
        Map<String, Object> entries = new LinkedHashMap<>();
        for (LazyTensor tensor : tensors) {
            if (tensor.dtype().isQuantized()) {
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("type", word(tensor.dtype()));
                entry.put("shape", tensor.shape());
                entries.put(tensor.name(), entry);
            }
        }
        return Json.writeLine(entries);
    }

    /**
     * Replaces the byte tensors in {@code tensors} by the matrices that they encode.
     *
     * @param json an entry written by {@link #describe}
     * @throws ModelFormatException if the entry does not match the tensors; the message begins with {@code where}
     */
    static void restore(String json, Map<String, Tensor> tensors, String where) {
        String what = where + ": " + Safetensors.METADATA + ": " + KEY;
        Map<String, Object> entries = Json.parseObject(json.getBytes(StandardCharsets.UTF_8), what);
        entries.forEach((name, entry) -> {
            Tensor stored = tensors.get(name);
            if (stored == null) {
                throw new ModelFormatException(what + ": found " + name + ", but the file has no tensor of that name");
            }
            tensors.put(name, restore(stored, Json.object(entry, what + ": " + name), where + ": tensor " + name));
        });
        for (Tensor tensor : tensors.values()) {
            if (tensor.dtype() == DType.U8 && tensor.shape().size() == 2) {
                throw new ModelFormatException(what + ": expected an entry for the bytes of tensor " + tensor.name()
                        + ", found none: convert the model again");
            }
        }
    }

    private static Tensor restore(Tensor stored, Map<String, Object> entry, String where) {
        DType dtype = entry.get("type") instanceof String type ? TYPES.get(type) : null;
        if (dtype == null) {
            throw ModelFormatException.unsupported(
                    where + ": expected one of the types " + String.join(", ", TYPES.keySet()) + " in "
                            + KEY + ", found "
                            + Json.writeLine(entry.get("type")));
        }
        List<Object> sizes = Json.array(entry.get("shape"), where + ": " + KEY + ": shape");
        if (sizes.size() != 2 || !(sizes.get(0) instanceof Long out) || !(sizes.get(1) instanceof Long in)
                || out < 0 || in < 0 || in > Integer.MAX_VALUE) {
            throw new ModelFormatException(where + ": expected a matrix's shape [out, in] in " + KEY + ", found "
                    + Json.writeLine(sizes));
        }
        List<Long> shape = List.of(out, in);
        if (stored.dtype() != DType.U8 || !stored.shape().equals(storedShape(dtype, shape))) {
            throw new ModelFormatException(where + ": " + dtype + " " + shape + " expects U8 "
                    + storedShape(dtype, shape) + ", found " + stored.dtype() + " " + stored.shape());
        }
        return new Tensor(stored.name(), dtype, shape, stored.data());
    }
}
