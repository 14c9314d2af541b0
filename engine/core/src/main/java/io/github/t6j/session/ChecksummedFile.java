package io.github.t6j.session;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32C;

/**
 * Safetensors file with a format version and a checksum in its metadata, in which t6j saves computed state.
 *
 * <pre>
 *   metadata   NAME         version of the format
 *              …            values that must be equal in the reader's state
 *              crc32c       CRC of the rest: a line "key=value" for each of these, in the file's order, then a line
 *                           "name dtype [shape]", such as "ids I32 [3]", and the bytes of each tensor
 * </pre>
 */
public final class ChecksummedFile {
    private static final String CHECKSUM_KEY = "crc32c";
    private static final long PIECE = 1 << 24;

    private ChecksummedFile() {}

    /**
     * Kind of a file: the metadata on which a file and its reader must agree.
     *
     * @param what description for messages, such as "a session"
     * @param versionKey metadata key that identifies such files
     * @param metadata metadata in the order of the file, without the checksum
     * @param advice returns the advice that ends the error message if a key has another value
     */
    public record Kind(String what, String versionKey, Map<String, String> metadata, UnaryOperator<String> advice) {}

    /**
     * Writes {@code file} atomically.
     *
     * @throws CancellationException if the thread is interrupted; its interrupt status stays set
     * @throws java.io.UncheckedIOException if the file cannot be written
     */
    public static void write(Path file, Kind kind, List<LazyTensor> tensors) {
        Safetensors.checkWritable(file);
        Map<String, String> metadata = new LinkedHashMap<>(kind.metadata);
        CRC32C checksum = begin(metadata);
        for (LazyTensor tensor : tensors) {
            try (NativeMemory memory = NativeMemory.confined()) {
                update(checksum, tensor.name(), tensor.dtype(), tensor.shape(), tensor.data().apply(memory));
            }
            checkInterrupt(file, "saving");
        }
        metadata.put(CHECKSUM_KEY, Long.toHexString(checksum.getValue()));
        Safetensors.writePrivately(file, metadata, tensors);
    }

    /**
     * Reads the tensors of {@code file}, which must not change while {@code arena} is open.
     *
     * @throws ModelFormatException if the file is not of {@code kind}, or is damaged
     * @throws CancellationException if the thread is interrupted; its interrupt status stays set
     * @throws java.io.UncheckedIOException if the file cannot be read
     */
    public static Map<String, Tensor> read(Path file, Kind kind, Arena arena) {
        Safetensors content = Safetensors.read(file, arena);
        check(file, kind, content.metadata());
        CRC32C checksum = begin(content.metadata());
        for (Tensor tensor : content.tensors().values()) {
            update(checksum, tensor.name(), tensor.dtype(), tensor.shape(), tensor.data());
            checkInterrupt(file, "restoring");
        }
        String found = Long.toHexString(checksum.getValue());
        if (!found.equals(content.metadata().get(CHECKSUM_KEY))) {
            throw new ModelFormatException(file + ": checksum: expected " + content.metadata().get(CHECKSUM_KEY)
                    + ", as the header states, found " + found + ": the file is damaged");
        }
        return content.tensors();
    }

    private static void check(Path file, Kind kind, Map<String, String> found) {
        if (!found.containsKey(kind.versionKey)) {
            throw new ModelFormatException(
                    file + ": expected " + kind.what + " that t6j saved, found a safetensors file"
                            + " without " + kind.versionKey + " in its metadata");
        }
        kind.metadata.forEach((key, expected) -> {
            if (!expected.equals(found.get(key))) {
                String advice = key.equals(kind.versionKey)
                        ? ", which another version of t6j wrote"
                        : kind.advice.apply(key);
                ModelFormatException mismatch = new ModelFormatException(
                        file + ": " + key + ": expected " + expected + ", found " + found.get(key) + advice);
                throw key.equals(kind.versionKey) ? mismatch.asUnsupported() : mismatch;
            }
        });
    }

    private static void checkInterrupt(Path file, String what) {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException(file + ": " + what + " was interrupted");
        }
    }

    /** Begins a checksum with the metadata, without the checksum itself. */
    private static CRC32C begin(Map<String, String> metadata) {
        CRC32C checksum = new CRC32C();
        metadata.forEach((key, value) -> {
            if (!key.equals(CHECKSUM_KEY)) {
                checksum.update((key + "=" + value + "\n").getBytes(StandardCharsets.UTF_8));
            }
        });
        return checksum;
    }

    private static void update(CRC32C checksum, String name, DType dtype, List<Long> shape, MemorySegment data) {
        checksum.update((name + " " + dtype + " " + shape + "\n").getBytes(StandardCharsets.UTF_8));
        for (long at = 0; at < data.byteSize(); at += PIECE) {
            checksum.update(data.asSlice(at, Math.min(PIECE, data.byteSize() - at)).asByteBuffer());
        }
    }
}
