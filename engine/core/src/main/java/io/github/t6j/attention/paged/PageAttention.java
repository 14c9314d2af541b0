package io.github.t6j.attention.paged;

import static io.github.t6j.kernels.Exp2.LOG2_E;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.MaterializedHeads;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;

/**
 * Attention over a cache of pages: the operations on one query and one page. {@link PagedAlgorithm} does the rest,
 * which is the same for all subclasses: the order of pages, the softmax, threads.
 */
public abstract class PageAttention implements Attention, MaterializedHeads {
    /**
     * Sizes of a thread's scratch.
     *
     * @param queryFloats floats of state.query, for {@link #prepareQuery}
     * @param productFloats floats of state.products, for {@link #scores} and {@link #values}
     * @param bytes bytes of state.offHeap, for a rewritten page or a matrix that kernels read
     * @param layout layout of state.scratch, an F32 page, or null if none is needed
     */
    public record Scratch(int queryFloats, int productFloats, long bytes, PageLayout layout) {}

    private final int heads;
    private final int headDim;
    private final int valueDim;
    private final PageLayout layout;

    /** Creates attention of these sizes, whose tokens {@code layout} describes. */
    protected PageAttention(int heads, int headDim, int valueDim, PageLayout layout) {
        this.heads = heads;
        this.headDim = headDim;
        this.valueDim = valueDim;
        this.layout = layout;
    }

    @Override
    public final int heads() {
        return heads;
    }

    @Override
    public final int headDim() {
        return headDim;
    }

    @Override
    public final int valueDim() {
        return valueDim;
    }

    @Override
    public final PageLayout layout() {
        return layout;
    }

    @Override
    public final PageLayout pages(boolean materialized) {
        return layout;
    }

    @Override
    public final MaterializedHeads materialized() {
        return this;
    }

    /** Returns the factor that turns q · k into a score in powers of two, log₂e / √d with the usual divisor. */
    public final float scale() {
        return (float) (LOG2_E / scoreDivisor());
    }

    /** Reads a row that begins with whole queries, [h][d]. */
    @Override
    public void materializeQuery(float[] projections, int at, int head, double[] q) {
        for (int d = 0; d < headDim; d++) {
            q[d] = projections[at + head * headDim + d];
        }
    }

    /** Returns the sizes of a thread's scratch. */
    public abstract Scratch scratch();

    /** Prepares the query of the row at {@code at} in state.query, for the heads of state.softmaxes. */
    public abstract void prepareQuery(float[] projections, int at, PageState state);

    /**
     * Writes the scores, in powers of two, of the prepared query and each token of a page to state.scores
     * [state.softmaxes.lines][64].
     */
    public abstract void scores(float[] projections, int at, Page page, PageState state);

    /** Returns R_V, the number of rows of which a head's value is the weighted mean, or 0 if values are whole. */
    public int valueRank() {
        return 0;
    }

    /** Returns the page whose columns from {@link #valueHeadColumn()} on are the head factors A_V of the values. */
    public Page valueHeads(Page page) {
        return page;
    }

    /** Returns the first column of A_V in {@link #valueHeads}. */
    public int valueHeadColumn() {
        return 0;
    }

    /** Adds a page's first {@code count} values, weighted with state.probabilities, to state.softmaxes.out. */
    public abstract void values(Page page, int count, PageState state);

    /**
     * Returns the page before page {@code index} if this attention reads predecessors; null for the first page, and for
     * one whose first token a window hides, since the page before may have been dropped.
     */
    final Page previous(PagedCache cache, int layer, int index) {
        return readsPredecessors() && index > 0 ? cache.keptPage(layer, index - 1) : null;
    }

    /** Returns the number of softmaxes of a row. */
    public int softmaxes() {
        return branches() * heads;
    }

    /** Returns the elements that {@link #values} sums per softmax: a value or a latent. */
    public int summedDim() {
        return valueDim;
    }

    /** Returns true if threads may compute some heads of a query separately; each head then has one softmax. */
    public boolean splitsHeads() {
        return branches() == 1;
    }

    /** Returns true if pages of {@code format} must be converted to f32 before this attention reads them. */
    public boolean needsF32(Format format) {
        return false;
    }

    @Override
    public int elementsPerToken() {
        return layout.elementsPerToken();
    }

    @Override
    public int exactElements() {
        return layout.exact();
    }

    @Override
    public SequenceCache newCache(Format format, int[] windows) {
        return new PagedCache(layout, format, windows);
    }

    @Override
    public AttentionAlgorithm newAlgorithm(Kernels kernels, Workers workers, Arena scratch) {
        return new PagedAlgorithm(this, kernels, workers, scratch, null);
    }
}
