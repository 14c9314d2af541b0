package io.github.t6j.attention.tpa;

import static io.github.t6j.kernels.Exp2.LOG2_E;
import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.paged.PageAttention.Scratch;
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
    public void prepareQueries(RowBlock b) {
        int headDim = shape.headDim();
        float scale = (float) (LOG2_E / (shape.scoreDivisor() * shape.keyRank));
        int endHead = Math.min(shape.heads(), b.endGroup * GROUP_HEADS);
        for (int h = b.firstGroup * GROUP_HEADS; h < endHead; h++) {
            for (int row = 0; row < b.rows(); row++) {
                int to = (h * b.capacity + row) * headDim;
                shape.query(b.pass.projections, b.pass.at(b.first + row), h, b.state.query, to);
                for (int d = 0; d < headDim; d++) {
                    b.state.query[to + d] *= scale;
                }
            }
        }
    }

    @Override
    public Page prepareKeys(Page page, RowBlock b) {
        return attention(b).keyFeatures(page, b.state);
    }

    @Override
    public void scores(Page page, Page features, int group, RowBlock b) {
        int headDim = shape.headDim();
        for (int i = 0; i < heads(b); i++) {
            int head = group * GROUP_HEADS + i;
            attention(b).rebuildKeys(page, features, head, 0, valueBytes(), b.state);
            b.state.kernels.multiply(
                    b.state.query, (head * b.capacity + b.low) * headDim, headDim, b.rows() - b.low, headDim,
                    Format.F32, b.state.offHeap, valueBytes(), PANEL, PANEL, b.state.scores,
                    (i * b.capacity + b.low) * PANEL, 0, false);
        }
    }
}
