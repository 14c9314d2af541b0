package io.github.t6j.attention.paged;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;

/**
 * Attention of many rows of a pass. A task computes a block of rows for some groups of heads: page by page, it adds the
 * attention of all queries of the block to one online softmax per line, a head of a row. {@link PrefillOperations}
 * compute the scores and values. Lines do not depend on each other, so bits do not depend on how the pass is split.
 */
public final class Prefill {
    private final PrefillOperations operations;
    private final PrefillOperations.Sizes sizes;
    private final Kernels kernels;
    private final Workers workers;
    private final Arena scratch;
    private final int groups;
    private final RowBlock[] blocks; // one per worker, allocated when it first has work
    private final Workers.Work taskWork = this::computeTask;

    private AttentionPass pass;
    private PagedCache cache;
    private int blockRows; // rows per block in the current pass
    private int blockTasks; // tasks per block, each with some of the groups

    /**
     * Creates a prefill for one sequence at a time.
     *
     * @param scratch arena of its off-heap buffers
     */
    public Prefill(PrefillOperations operations, Kernels kernels, Workers workers, Arena scratch) {
        this.operations = operations;
        sizes = operations.sizes();
        this.kernels = kernels;
        this.workers = workers;
        this.scratch = scratch;
        groups = Math.ceilDiv(sizes.attention().softmaxes(), sizes.groupHeads());
        blocks = new RowBlock[workers.threads()];
    }

    /** Returns true if this algorithm computes passes of {@code rows} rows. */
    public boolean accepts(int rows) {
        return rows >= sizes.minRows();
    }

    /** Computes the attention of the rows of a pass, which are already in {@code newCache}. */
    public void attend(AttentionPass newPass, PagedCache newCache) {
        pass = newPass;
        cache = newCache;
        blockRows = operations.blockRows(pass.rows, workers.threads());
        int count = Math.ceilDiv(pass.rows, blockRows);
        blockTasks = sizes.blockTasks() > 0
                ? sizes.blockTasks()
                : Math.min(groups, Math.ceilDiv(workers.threads(), count));
        workers.run(count * blockTasks, taskWork);
        cache = null;
    }

    /** Releases heap memory. Off-heap memory stays and is reused. */
    public void release() {
        for (int i = 0; i < blocks.length; i++) {
            if (blocks[i] != null && blocks[i].capacity > 0) {
                blocks[i] = new RowBlock(operations, blocks[i], 0, 0, kernels, null);
            }
        }
    }

    private void computeTask(int task, int worker) {
        RowBlock block = blocks[worker];
        int taskGroups = Math.ceilDiv(groups, blockTasks);
        if (block == null || block.capacity != blockRows || block.groups != taskGroups) {
            block = new RowBlock(operations, block, blockRows, taskGroups, kernels, scratch);
            blocks[worker] = block;
        }
        block.pass = pass;
        block.firstGroup = task % blockTasks * groups / blockTasks;
        block.endGroup = (task % blockTasks + 1) * groups / blockTasks;
        int first = task / blockTasks * blockRows;
        int end = Math.min(first + blockRows, pass.rows);
        while (first < end) {
            block.first = first;
            block.end = sizes.keepsBits() ? endOfSameSpans(first, end) : end;
            computeRows(block);
            first = block.end;
        }
    }

    private int spanPages(int row) {
        return PagedAlgorithm.spanPages(pass.position + row + 1);
    }

    /** Returns the end of the rows from {@code first} on with the same length of spans. */
    private int endOfSameSpans(int first, int end) {
        int next = first + 1;
        while (next < end && spanPages(next) == spanPages(first)) {
            next++;
        }
        return next;
    }

    private void computeRows(RowBlock block) {
        operations.prepareQueries(block);
        int pages = Math.ceilDiv(pass.position + block.end, PANEL);
        int window = pass.attention.window();
        int firstSeen = window == 0 ? 0 : Math.max(0, pass.position + block.first + 1 - window);
        int spanPages = sizes.keepsBits() ? spanPages(block.first) : pages;
        for (int from = 0; from < pages; from += spanPages) {
            int end = Math.min(from + spanPages, pages);
            block.beginSpan(from > 0);
            for (int index = Math.max(from, firstSeen / PANEL); index < end; index++) {
                computePage(index, block);
            }
            block.endSpan();
        }
        for (int group = block.firstGroup; group < block.endGroup; group++) {
            finish(block.rowSoftmaxes(group), group * sizes.groupHeads(), block);
        }
    }

    private void computePage(int index, RowBlock block) {
        PageState state = block.state;
        state.pageIndex = index;
        state.previous = sizes.attention().previous(cache, pass.layer, index);
        Page cached = cache.page(pass.layer, index);
        Page page = state.readable(cached, !sizes.keepsBits() || sizes.attention().needsF32(cached.format));
        int seen = pass.position + block.end - index * PANEL; // tokens from the page on that the last row sees
        block.low = Math.max(0, index * PANEL - pass.position - block.first);
        Page keys = operations.prepareKeys(page, block);
        for (int group = block.firstGroup; group < block.endGroup; group++) {
            state.softmaxes = block.spanSoftmaxes(group);
            operations.scores(page, keys, group, block);
            state.cap(pass.attention.scoreCap());
            mask(index, block);
            state.softmax(page, 0, 0); // without head factors: values are whole
            operations.values(page, group, Math.min(PANEL, seen), block);
        }
    }

    /** Masks the slots of a page that a row does not see, and unused lines. */
    private void mask(int index, RowBlock block) {
        int window = pass.attention.window();
        int position = pass.position - index * PANEL; // of the first row, relative to the page
        if (window == 0 && block.rows() == block.capacity && position + block.first + 1 >= PANEL) {
            return; // every row sees the whole page
        }
        for (int line = 0; line < block.state.softmaxes.lines; line++) {
            int row = block.first + block.row(line);
            int seen = row < block.end ? position + row + 1 : 0;
            block.state.maskOutside(line, window == 0 ? 0 : seen - window, seen);
        }
    }

    /** Writes the outputs of a group and adds later branches. {@code first} is its first softmax in a row. */
    private void finish(OnlineSoftmax group, int first, RowBlock block) {
        PageAttention attention = sizes.attention();
        int width = attention.valueDim();
        for (int line = 0; line < group.lines; line++) {
            int row = block.first + block.row(line);
            if (row < block.end) {
                int softmax = first + block.head(line);
                int to = (row * attention.heads() + softmax / attention.branches()) * width;
                group.finish(line, Math.max(1, attention.valueRank()), width, pass.output, to,
                        softmax % attention.branches() > 0);
            }
        }
    }
}
