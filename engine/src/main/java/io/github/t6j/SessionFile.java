package io.github.t6j;

import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.Safetensors;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * A saved session: a safetensors file of the ids, what the cache keeps of them, and the logits after them.
 *
 * <pre>
 *   metadata   t6j_session  1, the version of this format
 *              variant, fingerprint  the name of its attention and which model it is of
 *              cache_type   f32, f16, bf16, q8
 *              crc32c       of all tensors' bytes, in the file's order
 *   tensors    ids          I32 [n]
 *              logits       F32 [vocabulary], or none
 *              layer.0 …    U8 [⌈n/64⌉][bytes of a page], or other tensors of the cache
 * </pre>
 *
 * @param ids what the session held
 * @param logits after the last id, or null
 * @param tensors the file's, valid while the arena is
 */
record SessionFile(int[] ids, float[] logits, Map<String, Tensor> tensors) {
    private static final String VERSION_KEY = "t6j_session";
    private static final String VERSION = "1";
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
        CRC32C checksum = new CRC32C();
        for (LazyTensor tensor : tensors) {
            try (Arena arena = Arena.ofConfined()) {
                update(checksum, tensor.data().apply(arena));
            }
        }
        Map<String, String> metadata = kind.metadata();
        metadata.put(CHECKSUM_KEY, Long.toHexString(checksum.getValue()));
        Safetensors.writePrivately(file, metadata, tensors);
    }

    private static void update(CRC32C checksum, MemorySegment data) {
        for (long at = 0; at < data.byteSize(); at += PIECE) {
            checksum.update(data.asSlice(at, Math.min(PIECE, data.byteSize() - at)).asByteBuffer());
        }
    }

    /**
     * Reads {@code file} into {@code arena}.
     *
     * @throws ModelFormatException when it is not of {@code kind}, is damaged, or has more than {@code context} ids or
     *     one that is not below {@code vocabulary}
     */
    static SessionFile read(Path file, Kind kind, int context, int vocabulary, Arena arena) {
        Safetensors content = Safetensors.read(file, arena);
        checkKind(file, kind, content.metadata());
        CRC32C checksum = new CRC32C();
        content.tensors().values().forEach(tensor -> update(checksum, tensor.data()));
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
        if (logits != null && logits.elementCount() != vocabulary) {
            throw new ModelFormatException(
                    file + ": tensor " + LOGITS + ": expected " + vocabulary + " elements, found "
                            + logits.elementCount());
        }
        return new SessionFile(ids, logits == null ? null : logits.toFloats(), content.tensors());
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
