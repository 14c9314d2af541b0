package io.github.t6j.attention.grouped;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.kernels.Format;
import java.util.Arrays;

/**
 * Grouped tied attention (Zadouri, Strauss and Dao, "Hardware-Efficient Attention for Fast Decoding", 2025): a key
 * consists of the first elements of its head's value and of a rotated part that all heads share.
 *
 * <pre>
 *   projections  Q [h][d] | k_pe [rope] | V [g][d]      the last rope elements of a query are rotated
 *   key of head g    the first d − rope elements of V[g] | k_pe
 *   cache        columns k_pe [rope], rows V [g][d]      tied elements are transposed to columns for scores
 * </pre>
 */
public final class GroupedTiedAttention extends GroupedAttention {
    private final int rope;
    private final int tied; // elements that a key and its value share

    /** Creates attention of these sizes. */
    public GroupedTiedAttention(GroupedTiedConfig sizes) {
        super(sizes.heads(), sizes.headDim(), sizes.keyValueHeads(),
                new PageLayout(sizes.rope(), sizes.keyValueHeads(), sizes.headDim()));
        rope = sizes.rope();
        tied = sizes.headDim() - rope;
    }

    @Override
    public void rotateAndActivate(Rope rotation, AttentionPass pass, int row) {
        int at = pass.at(row);
        int table = pass.tableAt(row);
        rotation.rotate(pass.projections, at + tied, heads(), headDim(), pass.cos, pass.sin, table);
        rotation.rotate(pass.projections, at + heads() * headDim(), 1, rope, pass.cos, pass.sin, table);
    }

    @Override
    public Scratch scratch() {
        return new Scratch(heads() * headDim(), 0, (long) PANEL * tied * Float.BYTES, null);
    }

    @Override
    public boolean needsF32(Format format) {
        return format == Format.Q8;
    }

    @Override
    void groupScores(int g, float[] queries, int first, int lines, Page page, PageState state) {
        int at = first * headDim();
        int to = first * PANEL;
        Arrays.fill(state.scores, to, to + lines * PANEL, 0f);
        state.kernels.multiply(
                queries, at + tied, headDim(), lines, rope, page.format, page.data, page.columnAt(0), PANEL, PANEL,
                state.scores, to, 0, true);
        state.kernels.transpose(
                page.format, page.data, page.rowsAt(g), page.rowStride(), PANEL, tied, state.offHeap, PANEL);
        state.kernels.multiply(
                queries, at, headDim(), lines, tied, Format.F32, state.offHeap, 0, PANEL, PANEL, state.scores, to, 0,
                true);
    }

    @Override
    public void materializeKey(Page page, int slot, int position, int head, double[] k) {
        for (int d = 0; d < k.length; d++) {
            k[d] = d < tied ? page.row(slot, head / groupSize, d) : page.column(slot, d - tied);
        }
    }
}
