package io.github.t6j.training.data;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.FileBytes;
import io.github.t6j.weights.LittleEndian;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Map;

/**
 * Reader of the files of ids of the official scripts and of llm.c.
 *
 * <pre>
 *   offset  bytes
 *        0      4  magic: 20240520, ids are uint16; 20240801, ids are uint32 (llm.c, for Llama 3)
 *        4      4  version: 1; 7
 *        8      4  count of ids
 *       12   1012  not used
 *     1024         ids
 * </pre>
 *
 * <p>All numbers are little-endian. A file NAME.bin with another beginning holds uint16 ids without a header.
 */
public final class TokenShard {
    private static final int HEADER = 1024;
    private static final Map<Integer, Kind> KINDS = Map.of(20240520, new Kind(1, 2), 20240801, new Kind(7, 4));

    private record Kind(int version, int width) {}

    private TokenShard() {}

    /** Returns true if a file is a shard of ids, judged by its name and its first bytes. */
    public static boolean is(Path file, byte[] beginning) {
        return file.toString().endsWith(".bin") || kind(MemorySegment.ofArray(beginning)) != null;
    }

    private static Kind kind(MemorySegment bytes) {
        return bytes.byteSize() < Integer.BYTES ? null : KINDS.get(bytes.get(LittleEndian.INT, 0));
    }

    /** Maps the ids of {@code file}, valid as long as {@code arena} is open. */
    public static MappedIds map(Path file, Arena arena) {
        MemorySegment bytes = FileBytes.load(file, arena);
        Kind kind = kind(bytes);
        MappedIds ids = kind == null ? withoutHeader(file, bytes) : withHeader(file, bytes, kind);
        if (ids.count() == 0) {
            throw new ModelFormatException(file + ": expected at least one id, found none");
        }
        return ids;
    }

    private static MappedIds withoutHeader(Path file, MemorySegment bytes) {
        if (bytes.byteSize() % 2 != 0) {
            throw new ModelFormatException(file + ": expected ids of 2 bytes each (uint16), found " + bytes.byteSize()
                    + " bytes: the file is cut short, or holds something else");
        }
        return new MappedIds(file, bytes, 0, 2);
    }

    private static MappedIds withHeader(Path file, MemorySegment bytes, Kind kind) {
        if (bytes.byteSize() < HEADER) {
            throw new ModelFormatException(file + ": header: expected " + HEADER + " bytes, found a file of "
                    + bytes.byteSize() + ": the file is cut short");
        }
        int version = bytes.get(LittleEndian.INT, 4);
        if (version != kind.version) {
            throw ModelFormatException.unsupported(file + ": version: expected " + kind.version + ", found " + version);
        }
        int count = bytes.get(LittleEndian.INT, 8);
        long found = bytes.byteSize() - HEADER;
        if (count < 0 || found != (long) count * kind.width) {
            throw new ModelFormatException(file + ": expected " + count + " ids of " + kind.width
                    + " bytes after the header, as the header states, found " + found
                    + " bytes: the file is cut short or damaged");
        }
        return new MappedIds(file, bytes.asSlice(HEADER), 0, kind.width);
    }
}
