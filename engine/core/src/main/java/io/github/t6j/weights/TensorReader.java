package io.github.t6j.weights;

import java.lang.foreign.Arena;

/**
 * Reads the elements of tensors by rows: slices of the first dimension, [count, …] of [rows, …]. Every access to a
 * model's weights goes through this interface. A reader may move whole rows or convert elements. It sees one slice at a
 * time, so a slice must have the same elements whether it is read alone or with the rest.
 */
@FunctionalInterface
public interface TensorReader {
    /** Returns slices of tensors whose elements are in memory already; copies nothing. */
    TensorReader IN_MEMORY = (tensor, first, count, memory) -> tensor.rows(first, count);

    /**
     * Reads rows {@code first … first + count} of a tensor. Safe to call from any thread.
     *
     * @param tensor a whole tensor, never a slice of one
     * @param memory where elements are allocated if they have to be copied or converted
     * @throws IndexOutOfBoundsException if the tensor does not have these rows
     * @throws io.github.t6j.ModelFormatException if the file was truncated meanwhile
     */
    Tensor rows(Tensor tensor, long first, long count, Arena memory);

    /** Returns the type of a tensor's rows. */
    default DType dtype(Tensor tensor) {
        return tensor.dtype();
    }

    /** Reads all rows of a tensor. */
    default Tensor whole(Tensor tensor, Arena memory) {
        return rows(tensor, 0, tensor.rowCount(), memory);
    }
}
