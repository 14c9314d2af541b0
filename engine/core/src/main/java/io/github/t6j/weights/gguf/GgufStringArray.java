package io.github.t6j.weights.gguf;

import io.github.t6j.ModelFormatException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.Objects;
import java.util.RandomAccess;

/**
 * Array of strings of a GGUF file, usually a vocabulary. Each string is decoded on access; it occupies the bytes that
 * it has in the file, and an int. Access to a string that is not UTF-8 throws a {@link ModelFormatException}.
 */
final class GgufStringArray extends AbstractList<String> implements RandomAccess {
    private final byte[] bytes;
    private final int[] ends;
    private final String where;

    /**
     * @param bytes all strings, each after its length, as in the file
     * @param ends offset in {@code bytes} of each string's end
     * @param where name of the array in errors
     */
    GgufStringArray(byte[] bytes, int[] ends, String where) {
        this.bytes = bytes;
        this.ends = ends;
        this.where = where;
    }

    @Override
    public String get(int index) {
        Objects.checkIndex(index, ends.length);
        int start = (index == 0 ? 0 : ends[index - 1]) + Long.BYTES;
        return utf8(ByteBuffer.wrap(bytes, start, ends[index] - start), where + ": element " + index);
    }

    @Override
    public int size() {
        return ends.length;
    }

    /** @throws ModelFormatException if {@code bytes} are not UTF-8 */
    static String utf8(ByteBuffer bytes, String where) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new ModelFormatException(where + ": expected UTF-8, found other bytes: the file is damaged", e);
        }
    }
}
