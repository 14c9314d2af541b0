package io.github.t6j.training;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The parts of a file between separators, from first to last, without UTF-8's byte order mark. It holds one part at a time,
 * whatever the file's length.
 */
final class FileParts implements AutoCloseable {
    private static final int FIRST_BUFFER = 1 << 16;
    private static final byte[] MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private final InputStream in;
    private final byte[] separator;
    private final int longest;
    private byte[] bytes;
    private long offset; // of bytes[0] in the file
    private int from; // where the next part begins
    private int filled;
    private long number;
    private boolean begins = true;

    /**
     * A part, or a piece of one that is longer than parts may be.
     *
     * @param offset of its first byte in the file
     * @param number of the part, from 1
     * @param begins whether it begins a part
     * @param ends whether it ends a part: at a separator or at the file's end
     */
    record Part(byte[] bytes, long offset, long number, boolean begins, boolean ends) {}

    /**
     * @param separator of ASCII characters
     * @param longest bytes of a part: a longer one is cut behind its last end of line within them, or else between two
     *     characters
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

    /** How many bytes at the beginning of a file are UTF-8's byte order mark: 3 or 0. */
    static int markLength(byte[] beginning) {
        return beginning.length >= MARK.length && Arrays.equals(beginning, 0, MARK.length, MARK, 0, MARK.length)
                ? MARK.length
                : 0;
    }

    /**
     * The next one, or null: there is none after the last separator but what is not empty. It may be empty itself,
     * if the one before was cut where the file ends.
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

    /** Where a separator begins at {@code at} or later, or -1. */
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

    /** Not within a separator that has only begun, nor within a character. */
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

    /** Bytes of the file that are done. */
    long done() {
        return offset + from;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
