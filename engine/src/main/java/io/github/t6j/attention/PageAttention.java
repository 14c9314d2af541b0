package io.github.t6j.attention;

import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;

/**
 * An attention that reads a cache of pages: how one query meets one page. {@link PagedAttention} does the rest for all
 * of them: pages in order, softmax, threads.
 */
public interface PageAttention extends Attention, PagedTokens {
    /**
     * What a thread needs to meet a page.
     *
     * @param queryFloats floats that {@link #prepareQuery} prepares
     * @param productFloats floats of state.products, for {@link #scores} and {@link #values}
     * @param bytes bytes of state.offHeap, where a page is rewritten or kernels read a matrix
     * @param layout of state.scratch, an F32 page, or null: none is needed
     */
    record Scratch(int queryFloats, int productFloats, long bytes, PageLayout layout) {
        /** Nothing but a query. */
        static Scratch ofQuery(int floats) {
            return new Scratch(floats, 0, 0, null);
        }
    }

    /** What a thread needs to meet a page. */
    Scratch scratch();

    /** Prepares the query of the row at {@code at} in state.query, of its heads those of state.span. */
    void prepareQuery(float[] projections, int at, PageState state);

    /**
     * Scores, in powers of two, of the prepared query and each token of a page, to state.scores [state.span.heads][64].
     *
     * @param index the page's number: its first token's position is 64 · index
     */
    void scores(Kernels kernels, float[] projections, int at, Page page, int index, PageState state);

    /** Rows that a head's value is the mean of, each with a head factor of its own: R_V; 0 where values are whole. */
    default int valueRank() {
        return 0;
    }

    /** The page whose columns are the values' head factors A_V, from {@link #valueHeadColumn()}. */
    default Page valueHeads(Page page) {
        return page;
    }

    /** First column of A_V in {@link #valueHeads}. */
    default int valueHeadColumn() {
        return 0;
    }

    /** Adds the values of a page's first {@code count} tokens, times state.probabilities, to state.span.out. */
    void values(Kernels kernels, Page page, int count, PageState state);

    /** Softmaxes of a row. */
    default int softmaxes() {
        return branches() * heads();
    }

    /** Elements per softmax that {@link #values} adds to: of a value, or of what values are made of afterwards. */
    default int summedDim() {
        return valueDim();
    }

    /** Whether a query may meet pages with some of its softmaxes, which are its heads then. */
    default boolean cutsHeads() {
        return branches() == 1;
    }

    /** Whether it does more with pages of {@code format} than kernels do: they are made f32 before it sees them. */
    default boolean needsF32(Format format) {
        return false;
    }

    @Override
    default int elementsPerToken() {
        return layout().elementsPerToken();
    }

    @Override
    default SequenceCache newCache(Format format, int layers) {
        return new PagedCache(layout(), format, layers);
    }

    @Override
    default AttentionAlgorithm newAlgorithm(SequenceCache cache, Kernels kernels, Workers workers) {
        return new PagedAttention(this, (PagedCache) cache, kernels, workers);
    }
}
