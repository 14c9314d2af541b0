package io.github.t6j.attention.tpa;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.paged.PageProducts;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.cache.Page;
import io.github.t6j.kernels.Format;
import java.lang.foreign.MemorySegment;

/**
 * Tensor Product Attention of T6 (paper, section 3): the query is factored, too, and attention is computed from the
 * factors, FlashTPA (Algorithm 2). For a query and the tokens t of a page:
 *
 * <pre>
 *   q_i       = 1/R_Q · Σ_r A_Q[i][r] · B_Q[r]                B_Q is rotated by RoPE
 *   P[s][r]   = ⟨B_Q[r], B_K[t][s]⟩                            {@link #scores}, the same for all heads
 *   S[i]      = Σ_s A_K[t][i][s] · Σ_r A_Q[i][r] · P[s][r]     {@link #scores}, times 1/(√d·R_Q·R_K)
 *   p[i]      = softmax over t of S[i]                         {@link PageState#softmax}, page by page
 *   y_i       = 1/R_V · Σ_t Σ_u p[i] · A_V[t][i][u] · B_V[t][u]   {@link #values}
 * </pre>
 */
public final class TensorProductAttention extends FactoredAttention {
    /** Creates attention of these sizes, with a query rank above 0. */
    public TensorProductAttention(TpaConfig sizes) {
        super(sizes);
    }

    @Override
    public void rotateAndActivate(Rope rope, AttentionPass pass, int row) {
        int at = pass.at(row);
        int table = pass.tableAt(row);
        rope.rotate(pass.projections, at + offsets.bQ(), queryRank, headDim(), pass.cos, pass.sin, table);
        rope.rotate(pass.projections, at + offsets.bK(), keyRank, headDim(), pass.cos, pass.sin, table);
    }

    /** Returns the sizes of scratch: state.products is P [R_K][R_Q][64] | P times A_Q [R_K][h][64], offHeap is P. */
    @Override
    public Scratch scratch() {
        int products = keyRank * queryRank * PANEL;
        return new Scratch(
                heads() * queryRank, products + keyRank * heads() * PANEL, (long) products * Float.BYTES, null);
    }

    @Override
    public void scores(float[] projections, int at, Page page, PageState state) {
        for (int s = 0; s < keyRank; s++) {
            PageProducts.multiplyColumns(
                    state.kernels, page, projections, at + offsets.bQ(), queryRank, headDim(), s * headDim(),
                    state.products, s * queryRank * PANEL);
        }
        headScores(page, keyHeadColumn() + state.firstHead * keyRank, state);
    }

    @Override
    public void headScores(Page page, int column, PageState state) {
        int heads = state.softmaxes.lines;
        PageProducts.scale(state.kernels, page, column, keyRank, state.products, queryRank * PANEL, queryRank, PANEL);
        if (page.format == Format.F32) {
            state.kernels.tensorScores(
                    state.query, 0, heads, queryRank, state.products, 0, queryRank * PANEL, keyRank, page.data,
                    page.columnAt(column), state.scores, 0, PANEL);
            return;
        }
        // tensorScores reads f32 head factors only. For other formats, A_Q is multiplied by P first, and factorScores
        // then decodes A_K.
        int products = keyRank * queryRank * PANEL;
        MemorySegment.copy(state.products, 0, state.offHeap, Page.FLOAT, 0, products);
        for (int s = 0; s < keyRank; s++) {
            state.kernels.multiply(
                    state.query, 0, queryRank, heads, queryRank, Format.F32, state.offHeap,
                    (long) s * queryRank * PANEL * Float.BYTES, PANEL, PANEL, state.products,
                    products + s * heads * PANEL, 0, false);
        }
        state.kernels.factorScores(
                state.products, products, heads, keyRank, page.format, page.data, page.columnAt(column), state.scores);
    }
}
