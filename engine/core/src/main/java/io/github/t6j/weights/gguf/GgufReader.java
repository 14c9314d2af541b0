package io.github.t6j.weights.gguf;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.SmallFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Reads the part of a GGUF file before its data, value by value. It checks that a value is inside the file before it
 * reads the value or allocates memory for it.
 */
final class GgufReader {
    /** Limit of a header, the same as for a tokenizer.json, which a header may contain. */
    static final int MAX_HEADER = SmallFile.TOKENIZER;

    /** Limit of a key or a tensor's name in bytes; GGML itself allows 63. */
    static final int MAX_NAME = 1024;

    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(LITTLE_ENDIAN);

    private static final int STRING = 8;
    private static final int ARRAY = 9;
    /** Number of bytes of a value by its type; the least for a string, none for an array. */
    private static final int[] BYTES = {1, 1, 2, 2, 4, 4, 4, 1, 8, 0, 8, 8, 8};

    private final MemorySegment file;
    private final String where;
    private long at;

    GgufReader(MemorySegment file, String where) {
        this.file = file;
        this.where = where;
    }

    /** Returns the offset of the next value. */
    long at() {
        return at;
    }

    /** Returns the offset of the next {@code bytes}, after checking that the file has them, and skips them. */
    private long take(long bytes, String what) {
        long rest = file.byteSize() - at;
        if (bytes > rest) {
            throw wrong(what, bytes + " bytes at " + at, "only " + rest + ": the file is cut short, download it again");
        }
        if (bytes > MAX_HEADER - at) {
            throw wrong(what, "keys and names of tensors to end before byte " + MAX_HEADER,
                    bytes + " more bytes at " + at + ": the file is damaged or malicious");
        }
        at += bytes;
        return at - bytes;
    }

    /** Returns the next u32 as an int; a value from 2³¹ on is negative. */
    int u32(String what) {
        return file.get(INT, take(Integer.BYTES, what));
    }

    /** Returns the next u64; a value from 2⁶³ on is negative. */
    long u64(String what) {
        return file.get(LONG, take(Long.BYTES, what));
    }

    /** Returns the next u64, which is a count. */
    int count(int max, String what) {
        long count = u64(what);
        if (count < 0 || count > max) {
            throw wrong(what, "at most " + max, Long.toUnsignedString(count)
                    + ": the file is damaged or malicious");
        }
        return (int) count;
    }

    /** Skips the next string, which ends at {@link #at}, and returns its length in bytes. */
    private int length(int max, String what) {
        long length = u64(what);
        long rest = file.byteSize() - at;
        if (length < 0 || length > rest) {
            throw wrong(what, "a string of " + Long.toUnsignedString(length) + " bytes at " + at, "only " + rest
                    + ": the file is cut short, or damaged");
        }
        if (length > max) {
            throw wrong(what, "a string of at most " + max + " bytes", Long.toString(length));
        }
        take(length, what);
        return (int) length;
    }

    private String string(int max, String what) {
        int length = length(max, what);
        return GgufStringArray.utf8(file.asSlice(at - length, length).asByteBuffer(), where + ": " + what);
    }

    /** Returns the next key or tensor name. */
    String name(String what) {
        String name = string(MAX_NAME, what);
        if (name.isEmpty() || name.chars().anyMatch(Character::isISOControl)) {
            throw wrong(what, "a name", name.isEmpty() ? "an empty string" : "control characters");
        }
        return name;
    }

    /** Returns the next value, which follows its type, in the form that {@link Gguf#metadata} describes. */
    Object value(String what) {
        int type = u32(what);
        if (type == ARRAY) {
            return array(what);
        }
        return switch (checked(type, what)) {
            case 0 -> file.get(BYTE, take(1, what)) & 0xffL;
            case 1 -> (long) file.get(BYTE, take(1, what));
            case 2 -> file.get(SHORT, take(2, what)) & 0xffffL;
            case 3 -> (long) file.get(SHORT, take(2, what));
            case 4 -> u32(what) & 0xffffffffL;
            case 5 -> (long) u32(what);
            case 6 -> (double) file.get(FLOAT, take(4, what));
            case 7 -> bool(file.get(BYTE, take(1, what)), what);
            case STRING -> string(MAX_HEADER, what);
            case 10, 11 -> u64(what);
            default -> file.get(DOUBLE, take(8, what));
        };
    }

    private int checked(int type, String what) {
        if (type < 0 || type >= BYTES.length) {
            throw wrong(what, "a value type from 0 to " + (BYTES.length - 1), Integer.toUnsignedString(type));
        }
        return type;
    }

    private Object array(String what) {
        int type = checked(u32(what), what);
        if (type == ARRAY) {
            throw wrong(what, "an array of numbers or strings", "an array of arrays");
        }
        long count = u64(what);
        long max = (Math.min(file.byteSize(), MAX_HEADER) - at) / BYTES[type];
        if (count < 0 || count > max) {
            throw wrong(what, "an array of " + Long.toUnsignedString(count) + " elements at " + at,
                    "space for only " + max + ": the file is cut short, or damaged");
        }
        if (type == STRING) {
            return strings((int) count, what);
        }
        long size = count * BYTES[type];
        MemorySegment elements = file.asSlice(take(size, what), size);
        return switch (type) {
            case 0, 1 -> elements.toArray(BYTE);
            case 2, 3 -> elements.toArray(SHORT);
            case 4, 5 -> elements.toArray(INT);
            case 6 -> elements.toArray(FLOAT);
            case 7 -> bools(elements, what);
            case 10, 11 -> elements.toArray(LONG);
            default -> elements.toArray(DOUBLE);
        };
    }

    private GgufStringArray strings(int count, String what) {
        long start = at;
        int[] ends = new int[count];
        for (int i = 0; i < count; i++) {
            length(MAX_HEADER, what);
            ends[i] = (int) (at - start);
        }
        byte[] bytes = file.asSlice(start, at - start).toArray(BYTE);
        return new GgufStringArray(bytes, ends, where + ": " + what);
    }

    private boolean[] bools(MemorySegment bytes, String what) {
        boolean[] bools = new boolean[(int) bytes.byteSize()];
        for (int i = 0; i < bools.length; i++) {
            bools[i] = bool(bytes.get(BYTE, i), what);
        }
        return bools;
    }

    private boolean bool(byte value, String what) {
        if ((value & 0xff) > 1) {
            throw wrong(what, "a bool of 0 or 1", Integer.toString(value & 0xff));
        }
        return value == 1;
    }

    ModelFormatException wrong(String what, String expected, String found) {
        return new ModelFormatException(where + ": " + what + ": expected " + expected + ", found " + found);
    }
}
