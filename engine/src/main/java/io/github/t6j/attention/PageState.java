package io.github.t6j.attention;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** One thread's buffers while a query passes over pages. */
final class PageState {
    private static final int LAZY_MAX_BITS = Float.floatToIntBits(Kernels.LAZY_MAX);

    /** The maximum where all scores are hidden: less −∞, −∞ would be no number. */
    private static final float LOWEST = -Float.MAX_VALUE;

    final float[] query; //         scaled query or its head factors, as the attention prepares it
    final float[] products; //      what the attention makes of query and page on the way to scores
    final float[] scores; //        [heads][64]
    final float[] probabilities; // [heads][valueRank or 1][64], times the head factors of values
    final float[] maxima; //        [heads], largest scores of this page
    final float[] sumBefore; //     [heads][LANES], to go back to
    final MemorySegment offHeap; // what the attention rewrites for kernels that read a matrix
    final Page scratch; //          a page of what the attention rewrites, or null
    final OnlineSoftmax own; //     for the pages of one span
    final OnlineSoftmax all; //     for the spans so far
    OnlineSoftmax span; //          what pages are added to at the moment: the softmaxes of some heads
    int firstHead; //               the first of them
    final Kernels kernels;
    final Page.Sums sums = new Page.Sums();
    int touched; //                 what was read of pages that were far, see Page.touch
    private final Arena memory; //  of what is off the heap
    private final PageAttention attention; // that of its shape
    private Page widened; //        the page at hand in f32, if the cache is narrower

    /** Buffers for {@code attention} and any other of its shape, in {@code memory} where they are off the heap. */
    PageState(PageAttention attention, Kernels kernels, Arena memory) {
        this(
                attention, attention.softmaxes(), attention.valueRank(), attention.summedDim(),
                memory.allocate(attention.scratch().bytes(), 64), scratch(attention, memory), kernels, memory);
    }

    /**
     * Buffers for {@code lines} softmaxes at once, over whole values.
     *
     * @param width elements that each of them sums; 0: spans are the caller's
     * @param bytes bytes of {@link #offHeap}
     */
    PageState(PageAttention attention, int lines, int width, long bytes, Kernels kernels, Arena memory) {
        this(
                attention, lines, 0, width, memory.allocate(bytes, 64), scratch(attention, memory), kernels, memory);
    }

    /** Buffers for another number of softmaxes, with what {@code before}, which is not used again, has off the heap. */
    PageState(PageState before, PageAttention attention, int lines, int width, Kernels kernels) {
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

    /** Of the span's heads, the one behind {@code i} that begins another group of {@code size} heads, or their number. */
    int nextGroup(int i, int size) {
        return Math.min(span.heads, ((firstHead + i) / size + 1) * size - firstHead);
    }

    /** Hides of a line of scores what is before slot {@code from}, and from slot {@code to} on; both may be outside the page. */
    void show(int line, int from, int to) {
        int at = line * PANEL;
        Arrays.fill(scores, at + Math.clamp(to, 0, PANEL), at + PANEL, Float.NEGATIVE_INFINITY);
        Arrays.fill(scores, at, at + Math.clamp(from, 0, PANEL), Float.NEGATIVE_INFINITY);
    }

    /** From a page's scores to its probabilities; the span's maxima follow where scores exceed them by too much. */
    void softmax(PageAttention attention, Page page) {
        int rank = attention.valueRank();
        softmax(attention.valueHeads(page), attention.valueHeadColumn() + firstHead * rank, rank);
    }

    /**
     * The same with other head factors of values.
     *
     * @param rank how many a head and token, columns of {@code heads} from {@code column}; 0: none
     */
    void softmax(Page heads, int column, int rank) {
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

    /** Raises the maximum of every head whose scores exceed it by too much (NaN does, too). */
    private void raise() {
        kernels.rowMaxima(scores, span.heads, maxima);
        for (int h = 0; h < span.heads; h++) {
            if (!(maxima[h] - span.max[h] <= Kernels.LAZY_MAX)) {
                span.raise(h, Math.max(maxima[h], LOWEST), kernels);
            }
        }
    }

    /** {@code from}, or its elements in f32, until the next call, if kernels or the attention cannot read its format. */
    Page readable(Page from) {
        return from.format() == Format.F16 || attention.needsF32(from.format()) ? f32(from) : from;
    }

    /** {@code from}, or its elements in f32, until the next call. */
    Page f32(Page from) {
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
