package io.github.t6j.attention.tpa;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.paged.PageAttention.Scratch;
import io.github.t6j.attention.paged.PageProducts;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.attention.paged.RowBlock;
import io.github.t6j.cache.Page;

/**
 * Operations whose scores are products of the factors of queries and keys, R_Q·R_K·d/h + R_K·(R_Q + 1) multiply-adds
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
    private int headFactorsAt(RowBlock block) {
        return block.capacity * features;
    }

    /** Copies B_Q of all rows, and A_Q times the scale of scores. */
    @Override
    public void prepareQueries(RowBlock block) {
        float scale = shape.factorScale();
        float[] x = block.pass.projections;
        float[] query = block.state.query;
        for (int i = 0; i < block.rows(); i++) {
            int from = block.pass.at(block.first + i);
            System.arraycopy(x, from + shape.offsets.bQ(), query, i * features, features);
            int to = headFactorsAt(block) + i * headFactors;
            for (int j = 0; j < headFactors; j++) {
                query[to + j] = x[from + shape.offsets.aQ() + j] * scale;
            }
        }
    }

    @Override
    public Page prepareKeys(Page page, RowBlock block) {
        PageState state = block.state;
        Page keys = attention(block).keyFeatures(page, state);
        int headDim = shape.headDim();
        for (int s = 0; s < shape.keyRank; s++) {
            PageProducts.multiplyColumns(
                    state.kernels, keys, state.query, block.low * features, (block.rows() - block.low) * rank, headDim,
                    s * headDim, state.products, (s * block.capacity + block.low) * rank * PANEL);
        }
        return keys;
    }

    @Override
    public void scores(Page page, Page keys, int group, RowBlock block) {
        PageState state = block.state;
        Page factors = attention(block).keyHeads(page);
        int head = group * GROUP_HEADS;
        long column = factors.columnAt(attention(block).keyHeadColumn() + head * shape.keyRank);
        for (int row = block.low; row < block.rows(); row++) {
            state.kernels.tensorScores(
                    state.query, headFactorsAt(block) + row * headFactors + head * rank, heads(block), rank,
                    state.products, row * rank * PANEL, block.capacity * rank * PANEL, shape.keyRank, factors.data,
                    column, state.scores, row * PANEL, block.capacity * PANEL);
        }
    }
}
