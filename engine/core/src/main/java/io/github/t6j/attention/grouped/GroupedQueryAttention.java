package io.github.t6j.attention.grouped;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.DenseHeads;
import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.paged.PageProducts;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PageLayout.Vectors;
import java.util.List;

/**
 * Grouped query attention: h/g consecutive query heads share one of g key and value heads. g = h is MHA, g = 1 is MQA.
 *
 * <pre>
 *   projections  Q [h][d] | K [g][d] | V [g][d]
 *   cache        columns K [g][d], rotated; rows V [g][d]
 * </pre>
 */
public final class GroupedQueryAttention extends GroupedAttention implements DenseHeads {
    private final int keysAt; // in a row of projections
    private final LayerOptions.Layer layer;

    /** @param keyValueHeads number of key and value heads, g, a divisor of {@code heads} */
    public GroupedQueryAttention(int heads, int headDim, int keyValueHeads) {
        this(new GroupedQueryConfig(heads, headDim, keyValueHeads), LayerOptions.Layer.PLAIN);
    }

    GroupedQueryAttention(GroupedQueryConfig sizes, LayerOptions.Layer layer) {
        super(sizes.heads(), sizes.headDim(), sizes.keyValueHeads(), new PageLayout(
                List.of(Vectors.oneByOne(sizes.keyValueHeads(), sizes.headDim())), sizes.keyValueHeads(),
                sizes.headDim()));
        keysAt = sizes.heads() * sizes.headDim();
        this.layer = layer;
    }

    @Override
    public void rotateAndActivate(Rope rope, AttentionPass pass, int row) {
        int at = pass.at(row);
        layer.prepare(rope, pass, row, at, heads(), at + keysAt, keyValueHeads(), headDim());
    }

    @Override
    public int window() {
        return layer.window();
    }

    @Override
    public double scoreDivisor() {
        return layer.scoreDivisor(headDim());
    }

    @Override
    public float scoreCap() {
        return layer.scores().cap();
    }

    @Override
    void groupScores(int g, float[] queries, int first, int lines, Page page, PageState state) {
        int size = headDim();
        PageProducts.multiplyColumns(
                state.kernels, page, queries, first * size, lines, size, g * size, state.scores, first * PANEL);
    }

    @Override
    public void query(float[] projections, int at, int head, float[] q, int qAt) {
        System.arraycopy(projections, at + head * headDim(), q, qAt, headDim());
    }

    @Override
    public void key(float[] projections, int at, int head, float[] k) {
        System.arraycopy(projections, at + keysAt + head * k.length, k, 0, k.length);
    }

    @Override
    public void value(float[] projections, int at, int head, float[] v) {
        System.arraycopy(projections, at + keysAt + (keyValueHeads() + head) * v.length, v, 0, v.length);
    }

    @Override
    public void materializeKey(Page page, int slot, int position, int head, double[] k) {
        for (int d = 0; d < k.length; d++) {
            k[d] = page.column(slot, head / groupSize * k.length + d);
        }
    }
}
