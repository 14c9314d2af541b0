package io.github.t6j.weights.torch;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * Entries of a zip file, as slices of it. The JDK's readers do not fit: torch omits sizes from the local headers, where
 * streaming readers expect them, and the weights are used in place.
 *
 * <p>Record layouts: PKWARE APPNOTE 6.3, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14 to 4.3.16
 * (end of central directory and its zip64 form), 4.5.3 (zip64 sizes).
 */
public record ZipDirectory(MemorySegment file, String where) {
    private static final Header LOCAL = new Header(0x04034b50, 30);
    private static final Header CENTRAL = new Header(0x02014b50, 46);
    private static final Header END = new Header(0x06054b50, 22);
    private static final Header END64 = new Header(0x06064b50, 56);
    private static final Header LOCATOR64 = new Header(0x07064b50, 20);
    private static final long IN_ZIP64_EXTRA = 0xffff_ffffL;

    /** Bytes checksummed at a time; small enough for a ByteBuffer. */
    private static final long PIECE = 1 << 24;

    /** Signature of a header, and the bytes of its fixed part. */
    private record Header(int signature, int bytes) {}

    /**
     * An entry of the file {@code where}.
     *
     * @param crc CRC-32 of the data from the directory; 0 if torch was configured not to compute it
     */
    record Entry(String name, MemorySegment data, int crc, String where) {
        /**
         * Returns the data after verifying its CRC-32, which reads every byte.
         *
         * @throws ModelFormatException if the CRC-32 differs
         */
        MemorySegment checked() {
            if (crc == 0) {
                return data;
            }
            CRC32 found = new CRC32();
            for (long at = 0; at < data.byteSize(); at += PIECE) {
                found.update(data.asSlice(at, Math.min(PIECE, data.byteSize() - at)).asByteBuffer());
            }
            if ((int) found.getValue() != crc) {
                throw error(where, "entry " + name + ": expected the CRC-32 " + Integer.toHexString(crc)
                        + " of the directory, found " + Long.toHexString(found.getValue())
                        + ": the file is damaged, download it again");
            }
            return data;
        }
    }

    /** Returns true if {@code file} starts like a zip file with an entry. */
    public static boolean isZip(MemorySegment file) {
        return file.byteSize() >= 4 && file.get(LittleEndian.INT, 0) == LOCAL.signature;
    }

    /**
     * Returns all entries of {@code file} by name, in the directory's order.
     *
     * @throws ModelFormatException if the file is damaged, or an entry is compressed, encrypted or outside the file
     */
    static Map<String, Entry> entries(MemorySegment file, String where) {
        return new ZipDirectory(file, where).entries();
    }

    private Map<String, Entry> entries() {
        long end = end();
        long size = u32(end + 12);
        long at = u32(end + 16);
        long count = u16(end + 10);
        if (end >= LOCATOR64.bytes && signature(end - LOCATOR64.bytes) == LOCATOR64.signature) {
            end = end64(end - LOCATOR64.bytes);
            count = file.get(LittleEndian.LONG, end + 32);
            size = file.get(LittleEndian.LONG, end + 40);
            at = file.get(LittleEndian.LONG, end + 48);
        }
        if (at < 0 || size < 0 || at > end || size > end - at || count < 0) {
            throw error("expected the directory within " + end + " bytes, found it at " + at + " with " + size);
        }
        long stop = at + size;
        LinkedHashMap<String, Entry> entries = new LinkedHashMap<>();
        long total = 0;
        for (long i = 0; i < count; i++) {
            at = entry(at, stop, entries);
            total += entries.lastEntry().getValue().data.byteSize();
            if (total > file.byteSize()) { // else verifying entries could take much longer than reading the file
                throw error("entry " + entries.lastEntry().getKey() + ": expected entries that do not overlap, found "
                        + total + " bytes of them in " + file.byteSize());
            }
        }
        return entries;
    }

    /**
     * Returns the offset of the end record, which is last in the file except for a comment of the length that it
     * states.
     */
    private long end() {
        long first = Math.max(0, file.byteSize() - END.bytes - 0xffff);
        for (long at = file.byteSize() - END.bytes; at >= first; at--) {
            if (signature(at) == END.signature && at + END.bytes + u16(at + 20) == file.byteSize()) {
                return at;
            }
        }
        throw error("found no end of the directory: the file is cut short, download it again");
    }

    private long end64(long locator) {
        long at = file.get(LittleEndian.LONG, locator + 8);
        if (at < 0 || at > locator - END64.bytes || signature(at) != END64.signature) {
            throw error("expected the zip64 end record at " + at);
        }
        return at;
    }

    /** Reads the directory record at {@code at} and returns the offset of the next one. */
    private long entry(long at, long stop, Map<String, Entry> entries) {
        if (at > stop - CENTRAL.bytes || signature(at) != CENTRAL.signature) {
            throw error("expected a directory record at " + at);
        }
        long extra = at + CENTRAL.bytes + u16(at + 28);
        long comment = extra + u16(at + 30);
        long next = comment + u16(at + 32);
        if (next > stop) {
            throw error("expected the directory record at " + at + " to end by " + stop + ", found " + next);
        }
        String name = name(at + CENTRAL.bytes, extra);
        long[] sizes = {u32(at + 24), u32(at + 20), u32(at + 42)}; // full size, stored size, local header
        readZip64(sizes, extra, comment);
        if (u16(at + 10) != 0 || (u16(at + 8) & 1) != 0 || sizes[0] != sizes[1]) {
            throw error("entry " + name + " is compressed or encrypted, expected it stored as torch does: save it again"
                    + " with torch, or convert it to safetensors").asUnsupported();
        }
        Entry entry = new Entry(name, data(name, sizes[2], sizes[1]), file.get(LittleEndian.INT, at + 16), where);
        if (entries.put(name, entry) != null) {
            throw error("duplicate entry " + name);
        }
        return next;
    }

    /**
     * Fills in the {@code sizes} that do not fit in 32 bits, from extra field 1, which contains only these, in this
     * order.
     */
    private void readZip64(long[] sizes, long at, long stop) {
        while (at + 4 <= stop) {
            long fieldStop = at + 4 + u16(at + 2);
            if (u16(at) == 1) {
                long value = at + 4;
                for (int i = 0; i < sizes.length; i++) {
                    if (sizes[i] == IN_ZIP64_EXTRA && value + 8 <= Math.min(fieldStop, stop)) {
                        sizes[i] = file.get(LittleEndian.LONG, value);
                        value += 8;
                    }
                }
            }
            at = fieldStop;
        }
    }

    private MemorySegment data(String name, long local, long size) {
        if (local < 0 || local > file.byteSize() - LOCAL.bytes || signature(local) != LOCAL.signature) {
            throw error("expected the header of entry " + name + " at " + local);
        }
        long start = local + LOCAL.bytes + u16(local + 26) + u16(local + 28);
        if (start > file.byteSize() || size < 0 || size > file.byteSize() - start) {
            throw error("entry " + name + ": expected " + size + " bytes at " + start + ", found a file of "
                    + file.byteSize());
        }
        return file.asSlice(start, size);
    }

    private String name(long from, long to) {
        return new String(file.asSlice(from, to - from).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    private int signature(long at) {
        return file.get(LittleEndian.INT, at);
    }

    private int u16(long at) {
        return Short.toUnsignedInt(file.get(LittleEndian.SHORT, at));
    }

    private long u32(long at) {
        return Integer.toUnsignedLong(file.get(LittleEndian.INT, at));
    }

    private ModelFormatException error(String message) {
        return error(where, message);
    }

    private static ModelFormatException error(String where, String message) {
        return new ModelFormatException(where + ": zip file: " + message);
    }
}
