package io.github.t6j.attention.grouped;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.DenseHeads;
import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.MaterializedHeads;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.cache.HeadCache;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.kernels.Kernels;

/**
 * Grouped query attention: h/g consecutive query heads share one of g key and value heads. g = h is MHA, g = 1 is MQA.
 *
 * <pre>
 *   projections  Q [h][d] | K [g][d] | V [g][d]
 * </pre>
 */
public final class GroupedQueryAttention implements GroupedPages, MaterializedHeads, DenseHeads {
    private final int heads;
    private final int headDim;
    private final int keyValueHeads;
    private final int groupSize;
    private final LayerOptions.Layer layer;
    private final HeadCache kept;
    private final PageLayout layout;

    /** @param keyValueHeads number of key and value heads, g, a divisor of {@code heads} */
    public GroupedQueryAttention(int heads, int headDim, int keyValueHeads) {
        this(new GroupedQueryConfig(heads, headDim, keyValueHeads), LayerOptions.Layer.PLAIN);
    }

    /** Creates the attention of a layer. */
    GroupedQueryAttention(GroupedQueryConfig form, LayerOptions.Layer layer) {
        this.layer = layer;
        heads = form.heads();
        headDim = form.headDim();
        keyValueHeads = form.keyValueHeads();
        this.groupSize = heads / keyValueHeads;
        this.kept = new HeadCache(keyValueHeads, headDim);
        this.layout = kept.layout();
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
        return (heads + 2 * keyValueHeads) * headDim;
    }

    @Override
    public void rotateAndActivate(Rope rope, AttentionPass pass, int row) {
        int at = pass.at(row);
        layer.prepare(rope, pass, row, at, heads, at + heads * headDim, keyValueHeads, headDim);
    }

    @Override
    public int window() {
        return layer.window();
    }

    @Override
    public PageLayout layout() {
        return layout;
    }

    @Override
    public void append(float[] projections, int at, Page page, int slot) {
        int keys = at + heads * headDim;
        page.write(slot, projections, keys, projections, keys + keyValueHeads * headDim);
    }

    @Override
    public void groupScores(Kernels kernels, int g, float[] queries, int first, int lines, Page page, PageState state) {
        page.multiplyColumns(
                kernels, queries, first * headDim, lines, headDim, kept.keys(g), state.scores, first * PANEL);
    }

    @Override
    public Scratch scratch() {
        return Scratch.ofQuery(heads * headDim);
    }

    @Override
    public MaterializedHeads materialized() {
        return this;
    }

    @Override
    public void query(float[] projections, int at, int head, float[] q, int qAt) {
        System.arraycopy(projections, at + head * headDim, q, qAt, headDim);
    }

    @Override
    public void key(float[] projections, int at, int head, float[] k) {
        System.arraycopy(projections, at + (heads + head) * headDim, k, 0, headDim);
    }

    @Override
    public void value(float[] projections, int at, int head, float[] v) {
        System.arraycopy(projections, at + (heads + keyValueHeads + head) * headDim, v, 0, headDim);
    }

    @Override
    public void materializeQuery(float[] projections, int at, int head, double[] q) {
        for (int d = 0; d < headDim; d++) {
            q[d] = projections[at + head * headDim + d];
        }
    }

    @Override
    public void materializeKey(Page page, int slot, int position, int head, double[] k) {
        for (int d = 0; d < headDim; d++) {
            k[d] = page.column(slot, kept.keys(head / groupSize) + d);
        }
    }

    @Override
    public void materializeValue(Page page, int slot, int position, int head, double[] v) {
        for (int d = 0; d < headDim; d++) {
            v[d] = page.row(slot, head / groupSize, d);
        }
    }
}
