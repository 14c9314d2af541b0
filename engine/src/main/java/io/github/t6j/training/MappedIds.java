package io.github.t6j.training;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.FileBytes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * Ids one after the other in a mapped file, or in memory.
 *
 * @param file where they are from, for errors
 * @param bytes of all of them, little-endian
 * @param first which id of the file the first of them is
 * @param width bytes of an id: 2 (unsigned) or 4
 */
record MappedIds(Path file, MemorySegment bytes, long first, int width) {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Ids in memory, off the heap. */
    static MappedIds of(int[] ids, Arena arena) {
        return new MappedIds(Path.of("ids"), arena.allocateFrom(INT, ids), 0, Integer.BYTES);
    }

    long count() {
        return bytes.byteSize() / width;
    }

    /** Those from {@code from} to {@code to}. */
    MappedIds part(long from, long to) {
        return new MappedIds(file, bytes.asSlice(from * width, (to - from) * width), first + from, width);
    }

    /** Copies {@code count} ids from {@code from} on. @throws ModelFormatException if one is not below {@code vocabulary} */
    void read(long from, int[] into, int offset, int count, int vocabulary) {
        try {
            for (int i = 0; i < count; i++) {
                int id = width == 2 ? bytes.getAtIndex(SHORT, from + i) & 0xFFFF : bytes.getAtIndex(INT, from + i);
                if (id < 0 || id >= vocabulary) {
                    throw new ModelFormatException(file + ": id " + (first + from + i) + ": expected 0 to "
                            + (vocabulary - 1)
                            + ", found " + Integer.toUnsignedString(id) + "; was it made with another tokenizer?");
                }
                into[offset + i] = id;
            }
        } catch (InternalError fault) { // of a mapped file
            throw FileBytes.cutShort(file, fault);
        }
    }
}
