package io.github.t6j.attention.tpa;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.paged.PageState;
import io.github.t6j.attention.paged.PrefillOperations;
import io.github.t6j.attention.paged.RowBlock;
import io.github.t6j.cache.Page;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;

/**
 * Tensor product attention of many rows (ADR 31): the values of a page are rebuilt from their factors, one head at a
 * time, for all rows of a block. Summing them takes d multiply-adds per head and pair of query and token, where the
 * factors take R_V·(d + 1). Subclasses compute the scores.
 *
 * <p>state.offHeap holds the values of a head in a page, [64][valueDim in whole panels], at its front.
 */
public abstract class MixedOperations implements PrefillOperations {
    /** Minimum number of rows at which rebuilding values is faster (T6-small, 2048 tokens, one thread). */
    static final int MIN_ROWS = 32;

    /** Heads scored together, whole tiles of three heads, so that a row's products stay in L1. */
    static final int GROUP_HEADS = 6;

    /** Minimum number of rows per block, if the pass has that many; with fewer, rebuilding costs more than it saves. */
    private static final int MIN_BLOCK_ROWS = 32;

    /** Maximum number of rows per block, so that their sums and products stay in L2. */
    private static final int MAX_BLOCK_ROWS = 64;

    final FactoredAttention shape;
    private final int valueStride;

    /** Creates operations for attentions with the shape of {@code shape}. */
    MixedOperations(FactoredAttention shape) {
        this.shape = shape;
        valueStride = Kernels.padded(shape.valueDim());
    }

    @Override
    public final Sizes sizes() {
        return new Sizes(shape, MIN_ROWS, Math.min(GROUP_HEADS, shape.heads()), 0, false, false);
    }

    @Override
    public final int blockRows(int rows, int threads) {
        int blocks = Math.max(Math.min(threads, rows / MIN_BLOCK_ROWS), Math.ceilDiv(rows, MAX_BLOCK_ROWS));
        return Math.ceilDiv(rows, blocks);
    }

    /** Returns the bytes of a head's values in state.offHeap. */
    final long valueBytes() {
        return (long) PANEL * valueStride * Float.BYTES;
    }

    /** Returns the offset in state.products of the scratch of {@link FactoredAttention#rebuildValues}. */
    abstract int scratchAt(int capacity);

    /** Returns the attention of the current layer. */
    static FactoredAttention attention(RowBlock block) {
        return (FactoredAttention) block.pass.attention;
    }

    /** Returns the number of heads of the current group. */
    static int heads(RowBlock block) {
        return block.state.softmaxes.lines / block.capacity;
    }

    @Override
    public final void values(Page page, int group, int count, RowBlock block) {
        PageState state = block.state;
        for (int i = 0; i < heads(block); i++) {
            attention(block).rebuildValues(
                    page, group * GROUP_HEADS + i, scratchAt(block.capacity), valueStride, state);
            int at = (i * block.capacity + block.low) * PANEL;
            state.kernels.multiply(
                    state.probabilities, at, PANEL, block.rows() - block.low, count, Format.F32, state.offHeap, 0,
                    valueStride, shape.valueDim(), state.softmaxes.out, at, state.softmaxes.lines * PANEL, true);
        }
    }
}
