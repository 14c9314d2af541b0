package io.github.t6j.session;

import io.github.t6j.ModelFormatException;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.FileBytes;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Saved session: a {@link ChecksummedFile} of the ids, their cache, and the logits after the last id.
 *
 * <pre>
 *   metadata   t6j_session  3, version of this format
 *              variant, fingerprint  name of the attention and fingerprint of the model
 *              cache_type   f32, f16, bf16, q8
 *   tensors    ids          I32 [n]
 *              logits       F32 [vocabulary], or none
 *              layer.0 …    U8 [⌈n/64⌉][bytes of a page], only the last pages of a layer with a window, which sees no
 *                           others; or other tensors of the cache
 * </pre>
 *
 * @param ids ids of the session
 * @param logits logits after the last id, or null
 * @param cache tensors of the cache, valid as long as the arena is open
 */
public record SessionFile(int[] ids, float[] logits, Map<String, Tensor> cache) {
    private static final String VERSION_KEY = "t6j_session";
    private static final String VERSION = "3";
    private static final String IDS = "ids";
    private static final String LOGITS = "logits";
    private static final int MAX_IDS = 1 << 28; // far above every context, far below the limit of an array

    /** Properties on which a file and the session that reads it must agree. */
    public record Kind(String attention, String fingerprint, CacheType cacheType) {
        private ChecksummedFile.Kind ofFile() {
            Map<String, String> metadata = new LinkedHashMap<>();
            metadata.put(VERSION_KEY, VERSION);
            metadata.put("variant", attention);
            metadata.put("fingerprint", fingerprint);
            metadata.put("cache_type", cacheType.name().toLowerCase(Locale.ROOT));
            return new ChecksummedFile.Kind("a session", VERSION_KEY, metadata, key -> key.equals("cache_type")
                    ? "; open the session with that type of cache"
                    : "; it was saved from another model");
        }
    }

    /** Writes {@code file}; {@code lastLogits} may be null. */
    static void write(Path file, Kind kind, int[] sessionIds, float[] lastLogits, List<LazyTensor> cacheTensors) {
        List<LazyTensor> tensors = new ArrayList<>();
        tensors.add(LazyTensor.of(IDS, sessionIds));
        if (lastLogits != null) {
            tensors.add(LazyTensor.of(Tensor.of(LOGITS, lastLogits, lastLogits.length)));
        }
        tensors.addAll(cacheTensors);
        ChecksummedFile.write(file, kind.ofFile(), tensors);
    }

    /**
     * Reads {@code file}, which must not change while {@code arena} is open.
     *
     * @throws ModelFormatException if the file is not of {@code kind}, is damaged, or has more than {@code context} ids
     *     or an id that is not below {@code vocabulary}
     */
    static SessionFile read(Path file, Kind kind, int context, int vocabulary, Arena arena) {
        Map<String, Tensor> tensors = ChecksummedFile.read(file, kind.ofFile(), arena);
        int[] savedIds = ids(file, tensors.get(IDS), context, vocabulary);
        Tensor savedLogits = tensors.get(LOGITS);
        if (savedLogits != null) {
            SequenceCache.check(savedLogits, LOGITS, DType.F32, List.of((long) vocabulary), file.toString());
        }
        Map<String, Tensor> cacheTensors = new LinkedHashMap<>(tensors);
        cacheTensors.keySet().removeAll(List.of(IDS, LOGITS));
        return new SessionFile(savedIds, savedLogits == null ? null : savedLogits.toFloats(), cacheTensors);
    }

    /**
     * Returns the ids of a saved session, without reading the rest.
     *
     * @throws ModelFormatException if the part of the file that is read is damaged
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static int[] ids(Path file) {
        try (NativeMemory arena = NativeMemory.confined()) {
            return ids(file, Safetensors.read(file, arena).tensors().get(IDS), MAX_IDS, Integer.MAX_VALUE);
        } catch (InternalError fault) { // a read past the end of a mapped file that was truncated
            throw FileBytes.truncated(file, fault);
        }
    }

    private static int[] ids(Path file, Tensor tensor, int context, int vocabulary) {
        if (tensor == null || tensor.dtype() != DType.I32 || tensor.shape().size() != 1) {
            throw new ModelFormatException(file + ": tensor " + IDS + ": expected I32 [ids], found "
                    + (tensor == null ? "none" : tensor.dtype() + " " + tensor.shape()));
        }
        if (tensor.elementCount() > context) {
            throw new ModelFormatException(
                    file + ": expected at most " + context + " ids, the session's context, found "
                            + tensor.elementCount() + "; open the session with a longer context");
        }
        int[] found = tensor.toInts();
        for (int id : found) {
            if (id < 0 || id >= vocabulary) {
                throw new ModelFormatException(file + ": tensor " + IDS + ": expected 0 to " + (vocabulary - 1)
                        + ", found " + id);
            }
        }
        return found;
    }
}
