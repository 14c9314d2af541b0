package io.github.t6j.cache;

import io.github.t6j.kernels.Format;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Pages of several layers at one index of a {@link PagedCache}. The last cache that releases them frees them.
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
     * Returns true if another cache shares the pages. Only an owner can add owners, so a single owner may rely on a
     * false result.
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
