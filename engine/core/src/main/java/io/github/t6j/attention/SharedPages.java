package io.github.t6j.attention;

import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.kernels.Format;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * Pages shared by all sessions of a model: fixed factors, which are equal for every token, their rotations by position,
 * and tables of RoPE. They are separate from the caches of sessions and cost nothing per token.
 */
public final class SharedPages {
    private final Rope rope;
    private final Arena arena;
    private final List<PositionPages> byPosition = new ArrayList<>();
    private PositionPages tables;
    private long constantBytes;

    /**
     * Creates an empty set. Pages are allocated in {@code arena}, which must be shared between threads, and freed with
     * it.
     */
    public SharedPages(Rope rope, Arena arena) {
        this.rope = rope;
        this.arena = arena;
    }

    /** Returns the rotation of the model. */
    public Rope rope() {
        return rope;
    }

    /** Returns a page whose tokens all have {@code elements} as columns. */
    public Page columns(float[] elements) {
        return constant(new PageLayout(elements.length, 0, 0), elements);
    }

    /** Returns a page whose tokens all have {@code elements} as rows of {@code width}. */
    public Page rows(float[] elements, int width) {
        return constant(new PageLayout(0, elements.length / width, width), elements);
    }

    private Page constant(PageLayout layout, float[] elements) {
        Page page = Page.allocate(layout, Format.F32, arena);
        for (int slot = 0; slot < PageLayout.TOKENS; slot++) {
            page.write(slot, elements, 0, elements, 0);
        }
        constantBytes += layout.bytes(Format.F32);
        return page;
    }

    /** Returns pages of the vectors in {@code elements}, {@code width} each, rotated by each position. */
    public PositionPages rotated(float[] elements, int width) {
        PositionPages pages = new PositionPages(elements.length, arena, (columns, position) -> {
            float[] cos = new float[rope.pairs()];
            float[] sin = new float[rope.pairs()];
            rope.table(position, cos, sin, 0);
            System.arraycopy(elements, 0, columns, 0, elements.length);
            rope.rotate(columns, 0, elements.length / width, width, cos, sin, 0);
        });
        byPosition.add(pages);
        return pages;
    }

    /** Returns pages of RoPE's tables, cosines [pairs], then sines [pairs]; all layers share them. */
    public PositionPages tables() {
        if (tables == null) {
            int pairs = rope.pairs();
            tables = new PositionPages(2 * pairs, arena, (columns, position) -> {
                float[] sin = new float[pairs];
                rope.table(position, columns, sin, 0);
                System.arraycopy(sin, 0, columns, pairs, pairs);
            });
            byPosition.add(tables);
        }
        return tables;
    }

    /** Returns the number of elements per position, counted once for all layers and sessions. */
    public int elementsPerPosition() {
        return byPosition.stream().mapToInt(PositionPages::elementsPerPosition).sum();
    }

    /** Returns the bytes allocated so far, which grow with the longest session. */
    public long bytes() {
        return constantBytes + byPosition.stream().mapToLong(PositionPages::bytes).sum();
    }
}
