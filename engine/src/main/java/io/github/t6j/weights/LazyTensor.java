package io.github.t6j.weights;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Function;

/**
 * A tensor whose bytes are made when it is written, so that a file may be larger than memory.
 *
 * @param name as {@link Tensor#name()}
 * @param dtype as {@link Tensor#dtype()}
 * @param shape as {@link Tensor#shape()}
 * @param data gives the bytes: what it allocates in the arena is freed once they are written
 */
public record LazyTensor(String name, DType dtype, List<Long> shape, Function<Arena, MemorySegment> data) {
    public LazyTensor {
        shape = List.copyOf(shape);
    }

    /** {@code tensor}, which is there already. */
    static LazyTensor of(Tensor tensor) {
        return new LazyTensor(tensor.name(), tensor.dtype(), tensor.shape(), arena -> tensor.data());
    }

    /** An I32 tensor [ids.length] of {@code ids}, which must stay as they are. */
    public static LazyTensor of(String name, int[] ids) {
        return new LazyTensor(name, DType.I32, List.of((long) ids.length), arena -> {
            MemorySegment data = arena.allocate(4L * ids.length, 4);
            MemorySegment.copy(ids, 0, data, Tensor.INT, 0, ids.length);
            return data;
        });
    }

    /** How many bytes {@link #data} gives. */
    public long bytes() {
        return dtype.bytes(shape);
    }
}
