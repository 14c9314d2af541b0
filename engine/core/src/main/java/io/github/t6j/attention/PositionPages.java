package io.github.t6j.attention;

import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.kernels.Format;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.function.ObjIntConsumer;

/**
 * Pages of elements that depend only on the position; page i holds the 64 positions from 64 · i. A page is computed at
 * the first request and then shared by all sessions. Thread-safe.
 */
public final class PositionPages {
    private final PageLayout layout;
    private final Arena arena;
    private final ObjIntConsumer<float[]> elements;
    private volatile Page[] pages = new Page[0];

    /** @param elements writes the elements of a position, one per column of a page, to the front of an array */
    PositionPages(int columns, Arena arena, ObjIntConsumer<float[]> elements) {
        this.layout = new PageLayout(columns, 0, 0);
        this.arena = arena;
        this.elements = elements;
    }

    public Page page(int index) {
        Page[] existing = pages;
        return index < existing.length ? existing[index] : grown(index)[index];
    }

    private synchronized Page[] grown(int index) {
        int existing = pages.length;
        if (index >= existing) {
            Page[] longer = Arrays.copyOf(pages, index + 1);
            for (int i = existing; i <= index; i++) {
                longer[i] = make(i);
            }
            pages = longer;
        }
        return pages;
    }

    private Page make(int index) {
        Page page = Page.allocate(layout, Format.F32, arena);
        float[] columns = new float[layout.columns()];
        for (int slot = 0; slot < PageLayout.TOKENS; slot++) {
            elements.accept(columns, index * PageLayout.TOKENS + slot);
            page.write(slot, columns, 0, columns, 0);
        }
        return page;
    }

    int elementsPerPosition() {
        return layout.elementsPerToken();
    }

    long bytes() {
        return pages.length * layout.bytes(Format.F32);
    }
}
