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
     * Scores of queries and the keys of head {@code g}.
     *
     * @param queries [lines][d], scaled
     * @param scores [lines][64], written
     */
    void groupScores(Kernels kernels, int g, float[] queries, int lines, Page page, float[] scores);

    /** Adds values of head {@code g}, times state.probabilities [lines][64], to state.span.out, of its first lines. */
    void groupValues(Kernels kernels, int g, Page page, int lines, int count, PageState state);
}
