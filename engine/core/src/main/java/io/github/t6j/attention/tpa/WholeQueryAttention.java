package io.github.t6j.attention.tpa;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.paged.PageProducts;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.cache.Page;

/**
 * Tensor product attention of T6 KV-only: keys and values are factored, queries are whole. For a query and the tokens t
 * of a page:
 *
 * <pre>
 *   G[s][i]   = ⟨q_i, B_K[t][s]⟩              {@link #scores}; RoPE rotates q_i and B_K
 *   S[i]      = Σ_s A_K[t][i][s] · G[s][i]    {@link #headScores}, times 1/(√d·R_K)
 * </pre>
 *
 * The softmax and the values follow as in {@link TensorProductAttention}.
 */
public final class WholeQueryAttention extends FactoredAttention {
    /** Creates attention of these sizes, with query rank 0. */
    public WholeQueryAttention(TpaConfig sizes) {
        super(sizes);
    }

    @Override
    public void rotateAndActivate(Rope rope, AttentionPass pass, int row) {
        int at = pass.at(row);
        int table = pass.tableAt(row);
        rope.rotate(pass.projections, at + offsets.bQ(), heads(), headDim(), pass.cos, pass.sin, table);
        rope.rotate(pass.projections, at + offsets.bK(), keyRank, headDim(), pass.cos, pass.sin, table);
    }

    /** Returns the sizes of scratch: state.products is G [R_K][h][64]. */
    @Override
    public Scratch scratch() {
        return new Scratch(heads() * headDim(), keyRank * heads() * PANEL, 0, null);
    }

    @Override
    public void scores(float[] projections, int at, Page page, PageState state) {
        int heads = state.softmaxes.lines;
        for (int s = 0; s < keyRank; s++) {
            PageProducts.multiplyColumns(
                    state.kernels, page, state.query, 0, heads, headDim(), s * headDim(), state.products,
                    s * heads * PANEL);
        }
        headScores(page, keyHeadColumn() + state.firstHead * keyRank, state);
    }

    @Override
    public void headScores(Page page, int column, PageState state) {
        int heads = state.softmaxes.lines;
        PageProducts.scale(state.kernels, page, column, keyRank, state.products, heads * PANEL, heads, PANEL);
        state.kernels.factorScores(
                state.products, 0, heads, keyRank, page.format, page.data, page.columnAt(column), state.scores);
    }
}
