package io.github.t6j.attention.grouped;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.attention.paged.PageProducts;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.attention.paged.PagedAttention;
import io.github.t6j.attention.paged.Prefill;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;

/**
 * Attention in which h/g consecutive query heads share one of g key and value heads: the operations on the queries of
 * several rows and one key head of a page, for single rows and {@link GroupedPrefill}. A row's projections are the
 * queries, [h][d], then the columns and the rows of a page, which are the values, [g][d].
 */
abstract class GroupedAttention extends PageAttention {
    final int groupSize; // query heads per key head
    private final int keyValueHeads;
    private final int queryFloats;

    /** @param keyValueHeads number of key and value heads, g, a divisor of {@code heads} */
    GroupedAttention(int heads, int headDim, int keyValueHeads, PageLayout layout) {
        super(heads, headDim, headDim, layout);
        this.keyValueHeads = keyValueHeads;
        groupSize = heads / keyValueHeads;
        queryFloats = heads * headDim;
    }

    public final int keyValueHeads() {
        return keyValueHeads;
    }

    @Override
    public final int projections() {
        return queryFloats + layout().elementsPerToken();
    }

    @Override
    public final void append(float[] projections, int at, Page page, int slot) {
        int columns = at + queryFloats;
        page.write(slot, projections, columns, projections, columns + layout().columns());
    }

    @Override
    public Scratch scratch() {
        return new Scratch(queryFloats, 0, 0, null);
    }

    /**
     * Computes the scores of {@code lines} queries, from line {@code first} on, and the keys of head {@code g}.
     *
     * @param queries [all lines][d], scaled
     * @param state its scores, [all lines][64], are written
     */
    abstract void groupScores(
            Kernels kernels, int g, float[] queries, int first, int lines, Page page, PageState state);

    /**
     * Adds the values of head {@code g}, weighted with state.probabilities [all lines][64], to {@code lines} lines of
     * state.span.out from line {@code first} on.
     */
    final void groupValues(Kernels kernels, int g, Page page, int first, int lines, int count, PageState state) {
        PageProducts.addRows(
                kernels, page, state.probabilities, first * PANEL, lines, 1, g, count, state.span.out, first * PANEL,
                state.span.lines * PANEL);
    }

    @Override
    public final void prepareQuery(float[] projections, int at, PageState state) {
        state.scaleQuery(projections, at + state.firstHead * headDim(), state.span.lines * headDim(), scale());
    }

    @Override
    public final void scores(Kernels kernels, float[] projections, int at, Page page, int index, PageState state) {
        for (int i = 0, next; i < state.span.lines; i = next) {
            next = state.nextGroup(i, groupSize);
            groupScores(kernels, (state.firstHead + i) / groupSize, state.query, i, next - i, page, state);
        }
    }

    @Override
    public final void values(Kernels kernels, Page page, int count, PageState state) {
        for (int i = 0, next; i < state.span.lines; i = next) {
            next = state.nextGroup(i, groupSize);
            groupValues(kernels, (state.firstHead + i) / groupSize, page, i, next - i, count, state);
        }
    }

    /** Passes of several rows use {@link GroupedPrefill}. */
    @Override
    public final AttentionAlgorithm newAlgorithm(SequenceCache cache, Kernels kernels, Workers workers) {
        Prefill prefill = new Prefill(new GroupedPrefill(this), kernels, workers);
        return new PagedAttention(this, (PagedCache) cache, kernels, workers, prefill);
    }

    @Override
    public final void materializeValue(Page page, int slot, int position, int head, double[] v) {
        for (int d = 0; d < v.length; d++) {
            v[d] = page.row(slot, head / groupSize, d);
        }
    }
}
