package io.github.t6j.cache;

import io.github.t6j.kernels.Format;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Pages of some layers at one index of a {@link PagedCache}, freed when the last cache that shares them releases them.
 */
final class RefCountedPages {
    private final Slab slab;
    private final AtomicInteger owners = new AtomicInteger(1);
    private final Page[] layers;

    /** Creates empty pages of one owner in memory of {@code slab}. */
    RefCountedPages(PageLayout layout, Format format, int layers, Slab slab) {
        this.slab = slab;
        this.layers = new Page[layers];
        MemorySegment data = slab.cut(bytes(layout, format, layers));
        long size = data.byteSize() / layers;
        for (int i = 0; i < layers; i++) {
            this.layers[i] = new Page(layout, format, data.asSlice(i * size, layout.bytes(format)));
        }
    }

    /** Returns the number of bytes that the pages take of a slab: each page is aligned to 64, even an empty one. */
    static long bytes(PageLayout layout, Format format, int layers) {
        return (Math.max(1, layout.bytes(format)) + 63) / 64 * 64 * layers;
    }

    Page layer(int layer) {
        return layers[layer];
    }

    /**
     * Returns whether another cache shares the pages. Only an owner can add owners, so for a single owner false stays
     * valid.
     */
    boolean isShared() {
        return owners.get() > 1;
    }

    void retain() {
        owners.incrementAndGet();
    }

    void release() {
        if (owners.decrementAndGet() == 0) {
            slab.release();
        }
    }

    /** Copies the elements of {@code other}. */
    void copyFrom(RefCountedPages other) {
        for (int i = 0; i < layers.length; i++) {
            layers[i].data.copyFrom(other.layers[i].data);
        }
    }
}
