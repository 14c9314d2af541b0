package io.github.t6j.attention.oracle;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.MaterializedHeads;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Workers;
import java.util.Arrays;

/**
 * Oracle: attention by its definition, in float64, on whole queries, keys and values rebuilt from the cache in each
 * pass. It shares no kernel with {@code PagedAlgorithm} and is slower by orders of magnitude.
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
        workers.run(pass.attention.heads(), (head, worker) -> head(pass, head));
    }

    private void head(AttentionPass pass, int head) {
        int heads = pass.attention.heads();
        double[][] out = new double[pass.rows][pass.attention.valueDim()];
        for (int branch = 0; branch < pass.attention.branches(); branch++) {
            add(pass, head, branch * heads + head, out);
        }
        for (int row = 0; row < pass.rows; row++) {
            int to = (row * heads + head) * pass.attention.valueDim();
            for (int d = 0; d < out[row].length; d++) {
                pass.output[to + d] = (float) out[row][d];
            }
        }
    }

    /**
     * Adds the attention of each row's query of {@code head} over the keys and values of {@code keyHead} to {@code out}
     * [rows][valueDim].
     */
    private void add(AttentionPass pass, int head, int keyHead, double[][] out) {
        MaterializedHeads heads = pass.attention.materialized();
        int from = first(pass, 0);
        double[][] k = new double[pass.position + pass.rows - from][pass.attention.headDim()];
        double[][] v = new double[k.length][pass.attention.valueDim()];
        for (int i = 0; i < k.length; i++) {
            heads.materializeKey(cache, pass.layer, from + i, keyHead, k[i]);
            heads.materializeValue(cache, pass.layer, from + i, keyHead, v[i]);
        }
        for (int row = 0; row < pass.rows; row++) {
            double[] probabilities = scores(pass, row, head, k, from);
            double sum = pass.attention.hasSoftmax() ? softmax(probabilities, first(pass, row)) : 1;
            double[] mean = new double[pass.attention.valueDim()];
            for (int t = first(pass, row); t < probabilities.length; t++) {
                for (int d = 0; d < mean.length; d++) {
                    mean[d] += probabilities[t] * v[t - from][d];
                }
            }
            for (int d = 0; d < mean.length; d++) {
                out[row][d] += mean[d] / sum;
            }
        }
    }

    /**
     * Returns the products of the query with the key of each token that the row sees, scaled and capped if there is a
     * softmax.
     *
     * @param k keys of the tokens from {@code from} on
     */
    private static double[] scores(AttentionPass pass, int row, int head, double[][] k, int from) {
        double[] q = new double[pass.attention.headDim()];
        double cap = pass.attention.scoreCap();
        pass.attention.materialized().materializeQuery(pass.projections, pass.at(row), head, q);
        double[] scores = new double[pass.position + row + 1];
        for (int t = first(pass, row); t < scores.length; t++) {
            for (int d = 0; d < q.length; d++) {
                scores[t] += q[d] * k[t - from][d];
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
