package io.github.t6j.attention;

import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Kernels;

/**
 * An attention variant: which elements the block's one input projection makes of a position, which of them are kept,
 * and how a query meets a page of them. The rest (pages, softmax, threads, the oracle) is common to all: {@link
 * PagedAttention} and {@link MaterializedAttention}.
 *
 * <p>A position's projections stand in one row, which {@link #complete} has rotated by position before anything else
 * here sees it.
 */
public interface Attention {
    /** Query heads, h. */
    int heads();

    /** Elements of a head's query and of its key, d: what the scale 1/√d is made of. */
    int headDim();

    /** Elements of a head's value, and so of its output. */
    default int valueDim() {
        return headDim();
    }

    /** Elements that the projection makes of a position, at the front of its row. */
    int projections();

    /** Elements in a row: the projections, and what {@link #complete} adds behind them. */
    default int rowFloats() {
        return projections();
    }

    /**
     * Makes of the projections at {@code at} what all methods below take for a row: rotated, activated, with what does
     * not come from the token.
     *
     * @param cos the position's table of {@code rope}, from {@code tableAt}
     * @param sin the same
     */
    void complete(Rope rope, float[] row, int at, float[] cos, float[] sin, int tableAt);

    /** What a page keeps. */
    PageLayout layout();

    /** Keeps what later positions need of the row at {@code at} in the page's {@code slot}. */
    void append(float[] projections, int at, Page page, int slot);

    /** {@link #append(float[], int, Page, int)} for {@code rows} rows, the tokens from {@code position}. */
    default void append(float[] projections, int rows, int stride, PagedCache cache, int layer, int position) {
        for (int row = 0; row < rows; row++) {
            int token = position + row;
            append(projections, row * stride, cache.pageOf(layer, token), PagedCache.slot(token));
        }
    }

    /** Floats that {@link #begin} prepares. */
    int queryFloats();

    /** Floats that {@link #logits} needs on its way. */
    int productFloats();

    /** Prepares the query of the row at {@code at} in state.query. */
    void begin(float[] projections, int at, PageState state);

    /**
     * Logits, in powers of two, of the prepared query and each token of a page, to state.logits [heads][64].
     *
     * @param index the page's number: its first token's position is 64 · index
     */
    void logits(Kernels kernels, float[] projections, int at, Page page, int index, PageState state);

    /** Weights that a value has per head, to be summed with as many rows: R_V, or 1 where values are whole. */
    int weightsPerHead();

    /**
     * Weights from state.logits, to state.weights [heads][weightsPerHead][64]; state.span.sum grows.
     *
     * @return as {@link Kernels#softmax}
     */
    int weights(Kernels kernels, Page page, PageState state);

    /** Numbers per head that {@link #values} adds to: of a value, or of what values are made of afterwards. */
    default int summedDim() {
        return valueDim();
    }

    /** A page of each thread's own that {@link #logits} needs on its way, or null. */
    default PageLayout scratch() {
        return null;
    }

    /** Whether it copies elements out of a session's pages: narrower ones are then made f32 before it sees them. */
    default boolean copiesPages() {
        return false;
    }

    /** Whether computing with a page takes long enough to touch most of the next one meanwhile; else touching only delays. */
    default boolean readsAhead() {
        return true;
    }

    /** Bytes that {@link #values} needs to rewrite a page. */
    default long pageBytes() {
        return 0;
    }

    /** Adds the values of a page's first {@code count} tokens, weighted by state.weights, to state.span.out. */
    void values(Kernels kernels, Page page, int count, PageState state);

    /** What the weighted sum of values is divided by besides the softmax's own sum: the rank, or 1. */
    float valueDivisor();

    /** The whole query of {@code head}, to {@code q} [headDim]. */
    void materializeQuery(float[] projections, int at, int head, double[] q);

    /** The whole key of a cached token as {@code head} sees it, to {@code k} [headDim]. */
    void materializeKey(Page page, int slot, int position, int head, double[] k);

    /** The whole value of a cached token as {@code head} sees it, to {@code v} [valueDim]. */
    void materializeValue(Page page, int slot, int position, int head, double[] v);
}
