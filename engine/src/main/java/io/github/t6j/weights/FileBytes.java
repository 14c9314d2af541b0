package io.github.t6j.weights;

import io.github.t6j.ModelFormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A whole file as off-heap memory: every parser of this package works on the result. */
final class FileBytes {
    /** One system call reads this much: large enough to stream, small enough for a ByteBuffer. */
    private static final long PIECE = 64 << 20;
    private static final int ALIGNMENT = 64;
    private static final String LFS_POINTER = "version https://git-lfs";

    private FileBytes() {}

    /**
     * The bytes of {@code file}, read-only, valid while {@code arena} is.
     *
     * @param mapped whether the file is mapped; otherwise it is copied, and what happens to it later does not matter
     * @throws ModelFormatException when it is empty, no ordinary file, or only the place-holder of a file
     * @throws UncheckedIOException when the system cannot read it
     */
    static MemorySegment load(Path file, boolean mapped, Arena arena) {
        checkRegular(file, "a file of weights");
        MemorySegment bytes;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size == 0) {
                throw new ModelFormatException(file + ": the file is empty: download or save it again");
            }
            bytes = mapped
                    ? channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena)
                    : copy(channel, size, arena, file);
        } catch (IOException e) {
            throw failed(file, "cannot be read", e);
        }
        refuseLfsPointer(bytes, file);
        return bytes.asReadOnly();
    }

    /** @throws ModelFormatException when {@code file}, which is {@code expected}, is a broken link or no regular file */
    static void checkRegular(Path file, String expected) {
        if (Files.isSymbolicLink(file) && !Files.exists(file)) {
            throw new ModelFormatException(file + ": a symbolic link to a file that is not there: download it again");
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new ModelFormatException(file + ": expected " + expected + ", found "
                    + (Files.isDirectory(file) ? "a folder" : "something that is not an ordinary file"));
        }
    }

    private static MemorySegment copy(FileChannel channel, long size, Arena arena, Path file) throws IOException {
        MemorySegment bytes = allocate(arena, size, file.toString());
        long at = 0;
        while (at < size) {
            int read = channel.read(bytes.asSlice(at, Math.min(PIECE, size - at)).asByteBuffer());
            if (read < 0) {
                throw new ModelFormatException(file + ": expected " + size + " bytes, found the end after " + at
                        + ": the file was cut short while it was read");
            }
            at += read;
        }
        return bytes;
    }

    /**
     * {@code size} bytes of off-heap memory for what {@code where} holds.
     *
     * @throws UncheckedIOException when there is not so much
     */
    static MemorySegment allocate(Arena arena, long size, String where) {
        try {
            return arena.allocate(size, ALIGNMENT);
        } catch (OutOfMemoryError e) {
            throw new UncheckedIOException(new IOException(where + ": not enough memory for " + size
                    + " bytes: free some, or map the file instead of copying it", e));
        }
    }

    private static void refuseLfsPointer(MemorySegment bytes, Path file) {
        byte[] start = bytes.asSlice(0, Math.min(bytes.byteSize(), LFS_POINTER.length()))
                .toArray(ValueLayout.JAVA_BYTE);
        if (new String(start, StandardCharsets.US_ASCII).equals(LFS_POINTER)) {
            throw new ModelFormatException(file + ": a Git LFS pointer, not the weights: run git lfs pull there, or"
                    + " download the file itself");
        }
    }

    /** {@code e} as an error of one line, such as "model.bin: cannot be read: permission denied". */
    static UncheckedIOException failed(Path path, String what, IOException e) {
        String reason = switch (e) {
            case NoSuchFileException none -> "there is no such file or folder";
            case AccessDeniedException denied -> "permission denied";
            case NotDirectoryException file -> "not a folder";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
        return new UncheckedIOException(path + ": " + what + ": " + reason, e);
    }
}
