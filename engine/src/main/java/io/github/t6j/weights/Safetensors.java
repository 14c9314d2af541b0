package io.github.t6j.weights;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a safetensors file holds. The format: the length of the header (u64), the header (JSON: name → dtype, shape,
 * data_offsets [begin, end) counted from the header's end), then the tensors' bytes without overlap or hole. It knows no
 * quantised types: {@link QuantizedTensors} says how they are written.
 *
 * @param metadata the header's {@code __metadata__}, without what it says of quantised tensors; empty when there is none
 * @param tensors by name, in the header's order
 */
public record Safetensors(Map<String, String> metadata, Map<String, Tensor> tensors) {
    /** What the official reader accepts. */
    static final long MAX_HEADER = 100_000_000;
    static final int LENGTH_BYTES = 8;
    static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final String METADATA = "__metadata__";

    /**
     * Reads {@code file}; it is mapped, and must stay as it is, while {@code arena} is open.
     *
     * @throws ModelFormatException when it is not a safetensors file; the message names file, tensor, expected, found
     * @throws java.io.UncheckedIOException when it cannot be read
     */
    public static Safetensors read(Path file, Arena arena) {
        return parse(FileBytes.load(file, arena), file.toString());
    }

    /**
     * Writes {@code tensors} in the order given, the header padded with spaces to a multiple of 8 bytes. The file is
     * complete or not there at all: a failure leaves what was there before.
     *
     * @param metadata becomes {@code __metadata__}, if not empty
     * @throws IllegalArgumentException when two tensors have one name
     * @throws java.io.UncheckedIOException when it cannot be written
     */
    public static void write(Path file, Map<String, String> metadata, List<Tensor> tensors) {
        writeLazily(file, metadata, tensors.stream().map(LazyTensor::of).toList());
    }

    /** {@link #write} for tensors that are made one at a time. */
    public static void writeLazily(Path file, Map<String, String> metadata, List<LazyTensor> tensors) {
        write(file, metadata, tensors, false);
    }

    /** {@link #writeLazily} of a file that, if it was not there before, is for its owner alone. */
    public static void writePrivately(Path file, Map<String, String> metadata, List<LazyTensor> tensors) {
        write(file, metadata, tensors, true);
    }

    private static void write(
            Path file, Map<String, String> metadata, List<LazyTensor> tensors, boolean ownerOnly) {
        byte[] header = SafetensorsWriter.header(metadata, tensors);
        try {
            SafetensorsWriter.replace(Replacement.of(file, ownerOnly), header, tensors);
        } catch (IOException e) {
            throw FileBytes.failed(file, "cannot be written", e);
        }
    }

    /**
     * Looks whether a file can be written there, before the work that makes its content.
     *
     * @throws java.io.UncheckedIOException if not: no such folder, no permission, or no regular file
     */
    public static void checkWritable(Path file) {
        try {
            Replacement.of(file, false);
        } catch (IOException e) {
            throw FileBytes.failed(file, "cannot be written", e);
        }
    }

    /** The tensors of a file with the bytes {@code file}, as slices of them. */
    static Safetensors parse(MemorySegment file, String where) {
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
        long length = file.get(LENGTH, 0);
        if (length < 2 || length > MAX_HEADER) {
            throw new ModelFormatException(where + ": expected a safetensors header of 2 to " + MAX_HEADER
                    + " bytes, found a length of " + Long.toUnsignedString(length)
                    + ": neither a safetensors, nor a torch, nor a GGUF file");
        }
        if (length > file.byteSize() - LENGTH_BYTES) {
            throw new ModelFormatException(where + ": expected a safetensors header of " + length + " bytes, found "
                    + (file.byteSize() - LENGTH_BYTES) + ": the file is cut short, or no safetensors file");
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

    /** Every byte belongs to one tensor: else two readers could see two models in one file. */
    private static void checkCover(List<Entry> tensors, long dataSize, String where) {
        List<Entry> sorted = new ArrayList<>(tensors);
        sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        long next = 0;
        String previous = "the header";
        for (Entry e : sorted) {
            if (e.begin != next) {
                throw new ModelFormatException(where + ": tensor " + e.name + ": expected its data at " + next
                        + ", the end of " + previous + ", found " + e.begin + ": "
                        + (e.begin < next ? "they overlap" : "there is a hole"));
            }
            next = e.end;
            previous = "tensor " + e.name;
        }
        if (next != dataSize) {
            throw new ModelFormatException(where + ": expected the end of the file after " + previous + ", found "
                    + (dataSize - next) + " more bytes");
        }
    }

    /** One tensor of the header, checked by itself. */
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
            throw new ModelFormatException(where + ": expected a dtype of "
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
