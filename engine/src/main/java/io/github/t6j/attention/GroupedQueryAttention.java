package io.github.t6j.attention;

import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.ScalarKernels.LOG2_E;

import io.github.t6j.cache.HeadCache;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Kernels;
import java.lang.foreign.MemorySegment;

/**
 * Grouped query attention: g heads of keys and values, each seen by h/g consecutive query heads. g = h is MHA, g = 1
 * is MQA.
 *
 * <pre>
 *   projections  Q [h][d] | K [g][d] | V [g][d]
 * </pre>
 */
public final class GroupedQueryAttention implements Attention {
    private final int heads;
    private final int headDim;
    private final int keyValueHeads;
    private final int groupSize;
    private final HeadCache kept;
    private final PageLayout layout;

    /** @param keyValueHeads g, a divisor of {@code heads} */
    public GroupedQueryAttention(int heads, int headDim, int keyValueHeads) {
        this.heads = heads;
        this.headDim = headDim;
        this.keyValueHeads = keyValueHeads;
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
    public int projections() {
        return (heads + 2 * keyValueHeads) * headDim;
    }

    @Override
    public int rotatedVectors() {
        return heads + keyValueHeads;
    }

    @Override
    public PageLayout layout() {
        return layout;
    }

    @Override
    public void append(float[] projections, int at, PagedCache cache, int layer, int position) {
        int keys = at + heads * headDim;
        cache.write(layer, position, projections, keys, projections, keys + keyValueHeads * headDim);
    }

    @Override
    public int queryFloats() {
        return heads * headDim;
    }

    @Override
    public int productFloats() {
        return 0;
    }

    @Override
    public void begin(float[] projections, int at, PageState state) {
        float scale = (float) (LOG2_E / Math.sqrt(headDim));
        for (int i = 0; i < heads * headDim; i++) {
            state.query[i] = projections[at + i] * scale;
        }
    }

    @Override
    public void logits(Kernels kernels, float[] projections, int at, MemorySegment page, PageState state) {
        for (int g = 0; g < keyValueHeads; g++) {
            int head = g * groupSize;
            kernels.multiply(
                    state.query, head * headDim, headDim, groupSize, headDim, page, layout.columnAt(kept.keys(g)),
                    PANEL, PANEL, state.logits, head * PANEL, PANEL, false);
        }
    }

    @Override
    public int valueRank() {
        return 0;
    }

    @Override
    public long valueHeadFactorsAt() {
        return 0;
    }

    @Override
    public void values(Kernels kernels, MemorySegment page, int count, PageState state) {
        int stride = state.span.stride;
        for (int g = 0; g < keyValueHeads; g++) {
            int head = g * groupSize;
            kernels.multiply(
                    state.weights, head * PANEL, PANEL, groupSize, count, page, layout.rowsAt(g), headDim, headDim,
                    state.span.out, head * stride, stride, true);
        }
    }

    @Override
    public float valueDivisor() {
        return 1f;
    }

    @Override
    public void materializeQuery(float[] projections, int at, int head, double[] q) {
        for (int d = 0; d < headDim; d++) {
            q[d] = projections[at + head * headDim + d];
        }
    }

    @Override
    public void materializeKey(PagedCache cache, int layer, int token, int head, double[] k) {
        for (int d = 0; d < headDim; d++) {
            k[d] = cache.column(layer, token, kept.keys(head / groupSize) + d);
        }
    }

    @Override
    public void materializeValue(PagedCache cache, int layer, int token, int head, double[] v) {
        for (int d = 0; d < headDim; d++) {
            v[d] = cache.row(layer, token, head / groupSize, d);
        }
    }
}
