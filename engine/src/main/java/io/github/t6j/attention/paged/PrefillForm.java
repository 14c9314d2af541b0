package io.github.t6j.attention.paged;

import io.github.t6j.cache.Page;
import io.github.t6j.kernels.Format;

/**
 * Form of an attention for blocks of rows: the operations on a {@link RowBlock} and one page. {@link Prefill} does the
 * rest. The softmaxes of a row are in groups that are computed together; the branches of a head follow each other.
 */
public interface PrefillForm {
    /** Returns the number of softmaxes of a row. */
    int softmaxes();

    /** Returns the softmaxes of a row in a group; the last group may have fewer. */
    int groupHeads();

    /** Returns the elements of a value. */
    int valueDim();

    /** Returns the number that divides the sums of values. */
    int divisor();

    /** Returns the rows per block for a pass of {@code rows} rows. */
    int blockRows(int rows, int threads);

    /** Returns the number of work items per block of rows, each of which has some of the groups. */
    int parts(int groups, int blocks, int threads);

    /**
     * Returns true if the lines of a group are ordered by rows, [rows][groupHeads], so that all its queries are one
     * matrix; false for one matrix per head, [groupHeads][rows].
     */
    default boolean ordersByRow() {
        return false;
    }

    /** Returns true to merge pages in the spans of {@link PagedAttention}, which gives the bits of single rows. */
    default boolean mergesSpans() {
        return false;
    }

    /** Returns true if pages of {@code format} must be converted to f32 first. */
    default boolean needsF32(Format format) {
        return true;
    }

    /** Returns the sizes of a block's buffers; the off-heap sizes must not depend on {@code rows}. */
    PageAttention.Scratch scratch(int rows);

    /** Prepares the queries of a block in state.query. */
    void prepareQueries(RowBlock block);

    /**
     * Prepares what the groups share of a page.
     *
     * @param index index of the page, whose first token has position 64 · index
     * @return page of the keys for {@link #scores}
     */
    default Page prepareKeys(Page page, int index, RowBlock block) {
        return page;
    }

    /** Writes the scores of a group, in powers of two, to the lines of state.scores from row {@code block.low} on. */
    void scores(Page page, Page keys, int group, RowBlock block);

    /** Adds the values of a page's first {@code count} tokens, weighted with state.probabilities, to state.span.out. */
    void values(Page page, int group, int count, RowBlock block);
}
