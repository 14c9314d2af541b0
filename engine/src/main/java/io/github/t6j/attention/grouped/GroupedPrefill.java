package io.github.t6j.attention.grouped;

import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.attention.paged.PagedAttention;
import io.github.t6j.attention.paged.PrefillForm;
import io.github.t6j.attention.paged.RowBlock;
import io.github.t6j.cache.Page;

/**
 * Attention with shared key heads for many rows: all queries of a block of rows that share a key head are multiplied
 * with its keys together. With one query at a time, MHA would be bound by reading keys and values. Each query is
 * computed independently, over the same pages in the same spans, so the bits equal those of {@link PagedAttention}.
 *
 * <p>A block has one group, the query heads of a key head.
 */
final class GroupedPrefill implements PrefillForm {
    /** Rows from which blocks pay. */
    private static final int LEAST_ROWS = 2;

    /** Least number of rows per block: enough for whole register tiles of each key head. */
    private static final int LEAST_BLOCK_ROWS = 20;

    /** Least number of queries per block, since each block reads the pages again (ADR 31, last section). */
    private static final int LEAST_QUERIES = 128;

    private final GroupedAttention shape;
    private final int groupHeads; // query heads per key head
    private final int headDim;

    GroupedPrefill(GroupedAttention shape) {
        this.shape = shape;
        groupHeads = shape.groupSize;
        headDim = shape.headDim();
    }

    @Override
    public Sizes sizes() {
        return new Sizes(shape, LEAST_ROWS, groupHeads, shape.keyValueHeads(), true, true);
    }

    @Override
    public int blockRows(int rows, int threads) {
        return Math.max(LEAST_BLOCK_ROWS, Math.ceilDiv(LEAST_QUERIES, groupHeads));
    }

    @Override
    public PageAttention.Scratch scratch(int rows) {
        PageAttention.Scratch one = shape.scratch();
        return new PageAttention.Scratch(rows * groupHeads * headDim, 0, one.bytes(), one.layout());
    }

    /** Scales the queries, [rows][heads of the group][headDim]. */
    @Override
    public void prepareQueries(RowBlock b) {
        b.scaleQueries(b.firstGroup * groupHeads * headDim, groupHeads * headDim, shape.scale());
    }

    @Override
    public void scores(Page page, Page keys, int group, RowBlock b) {
        int low = b.low * groupHeads;
        shape.groupScores(
                b.state.kernels, group, b.state.query, low, b.rows() * groupHeads - low, page, b.state);
    }

    @Override
    public void values(Page page, int group, int count, RowBlock b) {
        int low = b.low * groupHeads;
        shape.groupValues(b.state.kernels, group, page, low, b.rows() * groupHeads - low, count, b.state);
    }
}
