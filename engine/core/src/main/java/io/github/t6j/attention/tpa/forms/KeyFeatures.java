package io.github.t6j.attention.tpa.forms;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.PositionPages;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.cache.Page;

/** Source of the rotated B_K of a page's tokens: the cache, a shared B, or fixed features. */
interface KeyFeatures {
    /**
     * Returns a page whose first columns are the rotated B_K [R_K][d_b] of the tokens of page state.pageIndex.
     *
     * @param cached page of the session's cache
     */
    Page columns(Page cached, PageState state);

    /** Writes the rotated vector {@code k} of B_K of one token to {@code b} [d_b], for the oracle. */
    void read(Page cached, int slot, int position, int k, float[] b);

    /** Returns the number of floats of state.products that {@link #columns} needs. */
    default int scratchFloats() {
        return 0;
    }

    /** Features of each token, cached and rotated when the token was appended. */
    record Cached() implements KeyFeatures {
        @Override
        public Page columns(Page cached, PageState state) {
            return cached;
        }

        @Override
        public void read(Page cached, int slot, int position, int k, float[] b) {
            for (int i = 0; i < b.length; i++) {
                b[i] = cached.column(slot, k * b.length + i);
            }
        }
    }

    /** Fixed features, which differ between tokens only by their rotation. */
    record Fixed(PositionPages pages) implements KeyFeatures {
        @Override
        public Page columns(Page cached, PageState state) {
            return pages.page(state.pageIndex);
        }

        @Override
        public void read(Page cached, int slot, int position, int k, float[] b) {
            new Cached().read(pages.page(position / PANEL), slot, position, k, b);
        }
    }

    /**
     * Shared features: B_V before RoPE, cached in rows. Values read it unchanged; for keys, a page of it is rotated
     * whenever it is scored. The rotation costs about as much as scoring the page; caching both would double the size
     * of B.
     *
     * @param rank R_K = R_V
     * @param size d_b
     */
    record Shared(int rank, int size, Rope rope, PositionPages tables) implements KeyFeatures {
        @Override
        public int scratchFloats() {
            return tablesFloats() + 2 * size * PANEL;
        }

        private int tablesFloats() {
            return 2 * rope.pairs() * PANEL;
        }

        @Override
        public Page columns(Page cached, PageState state) {
            float[] floats = state.products;
            int columnsAt = tablesFloats();
            int rowsAt = columnsAt + size * PANEL;
            tables.page(state.pageIndex).readColumns(0, 2 * rope.pairs(), floats, 0);
            for (int k = 0; k < rank; k++) {
                cached.readRows(k, floats, rowsAt);
                for (int i = 0; i < size; i++) {
                    for (int t = 0; t < PANEL; t++) {
                        floats[columnsAt + i * PANEL + t] = floats[rowsAt + t * size + i];
                    }
                }
                rope.rotateColumns(floats, columnsAt, floats, 0);
                state.scratch.writeColumns(k * size, size, floats, columnsAt);
            }
            return state.scratch;
        }

        @Override
        public void read(Page cached, int slot, int position, int k, float[] b) {
            float[] cos = new float[rope.pairs()];
            float[] sin = new float[rope.pairs()];
            rope.table(position, cos, sin, 0);
            for (int i = 0; i < size; i++) {
                b[i] = cached.row(slot, k, i);
            }
            rope.rotate(b, 0, 1, size, cos, sin, 0);
        }
    }
}
