package io.github.t6j.family.lora;

import io.github.t6j.weights.ConvertedMatrices;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.TensorReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/**
 * Reader that adds the changes of adapters to a model's matrices. It adds the elements of a row as f32 and all changes
 * in order, in double, and rounds the sum to f32 and then to the matrix's type.
 *
 * @param source reads the matrices as they are stored
 * @param converted reads them without changes in the types that they are to have
 * @param changes by the bytes of the matrix, since conversions rename tensors
 */
record MergedRows(TensorReader source, TensorReader converted, Map<MemorySegment, List<LoraChange>> changes)
        implements
            TensorReader {
    @Override
    public DType dtype(Tensor tensor) {
        DType dtype = converted.dtype(tensor);
        return changes.containsKey(tensor.data()) ? merged(dtype) : dtype;
    }

    /** Returns the type of a merged matrix: the matrix's, or q8_0 for the blocks that t6j only reads. */
    private static DType merged(DType dtype) {
        return switch (dtype) {
            case Q4_1, Q5_0, Q5_1 -> DType.Q8_0;
            default -> dtype;
        };
    }

    @Override
    public Tensor rows(Tensor tensor, long first, long count, Arena memory) {
        List<LoraChange> rowChanges = changes.get(tensor.data());
        if (rowChanges == null) {
            return converted.rows(tensor, first, count, memory);
        }
        Tensor stored = source.rows(tensor, first, count, memory);
        List<LoraChange.Rows> added = rowChanges.stream().map(change -> change.rows(first, count, memory)).toList();
        double[] sums = new double[Math.toIntExact(tensor.shape().getLast())];
        return ConvertedMatrices.changed(stored, first, dtype(tensor), memory, (row, elements) -> {
            for (int j = 0; j < sums.length; j++) {
                sums[j] = elements[j];
            }
            for (LoraChange.Rows change : added) {
                change.add(row, sums);
            }
            for (int j = 0; j < sums.length; j++) {
                elements[j] = (float) sums[j];
            }
        });
    }
}
