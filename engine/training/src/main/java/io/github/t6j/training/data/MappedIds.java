package io.github.t6j.training.data;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.FileBytes;
import io.github.t6j.weights.LittleEndian;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Consecutive ids in a mapped file or in memory.
 *
 * @param file source of the ids, for error messages
 * @param bytes bytes of all ids, little-endian
 * @param first index in the file of the first id
 * @param width bytes of an id: 2 (unsigned) or 4
 */
public record MappedIds(Path file, MemorySegment bytes, long first, int width) {

    /** Copies ids into off-heap memory. */
    public static MappedIds of(int[] ids, Arena arena) {
        return new MappedIds(Path.of("ids"), arena.allocateFrom(LittleEndian.INT, ids), 0, Integer.BYTES);
    }

    /** Returns the number of ids. */
    public long count() {
        return bytes.byteSize() / width;
    }

    /** Returns the ids from {@code from} to {@code to}. */
    public MappedIds part(long from, long to) {
        return new MappedIds(file, bytes.asSlice(from * width, (to - from) * width), first + from, width);
    }

    /**
     * Copies {@code count} ids from {@code from} on.
     *
     * @throws ModelFormatException if an id is not below {@code vocabulary}, or the file was truncated meanwhile
     */
    public void read(long from, int[] into, int offset, int count, int vocabulary) {
        try {
            for (int i = 0; i < count; i++) {
                int id = width == 2
                        ? bytes.getAtIndex(LittleEndian.SHORT, from + i) & 0xFFFF
                        : bytes.getAtIndex(LittleEndian.INT, from + i);
                if (id < 0 || id >= vocabulary) {
                    throw new ModelFormatException(file + ": id " + (first + from + i) + ": expected 0 to "
                            + (vocabulary - 1)
                            + ", found " + Integer.toUnsignedString(id) + ": was it made with another tokenizer?");
                }
                into[offset + i] = id;
            }
        } catch (InternalError fault) { // a read past the end of a mapped file that was truncated
            throw FileBytes.truncated(file, fault);
        }
    }
}
