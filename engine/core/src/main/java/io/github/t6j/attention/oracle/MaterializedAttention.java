package io.github.t6j.attention.oracle;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.MaterializedHeads;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Workers;
import java.util.Arrays;

/**
 * Oracle: attention by its definition, in float64, on whole queries, keys and values rebuilt from the cache for every
 * query. It shares no kernel with {@code PagedAlgorithm} and is slower by orders of magnitude.
 */
public final class MaterializedAttention implements AttentionAlgorithm {
    private final Workers workers;
    private PagedCache cache;

    /** Creates attention on the threads of {@code workers}, bound to no cache yet. */
    public MaterializedAttention(Workers workers) {
        this.workers = workers;
    }

    /** Creates attention over {@code cache}. */
    public MaterializedAttention(PagedCache cache, Workers workers) {
        this(workers);
        this.cache = cache;
    }

    @Override
    public void bind(SequenceCache newCache) {
        cache = (PagedCache) newCache;
    }

    @Override
    public PagedCache cache() {
        return cache;
    }

    @Override
    public void append(AttentionPass pass) {
        MaterializedHeads heads = pass.attention.materialized();
        heads.append(pass, 0, pass.rows, cache);
        heads.complete(pass, 0, pass.rows, cache);
    }

    @Override
    public void attend(AttentionPass pass) {
        int heads = pass.attention.heads();
        workers.run(pass.rows * heads, (item, worker) -> head(pass, item / heads, item % heads));
    }

    private void head(AttentionPass pass, int row, int head) {
        int heads = pass.attention.heads();
        double[] out = new double[pass.attention.valueDim()];
        for (int branch = 0; branch < pass.attention.branches(); branch++) {
            add(pass, row, head, branch * heads + head, out);
        }
        int to = (row * heads + head) * out.length;
        for (int d = 0; d < out.length; d++) {
            pass.output[to + d] = (float) out[d];
        }
    }

    /** Adds the attention of the query of {@code head} over the keys and values of {@code keyHead} to {@code out}. */
    private void add(AttentionPass pass, int row, int head, int keyHead, double[] out) {
        MaterializedHeads heads = pass.attention.materialized();
        double[] probabilities = scores(pass, row, head, keyHead);
        double sum = pass.attention.hasSoftmax() ? softmax(probabilities, first(pass, row)) : 1;
        double[] mean = new double[out.length];
        double[] v = new double[out.length];
        for (int t = first(pass, row); t < probabilities.length; t++) {
            heads.materializeValue(cache, pass.layer, t, keyHead, v);
            for (int d = 0; d < v.length; d++) {
                mean[d] += probabilities[t] * v[d];
            }
        }
        for (int d = 0; d < out.length; d++) {
            out[d] += mean[d] / sum;
        }
    }

    /**
     * Returns the products of the query with the key of each token that the row sees, scaled and capped if there is a
     * softmax.
     */
    private double[] scores(AttentionPass pass, int row, int head, int keyHead) {
        MaterializedHeads heads = pass.attention.materialized();
        double[] q = new double[pass.attention.headDim()];
        double[] k = new double[q.length];
        double cap = pass.attention.scoreCap();
        heads.materializeQuery(pass.projections, pass.at(row), head, q);
        double[] scores = new double[pass.position + row + 1];
        for (int t = first(pass, row); t < scores.length; t++) {
            heads.materializeKey(cache, pass.layer, t, keyHead, k);
            for (int d = 0; d < q.length; d++) {
                scores[t] += q[d] * k[d];
            }
            scores[t] /= pass.attention.hasSoftmax() ? pass.attention.scoreDivisor() : 1;
            scores[t] = cap == 0 ? scores[t] : cap * StrictMath.tanh(scores[t] / cap);
        }
        return scores;
    }

    /** Returns the first token that the row sees. */
    private static int first(AttentionPass pass, int row) {
        int window = pass.attention.window();
        return window == 0 ? 0 : Math.max(0, pass.position + row + 1 - window);
    }

    /** Replaces scores from {@code first} on by unnormalised probabilities and returns their sum. */
    private static double softmax(double[] scores, int first) {
        double max = Arrays.stream(scores, first, scores.length).max().orElseThrow();
        double sum = 0;
        for (int t = first; t < scores.length; t++) {
            scores[t] = StrictMath.exp(scores[t] - max);
            sum += scores[t];
        }
        return sum;
    }
}
