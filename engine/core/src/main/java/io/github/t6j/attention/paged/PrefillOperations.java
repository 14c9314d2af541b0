package io.github.t6j.attention.paged;

import io.github.t6j.cache.Page;

/**
 * Operations of an attention on a block of rows and one page, as {@link PageAttention} has for one query and one page.
 * {@link Prefill} does the rest. The softmaxes of a row form groups that are computed together; the branches of a head
 * are adjacent.
 */
public interface PrefillOperations {
    /**
     * Sizes of the groups and tasks.
     *
     * @param attention attention with the shape that {@link Prefill} expects
     * @param minRows minimum number of rows of a pass that uses these operations
     * @param groupHeads softmaxes of a row in a group; the last group may have fewer
     * @param blockTasks tasks per block of rows, 0 to split blocks only if there are fewer than threads
     * @param ordersByRow true if the queries of a group are one matrix, with lines [rows][groupHeads]; false for a
     *     matrix per head, [groupHeads][rows]
     * @param keepsBits true to convert pages and merge spans as {@link PagedAlgorithm} does, for the bits of single
     *     rows; false for f32 pages and one span
     */
    record Sizes(
            PageAttention attention, int minRows, int groupHeads, int blockTasks, boolean ordersByRow,
            boolean keepsBits) {}

    Sizes sizes();

    /** Returns the rows per block for a pass of {@code rows} rows. */
    int blockRows(int rows, int threads);

    /** Returns the sizes of a block's buffers; the off-heap sizes must not depend on {@code rows}. */
    PageAttention.Scratch scratch(int rows);

    /** Prepares the queries of a block in state.query. */
    void prepareQueries(RowBlock block);

    /** Prepares the keys of a page once for all groups; returns the page of keys that {@link #scores} reads. */
    default Page prepareKeys(Page page, RowBlock block) {
        return page;
    }

    /** Writes the scores of a group, in powers of two, to the lines of state.scores from row {@code block.low} on. */
    void scores(Page page, Page keys, int group, RowBlock block);

    /** Adds a page's first {@code count} values, weighted with state.probabilities, to state.softmaxes.out. */
    void values(Page page, int group, int count, RowBlock block);
}
