package io.github.t6j.cache;

import io.github.t6j.weights.MemoryBudget;
import io.github.t6j.weights.NativeMemory;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Memory from which a cache cuts its pages, freed when the cache and all pages have released it. The slabs of a large
 * cache are large enough for huge pages: with 4 KB pages, reading a long context reaches only two thirds of the speed.
 */
final class Slab {
    private final NativeMemory memory;
    private final AtomicInteger owners = new AtomicInteger(1);
    private final MemorySegment data;
    private long used;

    /** Allocates a slab of {@code bytes} for one cache, counted in {@code budget}, which may be null. */
    Slab(long bytes, MemoryBudget budget) {
        memory = NativeMemory.shared(budget);
        try {
            data = memory.allocate(bytes, 64);
        } catch (RuntimeException | Error failure) {
            memory.close();
            throw failure;
        }
    }

    boolean has(long bytes) {
        return used + bytes <= data.byteSize();
    }

    /** Returns true if no page is in this slab; only its cache may ask. */
    boolean isUnshared() {
        return owners.get() == 1;
    }

    long unused() {
        return data.byteSize() - used;
    }

    /** Returns the next {@code bytes}, a multiple of 64, filled with zeros; each cut needs a {@link #release}. */
    MemorySegment cut(long bytes) {
        MemorySegment slice = data.asSlice(used, bytes);
        used += bytes;
        owners.incrementAndGet();
        return slice;
    }

    void release() {
        if (owners.decrementAndGet() == 0) {
            memory.close();
        }
    }
}
