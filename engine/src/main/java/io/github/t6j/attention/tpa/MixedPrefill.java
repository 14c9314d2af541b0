package io.github.t6j.attention.tpa;

import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.scalar.ScalarKernels.LOG2_E;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.paged.OnlineSoftmax;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.attention.paged.Prefill;
import io.github.t6j.attention.tpa.forms.ThirdFactor;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Tensor product attention of many rows: values of a page are rebuilt from their factors, one head at a time, for all
 * rows of a block. Summing them takes d multiply-adds per head and pair of query and token, where the factors take
 * R_V·(d + 1). Scores are computed from the factors of queries and keys, R_Q·R_K·d/h + R_K·(R_Q + 1) per head, or from
 * rebuilt keys, d per head, whichever is less; with third order always from rebuilt keys.
 *
 * <p>A row's softmax runs over the pages in order, so its bits do not depend on the other rows.
 */
final class MixedPrefill implements Prefill {
    /** Rows from which rebuilding values pays, measured with T6-small at 2048 tokens on one thread. */
    static final int LEAST_ROWS = 32;

    /** Least number of rows per block, if the pass has that many; with fewer, rebuilding costs more than it saves. */
    private static final int LEAST_BLOCK_ROWS = 32;

    /** Most rows per block, so that their sums and products stay in L2. */
    private static final int MOST_BLOCK_ROWS = 64;

    /** Heads scored together, whole tiles of three heads, so that a row's products stay in L1. */
    private static final int GROUP_HEADS = 6;

    private final Kernels kernels;
    private final Workers workers;
    private final TpaConfig form;
    private final boolean factoredKeys;
    private final int valueStride;
    private final Workers.Work block = this::block;
    private final int groups;
    private Buffers[] buffers = new Buffers[0]; // one per work item, which is some heads of a block of rows
    private int blockRows; // rows per block in the current pass
    private int parts; // parts of the heads, if there are more threads than blocks

    private TensorProductAttention attention; // of the current pass
    private AttentionPass pass;
    private PagedCache cache;

    /**
     * Buffers of a work item.
     *
     * @param rows rows of a block
     * @param first index of the first group of heads
     * @param state page state; its offHeap holds a head's values of a page, [64][valueDim in whole panels]
     * @param groups softmaxes of each group of heads, line head · rows + row
     * @param queries scaled queries [h][rows][d]; with factored keys B_Q [rows][R_Q][d]
     * @param queryHeads with factored keys, scaled A_Q [rows][h][R_Q]
     * @param products with factored keys, products of B_Q and B_K, [R_K][rows][R_Q][64]
     * @param heads A of a head for a page's keys or values, and its product with C
     * @param keys keys of a head in a page, [d][64]
     * @param means output of a group, [lines][valueDim]
     */
    private record Buffers(
            int rows, int first, PageState state, OnlineSoftmax[] groups, float[] queries, float[] queryHeads,
            float[] products,
            float[] heads, MemorySegment keys, float[] means) {}

    MixedPrefill(TensorProductAttention shape, Kernels kernels, Workers workers) {
        this.kernels = kernels;
        this.workers = workers;
        form = shape.form();
        int factored = form.keyRank() * (form.queryRank() * form.headDim() + form.heads() * (form.queryRank() + 1));
        factoredKeys = form.queryRank() > 0 && form.thirdDim() == 0 && factored <= form.heads() * form.headDim();
        valueStride = Kernels.padded(form.valueDim());
        groups = (form.heads() + GROUP_HEADS - 1) / GROUP_HEADS;
    }

    @Override
    public boolean takes(int rows) {
        return rows >= LEAST_ROWS;
    }

    @Override
    public void attend(AttentionPass newPass, PagedCache newCache) {
        pass = newPass;
        cache = newCache;
        attention = (TensorProductAttention) pass.attention;
        int threads = workers.threads();
        int blocks = Math.max(
                Math.min(threads, pass.rows / LEAST_BLOCK_ROWS), (pass.rows + MOST_BLOCK_ROWS - 1) / MOST_BLOCK_ROWS);
        blockRows = (pass.rows + blocks - 1) / blocks;
        blocks = (pass.rows + blockRows - 1) / blockRows;
        parts = Math.min(groups, (threads + blocks - 1) / blocks);
        buffers = Arrays.copyOf(buffers, Math.max(blocks * parts, buffers.length));
        for (int item = 0; item < blocks * parts; item++) {
            int first = item % parts * groups / parts;
            int end = (item % parts + 1) * groups / parts;
            Buffers b = buffers[item];
            if (b == null || b.rows != blockRows || b.first != first || b.groups.length != end - first) {
                buffers[item] = allocate(b, first, end);
            }
        }
        workers.run(blocks * parts, block);
    }

    /** @param before buffers for other rows and groups, whose off-heap memory is reused, or null */
    private Buffers allocate(Buffers before, int first, int end) {
        int heads = form.heads();
        OnlineSoftmax[] softmaxes = new OnlineSoftmax[end - first];
        Arrays.setAll(softmaxes, g -> new OnlineSoftmax(
                Math.min(GROUP_HEADS, heads - (first + g) * GROUP_HEADS) * blockRows, form.valueDim()));
        int lines = softmaxes[0].heads;
        int rank = Math.max(form.keyRank(), form.valueRank());
        int factored = factoredKeys ? blockRows * form.queryRank() : 0;
        long valueBytes = (long) PANEL * valueStride * Float.BYTES;
        long keyBytes = factoredKeys ? 0 : (long) form.headDim() * PANEL * Float.BYTES;
        return new Buffers(
                blockRows, first,
                before == null
                        ? new PageState(attention, lines, 0, valueBytes, kernels, cache.scratch())
                        : new PageState(before.state, attention, lines, 0, kernels),
                softmaxes, new float[factoredKeys ? factored * form.headDim() : heads * blockRows * form.headDim()],
                new float[factored * heads], new float[form.keyRank() * factored * PANEL],
                new float[rank * (2 * form.thirdDim() + 1) * PANEL],
                before == null ? cache.scratch().allocate(keyBytes, 64) : before.keys,
                new float[lines * form.valueDim()]);
    }

    /** Releases heap memory. Off-heap memory stays with the cache and is reused. */
    @Override
    public void release() {
        float[] none = {};
        for (int item = 0; item < buffers.length; item++) {
            Buffers b = buffers[item];
            if (b != null && b.rows > 0) {
                PageState state = new PageState(b.state, attention, 0, 0, kernels);
                buffers[item] =
                        new Buffers(0, 0, state, new OnlineSoftmax[0], none, none, none, none, b.keys, none);
            }
        }
    }

    private void block(int item, int worker) {
        int first = item / parts * blockRows;
        int end = Math.min(first + blockRows, pass.rows);
        Buffers b = buffers[item];
        if (factoredKeys) {
            factoredQueries(first, end, b);
        } else {
            wholeQueries(first, end, b);
        }
        for (OnlineSoftmax group : b.groups) {
            group.clear();
        }
        int window = attention.window();
        int visible = window == 0 ? 0 : Math.max(0, pass.position + first + 1 - window);
        for (int index = visible / PANEL; index * PANEL < pass.position + end; index++) {
            page(index, first, end, b);
        }
        for (int g = 0; g < b.groups.length; g++) {
            output(g, first, end, b);
        }
    }

    /** Copies B_Q of all rows, and A_Q times the factor that turns ⟨q, k⟩ into powers of two. */
    private void factoredQueries(int first, int end, Buffers b) {
        int rank = form.queryRank();
        int features = rank * form.headDim();
        int heads = form.heads() * rank;
        float scale = (float) (LOG2_E / (Math.sqrt(form.headDim()) * rank * form.keyRank()));
        for (int row = first; row < end; row++) {
            int from = pass.at(row) + attention.row().query().features();
            System.arraycopy(pass.projections, from, b.queries, (row - first) * features, features);
            from = pass.at(row) + attention.row().query().heads();
            for (int i = 0; i < heads; i++) {
                b.queryHeads[(row - first) * heads + i] = pass.projections[from + i] * scale;
            }
        }
    }

    private void wholeQueries(int first, int end, Buffers b) {
        int headDim = form.headDim();
        float scale = (float) (LOG2_E / (Math.sqrt(headDim) * form.keyRank()));
        int endHead = Math.min(form.heads(), (b.first + b.groups.length) * GROUP_HEADS);
        for (int h = b.first * GROUP_HEADS; h < endHead; h++) {
            for (int row = first; row < end; row++) {
                int to = (h * blockRows + row - first) * headDim;
                attention.query(pass.projections, pass.at(row), h, b.queries, to);
                for (int d = 0; d < headDim; d++) {
                    b.queries[to + d] *= scale;
                }
            }
        }
    }

    private void page(int index, int first, int end, Buffers b) {
        PageState state = b.state;
        Page page = state.f32(cache.page(pass.layer, index));
        int seen = pass.position + end;
        Page features = attention.places().keyFeatures().columns(page, index, state);
        int low = Math.max(0, index * PANEL - pass.position - first); // first row that sees a token of the page
        int rows = end - first - low;
        if (factoredKeys) {
            int rank = form.queryRank();
            int headDim = form.headDim();
            for (int k = 0; k < form.keyRank(); k++) {
                features.multiplyColumns(
                        kernels, b.queries, low * rank * headDim, rows * rank, headDim, k * headDim, b.products,
                        (k * blockRows + low) * rank * PANEL);
            }
        }
        for (int g = 0; g < b.groups.length; g++) {
            int head = (b.first + g) * GROUP_HEADS;
            int heads = b.groups[g].heads / blockRows;
            if (factoredKeys) {
                factoredScores(page, head, heads, low, rows, b);
            } else {
                rebuiltScores(page, features, head, heads, low, rows, b);
            }
            hide(index, first, end, heads, b);
            state.span = b.groups[g];
            state.softmax(page, 0, 0);
            values(page, Math.min(PANEL, seen - index * PANEL), head, heads, low, rows, b);
        }
    }

    private void factoredScores(Page page, int head, int heads, int low, int rows, Buffers b) {
        Page factors = attention.places().keyHeads().in(page);
        int rank = form.queryRank();
        for (int row = low; row < low + rows; row++) {
            factors.tensorScores(
                    kernels, attention.keyFactors(), head, heads, b.queryHeads, (row * form.heads() + head) * rank,
                    b.products, row * rank * PANEL, blockRows * rank * PANEL, b.state.scores, row * PANEL,
                    blockRows * PANEL);
        }
    }

    private void rebuiltScores(Page page, Page features, int head, int heads, int low, int rows, Buffers b) {
        Page factors = attention.places().keyHeads().in(page);
        int headDim = form.headDim();
        int rank = form.keyRank();
        for (int i = 0; i < heads; i++) {
            int at = heads(factors, attention.places().keyHeads().first() + (head + i) * rank, rank, page,
                    attention.factors().keyThirdAt(), b.heads);
            for (int piece = 0; piece < form.pieces(); piece++) {
                features.rebuildColumns(
                        kernels, b.heads, at + piece * rank * PANEL, rank, form.featureDim(), b.keys,
                        (long) piece * form.featureDim() * PANEL * Float.BYTES);
            }
            kernels.multiply(
                    b.queries, ((head + i) * blockRows + low) * headDim, headDim, rows, headDim, Format.F32, b.keys, 0,
                    PANEL, PANEL, b.state.scores, (i * blockRows + low) * PANEL, 0, false);
        }
    }

    /**
     * Writes a head's A of a page, [rank][64], to the front of {@code x}; with a third factor, the products of A and C,
     * [d_c][rank][64], after C.
     *
     * @return offset of the result in {@code x}
     */
    private int heads(Page heads, int column, int rank, Page page, int thirdAt, float[] x) {
        int third = form.thirdDim();
        if (third == 0) {
            heads.readColumns(column, rank, x, 0);
            return 0;
        }
        int a = 2 * rank * third * PANEL;
        heads.readColumns(column, rank, x, a);
        page.readColumns(thirdAt, rank * third, x, 0);
        ThirdFactor.expand(x, a, x, rank * third * PANEL, rank, third);
        return rank * third * PANEL;
    }

    /** Hides the slots of a page that a row does not see, and unused lines. */
    private void hide(int index, int first, int end, int heads, Buffers b) {
        int window = attention.window();
        if (window == 0 && end - first == blockRows && (index + 1) * PANEL <= pass.position + first + 1) {
            return;
        }
        for (int line = 0; line < heads * blockRows; line++) {
            int row = first + line % blockRows;
            int seen = row < end ? pass.position + row + 1 - index * PANEL : 0;
            int hidden = window == 0 ? 0 : seen - window;
            b.state.show(line, hidden, seen);
        }
    }

    private void values(Page page, int count, int head, int heads, int low, int rows, Buffers b) {
        PageState state = b.state;
        Page factors = attention.places().valueHeads().in(page);
        Page features = attention.places().valueFeatures().in(page);
        int rank = form.valueRank();
        for (int i = 0; i < heads; i++) {
            int at = heads(factors, attention.places().valueHeads().first() + (head + i) * rank, rank, page,
                    attention.factors().valueThirdAt(), b.heads);
            for (int piece = 0; piece < form.pieces(); piece++) {
                features.rebuildRows(
                        kernels, b.heads, at + piece * rank * PANEL, rank, state.offHeap,
                        (long) piece * form.valueFeatureDim() * Float.BYTES, valueStride);
            }
            int line = (i * blockRows + low) * PANEL;
            state.kernels.multiply(
                    state.probabilities, line, PANEL, rows, count, Format.F32, state.offHeap, 0, valueStride,
                    form.valueDim(), state.span.out, line, state.span.heads * PANEL, true);
        }
    }

    private void output(int g, int first, int end, Buffers b) {
        int width = form.valueDim();
        OnlineSoftmax group = b.groups[g];
        group.finish(form.valueRank(), width, b.means, 0, width);
        for (int line = 0; line < group.heads; line++) {
            int row = first + line % blockRows;
            int head = (b.first + g) * GROUP_HEADS + line / blockRows;
            if (row < end) {
                System.arraycopy(b.means, line * width, pass.output, (row * form.heads() + head) * width, width);
            }
        }
    }
}
