package io.github.t6j.weights.torch;

import io.github.t6j.ModelFormatException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Makes strided views (transposed, sliced, broadcast) contiguous. All copies for one file may take {@link #GROWTH}
 * times its size and a little more: with a stride of 0, a file of a few bytes could claim any size.
 */
final class StridedCopy {
    private static final int GROWTH = 4;
    private static final long ALWAYS = 16 << 20;

    private final Arena arena;
    private final String where;
    private long budget;

    StridedCopy(Arena arena, long fileSize, String where) {
        this.arena = arena;
        this.where = where;
        budget = GROWTH * fileSize + ALWAYS;
    }

    /** Returns true if elements of {@code shape} with {@code strides} are contiguous in row-major order. */
    static boolean isContiguous(long[] shape, long[] strides) {
        long expected = 1;
        for (int d = shape.length - 1; d >= 0; d--) {
            if (shape[d] != 1 && strides[d] != expected) {
                return false;
            }
            expected *= shape[d];
        }
        return true;
    }

    /**
     * Copies the elements of the view into contiguous memory.
     *
     * @param source starts at the view's first element and contains all others
     * @param width bytes of one element
     * @throws ModelFormatException if the copy exceeds the limit for this file
     */
    MemorySegment copy(MemorySegment source, int width, long[] shape, long[] strides, long elements, String tensor) {
        if (elements > budget / width) {
            throw new ModelFormatException(where + ": tensor " + tensor + ": a contiguous copy of a view of " + elements
                    + " elements is too large for a file of this size: save tensor.contiguous() instead");
        }
        budget -= elements * width;
        MemorySegment target = arena.allocate(elements * width, 64);
        copy(source, 0, target, 0, width, shape, strides, 0);
        return target;
    }

    /**
     * Copies dimension {@code d} and the ones inside it, counting in elements; returns the target index after the last
     * one.
     */
    private static long copy(MemorySegment source, long from, MemorySegment target, long to, int width, long[] shape,
            long[] strides, int d) {
        boolean row = d == shape.length || d == shape.length - 1 && strides[d] == 1;
        if (row) {
            long count = d == shape.length ? 1 : shape[d];
            MemorySegment.copy(source, from * width, target, to * width, count * width);
            return to + count;
        }
        long next = to;
        for (long i = 0; i < shape[d]; i++) {
            next = copy(source, from + i * strides[d], target, next, width, shape, strides, d + 1);
        }
        return next;
    }
}
