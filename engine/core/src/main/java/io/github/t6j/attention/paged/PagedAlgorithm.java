package io.github.t6j.attention.paged;

import static io.github.t6j.cache.PagedCache.slot;
import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Exp2;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;

/**
 * Attention directly on the cache's pages by an online softmax (FlashTPA for TPA). Pages are processed in order and
 * grouped into spans, which are added in order. Pages and spans depend only on the position, so chunks of a prefill,
 * threads ({@link RowTasks}) and single steps give the same bits; a {@link Prefill} for passes of many rows may give
 * different bits (ADR 31).
 *
 * <p>The maximum of the softmax is lazy: it is raised only when a score exceeds it by {@link Exp2#LAZY_MAX} powers
 * of two, so a page normally needs no maximum and no rescaling. An object serves one sequence at a time ({@link #bind})
 * and allocates only for longer contexts than it has seen.
 */
public final class PagedAlgorithm implements AttentionAlgorithm {
    /** Pages of the shortest span; with fewer, adding spans costs more than a second thread gains (ADR 34). */
    private static final int MIN_SPAN_PAGES = 4;

    /** Maximum number of pages with spans of this length; with more, they are twice as long, since there are enough. */
    private static final int MAX_SHORT_SPAN_PAGES = 32;

    /** Approximate upper bound of the number of spans, which bounds their memory and the serial time of adding them. */
    private static final int MAX_SPANS = 64;

    /**
     * Cache size of all layers in bytes above which pages are assumed to be in memory, not in the processor's caches.
     */
    private static final long UNCACHED_BYTES = 12 << 20;

    /** Largest page in bytes that is prefetched: it stays in the core's own cache until it is used. */
    private static final int MAX_PREFETCHED_BYTES = 256 << 10;

    private final Kernels kernels;
    private final Workers workers;
    private final PageState[] states; // one per worker
    private final Workers.Work appendWork = this::append;
    private final Workers.Work completeWork = this::complete;
    private final Workers.Work rowWork = this::computeRow;
    private final Workers.Work taskWork = this::computeTask;
    private final Workers.Work mergeWork = this::mergeSpans;
    private final Prefill prefill; // null if each row is computed alone
    private final RowTasks tasks;

    private PagedCache cache;
    private AttentionPass pass;
    private PageAttention attention; // of the current pass
    private float[] bias; // as given to attend, or null

    /**
     * Creates attention over {@code cache} with the shape of {@code shape}, whose off-heap buffers are freed after a
     * garbage collection.
     */
    public PagedAlgorithm(PageAttention shape, PagedCache cache, Kernels kernels, Workers workers) {
        this(shape, kernels, workers, Arena.ofAuto(), null);
        this.cache = cache;
    }

    /**
     * Creates attention that is bound to no cache yet.
     *
     * @param scratch arena of its off-heap buffers
     * @param prefill algorithm for passes of several rows, or null
     */
    public PagedAlgorithm(PageAttention shape, Kernels kernels, Workers workers, Arena scratch, Prefill prefill) {
        this.kernels = kernels;
        this.workers = workers;
        this.prefill = prefill;
        tasks = new RowTasks(shape);
        states = new PageState[workers.threads()];
        for (int i = 0; i < states.length; i++) {
            states[i] = new PageState(
                    null, shape.scratch(), shape.softmaxes(), shape.valueRank(), shape.summedDim(), kernels,
                    scratch);
        }
    }

    @Override
    public PagedCache cache() {
        return cache;
    }

    @Override
    public void bind(SequenceCache newCache) {
        cache = (PagedCache) newCache;
        pass = null;
    }

    @Override
    public void append(AttentionPass newPass) {
        pass = newPass;
        attention = (PageAttention) newPass.attention;
        int pages = pageCount(slot(pass.position) + pass.rows);
        workers.run(pages, appendWork);
        if (attention.readsPredecessors()) {
            workers.run(pages, completeWork);
        }
    }

    /** Appends the rows of one page. Threads share work by pages, because tokens of a page share cache lines. */
    private void append(int page, int worker) {
        int first = page * PANEL - slot(pass.position);
        attention.append(pass, Math.max(0, first), Math.min(first + PANEL, pass.rows), cache);
    }

    private void complete(int page, int worker) {
        int first = page * PANEL - slot(pass.position);
        attention.complete(pass, Math.max(0, first), Math.min(first + PANEL, pass.rows), cache);
    }

    @Override
    public void attend(AttentionPass newPass) {
        attend(newPass, null);
    }

    /**
     * Computes {@link #attend(AttentionPass)} with a bias that is added to the scores of each token, the same for all
     * heads and rows; pass.output is [rows][softmaxes · summedDim].
     *
     * @param newBias one float per token, in powers of two, or null; −∞ masks the token. The output of a row that sees
     *     no token is zero
     */
    public void attend(AttentionPass newPass, float[] newBias) {
        setPass(newPass, newBias);
        if (prefill != null && prefill.accepts(pass.rows) && bias == null) {
            prefill.attend(pass, cache);
        } else if (pass.rows == 1 && workers.threads() > 1) {
            workers.run(split(workers.threads()), taskWork);
            workers.run(tasks.merges(), mergeWork);
        } else {
            workers.run(pass.rows, rowWork);
        }
    }

    private void setPass(AttentionPass newPass, float[] newBias) {
        pass = newPass;
        attention = (PageAttention) newPass.attention;
        bias = newBias;
    }

    private int split(int threads) {
        return tasks.split(spanCount(pass.position + 1), threads);
    }

    @Override
    public int beginRow(AttentionPass newPass, int threads) {
        setPass(newPass, null);
        return split(threads);
    }

    @Override
    public void computeTask(AttentionPass newPass, int task, int worker) {
        computeTask(task, worker);
    }

    @Override
    public void endRow(AttentionPass newPass) {
        for (int merge = 0; merge < tasks.merges(); merge++) {
            mergeSpans(merge, 0);
        }
    }

    /** Releases heap memory that only passes of many rows need. */
    public void release() {
        if (prefill != null) {
            prefill.release();
        }
    }

    private static int pageCount(int tokens) {
        return Math.ceilDiv(tokens, PANEL);
    }

    /** Returns the number of pages of a span for a query that sees {@code tokens} tokens. */
    static int spanPages(int tokens) {
        int atLeast = Math.ceilDiv(pageCount(tokens), MAX_SPANS);
        int shortest = pageCount(tokens) > MAX_SHORT_SPAN_PAGES ? 2 * MIN_SPAN_PAGES : MIN_SPAN_PAGES;
        return Math.max(shortest, Integer.highestOneBit(2 * atLeast - 1));
    }

    /** Returns the number of spans of a query that sees {@code tokens} tokens; one empty span without tokens. */
    static int spanCount(int tokens) {
        return Math.max(1, Math.ceilDiv(pageCount(tokens), spanPages(tokens)));
    }

    /** Computes the attention of one row on one thread. */
    private void computeRow(int row, int worker) {
        PageState state = states[worker];
        int count = spanCount(pass.position + row + 1);
        for (int span = 0; span < count; span++) {
            computeSpan(span, row, state, span == 0 ? state.rowSoftmaxes : state.spanSoftmaxes, 0);
            if (span > 0) {
                state.rowSoftmaxes.add(state.spanSoftmaxes, state.kernels);
            }
        }
        int width = attention.summedDim();
        int to = row * attention.softmaxes() * width;
        state.rowSoftmaxes.finish(
                0, state.rowSoftmaxes.lines, Math.max(1, attention.valueRank()), width, pass.output, to, width);
    }

    /** Computes a task of the attention of a single row. */
    private void computeTask(int task, int worker) {
        computeSpan(tasks.span(task), 0, states[worker], tasks.softmaxes(task), tasks.head(task));
    }

    private void mergeSpans(int merge, int worker) {
        tasks.merge(merge, kernels, pass.output);
    }

    /**
     * Computes the softmaxes of the heads of {@code into}, from {@code head} on, over one span of the tokens of
     * {@code row}.
     */
    private void computeSpan(int span, int row, PageState state, OnlineSoftmax into, int head) {
        int seen = pass.position + row + 1;
        int window = attention.window();
        int firstSeen = window == 0 ? 0 : Math.max(0, seen - window); // first token that the query sees
        int first = span * spanPages(seen);
        int end = Math.min(first + spanPages(seen), pageCount(seen));
        state.softmaxes = into;
        state.firstHead = head;
        into.clear();
        attention.prepareQuery(pass.projections, pass.at(row), state);
        boolean uncached = cache.bytes(seen) > UNCACHED_BYTES;
        for (int index = Math.max(first, firstSeen / PANEL); index < end; index++) {
            int count = Math.min(PANEL, seen - index * PANEL);
            if (!isMasked(index, count)) {
                Page page = cache.page(pass.layer, index);
                if (uncached && page.data.byteSize() <= MAX_PREFETCHED_BYTES) {
                    state.prefetchSink += page.prefetch();
                }
                state.pageIndex = index;
                state.previous = attention.previous(cache, pass.layer, index);
                computePage(state.readable(page, attention.needsF32(page.format)), pass.at(row),
                        firstSeen - index * PANEL, count, state);
            }
        }
    }

    /** Returns true if the bias masks all tokens of a page, which then has no largest score. */
    private boolean isMasked(int index, int count) {
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

    /** Computes the attention over a page; the query sees its slots from {@code firstSeen}, or 0, to {@code count}. */
    private void computePage(Page page, int at, int firstSeen, int count, PageState state) {
        attention.scores(pass.projections, at, page, state);
        state.cap(attention.scoreCap());
        if (bias != null) {
            addBias(state.pageIndex * PANEL, count, state.scores);
        }
        if (firstSeen > 0 || count < PANEL) {
            for (int line = 0; line < state.softmaxes.lines; line++) {
                state.maskOutside(line, firstSeen, count);
            }
        }
        state.softmax(attention, page);
        attention.values(page, count, state);
    }

    private void addBias(int token, int count, float[] scores) {
        for (int row = 0; row < scores.length; row += PANEL) {
            for (int t = 0; t < count; t++) {
                scores[row + t] += bias[token + t];
            }
        }
    }
}
