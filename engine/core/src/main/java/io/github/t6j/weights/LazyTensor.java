package io.github.t6j.weights;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Function;

/**
 * Tensor whose bytes are computed only when it is written, so that a file may be larger than memory.
 *
 * @param name as {@link Tensor#name()}
 * @param dtype as {@link Tensor#dtype()}
 * @param shape as {@link Tensor#shape()}
 * @param data returns the bytes; memory that it allocates in the arena is freed once they are written
 */
public record LazyTensor(String name, DType dtype, List<Long> shape, Function<Arena, MemorySegment> data) {
    public LazyTensor {
        shape = List.copyOf(shape);
    }

    /** Wraps {@code tensor}, whose bytes exist already. */
    public static LazyTensor of(Tensor tensor) {
        return new LazyTensor(tensor.name(), tensor.dtype(), tensor.shape(), arena -> tensor.data());
    }

    /** Returns an I32 tensor [ids.length] of {@code ids}, which the caller must not change. */
    public static LazyTensor of(String name, int[] ids) {
        return new LazyTensor(name, DType.I32, List.of((long) ids.length), arena -> {
            MemorySegment data = arena.allocate(4L * ids.length, 4);
            MemorySegment.copy(ids, 0, data, LittleEndian.INT, 0, ids.length);
            return data;
        });
    }

    /** Returns the number of bytes of {@link #data}. */
    public long bytes() {
        return dtype.bytes(shape);
    }
}
