package io.github.t6j.cache;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
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
public final class PagedCache implements AutoCloseable {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final PageLayout layout;
    private final int layers;
    private final Arena arena = Arena.ofShared();
    private MemorySegment[][] pages = new MemorySegment[0][];

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

    private MemorySegment[] allocate() {
        MemorySegment all = arena.allocate(layers * layout.bytes(), 64);
        MemorySegment[] page = new MemorySegment[layers];
        for (int layer = 0; layer < layers; layer++) {
            page[layer] = all.asSlice(layer * layout.bytes(), layout.bytes());
        }
        return page;
    }

    /** One layer of the page of token {@code 64 · index}. */
    public MemorySegment page(int layer, int index) {
        return pages[index][layer];
    }

    /**
     * Writes one token's numbers of one layer.
     *
     * @param columns from {@code columnsAt}, layout.columns() numbers
     * @param rows from {@code rowsAt}, layout.groups() · layout.width() numbers
     */
    public void write(int layer, int token, float[] columns, int columnsAt, float[] rows, int rowsAt) {
        MemorySegment page = page(layer, token / PageLayout.TOKENS);
        long slot = token % PageLayout.TOKENS;
        for (int c = 0; c < layout.columns(); c++) {
            page.set(FLOAT, layout.columnAt(c) + slot * Float.BYTES, columns[columnsAt + c]);
        }
        int width = layout.width();
        for (int g = 0; g < layout.groups(); g++) {
            long row = layout.rowsAt(g) + slot * width * Float.BYTES;
            MemorySegment.copy(rows, rowsAt + g * width, page, FLOAT, row, width);
        }
    }

    /** Number {@code column} of a token, for the oracle. */
    public float column(int layer, int token, int column) {
        long slot = (long) token % PageLayout.TOKENS;
        return page(layer, token / PageLayout.TOKENS).get(FLOAT, layout.columnAt(column) + slot * Float.BYTES);
    }

    /** Number {@code i} of a token's row {@code group}, for the oracle. */
    public float row(int layer, int token, int group, int i) {
        long at = ((long) token % PageLayout.TOKENS * layout.width() + i) * Float.BYTES;
        return page(layer, token / PageLayout.TOKENS).get(FLOAT, layout.rowsAt(group) + at);
    }

    /** Frees all pages. */
    @Override
    public void close() {
        arena.close();
    }
}
