package io.github.t6j.attention.grouped;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.attention.paged.PageProducts;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.attention.paged.PagedAlgorithm;
import io.github.t6j.attention.paged.Prefill;
import io.github.t6j.attention.paged.PrefillOperations;
import io.github.t6j.attention.paged.RowBlock;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;

/**
 * Attention in which h/g consecutive query heads share one of g key and value heads: the operations on the queries of
 * several rows and one key head of a page. A row of projections is the queries, [h][d], then the elements that a page
 * stores in columns, then the values, [g][d], which it stores in rows.
 *
 * <p>For many rows, all queries of a block of rows that share a key head are multiplied by its keys together. With one
 * query at a time, MHA would be bound by reading keys and values. Each query is computed independently, over the same
 * pages in the same spans, so it has the same bits as a single row. A task has the query heads of a key head.
 */
abstract class GroupedAttention extends PageAttention implements PrefillOperations {
    /** Minimum number of rows at which blocks are faster. */
    private static final int MIN_ROWS = 2;

    /** Minimum number of rows per block: enough for whole register tiles of each key head. */
    private static final int MIN_BLOCK_ROWS = 20;

    /** Minimum number of queries per block, since each block reads the pages again (ADR 31, last section). */
    private static final int MIN_QUERIES = 128;

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
    abstract void groupScores(int g, float[] queries, int first, int lines, Page page, PageState state);

    /**
     * Adds the values of head {@code g}, weighted with state.probabilities [all lines][64], to {@code lines} lines of
     * state.softmaxes.out from line {@code first} on.
     */
    final void groupValues(int g, Page page, int first, int lines, int count, PageState state) {
        PageProducts.addRows(
                state.kernels, page, state.probabilities, first * PANEL, lines, 1, g, count, state.softmaxes.out,
                first * PANEL, state.softmaxes.lines * PANEL);
    }

    @Override
    public final void prepareQuery(float[] projections, int at, PageState state) {
        state.scaleQuery(projections, at + state.firstHead * headDim(), state.softmaxes.lines * headDim(), scale());
    }

    @Override
    public final void scores(float[] projections, int at, Page page, PageState state) {
        for (int i = 0, next; i < state.softmaxes.lines; i = next) {
            next = state.nextGroup(i, groupSize);
            groupScores((state.firstHead + i) / groupSize, state.query, i, next - i, page, state);
        }
    }

    @Override
    public final void values(Page page, int count, PageState state) {
        for (int i = 0, next; i < state.softmaxes.lines; i = next) {
            next = state.nextGroup(i, groupSize);
            groupValues((state.firstHead + i) / groupSize, page, i, next - i, count, state);
        }
    }

    /** Returns an algorithm that computes passes of several rows in blocks. */
    @Override
    public final AttentionAlgorithm newAlgorithm(Kernels kernels, Workers workers, Arena scratch) {
        Prefill prefill = new Prefill(this, kernels, workers, scratch);
        return new PagedAlgorithm(this, kernels, workers, scratch, prefill);
    }

    @Override
    public final Sizes sizes() {
        return new Sizes(this, MIN_ROWS, groupSize, keyValueHeads, true, true);
    }

    @Override
    public final int blockRows(int rows, int threads) {
        return Math.max(MIN_BLOCK_ROWS, Math.ceilDiv(MIN_QUERIES, groupSize));
    }

    @Override
    public final Scratch scratch(int rows) {
        Scratch single = scratch();
        return new Scratch(rows * groupSize * headDim(), 0, single.bytes(), single.layout());
    }

    /** Scales the queries, [rows][heads of the group][headDim]. */
    @Override
    public final void prepareQueries(RowBlock block) {
        int floats = groupSize * headDim();
        block.scaleQueries(block.firstGroup * floats, floats, scale());
    }

    @Override
    public final void scores(Page page, Page keys, int group, RowBlock block) {
        int low = block.low * groupSize;
        groupScores(group, block.state.query, low, block.rows() * groupSize - low, page, block.state);
    }

    @Override
    public final void values(Page page, int group, int count, RowBlock block) {
        int low = block.low * groupSize;
        groupValues(group, page, low, block.rows() * groupSize - low, count, block.state);
    }

    @Override
    public final void materializeValue(Page page, int slot, int position, int head, double[] v) {
        for (int d = 0; d < v.length; d++) {
            v[d] = page.row(slot, head / groupSize, d);
        }
    }
}
