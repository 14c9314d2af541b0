package io.github.t6j.weights.gguf;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Content of a GGUF file of version 2 or 3. The format, little-endian:
 *
 * <pre>
 *   "GGUF", version u32, number of tensors u64, number of keys u64
 *   keys      name, type u32, value        a string: length u64, UTF-8; an array: type u32, length u64, values
 *   tensors   name, dimensions u32, size of each u64 (columns first), type u32, offset u64
 *   data      from the next multiple of general.alignment (or 32) on; offsets count from there and are such multiples
 * </pre>
 *
 * @param metadata values by key, in the file's order: {@code Long} for integers, {@code Double}, {@code Boolean},
 *     {@code String}; {@code List<String>} for an array of strings; for an array of numbers a Java array with elements
 *     of the same width (byte[], short[], int[], long[], float[], double[], boolean[]). An unsigned integer that is too
 *     large for its Java type keeps its bits: a u64, or an element of an array
 * @param tensors by name, in the file's order, rows first: a matrix is [out, in]
 */
public record Gguf(Map<String, Object> metadata, Map<String, Tensor> tensors) {
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final byte[] MAGIC = {'G', 'G', 'U', 'F'};
    private static final String ALIGNMENT = "general.alignment";
    private static final long DEFAULT_ALIGNMENT = 32;
    private static final long MAX_ALIGNMENT = 1 << 30;
    private static final int MAX_KEYS = 1 << 16;
    private static final int MAX_TENSORS = 1 << 16;
    private static final int MAX_DIMENSIONS = 4;

    public Gguf {
        metadata = Collections.unmodifiableMap(metadata);
        tensors = Collections.unmodifiableMap(tensors);
    }

    /** Returns true if a file starts like a GGUF file. */
    public static boolean isGguf(MemorySegment file) {
        return file.byteSize() >= MAGIC.length
                && Arrays.equals(file.asSlice(0, MAGIC.length).toArray(BYTE), MAGIC);
    }

    /**
     * Parses everything before the data. Tensors are slices of {@code file}; metadata is copied from it.
     *
     * @param where name of the file in errors
     * @throws ModelFormatException if it is not a GGUF file, or has a tensor type that t6j does not read; the message
     *     names file, place, expected, found
     */
    public static Gguf parse(MemorySegment file, String where) {
        if (!isGguf(file)) {
            throw new ModelFormatException(where + ": expected GGUF as the first bytes, found others: not a GGUF file");
        }
        GgufReader in = new GgufReader(file, where);
        in.u32("magic");
        checkVersion(in);
        int tensors = in.count(MAX_TENSORS, "number of tensors");
        int keys = in.count(MAX_KEYS, "number of keys");
        Map<String, Object> metadata = metadata(in, keys);
        long alignment = alignment(in, metadata);
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < tensors; i++) {
            entries.add(Entry.read(in, i, alignment));
        }
        long start = in.at() + alignment - 1 & -alignment;
        checkPlaces(entries, file.byteSize() - start, in);
        Map<String, Tensor> byName = new LinkedHashMap<>();
        for (Entry e : entries) {
            Tensor tensor = new Tensor(e.name, e.dtype, e.shape, file.asSlice(start + e.offset, e.bytes));
            if (byName.put(e.name, tensor) != null) {
                throw in.wrong("tensor " + e.name, "a unique name", "a duplicate");
            }
        }
        return new Gguf(metadata, byName);
    }

    private static void checkVersion(GgufReader in) {
        int version = in.u32("version");
        if (version != 2 && version != 3) {
            String found = version == 1
                    ? "1: convert the model again with a recent llama.cpp"
                    : Integer.toUnsignedString(version)
                            + ((version & 0xffff) == 0 ? ": the file is big-endian, or damaged" : "");
            throw in.wrong("version", "2 or 3", found).asUnsupported();
        }
    }

    private static Map<String, Object> metadata(GgufReader in, int keys) {
        Map<String, Object> metadata = new LinkedHashMap<>();
        for (int i = 0; i < keys; i++) {
            String key = in.name("key " + i);
            if (metadata.containsKey(key)) {
                throw in.wrong("key " + key, "a unique name", "a duplicate");
            }
            metadata.put(key, in.value("key " + key));
        }
        return metadata;
    }

    private static long alignment(GgufReader in, Map<String, Object> metadata) {
        Object value = metadata.getOrDefault(ALIGNMENT, DEFAULT_ALIGNMENT);
        if (!(value instanceof Long alignment) || alignment < 1 || alignment > MAX_ALIGNMENT
                || Long.bitCount(alignment) != 1) {
            throw in.wrong("key " + ALIGNMENT, "a power of two up to " + MAX_ALIGNMENT,
                    value instanceof Number ? value.toString() : "a value that is not a number");
        }
        return alignment;
    }

    /**
     * Fails if a tensor is outside the data or overlaps another. Gaps are allowed, for alignment, and may hold
     * anything.
     */
    private static void checkPlaces(List<Entry> entries, long dataSize, GgufReader in) {
        List<Entry> sorted = new ArrayList<>(entries);
        sorted.sort(Comparator.comparingLong(Entry::offset));
        Entry previous = null;
        for (Entry e : sorted) {
            if (e.bytes > dataSize - e.offset) {
                throw in.wrong("tensor " + e.name, e.bytes + " bytes of data from " + e.offset, "only "
                        + Math.max(0, dataSize - e.offset) + ": the file is cut short, download it again");
            }
            if (previous != null && e.offset < previous.offset + previous.bytes) {
                throw in.wrong("tensor " + e.name, "its data after tensor " + previous.name + ", which ends at "
                        + (previous.offset + previous.bytes), e.offset + ": they overlap");
            }
            previous = e;
        }
    }

    /** Tensor of the header, checked on its own. */
    private record Entry(String name, DType dtype, List<Long> shape, long offset, long bytes) {

        static Entry read(GgufReader in, int number, long alignment) {
            String name = in.name("tensor " + number);
            String what = "tensor " + name;
            List<Long> shape = shape(in, what);
            DType dtype = GgmlTypes.dtype(in.u32(what), in, what);
            long columns = shape.getLast();
            boolean areMatrices = shape.size() == 2 || shape.size() == 3;
            if (dtype.isQuantized() && (!areMatrices || columns % dtype.blockSize() != 0)) {
                throw in.wrong(what,
                        "a matrix with rows of a multiple of " + dtype.blockSize() + " elements as " + dtype,
                        "shape " + shape);
            }
            long offset = in.u64(what);
            if (offset < 0 || offset % alignment != 0) {
                throw in.wrong(what, "an offset that is a multiple of " + alignment, Long.toUnsignedString(offset));
            }
            try {
                return new Entry(name, dtype, shape, offset, dtype.bytes(shape));
            } catch (ArithmeticException e) {
                throw in.wrong(what, "a shape that fits a file", shape.toString());
            }
        }

        private static List<Long> shape(GgufReader in, String what) {
            int dimensions = in.u32(what);
            if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
                throw in.wrong(what, "1 to " + MAX_DIMENSIONS + " dimensions", Integer.toUnsignedString(dimensions));
            }
            List<Long> shape = new ArrayList<>();
            for (int d = 0; d < dimensions; d++) {
                long size = in.u64(what);
                if (size < 1 || size > Integer.MAX_VALUE) {
                    throw in.wrong(what, "sizes from 1 to " + Integer.MAX_VALUE, Long.toUnsignedString(size));
                }
                shape.addFirst(size);
            }
            return shape;
        }
    }
}
