package io.github.t6j.attention;

import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.ScalarKernels.LOG2_E;

import io.github.t6j.cache.FactorCache;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.kernels.Kernels;

/**
 * Tensor Product Attention (paper, section 3): Q, K and V of a token are means of outer products of head factors A and
 * feature factors B, and attention is computed from the factors (FlashTPA, Algorithm 2). With query rank 0 the query
 * is whole: T6 KV-only.
 *
 * <pre>
 *   projections  B_Q [R_Q][d] | B_K [R_K][d] | A_K [h][R_K] | A_V [h][R_V] | B_V [R_V][e] | A_Q [h][R_Q]
 *   KV-only        Q [h][d]   | B_K [R_K][d] | A_K [h][R_K] | A_V [h][R_V] | B_V [R_V][e]
 * </pre>
 *
 * The size of a value, e, is d in every model.
 */
public final class TensorProductAttention implements WholeHeads {
    private final int heads;
    private final int headDim;
    private final int queryRank;
    private final int keyRank;
    private final int valueRank;
    private final FactorCache factors;
    private final PageLayout layout;

    /** Keys and values of one size. */
    public TensorProductAttention(int heads, int headDim, int queryRank, int keyRank, int valueRank) {
        this(heads, headDim, headDim, queryRank, keyRank, valueRank);
    }

    /** @param queryRank R_Q, or 0 for a query that is not factored */
    public TensorProductAttention(
            int heads, int headDim, int valueDim, int queryRank, int keyRank, int valueRank) {
        this.heads = heads;
        this.headDim = headDim;
        this.queryRank = queryRank;
        this.keyRank = keyRank;
        this.valueRank = valueRank;
        this.factors = new FactorCache(heads, headDim, valueDim, keyRank, valueRank);
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

    @Override
    public int valueDim() {
        return factors.valueDim();
    }

    /** What is kept of a token, and in which order. */
    public FactorCache factors() {
        return factors;
    }

    /** Every head has a key and a value of its own. */
    @Override
    public int keyValueHeads() {
        return heads;
    }

    private int queryVectors() {
        return queryRank == 0 ? heads : queryRank;
    }

    /** Where in a row B_K, A_K and A_V begin, in the order of {@link #factors()}. */
    public int columnsAt() {
        return queryVectors() * headDim;
    }

    /** Where in a row B_V begins. */
    public int rowsAt() {
        return columnsAt() + layout.columns();
    }

    /** Where in a row A_Q begins. */
    public int queryHeadFactorsAt() {
        return rowsAt() + valueRank * valueDim();
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
    public void append(float[] projections, int at, Page page, int slot) {
        page.write(slot, projections, at + columnsAt(), projections, at + rowsAt());
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
    public void logits(Kernels kernels, float[] projections, int at, Page page, int index, PageState state) {
        float[] query = queryRank == 0 ? state.query : projections;
        int from = queryRank == 0 ? 0 : at;
        int vectors = queryVectors();
        for (int k = 0; k < keyRank; k++) {
            page.multiplyColumns(
                    kernels, query, from, vectors, headDim, factors.keyFeatures(k), state.products,
                    k * vectors * PANEL);
        }
        int headFactors = factors.keyHeadFactors();
        if (queryRank == 0) {
            page.factorLogits(kernels, state.products, heads, keyRank, headFactors, state.logits);
        } else {
            page.tensorLogits(
                    kernels, state.query, heads, queryRank, keyRank, state.products, headFactors, state.logits);
        }
    }

    @Override
    public int weightsPerHead() {
        return valueRank;
    }

    @Override
    public int weights(Kernels kernels, Page page, PageState state) {
        PartialSoftmax span = state.span;
        return page.softmaxWeights(
                kernels, state.logits, heads, factors.valueHeadFactors(), valueRank, span.max, span.sum, state.weights);
    }

    @Override
    public void values(Kernels kernels, Page page, int count, PageState state) {
        PartialSoftmax span = state.span;
        page.addRows(kernels, state.weights, 0, heads, valueRank, count, 0, span.out, 0, span.stride);
    }

    @Override
    public float valueDivisor() {
        return valueRank;
    }

    @Override
    public void query(float[] projections, int at, int head, float[] q, int qAt) {
        if (queryRank == 0) {
            System.arraycopy(projections, at + head * headDim, q, qAt, headDim);
        } else {
            mean(projections, at + queryHeadFactorsAt() + head * queryRank, at, queryRank, q, qAt);
        }
    }

    @Override
    public void key(float[] projections, int at, int head, float[] k) {
        int columns = at + columnsAt();
        int headFactors = columns + factors.keyHeadFactors() + head * keyRank;
        mean(projections, headFactors, columns + factors.keyFeatures(0), keyRank, k, 0);
    }

    @Override
    public void value(float[] projections, int at, int head, float[] v) {
        int headFactors = at + columnsAt() + factors.valueHeadFactors() + head * valueRank;
        mean(projections, headFactors, at + rowsAt(), valueRank, v, 0);
    }

    /** (Σ_r A[head][r] · B[r][d]) / R, to {@code into} [d] from {@code intoAt}. */
    private void mean(float[] row, int headFactors, int features, int rank, float[] into, int intoAt) {
        for (int d = 0; d < headDim; d++) {
            float sum = 0f;
            for (int r = 0; r < rank; r++) {
                sum += row[headFactors + r] * row[features + r * headDim + d];
            }
            into[intoAt + d] = sum / rank;
        }
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
    public void materializeKey(Page page, int slot, int position, int head, double[] k) {
        for (int d = 0; d < headDim; d++) {
            double sum = 0;
            for (int r = 0; r < keyRank; r++) {
                sum += (double) page.column(slot, factors.keyHeadFactors() + head * keyRank + r)
                        * page.column(slot, factors.keyFeatures(r) + d);
            }
            k[d] = sum / keyRank;
        }
    }

    @Override
    public void materializeValue(Page page, int slot, int position, int head, double[] v) {
        for (int d = 0; d < valueDim(); d++) {
            double sum = 0;
            for (int r = 0; r < valueRank; r++) {
                sum += (double) page.column(slot, factors.valueHeadFactors() + head * valueRank + r)
                        * page.row(slot, r, d);
            }
            v[d] = sum / valueRank;
        }
    }
}
