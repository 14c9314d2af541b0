package io.github.t6j.attention;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.cache.Page;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.ScalarKernels;
import io.github.t6j.kernels.Workers;
import java.util.Arrays;

/**
 * Attention straight from the cache's pages by an online softmax (FlashTPA for TPA): a page at a time in order, pages
 * in spans, spans added in order. Where pages and spans begin depends on the position alone, so chunks of a prefill,
 * threads and single steps give the same bits.
 *
 * <p>The softmax's maximum is lazy: it follows only when a logit exceeds it by {@link Kernels#LAZY_MAX} powers of two,
 * so a page normally needs no maximum and no rescaling. Belongs to one session, allocates nothing while it works
 * unless the context grows.
 */
public final class PagedAttention implements AttentionPath {
    /** Pages of the shortest span: below, adding spans costs more than a second thread gains. */
    private static final int SHORTEST_SPAN = 4;

    /** Spans at most, about: what bounds their memory and the serial time of adding them. */
    private static final int MOST_SPANS = 64;

    private static final int LAZY_MAX_BITS = Float.floatToIntBits(Kernels.LAZY_MAX);

    private final Kernels kernels;
    private final ScalarKernels scalar;
    private final Workers workers;
    private final PageState[] states; // one a worker
    private final Workers.Work rowWork = this::row;
    private final Workers.Work spanWork = this::span;
    private PartialSoftmax[] spans = new PartialSoftmax[0];

    private Attention attention;
    private float[] projections;
    private int stride;
    private PagedCache cache;
    private int layer;
    private int position;
    private float[] y;

    /** Attention of {@code shape}'s shape by these kernels on these threads; {@code scalar} is the kernels' twin. */
    public PagedAttention(Attention shape, Kernels kernels, ScalarKernels scalar, Workers workers) {
        this.kernels = kernels;
        this.scalar = scalar;
        this.workers = workers;
        states = new PageState[workers.threads()];
        for (int i = 0; i < states.length; i++) {
            states[i] = new PageState(shape, scalar);
        }
    }

    @Override
    public void attend(
            Attention newAttention, float[] newProjections, int rows, int newStride, PagedCache newCache, int newLayer,
            int newPosition, float[] newY) {
        attention = newAttention;
        projections = newProjections;
        stride = newStride;
        cache = newCache;
        layer = newLayer;
        position = newPosition;
        y = newY;
        if (rows == 1 && workers.threads() > 1) {
            oneRow();
        } else {
            workers.run(rows, rowWork);
        }
    }

    private static int pages(int tokens) {
        return (tokens + PANEL - 1) / PANEL;
    }

    /** Pages of a span for a query that sees {@code tokens}. */
    private static int spanPages(int tokens) {
        int atLeast = (pages(tokens) + MOST_SPANS - 1) / MOST_SPANS;
        return Math.max(SHORTEST_SPAN, Integer.highestOneBit(2 * atLeast - 1));
    }

    private static int spanCount(int tokens) {
        int span = spanPages(tokens);
        return (pages(tokens) + span - 1) / span;
    }

    /** All spans of one row, on one thread. */
    private void row(int row, int worker) {
        PageState state = states[worker];
        int tokens = position + row + 1;
        state.all.clear();
        for (int span = 0; span < spanCount(tokens); span++) {
            pages(span, row, state);
            state.all.add(state.span);
        }
        finish(state.all, row);
    }

    /** The spans of a single row, on all threads. */
    private void oneRow() {
        int count = spanCount(position + 1);
        if (spans.length < count) {
            int there = spans.length;
            spans = Arrays.copyOf(spans, count);
            for (int i = there; i < count; i++) {
                spans[i] = new PartialSoftmax(attention.heads(), attention.headDim(), scalar);
            }
        }
        workers.run(count, spanWork);
        PartialSoftmax all = states[0].all;
        all.clear();
        for (int span = 0; span < count; span++) {
            all.add(spans[span]);
        }
        finish(all, 0);
    }

    private void span(int span, int worker) {
        pages(span, 0, states[worker]);
        spans[span].copy(states[worker].span);
    }

    private void finish(PartialSoftmax all, int row) {
        int width = attention.heads() * attention.headDim();
        all.finish(attention.valueDivisor(), attention.headDim(), y, row * width);
    }

    /** The softmax over one span of what {@code row} sees, to state.span. */
    private void pages(int span, int row, PageState state) {
        int tokens = position + row + 1;
        int first = span * spanPages(tokens);
        int end = Math.min(first + spanPages(tokens), pages(tokens));
        state.span.clear();
        attention.begin(projections, row * stride, state);
        for (int index = first; index < end; index++) {
            int count = Math.min(PANEL, tokens - index * PANEL);
            page(cache.page(layer, index), index, row * stride, count, index == first, state);
        }
    }

    private void page(Page page, int index, int at, int count, boolean first, PageState state) {
        attention.logits(kernels, projections, at, page, index, state);
        hideFrom(count, state.logits);
        PartialSoftmax span = state.span;
        if (first) {
            raise(state);
        }
        System.arraycopy(span.sum, 0, state.sumBefore, 0, span.sum.length);
        if (attention.weights(kernels, page, state) > LAZY_MAX_BITS) {
            System.arraycopy(state.sumBefore, 0, span.sum, 0, span.sum.length);
            raise(state);
            attention.weights(kernels, page, state);
        }
        attention.values(kernels, page, count, state);
    }

    /** A page's slots from {@code count} on hold nothing that the query may see. */
    private static void hideFrom(int count, float[] logits) {
        for (int row = 0; count < PANEL && row < logits.length; row += PANEL) {
            Arrays.fill(logits, row + count, row + PANEL, Float.NEGATIVE_INFINITY);
        }
    }

    /** Raises the maximum of every head whose logits exceed it by too much (NaN does, too). */
    private void raise(PageState state) {
        kernels.rowMaxima(state.logits, attention.heads(), state.maxima);
        for (int h = 0; h < attention.heads(); h++) {
            if (!(state.maxima[h] - state.span.max[h] <= Kernels.LAZY_MAX)) {
                state.span.raise(h, state.maxima[h]);
            }
        }
    }
}
