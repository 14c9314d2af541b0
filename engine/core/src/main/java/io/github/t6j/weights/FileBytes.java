package io.github.t6j.weights;

import io.github.t6j.ModelFormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CancellationException;

/** File as off-heap memory. Every parser of this package, and training, works on a whole mapped file. */
public final class FileBytes {
    /** Bytes read by one system call: large enough to stream, small enough for a ByteBuffer. */
    private static final long PIECE = 64 << 20;
    /** Alignment of copied bytes: a cache line. */
    public static final int ALIGNMENT = 64;
    private static final String LFS_POINTER = "version https://git-lfs";

    private FileBytes() {}

    /**
     * Maps {@code file} read-only for the lifetime of {@code arena}. A file outside the default file system, such as in
     * a jar, is read instead, because such files cannot be mapped.
     *
     * @throws ModelFormatException if the file is empty, not a regular file, or a Git LFS pointer
     * @throws UncheckedIOException if it cannot be read
     */
    public static MemorySegment load(Path file, Arena arena) {
        checkRegular(file, "a file of weights");
        MemorySegment bytes;
        try {
            long size = Files.size(file);
            if (size == 0) {
                throw new ModelFormatException(file + ": the file is empty: download or save it again");
            }
            bytes = file.getFileSystem() == FileSystems.getDefault() ? map(file, arena) : copy(file, size, arena);
        } catch (IOException e) {
            throw failed(file, "cannot be read", e);
        }
        refuseLfsPointer(bytes, file);
        return bytes.asReadOnly();
    }

    private static MemorySegment map(Path file, Arena arena) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        }
    }

    /** Reads a file as a stream: a channel of a zip file system would write a temporary file. */
    private static MemorySegment copy(Path file, long size, Arena arena) throws IOException {
        MemorySegment bytes = arena.allocate(size, ALIGNMENT);
        try (ReadableByteChannel channel = Channels.newChannel(Files.newInputStream(file))) {
            for (long at = 0; at < size;) {
                int read = channel.read(bytes.asSlice(at, Math.min(PIECE, size - at)).asByteBuffer());
                if (read < 0) {
                    throw truncated(file, null);
                }
                at += read;
            }
        }
        return bytes;
    }

    /** Opens {@code file} for {@link #read}. */
    public static FileChannel open(Path file) {
        try {
            return FileChannel.open(file, StandardOpenOption.READ);
        } catch (IOException e) {
            throw failed(file, "cannot be read", e);
        }
    }

    /** Closes a channel of {@link #open}. */
    public static void close(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException nothingIsLost) {
            // nothing to lose: the channel only read
        }
    }

    /** Fills {@code bytes} from the file, starting at its byte {@code from}. */
    public static void read(FileChannel channel, long from, MemorySegment bytes, Path file) {
        try {
            fill(bytes, channel, from, file);
        } catch (IOException e) {
            throw failed(file, "cannot be read", e);
        }
    }

    private static void fill(MemorySegment bytes, FileChannel channel, long from, Path file) throws IOException {
        long size = bytes.byteSize();
        for (long at = 0; at < size;) {
            int read = channel.read(bytes.asSlice(at, Math.min(PIECE, size - at)).asByteBuffer(), from + at);
            if (read < 0) {
                throw truncated(file, null);
            }
            at += read;
        }
    }

    /** Writes all remaining bytes of {@code buffer}. */
    public static void write(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /** Returns the error for a file, mapped or not, that became shorter while it was open. */
    public static ModelFormatException truncated(Path file, Throwable cause) {
        return new ModelFormatException(
                file + ": the file was truncated while it was read; try again when nothing writes to it", cause);
    }

    /**
     * @throws ModelFormatException if {@code file}, which is {@code expected}, is a broken link or not a regular file
     */
    public static void checkRegular(Path file, String expected) {
        if (Files.isSymbolicLink(file) && !Files.exists(file)) {
            throw new ModelFormatException(file + ": a symbolic link to a missing file: download it again");
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new ModelFormatException(file + ": expected " + expected + ", found "
                    + (Files.isDirectory(file) ? "a folder" : "something that is not a regular file"));
        }
    }

    private static void refuseLfsPointer(MemorySegment bytes, Path file) {
        byte[] start = bytes.asSlice(0, Math.min(bytes.byteSize(), LFS_POINTER.length()))
                .toArray(ValueLayout.JAVA_BYTE);
        if (new String(start, StandardCharsets.US_ASCII).equals(LFS_POINTER)) {
            throw new ModelFormatException(file + ": a Git LFS pointer, not the file: run git lfs pull there, or"
                    + " download the file itself");
        }
    }

    /**
     * Converts {@code e} to an error of one line, such as "model.bin: cannot be read: permission denied"; to a
     * CancellationException if the thread was interrupted.
     */
    public static RuntimeException failed(Path path, String what, IOException e) {
        if (e instanceof ClosedChannelException) { // an interrupt of this thread, or of one that reads the same channel
            return new CancellationException(path + ": " + what + ": the thread was interrupted");
        }
        String reason = switch (e) {
            case NoSuchFileException none -> "no such file or folder";
            case AccessDeniedException denied -> "permission denied";
            case NotDirectoryException file -> "not a folder";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
        return new UncheckedIOException(path + ": " + what + ": " + reason, e);
    }
}
