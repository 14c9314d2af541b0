package io.github.t6j.attention.paged;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Buffers of a thread while a query passes over pages. */
public final class PageState {
    private static final int LAZY_MAX_BITS = Float.floatToIntBits(Kernels.LAZY_MAX);

    /** Maximum used if all scores are hidden, since −∞ − (−∞) would be NaN. */
    private static final float LOWEST = -Float.MAX_VALUE;

    public final float[] query; //         scaled query or its scaled head factors
    public final float[] products; //      intermediate products of query and page
    public final float[] scores; //        [heads][64]
    public final float[] probabilities; // [heads][valueRank or 1][64], times the head factors of values
    final float[] maxima; //        [heads], largest score of this page
    final float[] sumBefore; //     [heads][LANES], sums to restore if a softmax is repeated
    public final MemorySegment offHeap; // rewritten page, or matrix that kernels read
    public final Page scratch; //          page rewritten by the attention, or null
    public final OnlineSoftmax own; //     softmaxes over the pages of one span
    public final OnlineSoftmax all; //     softmaxes over the spans so far
    public OnlineSoftmax span; //          softmaxes of some heads to which pages are added
    public int firstHead; //               first head of span
    public final Kernels kernels;
    public final Page.Sums sums = new Page.Sums();
    int touched; //                 keeps prefetching reads alive, see Page.touch
    private final Arena memory; //  arena of the off-heap buffers
    private final PageAttention attention; // attention that defines the shape
    private Page widened; //        current page converted to f32, if the cache has another format

    /** Allocates buffers for {@code attention} and others of its shape, with off-heap buffers in {@code memory}. */
    public PageState(PageAttention attention, Kernels kernels, Arena memory) {
        this(
                attention, attention.softmaxes(), attention.valueRank(), attention.summedDim(),
                memory.allocate(attention.scratch().bytes(), 64), scratch(attention, memory), kernels, memory);
    }

    /**
     * Allocates buffers for {@code lines} softmaxes at once, over whole values.
     *
     * @param width elements that each softmax sums; 0 if the caller provides the spans
     * @param bytes bytes of {@link #offHeap}
     */
    public PageState(PageAttention attention, int lines, int width, long bytes, Kernels kernels, Arena memory) {
        this(
                attention, lines, 0, width, memory.allocate(bytes, 64), scratch(attention, memory), kernels, memory);
    }

    /** Allocates buffers for another number of softmaxes and takes over the off-heap memory of {@code before}. */
    public PageState(PageState before, PageAttention attention, int lines, int width, Kernels kernels) {
        this(attention, lines, 0, width, before.offHeap, before.scratch, kernels, before.memory);
        widened = before.widened;
    }

    private PageState(
            PageAttention attention, int lines, int valueRank, int width, MemorySegment offHeap, Page scratch,
            Kernels kernels, Arena memory) {
        this.memory = memory;
        this.scratch = scratch;
        this.offHeap = offHeap;
        this.kernels = kernels;
        PageAttention.Scratch sizes = attention.scratch();
        this.attention = attention;
        query = new float[sizes.queryFloats()];
        products = new float[sizes.productFloats()];
        scores = new float[lines * PANEL];
        probabilities = new float[lines * Math.max(1, valueRank) * PANEL];
        maxima = new float[lines];
        sumBefore = new float[lines * LANES];
        own = new OnlineSoftmax(lines, width);
        span = own;
        all = new OnlineSoftmax(lines, width);
    }

    private static Page scratch(PageAttention attention, Arena memory) {
        PageLayout layout = attention.scratch().layout();
        return layout == null ? null : Page.allocate(layout, Format.F32, memory);
    }

    /**
     * Returns the index in the span of the next head after {@code i} that begins a group of {@code size} heads, or the
     * end.
     */
    public int nextGroup(int i, int size) {
        return Math.min(span.heads, ((firstHead + i) / size + 1) * size - firstHead);
    }

    /**
     * Hides the scores of a line before slot {@code from} and from slot {@code to} on; both may be outside the page.
     */
    public void show(int line, int from, int to) {
        int at = line * PANEL;
        Arrays.fill(scores, at + Math.clamp(to, 0, PANEL), at + PANEL, Float.NEGATIVE_INFINITY);
        Arrays.fill(scores, at, at + Math.clamp(from, 0, PANEL), Float.NEGATIVE_INFINITY);
    }

    /**
     * Computes a page's probabilities from its scores; raises the maxima of the span that scores exceed by too much.
     */
    public void softmax(PageAttention attention, Page page) {
        int rank = attention.valueRank();
        softmax(attention.valueHeads(page), attention.valueHeadColumn() + firstHead * rank, rank);
    }

    /**
     * Computes a page's probabilities times head factors of values.
     *
     * @param heads page whose columns from {@code column} on are the head factors
     * @param rank head factors per head and token, or 0 for none
     */
    public void softmax(Page heads, int column, int rank) {
        if (span.isEmpty()) {
            raise();
        }
        System.arraycopy(span.sum, 0, sumBefore, 0, span.sum.length);
        if (exponentiate(heads, column, rank) > LAZY_MAX_BITS) {
            System.arraycopy(sumBefore, 0, span.sum, 0, span.sum.length);
            raise();
            exponentiate(heads, column, rank);
        }
    }

    private int exponentiate(Page heads, int column, int rank) {
        return heads.softmax(kernels, scores, span.heads, column, rank, span.max, span.sum, probabilities);
    }

    /** Raises the maximum of every head whose scores exceed it by too much; NaN counts as exceeding. */
    private void raise() {
        kernels.rowMaxima(scores, span.heads, maxima);
        for (int h = 0; h < span.heads; h++) {
            if (!(maxima[h] - span.max[h] <= Kernels.LAZY_MAX)) {
                span.raise(h, Math.max(maxima[h], LOWEST), kernels);
            }
        }
    }

    /**
     * Returns {@code from}, or a copy in f32, valid until the next call, if kernels or the attention cannot read its
     * format.
     */
    public Page readable(Page from) {
        return from.format() == Format.F16 || attention.needsF32(from.format()) ? f32(from) : from;
    }

    /** Returns {@code from} if it is f32, else a copy in f32, valid until the next call. */
    public Page f32(Page from) {
        if (from.format() == Format.F32) {
            return from;
        }
        if (widened == null) {
            widened = Page.allocate(from.layout(), Format.F32, memory);
        }
        from.widen(kernels, widened);
        return widened;
    }
}
