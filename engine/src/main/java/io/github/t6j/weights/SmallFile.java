package io.github.t6j.weights;

import io.github.t6j.ModelFormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Files that are read or written whole: configurations, tokenizers, conversations. Symbolic links are followed, as Hugging Face's caches are made of
 * them, but only to regular files: a pipe would be waited for, a device has no end.
 */
public final class SmallFile {
    /** Bytes of the longest configuration: a thousand times what they have. */
    public static final int CONFIG = 4 << 20;

    /** Bytes of the longest file of a tokenizer: those of the largest vocabularies have 35 MB. */
    public static final int TOKENIZER = 128 << 20;

    private SmallFile() {}

    /**
     * The bytes of {@code file}.
     *
     * @throws ModelFormatException when it is no regular file, or longer than {@code longest} bytes
     * @throws java.io.UncheckedIOException when it cannot be read
     */
    public static byte[] read(Path file, int longest) {
        FileBytes.checkRegular(file, "a file");
        try (InputStream in = Files.newInputStream(file)) {
            long size = Files.size(file);
            if (size > longest) {
                throw new ModelFormatException(file + ": expected at most " + longest + " bytes, found " + size
                        + "; the file is damaged or was made to do harm");
            }
            return in.readNBytes((int) size); // no more, should it grow meanwhile
        } catch (IOException e) {
            throw FileBytes.failed(file, "cannot be read", e);
        }
    }

    /**
     * Writes {@code bytes} to {@code file}, which is complete or as it was before; a new one is for its owner alone.
     *
     * @throws java.io.UncheckedIOException when it cannot be written
     * @throws java.util.concurrent.CancellationException when the thread is interrupted
     */
    public static void writePrivately(Path file, byte[] bytes) {
        write(file, bytes, true);
    }

    /**
     * Writes {@code bytes} in the place of {@code file}, or as a new one, in one step. Where they stand there already, nothing
     * is done.
     *
     * @throws java.io.UncheckedIOException when it cannot be written; what was there is there still
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
            Replacement.of(file, privately).write(channel -> {
                for (ByteBuffer rest = ByteBuffer.wrap(bytes); rest.hasRemaining();) {
                    channel.write(rest);
                }
            });
        } catch (IOException e) {
            throw FileBytes.failed(file, "cannot be written", e);
        }
    }
}
