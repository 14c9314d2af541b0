package io.github.t6j.attention.latent;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.attention.paged.PageProducts;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.attention.paged.PrefillOperations;
import io.github.t6j.attention.paged.RowBlock;
import io.github.t6j.cache.Page;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import java.lang.foreign.MemorySegment;

/**
 * Latent attention of all rows of a pass over keys and values rebuilt from the latents, one head and page at a time.
 * Rebuilding costs latentDim · (nope + valueDim) multiply-adds per token and head; then a row costs only nope + rope +
 * valueDim per token, where absorbed queries need 2 · latentDim + rope.
 *
 * <p>A group is a key head, branch b of head i at i · branches + b. A task has the key heads of one head.
 *
 * <pre>
 *   state.query     scaled queries [rows][nope + rope]
 *   state.products  W_UK and W_UV of each key head, [branches][nope + valueDim][latentDim]
 *                   | rebuilt columns of a page [nope + valueDim][64]
 *   state.offHeap   values [64][valueDim in whole panels] | keys [nope + rope][64]
 *                   | values before transposition [valueDim][64]
 * </pre>
 */
final class LatentOperations implements PrefillOperations {
    private final LatentAttention shape;
    private final int minRows;
    private final int headDim;
    private final int valueDim;
    private final int valueStride;
    private final int upFloats; // of a key head

    LatentOperations(LatentAttention shape, int minRows) {
        this.shape = shape;
        this.minRows = minRows;
        headDim = shape.headDim();
        valueDim = shape.valueDim();
        valueStride = Kernels.padded(valueDim);
        upFloats = (shape.nope + valueDim) * shape.latentDim;
    }

    @Override
    public Sizes sizes() {
        return new Sizes(shape, minRows, 1, shape.heads(), false, false);
    }

    /** Returns all rows, since each block rebuilds the keys and values. */
    @Override
    public int blockRows(int rows, int threads) {
        return rows;
    }

    @Override
    public PageAttention.Scratch scratch(int rows) {
        int products = shape.branches() * upFloats + (shape.nope + valueDim) * PANEL;
        return new PageAttention.Scratch(rows * headDim, products, columnAt(headDim + valueDim), null);
    }

    /** Returns the offset in state.offHeap of a column of keys or, after them, of values before transposition. */
    private long columnAt(int column) {
        return (long) (valueStride + column) * PANEL * Float.BYTES;
    }

    private int keyHead(int group) {
        return group % shape.branches() * shape.heads() + group / shape.branches();
    }

    @Override
    public void prepareQueries(RowBlock block) {
        LatentAttention attention = (LatentAttention) block.pass.attention;
        block.scaleQueries(block.firstGroup / shape.branches() * headDim, headDim, shape.scale());
        for (int group = block.firstGroup; group < block.endGroup; group++) {
            attention.up(keyHead(group), block.state.products, (group - block.firstGroup) * upFloats);
        }
    }

    @Override
    public void scores(Page page, Page keys, int group, RowBlock block) {
        PageState state = block.state;
        rebuild(page, group, block);
        state.kernels.multiply(
                state.query, block.low * headDim, headDim, block.rows() - block.low, headDim, Format.F32, state.offHeap,
                columnAt(0), PANEL, PANEL, state.scores, block.low * PANEL, 0, false);
    }

    /** Rebuilds the keys and values of a key head in a page: W_UK c and k_pe in columns, W_UV c in rows. */
    private void rebuild(Page page, int group, RowBlock block) {
        PageState state = block.state;
        int nope = shape.nope;
        int rebuilt = shape.branches() * upFloats;
        PageProducts.multiplyColumns(
                state.kernels, page, state.products, (group - block.firstGroup) * upFloats, nope + valueDim,
                shape.latentDim, shape.latent(keyHead(group)), state.products, rebuilt);
        MemorySegment.copy(state.products, rebuilt, state.offHeap, Page.FLOAT, columnAt(0), nope * PANEL);
        MemorySegment.copy(page.data, page.columnAt(0), state.offHeap, columnAt(nope), page.columnAt(shape.rope));
        long values = columnAt(headDim);
        MemorySegment.copy(state.products, rebuilt + nope * PANEL, state.offHeap, Page.FLOAT, values, valueDim * PANEL);
        state.kernels.transpose(Format.F32, state.offHeap, values, PANEL, valueDim, PANEL, state.offHeap, valueStride);
    }

    @Override
    public void values(Page page, int group, int count, RowBlock block) {
        PageState state = block.state;
        int at = block.low * PANEL;
        state.kernels.multiply(
                state.probabilities, at, PANEL, block.rows() - block.low, count, Format.F32, state.offHeap, 0,
                valueStride, valueDim, state.softmaxes.out, at, state.softmaxes.lines * PANEL, true);
    }
}
