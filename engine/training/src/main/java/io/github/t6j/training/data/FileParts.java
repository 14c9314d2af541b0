package io.github.t6j.training.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Reader of the parts of a file between separators, in order, without a UTF-8 byte order mark. Only one part is in
 * memory at a time, however long the file is.
 */
public final class FileParts implements AutoCloseable {
    private static final int FIRST_BUFFER = 1 << 16;
    private static final byte[] MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private final InputStream in;
    private final byte[] separator;
    private final int longest;
    private byte[] bytes;
    private long offset; // of bytes[0] in the file
    private int from; // index in bytes where the next part begins
    private int filled;
    private long number;
    private boolean begins = true;

    /**
     * Part of the file, or a piece of a part that exceeds the limit.
     *
     * @param offset offset of its first byte in the file
     * @param number number of the part, from 1
     * @param begins true for the first piece of a part
     * @param ends true for the last piece of a part, before a separator or the end of the file
     */
    public record Part(byte[] bytes, long offset, long number, boolean begins, boolean ends) {}

    /**
     * @param separator ASCII characters
     * @param longest maximum number of bytes of a piece; a longer part is cut after the last line end within them, or
     *     else between two characters
     */
    FileParts(Path file, byte[] separator, int longest) throws IOException {
        in = Files.newInputStream(file);
        this.separator = separator;
        this.longest = longest;
        bytes = new byte[Math.min(FIRST_BUFFER, longest)];
        try {
            filled = in.readNBytes(bytes, 0, Math.min(MARK.length, longest));
        } catch (IOException e) {
            in.close();
            throw e;
        }
        from = markLength(Arrays.copyOf(bytes, filled));
    }

    /** Returns the length in bytes of the UTF-8 byte order mark at the beginning of a file, 3 or 0. */
    static int markLength(byte[] beginning) {
        return beginning.length >= MARK.length && Arrays.equals(beginning, 0, MARK.length, MARK, 0, MARK.length)
                ? MARK.length
                : 0;
    }

    /**
     * Returns the next part or piece, or null at the end of the file. No part begins at the end of the file. The last
     * piece may be empty, if the piece before it was cut at the end of the file.
     */
    Part next() throws IOException {
        int searched = from;
        while (true) {
            int at = find(searched);
            if (at >= 0) {
                Part part = take(at, true);
                from += separator.length;
                return part;
            }
            if (filled - from == longest) {
                return take(cut(), false);
            }
            int seen = Math.max(0, filled - from - separator.length + 1);
            if (!fill()) {
                return filled == from && begins ? null : take(filled, true);
            }
            searched = from + seen;
        }
    }

    /** Returns the index of the first separator from {@code at} on, or -1. */
    private int find(int at) {
        for (int i = at; i <= filled - separator.length; i++) {
            if (bytes[i] == separator[0]
                    && Arrays.equals(bytes, i, i + separator.length, separator, 0, separator.length)) {
                return i;
            }
        }
        return -1;
    }

    private Part take(int to, boolean ends) {
        number += begins ? 1 : 0;
        Part part = new Part(Arrays.copyOfRange(bytes, from, to), offset + from, number, begins, ends);
        from = to;
        begins = ends;
        return part;
    }

    /** Returns the end of a piece: never within a separator that may have begun, nor within a character. */
    private int cut() {
        for (int end = filled; end > from; end--) {
            if (bytes[end - 1] == '\n') {
                return end;
            }
        }
        int end = filled - separator.length + 1;
        int lead = end;
        while (lead > end - 3 && lead < filled && (bytes[lead] & 0xC0) == 0x80) {
            lead--;
        }
        return lead;
    }

    private boolean fill() throws IOException {
        System.arraycopy(bytes, from, bytes, 0, filled - from);
        offset += from;
        filled -= from;
        from = 0;
        if (filled == bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.min(2 * bytes.length, longest));
        }
        int read = in.read(bytes, filled, bytes.length - filled);
        filled += Math.max(read, 0);
        return read > 0;
    }

    /** Returns the number of bytes of the file that were returned or skipped. */
    long done() {
        return offset + from;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
