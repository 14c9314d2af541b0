package io.github.t6j.attention.tpa;

import static io.github.t6j.kernels.Exp2.LOG2_E;
import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.DenseHeads;
import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.attention.paged.PageProducts;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.attention.paged.PagedAlgorithm;
import io.github.t6j.attention.paged.Prefill;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PageLayout.Vectors;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;
import java.util.List;

/**
 * Attention whose cache stores the factors of keys and values (paper, section 3). Head i of a token has
 *
 * <pre>
 *   k_i = 1/R_K · Σ_s A_K[i][s] · B_K[s]     B_K is rotated by RoPE
 *   v_i = 1/R_V · Σ_u A_V[i][u] · B_V[u]
 * </pre>
 *
 * and a page holds (R_K + R_V)·(h + d) elements of a token:
 *
 * <pre>
 *   columns  B_K [R_K][d] | A_K [h][R_K] | A_V [h][R_V]
 *   rows     B_V [R_V][e]
 * </pre>
 *
 * Subclasses differ in how they compute scores; queries are factored or whole.
 */
public abstract class FactoredAttention extends PageAttention implements DenseHeads {
    protected final FactorRow offsets;
    protected final int queryRank; // R_Q, or 0 for whole queries
    protected final int keyRank; //   R_K
    protected final int valueRank; // R_V

    /** Creates attention with the official layout of a page. */
    FactoredAttention(TpaConfig sizes) {
        Vectors bK = Vectors.oneByOne(sizes.keyRank(), sizes.headDim());
        Vectors aK = Vectors.interleaved(sizes.keyRank(), sizes.heads());
        Vectors aV = Vectors.interleaved(sizes.valueRank(), sizes.heads());
        this(sizes, FactorRow.of(sizes), new PageLayout(List.of(bK, aK, aV), sizes.valueRank(), sizes.valueDim()));
    }

    /** Creates attention with another layout of rows and pages. */
    protected FactoredAttention(TpaConfig sizes, FactorRow offsets, PageLayout layout) {
        super(sizes.heads(), sizes.headDim(), sizes.valueDim(), layout);
        this.offsets = offsets;
        queryRank = sizes.queryRank();
        keyRank = sizes.keyRank();
        valueRank = sizes.valueRank();
    }

    /** Returns the offsets of the factors in a row. */
    public final FactorRow offsets() {
        return offsets;
    }

    @Override
    public int projections() {
        return offsets.end();
    }

    /** Returns h: every head has its own key and value. */
    @Override
    public final int keyValueHeads() {
        return heads();
    }

    /** Returns true if queries have no factors. */
    protected final boolean wholeQuery() {
        return queryRank == 0;
    }

    /** Returns the factor that turns the sum of products of factors into a score in powers of two. */
    final float factorScale() {
        return (float) (LOG2_E / (scoreDivisor() * Math.max(1, queryRank) * keyRank));
    }

    /** Sets state.query to A_Q, or to the whole query, times the scale of scores. */
    @Override
    public final void prepareQuery(float[] projections, int at, PageState state) {
        int from = at + (wholeQuery() ? offsets.bQ() : offsets.aQ());
        int size = wholeQuery() ? headDim() : queryRank; // floats of a head
        state.scaleQuery(projections, from + state.firstHead * size, state.softmaxes.lines * size, factorScale());
    }

    /** Returns an algorithm that computes passes of many rows with {@link MixedOperations}. */
    @Override
    public final PagedAlgorithm newAlgorithm(Kernels kernels, Workers workers, Arena scratch) {
        return new PagedAlgorithm(
                this, kernels, workers, scratch, new Prefill(newOperations(), kernels, workers, scratch));
    }

    /** Returns operations that compute scores from factors, or from rebuilt keys if high ranks make these cheaper. */
    protected MixedOperations newOperations() {
        return !wholeQuery() && FactoredOperations.isCheaper(this)
                ? new FactoredOperations(this)
                : new RebuiltOperations(this);
    }

    /** Returns true, since {@link MixedOperations} computes passes of many rows. */
    @Override
    public final boolean bitsDependOnRows() {
        return true;
    }

    @Override
    public void append(float[] projections, int at, Page page, int slot) {
        page.write(slot, projections, at + offsets.bK(), projections, at + offsets.bV());
    }

    /** Returns the page whose first columns are the rotated B_K of the current page; a form may store it elsewhere. */
    protected Page keyFeatures(Page page, PageState state) {
        return page;
    }

    /** Returns the page whose columns from {@link #keyHeadColumn()} on are A_K; a form may store it elsewhere. */
    protected Page keyHeads(Page page) {
        return page;
    }

    /** Returns the first column of A_K in {@link #keyHeads}. */
    protected int keyHeadColumn() {
        return offsets.aK() - offsets.bK();
    }

    /** Returns the page whose rows are B_V; a form may store it elsewhere. */
    protected Page valueFeatures(Page page) {
        return page;
    }

    @Override
    public int valueHeadColumn() {
        return offsets.aV() - offsets.bK();
    }

    @Override
    public final int valueRank() {
        return valueRank;
    }

    /**
     * Writes the scores of a page to state.scores from the products of features in state.products, [R_K][·][64].
     *
     * @param page page whose columns from {@code column} on are A_K of the heads of state.softmaxes
     */
    public abstract void headScores(Page page, int column, PageState state);

    /** Adds Σ_t p[i][t] · A_V[t][i][u] · B_V[t][u]; the softmax has multiplied the probabilities by A_V. */
    @Override
    public void values(Page page, int count, PageState state) {
        PageProducts.addRows(state.kernels, page, state.probabilities, 0, state.softmaxes.lines, valueRank, 0, count,
                state.softmaxes.out, 0, state.softmaxes.lines * PANEL);
    }

    /** Writes the keys of a head for all tokens of a page, f32 [d][64], to {@code to} in state.offHeap. */
    protected void rebuildKeys(Page page, Page features, int head, int scratchAt, long to, PageState state) {
        keyHeads(page).readColumns(keyHeadColumn() + head * keyRank, keyRank, state.products, scratchAt);
        state.kernels.rebuildColumns(
                state.products, scratchAt, keyRank, features.data, 0, headDim(), state.offHeap, to);
    }

    /** Writes the values of a head for all tokens of a page, f32 [64][stride], to state.offHeap. */
    protected void rebuildValues(Page page, int head, int scratchAt, int stride, PageState state) {
        Page features = valueFeatures(page);
        valueHeads(page).readColumns(valueHeadColumn() + head * valueRank, valueRank, state.products, scratchAt);
        state.kernels.rebuildRows(
                state.products, scratchAt, valueRank, features.data, features.rowsAt(0), valueDim(), state.offHeap, 0,
                stride);
    }

    /** Returns the number of floats of state.products that {@link #rebuildKeys} and {@link #rebuildValues} need. */
    protected int rebuildFloats() {
        return Math.max(keyRank, valueRank) * PANEL;
    }

    @Override
    public void query(float[] x, int at, int head, float[] q, int qAt) {
        if (wholeQuery()) {
            System.arraycopy(x, at + offsets.bQ() + head * headDim(), q, qAt, headDim());
        } else {
            mean(x, at + offsets.aQ(), at + offsets.bQ(), queryRank, head, headDim(), q, qAt);
        }
    }

    @Override
    public void key(float[] x, int at, int head, float[] k) {
        mean(x, at + offsets.aK(), at + offsets.bK(), keyRank, head, headDim(), k, 0);
    }

    @Override
    public void value(float[] x, int at, int head, float[] v) {
        mean(x, at + offsets.aV(), at + offsets.bV(), valueRank, head, valueDim(), v, 0);
    }

    /** Writes (Σ_r A[head][r] · B[r]) / R to {@code y} from {@code yAt}. */
    private static void mean(float[] x, int aAt, int bAt, int rank, int head, int size, float[] y, int yAt) {
        for (int i = 0; i < size; i++) {
            float sum = 0f;
            for (int r = 0; r < rank; r++) {
                sum += x[aAt + head * rank + r] * x[bAt + r * size + i];
            }
            y[yAt + i] = sum / rank;
        }
    }

    @Override
    public void materializeQuery(float[] x, int at, int head, double[] q) {
        if (wholeQuery()) {
            super.materializeQuery(x, at, head, q);
            return;
        }
        for (int i = 0; i < q.length; i++) {
            double sum = 0;
            for (int r = 0; r < queryRank; r++) {
                double a = x[at + offsets.aQ() + head * queryRank + r];
                sum += a * x[at + offsets.bQ() + r * q.length + i];
            }
            q[i] = sum / queryRank;
        }
    }

    @Override
    public void materializeKey(Page page, int slot, int position, int head, double[] k) {
        for (int i = 0; i < k.length; i++) {
            double sum = 0;
            for (int s = 0; s < keyRank; s++) {
                double a = page.column(slot, keyHeadColumn() + head * keyRank + s);
                sum += a / keyRank * page.column(slot, s * k.length + i);
            }
            k[i] = sum;
        }
    }

    @Override
    public void materializeValue(Page page, int slot, int position, int head, double[] v) {
        for (int i = 0; i < v.length; i++) {
            double sum = 0;
            for (int u = 0; u < valueRank; u++) {
                double a = page.column(slot, valueHeadColumn() + head * valueRank + u);
                sum += a / valueRank * page.row(slot, u, i);
            }
            v[i] = sum;
        }
    }
}
