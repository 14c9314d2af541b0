package io.github.t6j.cache;

import io.github.t6j.kernels.Format;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/** All layers of one index of a {@link PagedCache}, freed when the last cache that has it lets go. */
final class RefCountedPages {
    private final Slab slab;
    private final AtomicInteger owners = new AtomicInteger(1);
    private final Page[] layers;

    /** Empty pages of one owner, in memory of {@code slab}. */
    RefCountedPages(PageLayout layout, Format format, int layers, Slab slab) {
        this.slab = slab;
        this.layers = new Page[layers];
        MemorySegment data = slab.cut(bytes(layout, format, layers));
        long size = data.byteSize() / layers;
        for (int i = 0; i < layers; i++) {
            this.layers[i] = new Page(layout, format, data.asSlice(i * size, layout.bytes(format)));
        }
    }

    /** Bytes that they take of a slab: each page is aligned to 64, also one that keeps nothing. */
    static long bytes(PageLayout layout, Format format, int layers) {
        return (Math.max(1, layout.bytes(format)) + 63) / 64 * 64 * layers;
    }

    Page layer(int layer) {
        return layers[layer];
    }

    /** Whether another cache has them, too. Only an owner can add one, so false stays true while one owner asks. */
    boolean shared() {
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

    /** Lets go of these. @return others of {@code from} for the caller alone, with the same elements if {@code copy} */
    RefCountedPages own(boolean copy, Slab from) {
        Page first = layers[0];
        RefCountedPages own = new RefCountedPages(first.layout(), first.format(), layers.length, from);
        for (int i = 0; copy && i < layers.length; i++) {
            own.layers[i].data().copyFrom(layers[i].data());
        }
        release();
        return own;
    }
}
