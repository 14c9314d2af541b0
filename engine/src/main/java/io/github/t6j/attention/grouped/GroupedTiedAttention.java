package io.github.t6j.attention.grouped;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.MaterializedHeads;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
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
public final class GroupedTiedAttention implements GroupedPages, MaterializedHeads {
    private final int heads;
    private final int headDim;
    private final int keyValueHeads;
    private final int groupSize;
    private final int rope;
    private final int tied; // elements that a key and its value share
    private final PageLayout layout;

    /** Creates attention of these sizes. */
    public GroupedTiedAttention(GroupedTiedConfig sizes) {
        heads = sizes.heads();
        headDim = sizes.headDim();
        keyValueHeads = sizes.keyValueHeads();
        groupSize = heads / keyValueHeads;
        rope = sizes.rope();
        tied = headDim - rope;
        layout = new PageLayout(rope, keyValueHeads, headDim);
    }

    @Override
    public int heads() {
        return heads;
    }

    @Override
    public int headDim() {
        return headDim;
    }

    @Override
    public int keyValueHeads() {
        return keyValueHeads;
    }

    @Override
    public int projections() {
        return heads * headDim + layout.elementsPerToken();
    }

    @Override
    public void rotateAndActivate(Rope rotation, AttentionPass pass, int row) {
        int at = pass.at(row);
        int table = pass.tableAt(row);
        rotation.rotate(pass.projections, at + tied, heads, headDim, pass.cos, pass.sin, table);
        rotation.rotate(pass.projections, at + heads * headDim, 1, rope, pass.cos, pass.sin, table);
    }

    @Override
    public PageLayout layout() {
        return layout;
    }

    @Override
    public void append(float[] projections, int at, Page page, int slot) {
        int keys = at + heads * headDim;
        page.write(slot, projections, keys, projections, keys + rope);
    }

    @Override
    public Scratch scratch() {
        return new Scratch(heads * headDim, 0, (long) PANEL * tied * Float.BYTES, null);
    }

    @Override
    public MaterializedHeads materialized() {
        return this;
    }

    @Override
    public boolean needsF32(Format format) {
        return format == Format.Q8;
    }

    @Override
    public void groupScores(
            Kernels kernels, int g, float[] queries, int first, int lines, Page page, PageState state) {
        int at = first * headDim;
        int to = first * PANEL;
        Arrays.fill(state.scores, to, to + lines * PANEL, 0f);
        page.addColumns(kernels, queries, at + tied, headDim, lines, rope, 0, state.scores, to);
        page.transposeRows(kernels, g, tied, state.offHeap);
        kernels.multiply(
                queries, at, headDim, lines, tied, Format.F32, state.offHeap, 0, PANEL, PANEL, state.scores, to, 0,
                true);
    }

    @Override
    public void materializeQuery(float[] projections, int at, int head, double[] q) {
        for (int d = 0; d < headDim; d++) {
            q[d] = projections[at + head * headDim + d];
        }
    }

    @Override
    public void materializeKey(Page page, int slot, int position, int head, double[] k) {
        int group = head / groupSize;
        for (int d = 0; d < headDim; d++) {
            k[d] = d < tied ? page.row(slot, group, d) : page.column(slot, d - tied);
        }
    }

    @Override
    public void materializeValue(Page page, int slot, int position, int head, double[] v) {
        for (int d = 0; d < headDim; d++) {
            v[d] = page.row(slot, head / groupSize, d);
        }
    }
}
