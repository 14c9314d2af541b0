package io.github.t6j.cache;

import io.github.t6j.kernels.Format;
import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicInteger;

/** All layers of one index of a {@link PagedCache}, freed when the last cache that has it lets go. */
final class CountedPages {
    private final Arena arena = Arena.ofShared();
    private final AtomicInteger owners = new AtomicInteger(1);
    private final Page[] layers;

    /** Empty pages of one owner. */
    CountedPages(PageLayout layout, Format format, int layers) {
        this.layers = new Page[layers];
        for (int i = 0; i < layers; i++) {
            this.layers[i] = Page.allocate(layout, format, arena);
        }
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
            arena.close();
        }
    }

    /** Lets go of these. @return others for the caller alone, with the same numbers if {@code copy} */
    CountedPages own(boolean copy) {
        Page first = layers[0];
        CountedPages own = new CountedPages(first.layout(), first.format(), layers.length);
        for (int i = 0; copy && i < layers.length; i++) {
            own.layers[i].data().copyFrom(layers[i].data());
        }
        release();
        return own;
    }
}
