package io.github.t6j.attention.grouped;

import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.cache.Page;
import io.github.t6j.kernels.Kernels;

/**
 * Paged attention in which consecutive query heads share a key head: the operations on the queries of several rows and
 * one key head of a page, for {@link GroupedPrefill}. A row's projections begin with the queries, [h][d].
 */
interface GroupedPages extends PageAttention {
    /** Returns the number of key and value heads, g, a divisor of {@link #heads()}. */
    int keyValueHeads();

    /** Returns the factor that turns q · k into a score in powers of two, log₂e / √d. */
    float scale();

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
    void groupValues(Kernels kernels, int g, Page page, int first, int lines, int count, PageState state);
}
