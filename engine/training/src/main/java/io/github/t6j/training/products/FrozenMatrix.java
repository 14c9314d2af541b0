package io.github.t6j.training.products;

import io.github.t6j.weights.DType;
import io.github.t6j.weights.LittleEndian;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.MemorySegment;

/** Matrix that training does not change, in the type of its file; reading a row unpacks it. */
public final class FrozenMatrix implements Matrix {
    private final Tensor tensor;
    private final int rows;
    private final int columns;
    private final boolean isF32;

    /** @param tensor [rows, columns] of any type that weights may have, in memory that outlives this object */
    public FrozenMatrix(Tensor tensor) {
        this.tensor = tensor;
        rows = Math.toIntExact(tensor.shape().get(0));
        columns = Math.toIntExact(tensor.shape().get(1));
        isF32 = tensor.dtype() == DType.F32;
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int columns() {
        return columns;
    }

    @Override
    public void read(int row, int column, int count, MemorySegment to, long at, float[] scratch) {
        long from = (long) row * columns + column;
        if (isF32) {
            MemorySegment.copy(tensor.data(), from * Float.BYTES, to, at, (long) count * Float.BYTES);
        } else {
            tensor.read(from, scratch, 0, count);
            MemorySegment.copy(scratch, 0, to, LittleEndian.FLOAT, at, count);
        }
    }

    @Override
    public void read(int row, float[] to, int at) {
        tensor.read((long) row * columns, to, at, columns);
    }
}
