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
public final class PagedAttention implements AttentionAlgorithm {
    /** Pages of the shortest span: below, adding spans costs more than a second thread gains. */
    private static final int SHORTEST_SPAN = 4;

    /** Pages from which spans are twice as long: there are enough of them. */
    private static final int LONGER_SPANS = 32;

    /** Spans at most, about: what bounds their memory and the serial time of adding them. */
    private static final int MOST_SPANS = 64;

    /** Bytes of all layers from which the next page has to come from memory; in a processor's cache it is at hand. */
    private static final long FAR = 16 << 20;

    private final Kernels kernels;
    private final ScalarKernels scalar;
    private final Workers workers;
    private final PagedCache cache; // that attend fills
    private final PageState[] states; // one a worker
    private final Workers.Work rowWork = this::row;
    private final Workers.Work spanWork = this::span;
    private final GroupedPrefill grouped; // null: rows are attended one by one
    private OnlineSoftmax[] spans = new OnlineSoftmax[0];

    private Attention attention;
    private PagedCache tokens; // that the queries see
    private float[] projections;
    private int stride;
    private int layer;
    private int position;
    private float[] bias;
    private float[] y;

    /**
     * Attention of {@code shape}'s shape by these kernels on these threads.
     *
     * @param cache where {@link #attend} keeps tokens; null if only {@link #attendCached} will be called
     * @param scalar the kernels' twin
     */
    public PagedAttention(
            Attention shape, PagedCache cache, Kernels kernels, ScalarKernels scalar, Workers workers) {
        this.cache = cache;
        this.kernels = kernels;
        this.scalar = scalar;
        this.workers = workers;
        grouped = shape instanceof GroupedQueryAttention queries
                ? new GroupedPrefill(queries, kernels, scalar, workers)
                : null;
        states = new PageState[workers.threads()];
        for (int i = 0; i < states.length; i++) {
            states[i] = new PageState(shape, kernels, scalar);
        }
    }

    @Override
    public PagedCache cache() {
        return cache;
    }

    @Override
    public void attend(
            Attention newAttention, float[] newProjections, int rows, int newStride, int newLayer, int newPosition,
            float[] newY) {
        newAttention.append(newProjections, rows, newStride, cache, newLayer, newPosition);
        attendCached(newAttention, newProjections, rows, newStride, cache, newLayer, newPosition, null, newY);
    }

    /**
     * {@link #attend} of positions that a cache has already, with a number added to each token's logits, the same for
     * all heads and rows; {@code newY} is [rows][heads · summedDim].
     *
     * @param newBias a number a token, in powers of two: −∞ hides it; null: none. A row that sees no token gives zeros
     */
    public void attendCached(
            Attention newAttention, float[] newProjections, int rows, int newStride, PagedCache cached, int newLayer,
            int newPosition, float[] newBias, float[] newY) {
        attention = newAttention;
        tokens = cached;
        projections = newProjections;
        stride = newStride;
        layer = newLayer;
        position = newPosition;
        bias = newBias;
        y = newY;
        if (grouped != null && rows > 1 && bias == null) {
            grouped.attend(projections, rows, stride, tokens, layer, position, y);
        } else if (rows == 1 && workers.threads() > 1) {
            oneRow();
        } else {
            workers.run(rows, rowWork);
        }
    }

    private static int pages(int tokens) {
        return (tokens + PANEL - 1) / PANEL;
    }

    /** Pages of a span for a query that sees {@code tokens}. */
    static int spanPages(int tokens) {
        int atLeast = (pages(tokens) + MOST_SPANS - 1) / MOST_SPANS;
        int shortest = pages(tokens) > LONGER_SPANS ? 2 * SHORTEST_SPAN : SHORTEST_SPAN;
        return Math.max(shortest, Integer.highestOneBit(2 * atLeast - 1));
    }

    /** Spans of a query that sees {@code tokens}: one, empty, without any. */
    private static int spanCount(int tokens) {
        int span = spanPages(tokens);
        return Math.max(1, (pages(tokens) + span - 1) / span);
    }

    /** All spans of one row, on one thread. */
    private void row(int row, int worker) {
        PageState state = states[worker];
        int count = spanCount(position + row + 1);
        for (int span = 0; span < count; span++) {
            pages(span, row, state, span == 0 ? state.all : state.own);
            if (span > 0) {
                state.all.add(state.own, state.kernels);
            }
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
                spans[i] = new OnlineSoftmax(attention.heads(), attention.summedDim(), scalar);
            }
        }
        workers.run(count, spanWork);
        for (int span = 1; span < count; span++) {
            spans[0].add(spans[span], kernels);
        }
        finish(spans[0], 0);
    }

    private void span(int span, int worker) {
        pages(span, 0, states[worker], spans[span]);
    }

    private void finish(OnlineSoftmax all, int row) {
        int width = attention.summedDim();
        all.finish(attention.valueDivisor(), width, y, row * attention.heads() * width, width);
    }

    /** The softmax over one span of what {@code row} sees. */
    private void pages(int span, int row, PageState state, OnlineSoftmax into) {
        int seen = position + row + 1;
        int first = span * spanPages(seen);
        int end = Math.min(first + spanPages(seen), pages(seen));
        state.span = into;
        into.clear();
        attention.begin(projections, row * stride, state);
        boolean readsAhead = attention.readsAhead() && tokens.bytes(seen) > FAR;
        for (int index = first; index < end; index++) {
            int count = Math.min(PANEL, seen - index * PANEL);
            if (readsAhead && index + 1 < pages(seen)) {
                tokens.page(layer, index + 1).readWith(state.ahead);
            } else {
                state.ahead.nothing();
            }
            if (!isHidden(index, count)) {
                page(state.readable(tokens.page(layer, index)), index, row * stride, count, state);
            }
        }
    }

    /** Whether the bias hides all tokens of a page: such a page has no largest logit. */
    private boolean isHidden(int index, int count) {
        if (bias == null) {
            return false;
        }
        for (int token = index * PANEL; token < index * PANEL + count; token++) {
            if (bias[token] != Float.NEGATIVE_INFINITY) {
                return false;
            }
        }
        return true;
    }

    private void page(Page page, int index, int at, int count, PageState state) {
        Kernels kernels = state.kernels;
        attention.logits(kernels, projections, at, page, index, state);
        if (bias != null) {
            addBias(index * PANEL, count, state.logits);
        }
        hideFrom(count, state.logits);
        state.weigh(attention, page);
        attention.values(kernels, page, count, state);
    }

    private void addBias(int token, int count, float[] logits) {
        for (int row = 0; row < logits.length; row += PANEL) {
            for (int t = 0; t < count; t++) {
                logits[row + t] += bias[token + t];
            }
        }
    }

    /** A page's slots from {@code count} on hold nothing that the query may see. */
    private static void hideFrom(int count, float[] logits) {
        for (int row = 0; count < PANEL && row < logits.length; row += PANEL) {
            Arrays.fill(logits, row + count, row + PANEL, Float.NEGATIVE_INFINITY);
        }
    }
}
