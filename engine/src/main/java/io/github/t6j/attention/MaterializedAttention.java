package io.github.t6j.attention;

import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Workers;
import java.util.Arrays;

/**
 * The oracle: attention by its definition, in float64, on whole queries, keys and values that are rebuilt from the
 * cache for every query; linear attention without the softmax and the scale. It shares no kernel with {@link
 * PagedAttention}, and is slower by orders of magnitude.
 */
public final class MaterializedAttention implements AttentionAlgorithm {
    private final PagedCache cache;
    private final boolean linear;
    private final Workers workers;

    /**
     * Attention on these threads.
     *
     * @param linear whether it is linear attention: y = Σ (q·k) v
     */
    public MaterializedAttention(PagedCache cache, boolean linear, Workers workers) {
        this.cache = cache;
        this.linear = linear;
        this.workers = workers;
    }

    @Override
    public PagedCache cache() {
        return cache;
    }

    @Override
    public void attend(
            Attention attention, float[] projections, int rows, int stride, int layer, int position, float[] y) {
        attention.append(projections, rows, stride, cache, layer, position);
        attendCached(attention, projections, rows, stride, layer, position, y);
    }

    /** {@link #attend} of positions that the cache has already. */
    public void attendCached(
            Attention attention, float[] projections, int rows, int stride, int layer, int position, float[] y) {
        int heads = attention.heads();
        workers.run(rows * heads, (item, worker) -> {
            int row = item / heads;
            int to = item * attention.valueDim();
            head(attention, projections, row * stride, item % heads, layer, position + row + 1, y, to);
        });
    }

    private void head(
            Attention attention, float[] projections, int at, int head, int layer, int tokens, float[] y, int to) {
        double[] weights = scores(attention, projections, at, head, layer, tokens);
        double sum = linear ? 1 : softmax(weights);
        double[] out = new double[attention.valueDim()];
        double[] v = new double[attention.valueDim()];
        for (int t = 0; t < tokens; t++) {
            attention.materializeValue(cache.pageOf(layer, t), PagedCache.slot(t), t, head, v);
            for (int d = 0; d < v.length; d++) {
                out[d] += weights[t] * v[d];
            }
        }
        for (int d = 0; d < v.length; d++) {
            y[to + d] = (float) (out[d] / sum);
        }
    }

    /** Products of the query and each token's key; scaled for a softmax. */
    private double[] scores(
            Attention attention, float[] projections, int at, int head, int layer, int tokens) {
        double[] q = new double[attention.headDim()];
        double[] k = new double[attention.headDim()];
        attention.materializeQuery(projections, at, head, q);
        double[] scores = new double[tokens];
        for (int t = 0; t < tokens; t++) {
            attention.materializeKey(cache.pageOf(layer, t), PagedCache.slot(t), t, head, k);
            for (int d = 0; d < q.length; d++) {
                scores[t] += q[d] * k[d];
            }
            scores[t] /= linear ? 1 : Math.sqrt(q.length);
        }
        return scores;
    }

    /** Replaces scores by weights; returns their sum. */
    private static double softmax(double[] scores) {
        double max = Arrays.stream(scores).max().orElseThrow();
        double sum = 0;
        for (int t = 0; t < scores.length; t++) {
            scores[t] = StrictMath.exp(scores[t] - max);
            sum += scores[t];
        }
        return sum;
    }
}
