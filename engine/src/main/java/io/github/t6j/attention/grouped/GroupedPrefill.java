package io.github.t6j.attention.grouped;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.attention.paged.PagedAttention;
import io.github.t6j.attention.paged.Prefill;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;

/**
 * Attention with shared key heads for many rows: all queries of a block of rows that share a key head are multiplied
 * with its keys together. With one query at a time, MHA would be bound by reading keys and values. Each query is
 * computed independently, over the same pages in the same spans, so the bits equal those of {@link PagedAttention}.
 */
final class GroupedPrefill implements Prefill {
    /** Least number of rows per block: enough for whole register tiles of each key head. */
    private static final int ROWS = 20;

    /** Least number of queries per block, since each block reads the pages again (ADR 31, last section). */
    private static final int LINES = 128;

    private final Kernels kernels;
    private final Workers workers;
    private final GroupedPages shape;
    private final int group; // query heads per key head
    private final int blockRows; // rows per block
    private final Buffers[] buffers; // one per worker, allocated when it first has work
    private final Workers.Work block = this::block;

    /**
     * Buffers of a worker.
     *
     * @param queries [lines][headDim], scaled; line row · group + i is query head i of the group in a row
     */
    private record Buffers(PageState state, float[] queries, float[] means) {}

    private AttentionPass pass;
    private PagedCache cache;

    GroupedPrefill(GroupedPages shape, Kernels kernels, Workers workers) {
        this.shape = shape;
        this.kernels = kernels;
        this.workers = workers;
        group = shape.heads() / shape.keyValueHeads();
        blockRows = Math.max(ROWS, (LINES + group - 1) / group);
        buffers = new Buffers[workers.threads()];
    }

    @Override
    public boolean takes(int rows) {
        return rows > 1;
    }

    @Override
    public void attend(AttentionPass newPass, PagedCache newCache) {
        pass = newPass;
        cache = newCache;
        workers.run(shape.keyValueHeads() * ((pass.rows + blockRows - 1) / blockRows), block);
    }

    private void block(int item, int worker) {
        if (buffers[worker] == null || buffers[worker].queries.length == 0) {
            buffers[worker] = allocate(buffers[worker]);
        }
        int keyHead = item % shape.keyValueHeads();
        int first = item / shape.keyValueHeads() * blockRows;
        int end = Math.min(first + blockRows, pass.rows);
        while (first < end) {
            int spanPages = PagedAttention.spanPages(pass.position + first + 1);
            int next = first + 1;
            while (next < end && PagedAttention.spanPages(pass.position + next + 1) == spanPages) {
                next++;
            }
            rows(first, next, spanPages, keyHead, buffers[worker]);
            first = next;
        }
    }

    /** @param before released buffers whose off-heap memory is reused, or null */
    private Buffers allocate(Buffers before) {
        int lines = blockRows * group;
        int headDim = shape.headDim();
        PageState state = before == null
                ? new PageState(shape, lines, headDim, shape.scratch().bytes(), kernels, cache.scratch())
                : new PageState(before.state, shape, lines, headDim, kernels);
        return new Buffers(state, new float[lines * headDim], new float[lines * headDim]);
    }

    @Override
    public void release() {
        for (int i = 0; i < buffers.length; i++) {
            if (buffers[i] != null && buffers[i].queries.length > 0) {
                PageState state = new PageState(buffers[i].state, shape, 0, 0, kernels);
                buffers[i] = new Buffers(state, new float[0], new float[0]);
            }
        }
    }

    /** Attends the rows from {@code first} to {@code end}, exclusive, which have the same length of spans. */
    private void rows(int first, int end, int spanPages, int keyHead, Buffers b) {
        int headDim = shape.headDim();
        float scale = shape.scale();
        for (int line = 0; line < (end - first) * group; line++) {
            int from = pass.at(first + line / group) + (keyHead * group + line % group) * headDim;
            for (int d = 0; d < headDim; d++) {
                b.queries[line * headDim + d] = pass.projections[from + d] * scale;
            }
        }
        PageState state = b.state;
        int pages = (pass.position + end + PANEL - 1) / PANEL;
        int visible = Math.max(0, windowStart(pass.position + first)); // first token that any of the rows sees
        for (int from = 0; from < pages; from += spanPages) {
            state.span = from == 0 ? state.all : state.own;
            state.span.clear();
            for (int index = Math.max(from, visible / PANEL); index < Math.min(from + spanPages, pages); index++) {
                page(index, first, end, keyHead, b);
            }
            if (from > 0) {
                state.all.add(state.own, kernels);
            }
        }
        state.all.finish(1f, headDim, b.means, 0, headDim);
        for (int row = first; row < end; row++) {
            System.arraycopy(
                    b.means, (row - first) * group * headDim, pass.output,
                    (row * shape.heads() + keyHead * group) * headDim, group * headDim);
        }
    }

    /** Returns the first position that a query at {@code position} sees; negative if it sees all. */
    private int windowStart(int position) {
        int window = pass.attention.window();
        return window == 0 ? -1 : position + 1 - window;
    }

    private void page(int index, int first, int end, int keyHead, Buffers b) {
        PageState state = b.state;
        Page page = state.readable(cache.page(pass.layer, index));
        int low = group * Math.max(0, index * PANEL - pass.position - first); // of the first row that sees it
        int lines = (end - first) * group - low;
        shape.groupScores(kernels, keyHead, b.queries, low, lines, page, state);
        hide(index, first, end, state);
        state.softmax(shape, page);
        int count = Math.min(PANEL, pass.position + end - index * PANEL);
        shape.groupValues(kernels, keyHead, page, low, lines, count, state);
    }

    /** Hides the slots of a page that a row does not see, and unused lines. */
    private void hide(int index, int first, int end, PageState state) {
        int lines = (end - first) * group;
        boolean all = pass.attention.window() == 0 && lines == state.span.heads;
        if (all && (index + 1) * PANEL <= pass.position + first + 1) {
            return;
        }
        for (int line = 0; line < state.span.heads; line++) {
            int seen = line < lines ? pass.position + first + line / group + 1 - index * PANEL : 0;
            int hidden = windowStart(pass.position + first + line / group) - index * PANEL;
            state.show(line, hidden, seen);
        }
    }
}
