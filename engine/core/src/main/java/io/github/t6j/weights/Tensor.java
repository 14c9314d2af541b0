package io.github.t6j.weights;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Named tensor as stored in a file: contiguous, row-major (the last dimension varies fastest), little-endian.
 *
 * @param name the name in the checkpoint, such as {@code transformer.wte.weight}
 * @param dtype the type of the elements
 * @param shape the dimensions, none negative; empty for a scalar
 * @param data exactly the elements' bytes, with no guaranteed alignment; valid while the {@code Checkpoint} is open
 */
public record Tensor(String name, DType dtype, List<Long> shape, MemorySegment data) {

    /** @throws IllegalArgumentException if the size of {@code data} does not match {@code shape} and {@code dtype} */
    public Tensor {
        shape = List.copyOf(shape);
        long bytes;
        try {
            bytes = dtype.bytes(shape);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("tensor " + name + ": shape " + shape + " is too large", e);
        }
        if (bytes != data.byteSize()) {
            throw new IllegalArgumentException("tensor " + name + ": shape " + shape + " of " + dtype + " expects "
                    + bytes + " bytes, found " + data.byteSize());
        }
    }

    /** Returns an F32 tensor with a copy of {@code values}. */
    public static Tensor of(String name, float[] values, long... shape) {
        return of(name, DType.F32, values, shape);
    }

    /** Returns a tensor of a floating type with a copy of {@code values}, rounded to nearest. */
    public static Tensor of(String name, DType dtype, float[] values, long... shape) {
        List<Long> sizes = Arrays.stream(shape).boxed().toList();
        MemorySegment data = Arena.ofAuto().allocate(dtype.bytes(sizes), 64);
        int row = dtype.isQuantized() ? Math.toIntExact(shape[1]) : values.length;
        long to = 0;
        for (int from = 0; from < values.length; from += row, to += dtype.padded(row)) {
            dtype.write(values, from, data, to, row);
        }
        return new Tensor(name, dtype, sizes, data);
    }

    /**
     * Returns matrix {@code index} of a tensor of several, [matrices, rows, columns], under another name, in the same
     * memory.
     *
     * @throws IndexOutOfBoundsException if the tensor does not have this matrix
     */
    public Tensor matrix(int index, String newName) {
        Tensor rows = rows(index, 1);
        return new Tensor(newName, dtype, shape.subList(1, shape.size()), rows.data);
    }

    /** Returns the first dimension; 1 for a scalar. */
    public long rowCount() {
        return shape.isEmpty() ? 1 : shape.getFirst();
    }

    /**
     * Returns rows {@code first … first + count} as a tensor [count, …] in the same memory.
     *
     * @throws IndexOutOfBoundsException if the tensor does not have these rows
     */
    public Tensor rows(long first, long count) {
        Objects.checkFromIndexSize(first, count, rowCount());
        if (count == rowCount()) {
            return this;
        }
        List<Long> sliceShape = new ArrayList<>(shape);
        sliceShape.set(0, count);
        long row = data.byteSize() / rowCount();
        return new Tensor(name, dtype, sliceShape, data.asSlice(first * row, count * row));
    }

    /** Returns the number of elements: the product of the dimensions, 1 for a scalar. */
    public long elementCount() {
        return elements(shape);
    }

    /**
     * Reads elements {@code from … from + count} (in row-major order) as f32 into {@code into}, starting at {@code at}.
     *
     * @throws IllegalArgumentException if a range is out of bounds
     */
    public void read(long from, float[] into, int at, int count) {
        if (from < 0 || count < 0 || from > elementCount() - count) {
            throw new IllegalArgumentException("tensor " + name + ": expected elements within 0 … " + elementCount()
                    + ", found " + count + " from " + from);
        }
        if (at < 0 || at > into.length - count) {
            throw new IllegalArgumentException("tensor " + name + ": expected an array with space for " + count
                    + " elements at " + at + ", found length " + into.length);
        }
        if (dtype.isQuantized()) {
            readRows(from, into, at, count);
        } else {
            dtype.read(data, from, into, at, count);
        }
    }

    private void readRows(long from, float[] into, int at, int count) {
        int row = Math.toIntExact(shape.getLast());
        for (int done = 0; done < count;) {
            int column = (int) ((from + done) % row);
            int n = Math.min(row - column, count - done);
            dtype.read(data, (from + done) / row * dtype.padded(row) + column, into, at + done, n);
            done += n;
        }
    }

    /**
     * Returns all elements as f32.
     *
     * @throws IllegalArgumentException if an array cannot hold them
     */
    public float[] toFloats() {
        if (elementCount() > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("tensor " + name + ": " + elementCount() + " elements are too many for"
                    + " one array, read them in parts");
        }
        float[] floats = new float[(int) elementCount()];
        read(0, floats, 0, floats.length);
        return floats;
    }

    /** Returns all elements of an I32 tensor. */
    public int[] toInts() {
        int[] ints = new int[Math.toIntExact(elementCount())];
        MemorySegment.copy(data, LittleEndian.INT, 0, ints, 0, ints.length);
        return ints;
    }

    /**
     * Returns the product of the dimensions.
     *
     * @throws ArithmeticException if it does not fit in a long, or a dimension is negative
     */
    static long elements(List<Long> shape) {
        long elements = 1;
        for (long size : shape) {
            if (size < 0) {
                throw new ArithmeticException("negative size");
            }
            elements = Math.multiplyExact(elements, size);
        }
        return elements;
    }
}
