package io.github.t6j.cache;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.MemoryBudget;
import io.github.t6j.weights.Tensor;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Cache of the tokens of a sequence, for all layers: {@link PagedCache}, {@link StateCache}, or both in a
 * {@link LayeredCache}. */
public interface SequenceCache extends AutoCloseable {
    /** Makes room for the tokens from {@code position} to {@code length} (exclusive) at the start of a pass. */
    void reserve(int position, int length);

    /**
     * Counts the memory that this cache and its forks allocate from now on in {@code budget}.
     *
     * @throws io.github.t6j.MemoryLimitException if the memory that it holds already exceeds the rest of the budget
     */
    void charge(MemoryBudget budget);

    /** Limits this cache and its forks to {@code tokens} tokens, so that they allocate no more. */
    default void limit(int tokens) {}

    /** Returns the maximum number of bytes still allocated to grow from {@code position} to {@code tokens}. */
    default long growthBytes(int position, int tokens) {
        return 0;
    }

    /** Returns true if the next pass may have drafts, without allocating memory for them. */
    default boolean keepsDrafts() {
        return true;
    }

    /**
     * Prepares for a pass of {@code rows} tokens, all drafts but the first: a state keeps what it needs to add them one
     * by one, instead of all at {@link #commit}.
     */
    default void draft(int rows) {}

    /** Ends a pass and keeps its tokens. Without this call nothing reads them, so the pass has no effect. */
    default void commit() {}

    /**
     * Returns true if the cache, truncated to {@code length} tokens, keeps all tokens that later ones see. Layers with
     * a window do not keep older tokens, and a state cannot give back its last ones.
     */
    default boolean reaches(int length) {
        return true;
    }

    /**
     * Removes the tokens from {@code length} on, or all if the cache does not {@link #reaches reach} that far back.
     *
     * @param from number of tokens so far
     * @return number of tokens left
     */
    int truncate(int from, int length);

    /** Releases memory that the cache's {@code length} tokens do not need. */
    default void trim(int length) {}

    /**
     * Returns a cache of the same {@code length} tokens. Writing to one cache, or closing it, leaves the other as is.
     */
    SequenceCache fork(int length);

    /** Returns the tensors that save the cache's {@code length} tokens. */
    List<LazyTensor> tensors(int length);

    /**
     * Fills this empty cache from the {@link #tensors} of a cache of the same kind.
     *
     * @param where name of the tensors' file in error messages
     * @throws ModelFormatException if the tensors do not belong to such a cache
     */
    void restore(Map<String, Tensor> tensors, int length, String where);

    /**
     * Checks the names of tensors.
     *
     * @throws ModelFormatException if one is not in {@code names}
     */
    static void checkNames(Map<String, Tensor> tensors, Collection<String> names, String where) {
        for (String name : tensors.keySet()) {
            if (!names.contains(name)) {
                throw new ModelFormatException(
                        where + ": expected only the tensors " + names + " of a session of this model, found also "
                                + name);
            }
        }
    }

    /**
     * Checks the type and shape of a tensor.
     *
     * @throws ModelFormatException if {@code tensor} is null or has another type or shape
     */
    static void check(Tensor tensor, String name, DType dtype, List<Long> shape, String where) {
        if (tensor == null || tensor.dtype() != dtype || !tensor.shape().equals(shape)) {
            throw new ModelFormatException(where + ": tensor " + name + ": expected " + dtype + " " + shape + ", found "
                    + (tensor == null ? "none" : tensor.dtype() + " " + tensor.shape()));
        }
    }

    /**
     * Fills this empty cache with {@code length} tokens of random elements from −1 to 1, the same for the same seed,
     * for benchmarks.
     */
    void fill(int length, long seed);

    /** Returns the number of bytes that {@code length} tokens take. */
    long bytes(int length);

    /** Returns the number of bytes allocated for present and later tokens, shared pages included. */
    long heldBytes();

    /** Frees the memory. */
    @Override
    void close();
}
