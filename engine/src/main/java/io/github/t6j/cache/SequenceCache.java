package io.github.t6j.cache;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.Tensor;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** What a sequence keeps of the tokens it has seen, for all layers: {@link PagedCache} or {@link StateCache}. */
public interface SequenceCache extends AutoCloseable {
    /** Makes room for the tokens from {@code position} to {@code length}, exclusive, at the beginning of a pass. */
    void reserve(int position, int length);

    /** Ends a pass: what it kept stays. Without this call the pass never was. */
    void commit();

    /**
     * Forgets the tokens from {@code length} on.
     *
     * @param from the tokens that are kept so far
     * @throws IllegalStateException if what is kept does not allow it
     */
    void truncate(int from, int length);

    /** A cache of the same {@code length} tokens, which are all of them; writing or closing one does not change the other. */
    SequenceCache fork(int length);

    /** What is kept of the first {@code length} tokens, all that are, to be saved. */
    List<LazyTensor> tensors(int length);

    /**
     * Makes this empty cache hold what {@link #tensors} gave for one of the same kind.
     *
     * @param where what to call the tensors' file in errors
     * @throws ModelFormatException if they are not those of such a cache
     */
    void restore(Map<String, Tensor> tensors, int length, String where);

    /** @throws ModelFormatException if there are others than {@code names} */
    static void checkNames(Map<String, Tensor> tensors, Collection<String> names, String where) {
        for (String name : tensors.keySet()) {
            if (!names.contains(name)) {
                throw new ModelFormatException(
                        where + ": expected the tensors " + names + " of a session of this model, found " + name
                                + ", too");
            }
        }
    }

    /** @throws ModelFormatException if {@code tensor} is null or not of this type and shape */
    static void check(Tensor tensor, String name, DType dtype, List<Long> shape, String where) {
        if (tensor == null || tensor.dtype() != dtype || !tensor.shape().equals(shape)) {
            throw new ModelFormatException(where + ": tensor " + name + ": expected " + dtype + " " + shape + ", found "
                    + (tensor == null ? "none" : tensor.dtype() + " " + tensor.shape()));
        }
    }

    /**
     * Makes this empty cache hold {@code length} tokens that no model made, for benchmarks: random numbers from −1 to 1,
     * the same for the same seed.
     */
    void fill(int length, long seed);

    /** Bytes of the elements that {@code length} tokens take. */
    long bytes(int length);

    /** Bytes of memory that it holds, for these tokens and those to come, pages that others share included. */
    long heldBytes();

    /** Frees the memory. */
    @Override
    void close();
}
