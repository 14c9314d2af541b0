package io.github.t6j.cli.models;

import io.github.t6j.weights.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CancellationException;

/** Source of a tensor's elements, in row-major order. */
@FunctionalInterface
interface Elements {
    int CHUNK = 1 << 16;

    /** Reads {@code n} elements, from index {@code from} on, into the start of {@code into}. */
    void read(long from, float[] into, int n);

    /** Returns all elements of a tensor of {@code shape}, rounded to the nearest values of {@code dtype}. */
    default MemorySegment write(DType dtype, List<Long> shape, Arena arena) {
        long count = shape.stream().reduce(1L, Math::multiplyExact);
        MemorySegment data = arena.allocate(dtype.bytes(shape), 64);
        if (count == 0) {
            return data; // before the length of a row matters
        }
        int step = dtype.isQuantized() ? Math.toIntExact(shape.getLast()) : CHUNK; // a row ends with a whole block
        float[] chunk = new float[step];
        for (long from = 0, to = 0; from < count; from += step, to += dtype.padded(step)) {
            int n = (int) Math.min(step, count - from);
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("interrupted");
            }
            read(from, chunk, n);
            dtype.write(chunk, 0, data, to, n);
        }
        return data;
    }
}
