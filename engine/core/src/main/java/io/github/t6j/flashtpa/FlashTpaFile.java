package io.github.t6j.flashtpa;

import io.github.t6j.ModelFormatException;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.session.ChecksummedFile;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.FileBytes;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Saved {@link FlashTpaCache}: a {@link ChecksummedFile} of the lengths of its sequences and their pages. Scales apply
 * to queries and outputs, so a file does not depend on them.
 *
 * <pre>
 *   metadata   t6j_flashtpa  1, version of this format
 *              shape         number of heads, elements and ranks of keys and values, and steps
 *              sigmoid       true if the sigmoid was applied to A before caching
 *              cache_type    f32, f16, bf16, q8
 *   tensors    lengths       I32 [batch]
 *              sequence.0.layer.0, sequence.1.layer.0 …  U8 [⌈length/64⌉][bytes of a page]
 * </pre>
 *
 * @param lengths number of tokens of each sequence
 * @param sequences pages of each sequence
 */
record FlashTpaFile(int[] lengths, PagedCache[] sequences) {
    private static final String VERSION_KEY = "t6j_flashtpa";
    private static final String LENGTHS = "lengths";

    /** Returns the metadata that a file and the cache that reads it must have in common. */
    static ChecksummedFile.Kind kind(FlashTpa.Shape shape, FlashTpa.Options options, CacheType type) {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(VERSION_KEY, "1");
        metadata.put("shape", shape.heads() + " heads, keys of " + shape.headDim() + " elements and rank "
                + shape.keyRank() + ", values of " + shape.valueDim() + " and rank " + shape.valueRank()
                + FlashTpaSteps.words(options.steps()));
        metadata.put("sigmoid", Boolean.toString(options.sigmoid()));
        metadata.put("cache_type", type.name().toLowerCase(Locale.ROOT));
        return new ChecksummedFile.Kind("a FlashTpaCache", VERSION_KEY, metadata, key -> key.equals("cache_type")
                ? "; make the cache with that type"
                : "; it was saved from a cache of another FlashTpa");
    }

    /** Writes {@code file}. */
    void write(Path file, ChecksummedFile.Kind kind) {
        List<LazyTensor> tensors = new ArrayList<>();
        tensors.add(LazyTensor.of(LENGTHS, lengths));
        for (int i = 0; i < lengths.length; i++) {
            for (LazyTensor pages : sequences[i].tensors(lengths[i])) {
                tensors.add(new LazyTensor(prefix(i) + pages.name(), pages.dtype(), pages.shape(), pages.data()));
            }
        }
        ChecksummedFile.write(file, kind, tensors);
    }

    private static String prefix(int sequence) {
        return "sequence." + sequence + ".";
    }

    /**
     * Reads {@code file} into memory.
     *
     * @param batch expected number of sequences
     * @param empty creates the cache of a sequence
     * @throws ModelFormatException if the file is not of {@code kind}, is damaged or inconsistent
     */
    static FlashTpaFile read(Path file, ChecksummedFile.Kind kind, int batch, Supplier<PagedCache> empty) {
        try (NativeMemory arena = NativeMemory.confined()) {
            Map<String, Tensor> rest = new LinkedHashMap<>(ChecksummedFile.read(file, kind, arena));
            Tensor found = rest.remove(LENGTHS);
            SequenceCache.check(found, LENGTHS, DType.I32, List.of((long) batch), file.toString());
            int[] lengths = found.toInts();
            for (int length : lengths) {
                if (length < 0) {
                    throw new ModelFormatException(
                            file + ": tensor " + LENGTHS + ": expected 0 or more, found " + length);
                }
            }
            return new FlashTpaFile(lengths, sequences(file, rest, lengths, empty));
        } catch (InternalError fault) { // a read past the end of a mapped file that was truncated
            throw FileBytes.truncated(file, fault);
        }
    }

    private static PagedCache[] sequences(
            Path file, Map<String, Tensor> tensors, int[] lengths, Supplier<PagedCache> empty) {
        PagedCache[] sequences = new PagedCache[lengths.length];
        try {
            for (int i = 0; i < lengths.length; i++) {
                sequences[i] = empty.get();
                sequences[i].restore(take(tensors, prefix(i)), lengths[i], file + ": sequence " + i);
            }
            if (!tensors.isEmpty()) {
                throw new ModelFormatException(file + ": expected " + LENGTHS + " and the pages of " + lengths.length
                        + " sequences, found also " + tensors.keySet().iterator().next());
            }
            return sequences;
        } catch (RuntimeException | Error failure) {
            close(sequences);
            throw failure;
        }
    }

    /** Removes the tensors of one sequence from {@code tensors} and returns them by name without {@code prefix}. */
    private static Map<String, Tensor> take(Map<String, Tensor> tensors, String prefix) {
        Map<String, Tensor> taken = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                taken.put(name.substring(prefix.length()), tensor);
            }
        });
        taken.keySet().forEach(name -> tensors.remove(prefix + name));
        return taken;
    }

    /** Frees the pages of all sequences that are not null. */
    static void close(PagedCache[] sequences) {
        for (PagedCache sequence : sequences) {
            if (sequence != null) {
                sequence.close();
            }
        }
    }
}
