package io.github.t6j.attention;

import io.github.t6j.cache.Page;
import io.github.t6j.kernels.Kernels;

/**
 * A paged attention whose key heads are each seen by as many consecutive query heads: how the queries of some rows meet
 * one key head's page, for {@link GroupedPrefill}. A row's projections begin with the queries, [h][d].
 */
interface GroupedPages extends PageAttention {
    /** Heads of keys and values, g, a divisor of {@link #heads()}. */
    int keyValueHeads();

    /** What makes of q · k a score in powers of two. */
    float scale();

    /**
     * Scores of queries and the keys of head {@code g}, for {@code lines} of them from line {@code first}.
     *
     * @param queries [all lines][d], scaled
     * @param state whose scores, [all lines][64], are written
     */
    void groupScores(Kernels kernels, int g, float[] queries, int first, int lines, Page page, PageState state);

    /** Adds values of head {@code g}, times state.probabilities [all lines][64], to these lines of state.span.out. */
    void groupValues(Kernels kernels, int g, Page page, int first, int lines, int count, PageState state);
}
