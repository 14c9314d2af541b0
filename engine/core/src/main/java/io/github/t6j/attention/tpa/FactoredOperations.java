package io.github.t6j.attention.tpa;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.paged.PageAttention.Scratch;
import io.github.t6j.attention.paged.PageProducts;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.attention.paged.RowBlock;
import io.github.t6j.cache.Page;

/**
 * Operations whose scores are computed from the factors of queries and keys, R_Q·R_K·d/h + R_K·(R_Q + 1) multiply-adds
 * per head.
 *
 * <pre>
 *   state.query     B_Q [rows][R_Q][d] | scaled A_Q [rows][h][R_Q]
 *   state.products  products of B_Q and B_K, [R_K][rows][R_Q][64] | scratch of a head
 *   state.offHeap   values of a head
 * </pre>
 */
final class FactoredOperations extends MixedOperations {
    private final int rank; //       R_Q
    private final int features; //   elements of B_Q
    private final int headFactors; // elements of A_Q

    /** Creates operations for attentions with the shape of {@code shape}, whose query rank is above 0. */
    FactoredOperations(FactoredAttention shape) {
        super(shape);
        rank = shape.queryRank;
        features = rank * shape.headDim();
        headFactors = shape.heads() * rank;
    }

    /** Returns true if scores from factors take at most as many multiply-adds as scores from rebuilt keys. */
    static boolean isCheaper(FactoredAttention shape) {
        int heads = shape.heads();
        return shape.keyRank * (shape.queryRank * shape.headDim() + heads * (shape.queryRank + 1))
                <= heads * shape.headDim();
    }

    @Override
    public Scratch scratch(int rows) {
        Scratch single = shape.scratch();
        return new Scratch(
                rows * (features + headFactors),
                Math.max(scratchAt(rows) + shape.rebuildFloats(), single.productFloats()), valueBytes(),
                single.layout());
    }

    @Override
    int scratchAt(int capacity) {
        return shape.keyRank * capacity * rank * PANEL;
    }

    /** Returns the offset in state.query of A_Q. */
    private int headFactorsAt(RowBlock b) {
        return b.capacity * features;
    }

    /** Copies B_Q of all rows, and A_Q times the scale of scores. */
    @Override
    public void prepareQueries(RowBlock b) {
        float scale = shape.factorScale();
        for (int i = 0; i < b.rows(); i++) {
            int from = b.pass.at(b.first + i);
            System.arraycopy(b.pass.projections, from + shape.offsets.bQ(), b.state.query, i * features, features);
            int to = headFactorsAt(b) + i * headFactors;
            for (int j = 0; j < headFactors; j++) {
                b.state.query[to + j] = b.pass.projections[from + shape.offsets.aQ() + j] * scale;
            }
        }
    }

    @Override
    public Page prepareKeys(Page page, RowBlock b) {
        PageState state = b.state;
        Page keys = attention(b).keyFeatures(page, state);
        int headDim = shape.headDim();
        for (int s = 0; s < shape.keyRank; s++) {
            PageProducts.multiplyColumns(
                    state.kernels, keys, state.query, b.low * features, (b.rows() - b.low) * rank, headDim,
                    s * headDim, state.products, (s * b.capacity + b.low) * rank * PANEL);
        }
        return keys;
    }

    @Override
    public void scores(Page page, Page keys, int group, RowBlock b) {
        PageState state = b.state;
        Page factors = attention(b).keyHeads(page);
        int head = group * GROUP_HEADS;
        long column = factors.columnAt(attention(b).keyHeadColumn() + head * shape.keyRank);
        for (int row = b.low; row < b.rows(); row++) {
            state.kernels.tensorScores(
                    state.query, headFactorsAt(b) + row * headFactors + head * rank, heads(b), rank, state.products,
                    row * rank * PANEL, b.capacity * rank * PANEL, shape.keyRank, factors.data, column,
                    state.scores, row * PANEL, b.capacity * PANEL);
        }
    }
}
