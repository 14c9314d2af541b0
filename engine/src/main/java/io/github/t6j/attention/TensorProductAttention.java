package io.github.t6j.attention;

import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.ScalarKernels.LOG2_E;

import io.github.t6j.cache.FactorCache;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Kernels;
import java.lang.foreign.MemorySegment;

/**
 * Tensor Product Attention (paper, section 3): Q, K and V of a token are means of outer products of head factors A and
 * feature factors B, and attention is computed from the factors (FlashTPA, Algorithm 2). With query rank 0 the query
 * is whole: T6 KV-only.
 *
 * <pre>
 *   projections  B_Q [R_Q][d] | B_K [R_K][d] | A_K [h][R_K] | A_V [h][R_V] | B_V [R_V][d] | A_Q [h][R_Q]
 *   KV-only        Q [h][d]   | B_K [R_K][d] | A_K [h][R_K] | A_V [h][R_V] | B_V [R_V][d]
 * </pre>
 */
public final class TensorProductAttention implements Attention {
    private final int heads;
    private final int headDim;
    private final int queryRank;
    private final int keyRank;
    private final int valueRank;
    private final FactorCache factors;
    private final PageLayout layout;

    /** @param queryRank R_Q, or 0 for a query that is not factored */
    public TensorProductAttention(int heads, int headDim, int queryRank, int keyRank, int valueRank) {
        this.heads = heads;
        this.headDim = headDim;
        this.queryRank = queryRank;
        this.keyRank = keyRank;
        this.valueRank = valueRank;
        this.factors = new FactorCache(heads, headDim, keyRank, valueRank);
        this.layout = factors.layout();
    }

    @Override
    public int heads() {
        return heads;
    }

    @Override
    public int headDim() {
        return headDim;
    }

    private int queryVectors() {
        return queryRank == 0 ? heads : queryRank;
    }

    private int columnsAt() {
        return queryVectors() * headDim;
    }

    private int rowsAt() {
        return columnsAt() + layout.columns();
    }

    private int queryHeadFactorsAt() {
        return rowsAt() + valueRank * headDim;
    }

    @Override
    public int projections() {
        return queryHeadFactorsAt() + heads * queryRank;
    }

    @Override
    public int rotatedVectors() {
        return queryVectors() + keyRank;
    }

    @Override
    public PageLayout layout() {
        return layout;
    }

    @Override
    public void append(float[] projections, int at, PagedCache cache, int layer, int position) {
        cache.write(layer, position, projections, at + columnsAt(), projections, at + rowsAt());
    }

    @Override
    public int queryFloats() {
        return queryRank == 0 ? heads * headDim : heads * queryRank;
    }

    @Override
    public int productFloats() {
        return keyRank * queryVectors() * PANEL;
    }

    @Override
    public void begin(float[] projections, int at, PageState state) {
        float scale = (float) (LOG2_E / (Math.sqrt(headDim) * Math.max(1, queryRank) * keyRank));
        int from = queryRank == 0 ? at : at + queryHeadFactorsAt();
        for (int i = 0; i < queryFloats(); i++) {
            state.query[i] = projections[from + i] * scale;
        }
    }

    @Override
    public void logits(Kernels kernels, float[] projections, int at, MemorySegment page, PageState state) {
        float[] query = queryRank == 0 ? state.query : projections;
        int from = queryRank == 0 ? 0 : at;
        int vectors = queryVectors();
        for (int k = 0; k < keyRank; k++) {
            long features = layout.columnAt(factors.keyFeatures(k));
            int to = k * vectors * PANEL;
            kernels.multiply(
                    query, from, headDim, vectors, headDim, page, features, PANEL, PANEL, state.products, to, PANEL,
                    false);
        }
        long headFactors = layout.columnAt(factors.keyHeadFactors());
        if (queryRank == 0) {
            kernels.factorLogits(state.products, heads, keyRank, page, headFactors, state.logits);
        } else {
            kernels.tensorLogits(
                    state.query, heads, queryRank, keyRank, state.products, page, headFactors, state.logits);
        }
    }

    @Override
    public int valueRank() {
        return valueRank;
    }

    @Override
    public long valueHeadFactorsAt() {
        return layout.columnAt(factors.valueHeadFactors());
    }

    @Override
    public void values(Kernels kernels, MemorySegment page, int count, PageState state) {
        // The rows of a full page are one matrix [R_V·64][d].
        int pieces = count == PANEL ? 1 : valueRank;
        int inner = count == PANEL ? valueRank * PANEL : count;
        for (int u = 0; u < pieces; u++) {
            kernels.multiply(
                    state.weights, u * PANEL, valueRank * PANEL, heads, inner, page, layout.rowsAt(u), headDim, headDim,
                    state.span.out, 0, state.span.stride, true);
        }
    }

    @Override
    public float valueDivisor() {
        return valueRank;
    }

    @Override
    public void materializeQuery(float[] projections, int at, int head, double[] q) {
        for (int d = 0; d < headDim; d++) {
            double sum = 0;
            for (int r = 0; r < queryRank; r++) {
                sum += (double) projections[at + queryHeadFactorsAt() + head * queryRank + r]
                        * projections[at + r * headDim + d];
            }
            q[d] = queryRank == 0 ? projections[at + head * headDim + d] : sum / queryRank;
        }
    }

    @Override
    public void materializeKey(PagedCache cache, int layer, int token, int head, double[] k) {
        for (int d = 0; d < headDim; d++) {
            double sum = 0;
            for (int r = 0; r < keyRank; r++) {
                sum += (double) cache.column(layer, token, factors.keyHeadFactors() + head * keyRank + r)
                        * cache.column(layer, token, factors.keyFeatures(r) + d);
            }
            k[d] = sum / keyRank;
        }
    }

    @Override
    public void materializeValue(PagedCache cache, int layer, int token, int head, double[] v) {
        for (int d = 0; d < headDim; d++) {
            double sum = 0;
            for (int r = 0; r < valueRank; r++) {
                sum += (double) cache.column(layer, token, factors.valueHeadFactors() + head * valueRank + r)
                        * cache.row(layer, token, r, d);
            }
            v[d] = sum / valueRank;
        }
    }
}
