package io.github.t6j.cache;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The pages of a sequence, for all layers. A page is allocated when its first token comes, all layers of it at once:
 *
 * <pre>
 *   pages[0]  | layer 0 | layer 1 | …      tokens 0 … 63, each layer as its {@link PageLayout} says
 *   pages[1]  | layer 0 | layer 1 | …      tokens 64 … 127
 * </pre>
 *
 * Pages are what is kept, cut and (later) saved and shared.
 */
public final class PagedCache implements SequenceCache {
    private final PageLayout layout;
    private final int layers;
    private final Arena arena = Arena.ofShared();
    private Page[][] pages = new Page[0][]; // [index][layer]

    /** An empty cache whose layers all keep {@code layout}. */
    public PagedCache(PageLayout layout, int layers) {
        this.layout = layout;
        this.layers = layers;
    }

    /** What a page holds. */
    public PageLayout layout() {
        return layout;
    }

    /** Makes room for the tokens before {@code length}; allocates only where they begin a page. */
    @Override
    public void reserve(int length) {
        int needed = (length + PageLayout.TOKENS - 1) / PageLayout.TOKENS;
        int there = pages.length;
        if (needed > there) {
            pages = Arrays.copyOf(pages, needed);
            for (int i = there; i < needed; i++) {
                pages[i] = allocate();
            }
        }
    }

    private Page[] allocate() {
        MemorySegment all = arena.allocate(layers * layout.bytes(), 64);
        Page[] page = new Page[layers];
        for (int layer = 0; layer < layers; layer++) {
            page[layer] = new Page(layout, all.asSlice(layer * layout.bytes(), layout.bytes()));
        }
        return page;
    }

    /** One layer of the page whose first token is {@code 64 · index}. */
    public Page page(int layer, int index) {
        return pages[index][layer];
    }

    /** One layer of the page that holds {@code token}; there it is slot {@link #slot}. */
    public Page pageOf(int layer, int token) {
        return page(layer, token / PageLayout.TOKENS);
    }

    /** Which of its page's tokens {@code token} is. */
    public static int slot(int token) {
        return token % PageLayout.TOKENS;
    }

    @Override
    public void commit() {
        // A page's slots past the sequence's end mean nothing, whether a pass wrote to them or not.
    }

    @Override
    public void truncate(int from, int length) {
        // As above.
    }

    @Override
    public long bytes(int length) {
        return (long) length * layers * layout.numbersPerToken() * Float.BYTES;
    }

    /** Frees all pages. */
    @Override
    public void close() {
        arena.close();
    }
}
