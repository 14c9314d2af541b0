package io.github.t6j.attention.grouped;

import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.scalar.ScalarKernels.LOG2_E;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.attention.paged.PagedAttention;
import io.github.t6j.attention.paged.Prefill;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;

/**
 * Paged attention in which consecutive query heads share a key head: the operations on the queries of several rows and
 * one key head of a page, for single rows and {@link GroupedPrefill}. A row's projections begin with the queries, [h][d].
 */
interface GroupedPages extends PageAttention {
    /** Returns the number of key and value heads, g, a divisor of {@link #heads()}. */
    int keyValueHeads();

    /** Returns the factor that turns q · k into a score in powers of two, log₂e / √d. */
    default float scale() {
        return (float) (LOG2_E / Math.sqrt(headDim()));
    }

    /**
     * Computes the scores of {@code lines} queries, from line {@code first} on, and the keys of head {@code g}.
     *
     * @param queries [all lines][d], scaled
     * @param state its scores, [all lines][64], are written
     */
    void groupScores(Kernels kernels, int g, float[] queries, int first, int lines, Page page, PageState state);

    /**
     * Adds the values of head {@code g}, weighted with state.probabilities [all lines][64], to {@code lines} lines of
     * state.span.out from line {@code first} on.
     */
    default void groupValues(Kernels kernels, int g, Page page, int first, int lines, int count, PageState state) {
        Page.Sums sums = state.sums.of(lines, 1, g, state.span.lines * PANEL);
        page.addRows(kernels, sums, state.probabilities, first * PANEL, count, state.span.out, first * PANEL);
    }

    @Override
    default void prepareQuery(float[] projections, int at, PageState state) {
        float scale = scale();
        int from = at + state.firstHead * headDim();
        int count = state.span.lines * headDim();
        for (int i = 0; i < count; i++) {
            state.query[i] = projections[from + i] * scale;
        }
    }

    @Override
    default void scores(Kernels kernels, float[] projections, int at, Page page, int index, PageState state) {
        int groupSize = heads() / keyValueHeads();
        for (int i = 0, next; i < state.span.lines; i = next) {
            next = state.nextGroup(i, groupSize);
            groupScores(kernels, (state.firstHead + i) / groupSize, state.query, i, next - i, page, state);
        }
    }

    @Override
    default void values(Kernels kernels, Page page, int count, PageState state) {
        int groupSize = heads() / keyValueHeads();
        for (int i = 0, next; i < state.span.lines; i = next) {
            next = state.nextGroup(i, groupSize);
            groupValues(kernels, (state.firstHead + i) / groupSize, page, i, next - i, count, state);
        }
    }

    /** Passes of several rows use {@link GroupedPrefill}. */
    @Override
    default AttentionAlgorithm newAlgorithm(SequenceCache cache, Kernels kernels, Workers workers) {
        Prefill prefill = new Prefill(new GroupedPrefill(this), kernels, workers);
        return new PagedAttention(this, (PagedCache) cache, kernels, workers, prefill);
    }
}
