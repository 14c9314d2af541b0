package io.github.t6j.weights;

import io.github.t6j.ModelFormatException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Makes strided views (transposed, sliced, broadcast) contiguous. The copies of one file together may take
 * {@link #GROWTH} times its size and a little more: a stride of 0 lets a file of a few bytes claim any size.
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

    /** Whether elements of {@code shape} with {@code strides} lie one after the other in row-major order. */
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
     * The elements of the view, contiguous.
     *
     * @param source starts at the view's first element; every element is inside
     * @param width bytes of one element
     * @throws ModelFormatException when it is more than this file may claim
     */
    MemorySegment copy(MemorySegment source, int width, long[] shape, long[] strides, long elements, String tensor) {
        if (elements > budget / width) {
            throw new ModelFormatException(where + ": tensor " + tensor + ": a view of " + elements + " elements is too"
                    + " large a copy for a file of this size: save tensor.contiguous() instead");
        }
        budget -= elements * width;
        MemorySegment target = arena.allocate(elements * width, 64);
        copy(source, 0, target, 0, width, shape, strides, 0);
        return target;
    }

    /** Copies dimension {@code d} and those in it; from and to in elements; where the next element goes. */
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
