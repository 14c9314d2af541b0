package io.github.t6j.attention;

import static io.github.t6j.kernels.ScalarKernels.LOG2_E;

import io.github.t6j.cache.LatentCache;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.kernels.Kernels;

/**
 * Grouped tied attention (Zadouri, Strauss and Dao, "Hardware-Efficient Attention for Fast Decoding", 2025): a key is the
 * first part of the value of its head, and a rotated part that all heads share. So a value is a latent of its heads that
 * needs no W_UK and no W_UV.
 *
 * <pre>
 *   projections  Q [h][d] | k_pe [rope] | V [g][d]      a query's last elements are rotated
 *   key of head g    the first d − rope elements of V[g] | k_pe
 * </pre>
 */
public final class GroupedTiedAttention implements PageAttention, MaterializedHeads {
    private final int heads;
    private final int headDim;
    private final int rope;
    private final int tied; // elements that a key and its value share
    private final LatentPages pages;
    private final PageLayout layout;

    /** Attention of these sizes. */
    public GroupedTiedAttention(GroupedTied sizes) {
        heads = sizes.heads();
        headDim = sizes.headDim();
        rope = sizes.rope();
        tied = headDim - rope;
        LatentCache kept = new LatentCache(sizes.keyValueHeads(), headDim, rope);
        pages = new LatentPages(kept, heads, 1, tied);
        layout = kept.layout();
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
    public int projections() {
        return heads * headDim + layout.columns();
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
        page.write(slot, projections, at + heads * headDim, projections, 0);
    }

    @Override
    public Scratch scratch() {
        return new Scratch(pages.queryFloats(), 0, pages.bytes(), null);
    }

    @Override
    public MaterializedHeads materialized() {
        return this;
    }

    @Override
    public boolean copiesPages() {
        return true;
    }

    @Override
    public void prepareQuery(float[] projections, int at, PageState state) {
        float scale = (float) (LOG2_E / Math.sqrt(headDim));
        for (int h = 0; h < heads; h++) {
            int from = at + h * headDim;
            int plain = pages.queriesAt() + h * tied;
            for (int i = 0; i < tied; i++) {
                state.query[plain + i] = projections[from + i] * scale;
            }
            for (int i = 0; i < rope; i++) {
                state.query[h * rope + i] = projections[from + tied + i] * scale;
            }
        }
    }

    @Override
    public void scores(Kernels kernels, float[] projections, int at, Page page, int index, PageState state) {
        pages.scores(kernels, state.query, 0, page, state.scores);
    }

    @Override
    public void values(Kernels kernels, Page page, int count, PageState state) {
        pages.values(kernels, page, count, state);
    }

    @Override
    public void materializeQuery(float[] projections, int at, int head, double[] q) {
        for (int d = 0; d < headDim; d++) {
            q[d] = projections[at + head * headDim + d];
        }
    }

    @Override
    public void materializeKey(Page page, int slot, int position, int head, double[] k) {
        int value = pages.kept().latent(pages.latentOf(head));
        for (int d = 0; d < headDim; d++) {
            k[d] = page.column(slot, d < tied ? value + d : d - tied);
        }
    }

    @Override
    public void materializeValue(Page page, int slot, int position, int head, double[] v) {
        int value = pages.kept().latent(pages.latentOf(head));
        for (int d = 0; d < headDim; d++) {
            v[d] = page.column(slot, value + d);
        }
    }
}
