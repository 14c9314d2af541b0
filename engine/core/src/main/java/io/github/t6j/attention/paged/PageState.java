package io.github.t6j.attention.paged;

import static io.github.t6j.kernels.Exp2.LOG2_E;
import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.cache.Page;
import io.github.t6j.kernels.Exp2;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Buffers of a thread for a query, or a block of rows, and a page. A line is the softmax of a head of a row. */
public final class PageState {
    private static final int LAZY_MAX_BITS = Float.floatToIntBits(Exp2.LAZY_MAX);

    /** Maximum used if all scores are masked, since −∞ − (−∞) would be NaN. */
    private static final float LOWEST = -Float.MAX_VALUE;

    public final float[] query; //         scaled query or its scaled head factors
    public final float[] products; //      intermediate products of query and page
    public final float[] scores; //        [lines][64]
    public final float[] probabilities; // [lines][valueRank or 1][64], times the head factors of values
    final float[] maxima; //        [lines], largest score of this page
    final float[] sumBefore; //     [lines][LANES], sums to restore if a softmax is repeated
    public final MemorySegment offHeap; // rewritten page, or matrix that kernels read
    public final Page scratch; //          page rewritten by the attention, or null
    final OnlineSoftmax spanSoftmaxes; // softmaxes of a single query over the pages of a span
    final OnlineSoftmax rowSoftmaxes; //  softmaxes of a single query over the spans so far
    public OnlineSoftmax softmaxes; //     softmaxes of some lines to which pages are added
    public int firstHead; //               their first head
    public int pageIndex; //               index of the current page, whose first token has position 64 · pageIndex
    public Page previous; //               page before it as cached, if the attention reads predecessors, or null
    public final Kernels kernels;
    int prefetchSink; //            keeps prefetching reads alive, see Page.prefetch
    private final Arena memory; //  arena of the off-heap buffers
    private Page f32Copy; //        current page converted to f32, if the cache has another format

    /**
     * Allocates buffers for {@code lines} softmaxes.
     *
     * @param before buffers for other lines, whose off-heap memory is taken over, or null
     * @param valueRank as {@link PageAttention#valueRank}
     * @param width elements that a line sums; 0 if the caller provides the spans
     */
    PageState(
            PageState before, PageAttention.Scratch sizes, int lines, int valueRank, int width, Kernels kernels,
            Arena memory) {
        this.kernels = kernels;
        this.memory = before == null ? memory : before.memory;
        offHeap = before == null ? memory.allocate(sizes.bytes(), 64) : before.offHeap;
        if (before != null) {
            scratch = before.scratch;
        } else {
            scratch = sizes.layout() == null ? null : Page.allocate(sizes.layout(), Format.F32, memory);
        }
        f32Copy = before == null ? null : before.f32Copy;
        query = new float[sizes.queryFloats()];
        products = new float[sizes.productFloats()];
        scores = new float[lines * PANEL];
        probabilities = new float[lines * Math.max(1, valueRank) * PANEL];
        maxima = new float[lines];
        sumBefore = new float[lines * LANES];
        spanSoftmaxes = width == 0 ? null : new OnlineSoftmax(lines, width);
        rowSoftmaxes = width == 0 ? null : new OnlineSoftmax(lines, width);
    }

    /** Sets the query to {@code count} elements of {@code x} from {@code from}, times {@code scale}. */
    public void scaleQuery(float[] x, int from, int count, float scale) {
        for (int i = 0; i < count; i++) {
            query[i] = x[from + i] * scale;
        }
    }

    /** Returns the line of the next head after {@code i} that begins a group of {@code size} heads, or the end. */
    public int nextGroup(int i, int size) {
        return Math.min(softmaxes.lines, ((firstHead + i) / size + 1) * size - firstHead);
    }

    /** Caps the scores, which are in powers of two, as {@link io.github.t6j.attention.Attention#scoreCap} says. */
    void cap(float cap) {
        if (cap != 0f) {
            kernels.softCap(scores, 0, softmaxes.lines * PANEL, cap * LOG2_E);
        }
    }

    /**
     * Masks a line's scores before slot {@code from} and from slot {@code to} on; both slots may be outside the page.
     */
    void maskOutside(int line, int from, int to) {
        int at = line * PANEL;
        Arrays.fill(scores, at + Math.clamp(to, 0, PANEL), at + PANEL, Float.NEGATIVE_INFINITY);
        Arrays.fill(scores, at, at + Math.clamp(from, 0, PANEL), Float.NEGATIVE_INFINITY);
    }

    /** Computes a page's probabilities from its scores; raises the maxima that scores exceed by too much. */
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
        if (softmaxes.isEmpty()) {
            raiseMaxima();
        }
        System.arraycopy(softmaxes.sum, 0, sumBefore, 0, softmaxes.sum.length);
        if (exponentiate(heads, column, rank) > LAZY_MAX_BITS) {
            System.arraycopy(sumBefore, 0, softmaxes.sum, 0, softmaxes.sum.length);
            raiseMaxima();
            exponentiate(heads, column, rank);
        }
    }

    private int exponentiate(Page heads, int column, int rank) {
        int largest = kernels.softmax(
                scores, softmaxes.lines, heads.format, heads.data, heads.columnAt(column), rank, softmaxes.max,
                softmaxes.sum, probabilities);
        PageProducts.scale(kernels, heads, column, rank, probabilities, PANEL, softmaxes.lines, rank * PANEL);
        return largest;
    }

    /** Raises the maximum of every line whose scores exceed it by too much; NaN counts as exceeding. */
    private void raiseMaxima() {
        kernels.rowMaxima(scores, softmaxes.lines, maxima);
        for (int line = 0; line < softmaxes.lines; line++) {
            if (!(maxima[line] - softmaxes.max[line] <= Exp2.LAZY_MAX)) {
                softmaxes.raiseMaximum(line, Math.max(maxima[line], LOWEST), kernels);
            }
        }
    }

    /**
     * Returns {@code from}, or a copy in f32, valid until the next call, if kernels cannot read its format or the
     * attention {@code needsF32}.
     */
    Page readable(Page from, boolean needsF32) {
        if (from.format == Format.F32 || from.format != Format.F16 && !needsF32) {
            return from;
        }
        if (f32Copy == null) {
            f32Copy = Page.allocate(from.layout, Format.F32, memory);
        }
        from.widen(kernels, f32Copy);
        return f32Copy;
    }
}
