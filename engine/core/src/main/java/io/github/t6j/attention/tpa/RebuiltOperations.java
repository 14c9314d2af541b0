package io.github.t6j.attention.tpa;

import static io.github.t6j.kernels.Exp2.LOG2_E;
import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.paged.PageAttention.Scratch;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.attention.paged.RowBlock;
import io.github.t6j.cache.Page;
import io.github.t6j.kernels.Format;

/**
 * Operations whose scores are products of whole queries and rebuilt keys, d multiply-adds per head.
 *
 * <pre>
 *   state.query     scaled queries [h][rows][d]
 *   state.products  scratch of a page or of a head
 *   state.offHeap   values of a head | its keys [d][64]
 * </pre>
 */
public final class RebuiltOperations extends MixedOperations {
    /** Creates operations for attentions with the shape of {@code shape}. */
    public RebuiltOperations(FactoredAttention shape) {
        super(shape);
    }

    @Override
    public Scratch scratch(int rows) {
        Scratch single = shape.scratch();
        return new Scratch(
                rows * shape.heads() * shape.headDim(), Math.max(shape.rebuildFloats(), single.productFloats()),
                valueBytes() + (long) shape.headDim() * PANEL * Float.BYTES, single.layout());
    }

    @Override
    int scratchAt(int capacity) {
        return 0;
    }

    @Override
    public void prepareQueries(RowBlock block) {
        int headDim = shape.headDim();
        float scale = (float) (LOG2_E / (shape.scoreDivisor() * shape.keyRank));
        int endHead = Math.min(shape.heads(), block.endGroup * GROUP_HEADS);
        for (int h = block.firstGroup * GROUP_HEADS; h < endHead; h++) {
            for (int row = 0; row < block.rows(); row++) {
                int to = (h * block.capacity + row) * headDim;
                shape.query(block.pass.projections, block.pass.at(block.first + row), h, block.state.query, to);
                for (int d = 0; d < headDim; d++) {
                    block.state.query[to + d] *= scale;
                }
            }
        }
    }

    @Override
    public Page prepareKeys(Page page, RowBlock block) {
        return attention(block).keyFeatures(page, block.state);
    }

    @Override
    public void scores(Page page, Page features, int group, RowBlock block) {
        PageState state = block.state;
        int headDim = shape.headDim();
        for (int i = 0; i < heads(block); i++) {
            int head = group * GROUP_HEADS + i;
            attention(block).rebuildKeys(page, features, head, 0, valueBytes(), state);
            state.kernels.multiply(
                    state.query, (head * block.capacity + block.low) * headDim, headDim, block.rows() - block.low,
                    headDim, Format.F32, state.offHeap, valueBytes(), PANEL, PANEL, state.scores,
                    (i * block.capacity + block.low) * PANEL, 0, false);
        }
    }
}
