package io.github.t6j;

import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Safetensors;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.zip.CRC32C;

/**
 * A saved session: a safetensors file of the ids, what the cache keeps of them, and the logits after them.
 *
 * <pre>
 *   metadata   t6j_session  2, the version of this format
 *              variant, fingerprint  the name of its attention and which model it is of
 *              cache_type   f32, f16, bf16, q8
 *              crc32c       of all else: a line "key=value" for each of these, in the file's order, then for each tensor a line
                           "name dtype [shape]", such as "ids I32 [3]", and its bytes
 *   tensors    ids          I32 [n]
 *              logits       F32 [vocabulary], or none
 *              layer.0 …    U8 [⌈n/64⌉][bytes of a page], or other tensors of the cache
 * </pre>
 *
 * @param ids what the session held
 * @param logits after the last id, or null
 * @param cache the cache's tensors, valid while the arena is
 */
record SessionFile(int[] ids, float[] logits, Map<String, Tensor> cache) {
    private static final String VERSION_KEY = "t6j_session";
    private static final String VERSION = "2";
    private static final String CHECKSUM_KEY = "crc32c";
    private static final String IDS = "ids";
    private static final String LOGITS = "logits";
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long PIECE = 1 << 24;

    /** What a file and the session that reads it must have in common. */
    record Kind(String attention, String fingerprint, CacheType cacheType) {
        private Map<String, String> metadata() {
            Map<String, String> metadata = new LinkedHashMap<>();
            metadata.put(VERSION_KEY, VERSION);
            metadata.put("variant", attention);
            metadata.put("fingerprint", fingerprint);
            metadata.put("cache_type", cacheType.name().toLowerCase(Locale.ROOT));
            return metadata;
        }
    }

    /** Writes {@code file}; {@code logits} may be null. */
    static void write(Path file, Kind kind, int[] ids, float[] logits, List<LazyTensor> cache) {
        Safetensors.checkWritable(file);
        List<LazyTensor> tensors = new ArrayList<>();
        tensors.add(new LazyTensor(IDS, DType.I32, List.of((long) ids.length), arena -> {
            MemorySegment data = arena.allocate(4L * ids.length, 4);
            MemorySegment.copy(ids, 0, data, INT, 0, ids.length);
            return data;
        }));
        if (logits != null) {
            Tensor tensor = Tensor.of(LOGITS, logits, logits.length);
            tensors.add(new LazyTensor(LOGITS, tensor.dtype(), tensor.shape(), arena -> tensor.data()));
        }
        tensors.addAll(cache);
        Map<String, String> metadata = kind.metadata();
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

    private static void checkInterrupt(Path file, String what) {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException(file + ": " + what + " was interrupted");
        }
    }

    /** A checksum of the metadata but for the checksum itself. */
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

    /**
     * Reads {@code file}, which must stay as it is while {@code arena} is open.
     *
     * @throws ModelFormatException when it is not of {@code kind}, is damaged, or has more than {@code context} ids or
     *     one that is not below {@code vocabulary}
     */
    static SessionFile read(Path file, Kind kind, int context, int vocabulary, Arena arena) {
        Safetensors content = Safetensors.read(file, arena);
        checkKind(file, kind, content.metadata());
        CRC32C checksum = begin(content.metadata());
        for (Tensor tensor : content.tensors().values()) {
            update(checksum, tensor.name(), tensor.dtype(), tensor.shape(), tensor.data());
            checkInterrupt(file, "restoring");
        }
        String found = Long.toHexString(checksum.getValue());
        if (!found.equals(content.metadata().get(CHECKSUM_KEY))) {
            throw new ModelFormatException(file + ": expected the checksum " + content.metadata().get(CHECKSUM_KEY)
                    + " of its own header, found " + found + ": the file is damaged");
        }
        int[] ids = ids(file, content.tensors().get(IDS), vocabulary);
        if (ids.length > context) {
            throw new ModelFormatException(
                    file + ": expected at most " + context + " ids, the session's context, found "
                            + ids.length + "; open the session with a longer context");
        }
        Tensor logits = content.tensors().get(LOGITS);
        if (logits != null) {
            SequenceCache.check(logits, LOGITS, DType.F32, List.of((long) vocabulary), file.toString());
        }
        Map<String, Tensor> cache = new LinkedHashMap<>(content.tensors());
        cache.keySet().removeAll(List.of(IDS, LOGITS));
        return new SessionFile(ids, logits == null ? null : logits.toFloats(), cache);
    }

    private static void checkKind(Path file, Kind kind, Map<String, String> found) {
        if (!found.containsKey(VERSION_KEY)) {
            throw new ModelFormatException(
                    file + ": expected a session that t6j saved, found a safetensors file without "
                            + VERSION_KEY + " in its metadata");
        }
        kind.metadata().forEach((key, expected) -> {
            if (!expected.equals(found.get(key))) {
                throw new ModelFormatException(
                        file + ": " + key + ": expected " + expected + ", found " + found.get(key)
                                + switch (key) {
                                    case VERSION_KEY -> ", which another version of t6j wrote";
                                    case "cache_type" -> "; open the session with that type of cache";
                                    default -> "; it was saved from another model";
                                });
            }
        });
    }

    private static int[] ids(Path file, Tensor tensor, int vocabulary) {
        if (tensor == null || tensor.dtype() != DType.I32 || tensor.shape().size() != 1) {
            throw new ModelFormatException(file + ": tensor " + IDS + ": expected I32 [ids], found "
                    + (tensor == null ? "none" : tensor.dtype() + " " + tensor.shape()));
        }
        int[] ids = new int[Math.toIntExact(tensor.elementCount())];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = tensor.data().get(INT, 4L * i);
            if (ids[i] < 0 || ids[i] >= vocabulary) {
                throw new ModelFormatException(file + ": tensor " + IDS + ": expected 0 to " + (vocabulary - 1)
                        + ", found " + ids[i]);
            }
        }
        return ids;
    }
}
