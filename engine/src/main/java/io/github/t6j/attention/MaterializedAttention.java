package io.github.t6j.attention;

import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Workers;

/**
 * The oracle: attention by its definition, in float64, on whole queries, keys and values that are rebuilt from the
 * cache for every query. It shares no kernel with {@link PagedAttention}, and is slower by orders of magnitude.
 */
public final class MaterializedAttention implements AttentionPath {
    private final Workers workers;

    /** Attention on these threads. */
    public MaterializedAttention(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void attend(
            Attention attention, float[] projections, int rows, int stride, PagedCache cache, int layer, int position,
            float[] y) {
        int heads = attention.heads();
        workers.run(rows * heads, (item, worker) -> {
            int row = item / heads;
            int to = item * attention.valueDim();
            head(attention, projections, row * stride, item % heads, cache, layer, position + row + 1, y, to);
        });
    }

    private static void head(
            Attention attention, float[] projections, int at, int head, PagedCache cache, int layer, int tokens,
            float[] y, int to) {
        int headDim = attention.headDim();
        double[] q = new double[headDim];
        double[] k = new double[headDim];
        attention.materializeQuery(projections, at, head, q);
        double[] weights = new double[tokens];
        double max = Double.NEGATIVE_INFINITY;
        for (int t = 0; t < tokens; t++) {
            attention.materializeKey(cache.pageOf(layer, t), PagedCache.slot(t), t, head, k);
            double dot = 0;
            for (int d = 0; d < headDim; d++) {
                dot += q[d] * k[d];
            }
            weights[t] = dot / Math.sqrt(headDim);
            max = Math.max(max, weights[t]);
        }
        double sum = 0;
        int valueDim = attention.valueDim();
        double[] out = new double[valueDim];
        double[] v = new double[valueDim];
        for (int t = 0; t < tokens; t++) {
            double weight = StrictMath.exp(weights[t] - max);
            sum += weight;
            attention.materializeValue(cache.pageOf(layer, t), PagedCache.slot(t), t, head, v);
            for (int d = 0; d < valueDim; d++) {
                out[d] += weight * v[d];
            }
        }
        for (int d = 0; d < valueDim; d++) {
            y[to + d] = (float) (out[d] / sum);
        }
    }
}
