package io.github.t6j.weights;

import io.github.t6j.ModelFormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Reads and writes whole files: configurations, tokenizers, conversations. Symbolic links are followed, because Hugging
 * Face's caches consist of them, but only to regular files: reading a pipe would block, and a device has no end.
 */
public final class SmallFile {
    /** Limit of a configuration file in bytes: a thousand times the usual size. */
    public static final int CONFIG = 4 << 20;

    /** Limit of a tokenizer file in bytes; the largest published vocabularies have 35 MB. */
    public static final int TOKENIZER = 128 << 20;

    private SmallFile() {}

    /**
     * Returns the bytes of {@code file}.
     *
     * @throws ModelFormatException if it is not a regular file, or is longer than {@code longest} bytes
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static byte[] read(Path file, int longest) {
        FileBytes.checkRegular(file, "a file");
        try (InputStream in = Files.newInputStream(file)) {
            long size = Files.size(file);
            if (size > longest) {
                throw new ModelFormatException(file + ": expected at most " + longest + " bytes, found " + size
                        + ": the file is damaged or malicious");
            }
            return in.readNBytes((int) size); // not more, even if the file grows meanwhile
        } catch (IOException e) {
            throw FileBytes.failed(file, "cannot be read", e);
        }
    }

    /**
     * Writes {@code bytes} to {@code file} completely, or leaves it unchanged. Only the owner may read a new file.
     *
     * @throws java.io.UncheckedIOException if it cannot be written
     * @throws java.util.concurrent.CancellationException if the thread is interrupted
     */
    public static void writePrivately(Path file, byte[] bytes) {
        write(file, bytes, true);
    }

    /**
     * Replaces or creates {@code file} in one step. If it already has these bytes, nothing is done.
     *
     * @throws java.io.UncheckedIOException if it cannot be written; an existing file stays unchanged
     */
    public static void write(Path file, byte[] bytes) {
        try {
            if (Files.isRegularFile(file) && Files.size(file) == bytes.length
                    && Arrays.equals(Files.readAllBytes(file), bytes)) {
                return;
            }
        } catch (IOException e) {
            throw FileBytes.failed(file, "cannot be read", e);
        }
        write(file, bytes, false);
    }

    private static void write(Path file, byte[] bytes, boolean privately) {
        try {
            Replacement.of(file, privately).write(channel -> FileBytes.write(channel, ByteBuffer.wrap(bytes)));
        } catch (IOException e) {
            throw FileBytes.failed(file, "cannot be written", e);
        }
    }
}
