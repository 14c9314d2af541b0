package io.github.t6j.attention.paged;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;

/**
 * Attention of many rows of a pass. It cuts the pass into blocks of rows and parts of the heads. The queries of a block
 * visit the pages in order, each page for all groups of heads, with one online softmax per line: a head of a row. A
 * {@link PrefillForm} computes the scores and values. Lines do not depend on each other, so bits do not depend on how
 * the pass is cut.
 */
public final class Prefill {
    private final PrefillForm form;
    private final PrefillForm.Sizes sizes;
    private final Kernels kernels;
    private final Workers workers;
    private final Arena scratch;
    private final int groups;
    private final RowBlock[] blocks; // one per worker, allocated when it first has work
    private final Workers.Work work = this::block;

    private AttentionPass pass;
    private PagedCache cache;
    private int blockRows; // rows per block in the current pass
    private int parts; //     parts of the groups

    /**
     * Creates a prefill for one sequence at a time.
     *
     * @param scratch arena of its off-heap buffers
     */
    public Prefill(PrefillForm form, Kernels kernels, Workers workers, Arena scratch) {
        this.form = form;
        sizes = form.sizes();
        this.kernels = kernels;
        this.workers = workers;
        this.scratch = scratch;
        groups = Math.ceilDiv(sizes.attention().softmaxes(), sizes.groupHeads());
        blocks = new RowBlock[workers.threads()];
    }

    /** Returns whether this algorithm computes passes of {@code rows} rows. */
    public boolean accepts(int rows) {
        return rows >= sizes.minRows();
    }

    /** Computes the attention of the rows of a pass, which are already in {@code newCache}. */
    public void attend(AttentionPass newPass, PagedCache newCache) {
        pass = newPass;
        cache = newCache;
        blockRows = form.blockRows(pass.rows, workers.threads());
        int count = Math.ceilDiv(pass.rows, blockRows);
        parts = sizes.parts() > 0 ? sizes.parts() : Math.min(groups, Math.ceilDiv(workers.threads(), count));
        workers.run(count * parts, work);
        cache = null;
    }

    /** Releases heap memory. Off-heap memory stays and is reused. */
    public void release() {
        for (int i = 0; i < blocks.length; i++) {
            if (blocks[i] != null && blocks[i].capacity > 0) {
                blocks[i] = new RowBlock(form, blocks[i], 0, 0, kernels, null);
            }
        }
    }

    private void block(int item, int worker) {
        RowBlock b = blocks[worker];
        int partGroups = Math.ceilDiv(groups, parts);
        if (b == null || b.capacity != blockRows || b.groups != partGroups) {
            b = new RowBlock(form, b, blockRows, partGroups, kernels, scratch);
            blocks[worker] = b;
        }
        b.pass = pass;
        b.firstGroup = item % parts * groups / parts;
        b.endGroup = (item % parts + 1) * groups / parts;
        int first = item / parts * blockRows;
        int end = Math.min(first + blockRows, pass.rows);
        while (first < end) {
            b.first = first;
            b.end = sizes.keepsBits() ? endOfSameSpans(first, end) : end;
            rows(b);
            first = b.end;
        }
    }

    private int spanPages(int row) {
        return PagedAttention.spanPages(pass.position + row + 1);
    }

    /** Returns the end of the rows from {@code first} on with the same length of spans. */
    private int endOfSameSpans(int first, int end) {
        int next = first + 1;
        while (next < end && spanPages(next) == spanPages(first)) {
            next++;
        }
        return next;
    }

    private void rows(RowBlock b) {
        form.prepareQueries(b);
        int pages = Math.ceilDiv(pass.position + b.end, PANEL);
        int window = pass.attention.window();
        int visible = window == 0 ? 0 : Math.max(0, pass.position + b.first + 1 - window);
        int spanPages = sizes.keepsBits() ? spanPages(b.first) : pages;
        for (int from = 0; from < pages; from += spanPages) {
            b.beginSpan(from > 0);
            for (int index = Math.max(from, visible / PANEL); index < Math.min(from + spanPages, pages); index++) {
                page(index, b);
            }
            b.endSpan();
        }
        for (int group = b.firstGroup; group < b.endGroup; group++) {
            finish(b.softmaxes(group), group * sizes.groupHeads(), b);
        }
    }

    private void page(int index, RowBlock b) {
        PageState state = b.state;
        Page kept = cache.page(pass.layer, index);
        Page page = state.readable(kept, !sizes.keepsBits() || sizes.attention().needsF32(kept.format));
        int seen = pass.position + b.end - index * PANEL; // tokens of the page and later ones that the last row sees
        b.low = Math.max(0, index * PANEL - pass.position - b.first);
        Page keys = form.prepareKeys(page, index, b);
        for (int group = b.firstGroup; group < b.endGroup; group++) {
            state.softmaxes = b.span(group);
            form.scores(page, keys, group, b);
            state.cap(pass.attention.scoreCap());
            hide(index, b);
            state.softmax(page, 0, 0);
            form.values(page, group, Math.min(PANEL, seen), b);
        }
    }

    /** Hides the slots of a page that a row does not see, and unused lines. */
    private void hide(int index, RowBlock b) {
        int window = pass.attention.window();
        int position = pass.position - index * PANEL; // of the first row, relative to the page
        if (window == 0 && b.rows() == b.capacity && position + b.first + 1 >= PANEL) {
            return;
        }
        for (int line = 0; line < b.state.softmaxes.lines; line++) {
            int row = b.first + b.row(line);
            int seen = row < b.end ? position + row + 1 : 0;
            b.state.hideOutside(line, window == 0 ? 0 : seen - window, seen);
        }
    }

    /** Writes the outputs of a group, whose first softmax of a row is {@code first}; adds further branches. */
    private void finish(OnlineSoftmax group, int first, RowBlock b) {
        PageAttention attention = sizes.attention();
        int width = attention.valueDim();
        for (int line = 0; line < group.lines; line++) {
            int row = b.first + b.row(line);
            if (row < b.end) {
                int softmax = first + b.head(line);
                int to = (row * attention.heads() + softmax / attention.branches()) * width;
                group.finish(line, Math.max(1, attention.valueRank()), width, pass.output, to,
                        softmax % attention.branches() > 0);
            }
        }
    }
}
