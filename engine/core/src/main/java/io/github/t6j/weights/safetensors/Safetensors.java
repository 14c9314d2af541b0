package io.github.t6j.weights.safetensors;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.FileBytes;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.LittleEndian;
import io.github.t6j.weights.Replacement;
import io.github.t6j.weights.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Content of a safetensors file. The format: the length of the header (u64), the header (JSON: name → dtype, shape,
 * data_offsets [begin, end) counted from the header's end), then the tensors' bytes without overlap or gap. The format
 * has no quantised types; {@link QuantizedTensors} defines how they are written.
 *
 * @param metadata the header's {@code __metadata__}, without the entry for quantised tensors; empty if there is none
 * @param tensors by name, in the header's order
 */
public record Safetensors(Map<String, String> metadata, Map<String, Tensor> tensors) {
    /** Largest header that the official reader accepts, in bytes. */
    public static final long MAX_HEADER = 100_000_000;
    static final int LENGTH_BYTES = 8;
    static final String METADATA = "__metadata__";

    /**
     * Reads {@code file}. It is mapped, and must not change while {@code arena} is open.
     *
     * @throws ModelFormatException if it is not a safetensors file; the message names file, tensor, expected, found
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static Safetensors read(Path file, Arena arena) {
        return parse(FileBytes.load(file, arena), file.toString());
    }

    /**
     * Writes {@code tensors} in the order given, after a header padded with spaces to a multiple of 8 bytes. If writing
     * fails, the previous file, if any, stays as it was.
     *
     * @param metadata becomes {@code __metadata__}, unless it is empty
     * @throws IllegalArgumentException if two tensors have the same name
     * @throws java.io.UncheckedIOException if the file cannot be written
     */
    public static void write(Path file, Map<String, String> metadata, List<Tensor> tensors) {
        writeLazily(file, metadata, tensors.stream().map(LazyTensor::of).toList());
    }

    /** Writes tensors as {@link #write} does, computing them one at a time. */
    public static void writeLazily(Path file, Map<String, String> metadata, List<LazyTensor> tensors) {
        write(file, metadata, tensors, false);
    }

    /** Writes tensors as {@link #writeLazily} does; only the owner may read the file, if it did not exist before. */
    public static void writePrivately(Path file, Map<String, String> metadata, List<LazyTensor> tensors) {
        write(file, metadata, tensors, true);
    }

    private static void write(Path file, Map<String, String> metadata, List<LazyTensor> tensors, boolean ownerOnly) {
        byte[] header = SafetensorsWriter.header(metadata, tensors);
        try {
            SafetensorsWriter.replace(Replacement.of(file, ownerOnly), header, tensors);
        } catch (IOException e) {
            throw FileBytes.failed(file, "cannot be written", e);
        }
    }

    /**
     * Checks that a file can be written, before the work that computes its content.
     *
     * @throws java.io.UncheckedIOException if the folder is missing or not writable, or {@code file} is not a regular
     *     file
     */
    public static void checkWritable(Path file) {
        try {
            Replacement.of(file, false);
        } catch (IOException e) {
            throw FileBytes.failed(file, "cannot be written", e);
        }
    }

    /** Parses a file; its tensors are slices of {@code file}. */
    public static Safetensors parse(MemorySegment file, String where) {
        MemorySegment header = header(file, where);
        MemorySegment data = file.asSlice(LENGTH_BYTES + header.byteSize());
        Map<String, Object> entries =
                Json.parseObject(header.toArray(ValueLayout.JAVA_BYTE), where + ": safetensors header");
        Map<String, String> metadata = new LinkedHashMap<>();
        List<Entry> tensors = new ArrayList<>();
        for (Map.Entry<String, Object> entry : entries.entrySet()) {
            if (entry.getKey().equals(METADATA)) {
                metadata = metadata(entry.getValue(), where);
            } else {
                tensors.add(Entry.of(entry.getKey(), entry.getValue(), data.byteSize(), where));
            }
        }
        checkCover(tensors, data.byteSize(), where);
        Map<String, Tensor> byName = new LinkedHashMap<>();
        for (Entry e : tensors) {
            byName.put(e.name, new Tensor(e.name, e.dtype, e.shape, data.asSlice(e.begin, e.end - e.begin)));
        }
        String quantized = metadata.remove(QuantizedTensors.KEY);
        if (quantized != null) {
            QuantizedTensors.restore(quantized, byName, where);
        }
        return new Safetensors(metadata, byName);
    }

    private static MemorySegment header(MemorySegment file, String where) {
        if (file.byteSize() < LENGTH_BYTES) {
            throw new ModelFormatException(where + ": expected a safetensors header, found a file of only "
                    + file.byteSize() + " bytes");
        }
        long length = file.get(LittleEndian.LONG, 0);
        if (length < 2 || length > MAX_HEADER) {
            throw new ModelFormatException(where + ": expected a safetensors header of 2 to " + MAX_HEADER
                    + " bytes, found a length of " + Long.toUnsignedString(length)
                    + ": not a safetensors, torch or GGUF file");
        }
        if (length > file.byteSize() - LENGTH_BYTES) {
            throw new ModelFormatException(where + ": expected a safetensors header of " + length + " bytes, found "
                    + (file.byteSize() - LENGTH_BYTES) + ": the file is cut short, or is not a safetensors file");
        }
        return file.asSlice(LENGTH_BYTES, length);
    }

    private static Map<String, String> metadata(Object value, String where) {
        Map<String, String> metadata = new LinkedHashMap<>();
        Json.object(value, where + ": " + METADATA).forEach((key, text) -> {
            if (!(text instanceof String string)) {
                throw new ModelFormatException(where + ": " + METADATA + ": expected a string for " + key + ", found "
                        + Json.writeLine(text));
            }
            metadata.put(key, string);
        });
        return metadata;
    }

    /**
     * Checks that every byte belongs to exactly one tensor. Otherwise two readers could see two different models in one
     * file.
     */
    private static void checkCover(List<Entry> tensors, long dataSize, String where) {
        List<Entry> sorted = new ArrayList<>(tensors);
        sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        long next = 0;
        String previous = "the header";
        for (Entry e : sorted) {
            if (e.begin != next) {
                throw new ModelFormatException(where + ": tensor " + e.name + ": expected its data at " + next
                        + ", the end of " + previous + ", found " + e.begin + ": "
                        + (e.begin < next ? "they overlap" : "there is a gap"));
            }
            next = e.end;
            previous = "tensor " + e.name;
        }
        if (next != dataSize) {
            throw new ModelFormatException(where + ": expected the end of the file after " + previous + ", found "
                    + (dataSize - next) + " more bytes");
        }
    }

    /** Tensor of the header, checked on its own. */
    private record Entry(String name, DType dtype, List<Long> shape, long begin, long end) {

        static Entry of(String name, Object value, long dataSize, String file) {
            String where = file + ": tensor " + name;
            Map<String, Object> fields = Json.object(value, where);
            DType dtype = dtype(fields.get("dtype"), where);
            List<Long> shape = sizes(fields, "shape", where);
            List<Long> offsets = sizes(fields, "data_offsets", where);
            if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
                throw new ModelFormatException(where + ": expected data_offsets [begin, end] with begin ≤ end, found "
                        + offsets);
            }
            long begin = offsets.get(0);
            long end = offsets.get(1);
            if (end > dataSize) {
                throw new ModelFormatException(where + ": expected data up to byte " + end + ", found only " + dataSize
                        + ": the file is cut short, download it again");
            }
            long bytes;
            try {
                bytes = dtype.bytes(shape);
            } catch (ArithmeticException e) {
                throw new ModelFormatException(where + ": shape " + shape + " is too large for any file", e);
            }
            if (bytes != end - begin) {
                throw new ModelFormatException(where + ": shape " + shape + " of " + dtype + " expects " + bytes
                        + " bytes, found " + (end - begin) + " in data_offsets " + offsets);
            }
            return new Entry(name, dtype, shape, begin, end);
        }

        private static DType dtype(Object value, String where) {
            for (DType dtype : DType.values()) {
                if (dtype.name().equals(value) && !dtype.isQuantized()) {
                    return dtype;
                }
            }
            throw ModelFormatException.unsupported(where + ": expected a dtype of "
                    + Arrays.stream(DType.values()).filter(dtype -> !dtype.isQuantized()).toList()
                    + ", found " + Json.writeLine(value));
        }

        private static List<Long> sizes(Map<String, Object> fields, String key, String where) {
            List<Long> sizes = new ArrayList<>();
            for (Object size : Json.array(fields.get(key), where + ": " + key)) {
                if (!(size instanceof Long number) || number < 0) {
                    throw new ModelFormatException(where + ": " + key + ": expected whole numbers ≥ 0, found "
                            + Json.writeLine(fields.get(key)));
                }
                sizes.add(number);
            }
            return sizes;
        }
    }
}
