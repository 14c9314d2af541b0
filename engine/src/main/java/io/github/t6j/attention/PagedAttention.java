package io.github.t6j.attention;

import static io.github.t6j.cache.PagedCache.slot;
import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.cache.Page;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;
import java.util.Arrays;

/**
 * Attention straight from the cache's pages by an online softmax (FlashTPA for TPA): a page at a time in order, pages
 * in spans, spans added in order. Where pages and spans begin depends on the position alone, so chunks of a prefill,
 * threads ({@link RowParts}) and single steps give the same bits; a {@link Prefill} that takes passes of many rows may give others (ADR 31).
 *
 * <p>The softmax's maximum is lazy: it follows only when a score exceeds it by {@link Kernels#LAZY_MAX} powers of two,
 * so a page normally needs no maximum and no rescaling. Belongs to one session, allocates nothing while it works
 * unless the context grows.
 */
public final class PagedAttention implements AttentionAlgorithm {
    /** Pages of the shortest span: below, adding spans costs more than a second thread gains (ADR 34). */
    private static final int SHORTEST_SPAN = 4;

    /** Pages from which spans are twice as long: there are enough of them. */
    private static final int LONGER_SPANS = 32;

    /** Spans at most, about: what bounds their memory and the serial time of adding them. */
    private static final int MOST_SPANS = 64;

    /** Bytes of all layers from which a page has to come from memory; in a processor's cache it is at hand. */
    private static final long FAR = 12 << 20;

    /** Bytes of a page that stays in a core's own cache until it is computed with. */
    private static final int MOST_TOUCHED = 256 << 10;

    private final Kernels kernels;
    private final Workers workers;
    private final PagedCache cache; // that append fills
    private final PageState[] states; // one a worker
    private final Workers.Work appendWork = this::append;
    private final Workers.Work rowWork = this::row;
    private final Workers.Work partWork = this::part;
    private final Workers.Work joinWork = this::join;
    private final Prefill prefill; // null: rows are attended one by one
    private final RowParts parts;

    private AttentionPass pass;
    private PageAttention attention; // the pass's
    private PagedCache tokens; // that the queries see
    private float[] bias;

    /**
     * Attention of {@code shape}'s shape by these kernels on these threads.
     *
     * @param cache where {@link #append} keeps tokens, whose scratch memory is used; null if only {@link
     *     #attend(AttentionPass, PagedCache, float[])} will be called
     */
    public PagedAttention(PageAttention shape, PagedCache cache, Kernels kernels, Workers workers) {
        this(shape, cache, kernels, workers, null);
    }

    /** @param prefill what may take passes of several rows */
    PagedAttention(PageAttention shape, PagedCache cache, Kernels kernels, Workers workers, Prefill prefill) {
        this.cache = cache;
        this.kernels = kernels;
        this.workers = workers;
        this.prefill = prefill;
        parts = new RowParts(shape);
        states = new PageState[workers.threads()];
        for (int i = 0; i < states.length; i++) {
            states[i] = new PageState(shape, kernels, cache == null ? Arena.ofAuto() : cache.scratch());
        }
    }

    @Override
    public PagedCache cache() {
        return cache;
    }

    @Override
    public void append(AttentionPass newPass) {
        pass = newPass;
        attention = (PageAttention) newPass.attention;
        workers.run((slot(pass.position) + pass.rows + PANEL - 1) / PANEL, appendWork);
    }

    /** The rows that come into one page: tokens of a page have cache lines in common. */
    private void append(int page, int worker) {
        int first = page * PANEL - slot(pass.position);
        attention.append(pass, Math.max(0, first), Math.min(first + PANEL, pass.rows), cache);
    }

    @Override
    public void attend(AttentionPass newPass) {
        attend(newPass, cache, null);
    }

    /**
     * {@link #attend(AttentionPass)} over another cache, with a bias on each token's scores, the same for all heads and
     * rows; pass.output is [rows][softmaxes · summedDim].
     *
     * @param newBias one float a token, in powers of two: −∞ hides it; null: none. A row that sees no token gives zeros
     */
    public void attend(AttentionPass newPass, PagedCache newTokens, float[] newBias) {
        begin(newPass, newTokens, newBias);
        if (prefill != null && prefill.takes(pass.rows) && bias == null) {
            prefill.attend(pass, tokens);
        } else if (pass.rows == 1 && workers.threads() > 1) {
            workers.run(cut(workers.threads()), partWork);
            workers.run(parts.joins(), joinWork);
        } else {
            workers.run(pass.rows, rowWork);
        }
    }

    private void begin(AttentionPass newPass, PagedCache newTokens, float[] newBias) {
        pass = newPass;
        attention = (PageAttention) newPass.attention;
        tokens = newTokens;
        bias = newBias;
    }

    private int cut(int threads) {
        return parts.cut(spanCount(pass.position + 1), threads);
    }

    @Override
    public int begin(AttentionPass newPass, int threads) {
        begin(newPass, cache, null);
        return cut(threads);
    }

    @Override
    public void part(AttentionPass newPass, int part, int worker) {
        part(part, worker);
    }

    @Override
    public void end(AttentionPass newPass) {
        for (int join = 0; join < parts.joins(); join++) {
            join(join, 0);
        }
    }

    @Override
    public void release() {
        if (prefill != null) {
            prefill.release();
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
    static int spanCount(int tokens) {
        int span = spanPages(tokens);
        return Math.max(1, (pages(tokens) + span - 1) / span);
    }

    /** All spans of one row, on one thread. */
    private void row(int row, int worker) {
        PageState state = states[worker];
        int count = spanCount(pass.position + row + 1);
        for (int span = 0; span < count; span++) {
            pages(span, row, state, span == 0 ? state.all : state.own, 0);
            if (span > 0) {
                state.all.add(state.own, state.kernels);
            }
        }
        int width = attention.summedDim();
        int to = row * attention.softmaxes() * width;
        state.all.finish(Math.max(1, attention.valueRank()), width, pass.output, to, width);
    }

    /** A part of a single row. */
    private void part(int part, int worker) {
        pages(parts.span(part), 0, states[worker], parts.softmaxes(part), parts.head(part));
    }

    private void join(int join, int worker) {
        parts.join(join, kernels, pass.output);
    }

    /** The softmaxes, of as many heads as {@code into} has from {@code head}, over one span of what {@code row} sees. */
    private void pages(int span, int row, PageState state, OnlineSoftmax into, int head) {
        int seen = pass.position + row + 1;
        int window = attention.window();
        int visible = window == 0 ? 0 : Math.max(0, seen - window); // the first token that the query sees
        int first = span * spanPages(seen);
        int end = Math.min(first + spanPages(seen), pages(seen));
        state.span = into;
        state.firstHead = head;
        into.clear();
        attention.prepareQuery(pass.projections, pass.at(row), state);
        boolean far = tokens.bytes(seen) > FAR;
        for (int index = Math.max(first, visible / PANEL); index < end; index++) {
            int count = Math.min(PANEL, seen - index * PANEL);
            if (!isHidden(index, count)) {
                Page page = tokens.page(pass.layer, index);
                if (far && page.bytes() <= MOST_TOUCHED) {
                    state.touched += page.touch();
                }
                page(state.readable(page), index, pass.at(row), visible - index * PANEL, count, state);
            }
        }
    }

    /** Whether the bias hides all tokens of a page: such a page has no largest score. */
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

    /** One page, of which the query sees the slots from {@code visible}, if positive, to {@code count}. */
    private void page(Page page, int index, int at, int visible, int count, PageState state) {
        Kernels kernels = state.kernels;
        attention.scores(kernels, pass.projections, at, page, index, state);
        if (bias != null) {
            addBias(index * PANEL, count, state.scores);
        }
        hideFrom(count, state.scores);
        hideBefore(visible, state.scores);
        state.softmax(attention, page);
        attention.values(kernels, page, count, state);
    }

    private void addBias(int token, int count, float[] scores) {
        for (int row = 0; row < scores.length; row += PANEL) {
            for (int t = 0; t < count; t++) {
                scores[row + t] += bias[token + t];
            }
        }
    }

    /** Those before a window. */
    private static void hideBefore(int visible, float[] scores) {
        for (int row = 0; visible > 0 && row < scores.length; row += PANEL) {
            Arrays.fill(scores, row, row + visible, Float.NEGATIVE_INFINITY);
        }
    }

    /** A page's slots from {@code count} on hold nothing that the query may see. */
    private static void hideFrom(int count, float[] scores) {
        for (int row = 0; count < PANEL && row < scores.length; row += PANEL) {
            Arrays.fill(scores, row + count, row + PANEL, Float.NEGATIVE_INFINITY);
        }
    }
}
