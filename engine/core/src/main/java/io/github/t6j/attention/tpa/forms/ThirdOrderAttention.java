package io.github.t6j.attention.tpa.forms;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.paged.OnlineSoftmax;
import io.github.t6j.attention.paged.PageProducts;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.attention.tpa.MixedOperations;
import io.github.t6j.attention.tpa.RebuiltOperations;
import io.github.t6j.cache.Page;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import java.util.Arrays;
import java.util.Map;

/**
 * Tensor product attention with a third factor C (paper, appendix C): b is replaced by vec(b cᵀ), which stacks columns,
 * so element j·|b| + i is b_i · c_j.
 */
final class ThirdOrderAttention extends FormAttention {
    private final int thirdDim; // d_c

    ThirdOrderAttention(TpaForm form, Map<Factor, float[]> fixed, SharedPages shared, LayerOptions.Layer layer) {
        super(form, fixed, shared, layer);
        thirdDim = form.thirdDim();
    }

    /** Returns the offset in state.products of C_K, or of the products of C_Q and C_K. */
    private int thirdAt() {
        return keyRank * form.queryVectors() * PANEL;
    }

    /** Returns the offset in state.products of a head's probabilities times C_V, which follow C_V. */
    private int expandedAt() {
        return valueRank * thirdDim * PANEL;
    }

    /** Returns the offset in state.products of a head's sums of values over a page, [panels of e_b][d_c][64]. */
    private int summedAt() {
        return 2 * expandedAt();
    }

    private int summedFloats() {
        return thirdDim * Kernels.padded(form.valueFeatureDim());
    }

    @Override
    public Scratch scratch() {
        Scratch second = super.scratch();
        int scores = thirdAt() + Math.max(thirdDim, queryRank) * PANEL;
        int products = Math.max(scores, summedAt() + summedFloats());
        return new Scratch(
                second.queryFloats(), Math.max(products, second.productFloats()), second.bytes(), second.layout());
    }

    @Override
    public boolean needsF32(Format format) {
        return true;
    }

    @Override
    public void scores(float[] projections, int at, Page page, PageState state) {
        multiplyFeatures(projections, at, keyFeatures(page, state), state);
        for (int s = 0; s < keyRank; s++) {
            int c = formRow.keyThird - formRow.columns + s * thirdDim;
            if (wholeQuery()) {
                int heads = state.softmaxes.lines;
                page.readColumns(c, thirdDim, state.products, thirdAt());
                ThirdFactor.contract(state.products, s * heads * thirdDim, thirdAt(), heads, thirdDim, s * heads);
            } else {
                PageProducts.multiplyColumns(
                        state.kernels, page, projections, at + formRow.queryThird, queryRank, thirdDim, c,
                        state.products, thirdAt());
                ThirdFactor.multiply(state.products, s * queryRank * PANEL, thirdAt(), queryRank * PANEL);
            }
        }
        headScores(keyHeads(page), keyHeadColumn() + state.firstHead * keyRank, state);
    }

    @Override
    public void values(Page page, int count, PageState state) {
        OnlineSoftmax softmaxes = state.softmaxes;
        float[] scratch = state.products;
        page.readColumns(formRow.valueThird - formRow.columns, valueRank * thirdDim, scratch, 0);
        for (int h = 0; h < softmaxes.lines; h++) {
            ThirdFactor.expand(
                    state.probabilities, h * valueRank * PANEL, scratch, 0, expandedAt(), valueRank, thirdDim);
            Arrays.fill(scratch, summedAt(), summedAt() + summedFloats(), 0f);
            PageProducts.addRows(
                    state.kernels, valueFeatures(page), scratch, expandedAt(), thirdDim, valueRank, 0, count, scratch,
                    summedAt(), thirdDim * PANEL);
            ThirdFactor.add(scratch, summedAt(), thirdDim, form.valueFeatureDim(), softmaxes.out, h, softmaxes.lines);
        }
    }

    @Override
    protected MixedOperations newOperations() {
        return new RebuiltOperations(this);
    }

    @Override
    protected void rebuildKeys(Page page, Page features, int head, int scratchAt, long to, PageState state) {
        int at = readHead(
                keyHeads(page), keyHeadColumn(), head, keyRank, page, formRow.keyThird, scratchAt, state.products);
        int size = form.featureDim();
        for (int vector = 0; vector < thirdDim; vector++) {
            state.kernels.rebuildColumns(
                    state.products, at + vector * keyRank * PANEL, keyRank, features.data, 0, size, state.offHeap,
                    to + (long) vector * size * PANEL * Float.BYTES);
        }
    }

    @Override
    protected void rebuildValues(Page page, int head, int scratchAt, int stride, PageState state) {
        Page features = valueFeatures(page);
        int at = readHead(
                valueHeads(page), valueHeadColumn(), head, valueRank, page, formRow.valueThird, scratchAt,
                state.products);
        int size = form.valueFeatureDim();
        for (int vector = 0; vector < thirdDim; vector++) {
            state.kernels.rebuildRows(
                    state.products, at + vector * valueRank * PANEL, valueRank, features.data, features.rowsAt(0), size,
                    state.offHeap, (long) vector * size * Float.BYTES, stride);
        }
    }

    @Override
    protected int rebuildFloats() {
        return (2 * thirdDim + 1) * super.rebuildFloats();
    }

    /** Writes C, A · C [d_c][rank][64], and A of a head to {@code x}, and returns the offset of A · C. */
    private int readHead(
            Page heads, int column, int head, int rank, Page page, int thirdOffset, int to, float[] x) {
        int products = to + rank * thirdDim * PANEL;
        int a = products + rank * thirdDim * PANEL;
        heads.readColumns(column + head * rank, rank, x, a);
        page.readColumns(thirdOffset - formRow.columns, rank * thirdDim, x, to);
        ThirdFactor.expand(x, a, x, to, products, rank, thirdDim);
        return products;
    }

    @Override
    public void query(float[] x, int at, int head, float[] q, int qAt) {
        if (wholeQuery()) {
            super.query(x, at, head, q, qAt);
        } else {
            mean(x, at, offsets.aQ(), offsets.bQ(), formRow.queryThird, queryRank, form.featureDim(), head, q, qAt);
        }
    }

    @Override
    public void key(float[] x, int at, int head, float[] k) {
        mean(x, at, offsets.aK(), offsets.bK(), formRow.keyThird, keyRank, form.featureDim(), head, k, 0);
    }

    @Override
    public void value(float[] x, int at, int head, float[] v) {
        mean(x, at, offsets.aV(), offsets.bV(), formRow.valueThird, valueRank, form.valueFeatureDim(), head, v, 0);
    }

    /** Writes (Σ_r A[head][r] · vec(B[r] C[r]ᵀ)) / R of the row at {@code at} to {@code y} from {@code yAt}. */
    private void mean(
            float[] x, int at, int a, int b, int c, int rank, int size, int head, float[] y, int yAt) {
        for (int d = 0; d < size * thirdDim; d++) {
            float sum = 0f;
            for (int r = 0; r < rank; r++) {
                float ac = x[at + a + head * rank + r] * x[at + c + r * thirdDim + d / size];
                sum += ac * x[at + b + r * size + d % size];
            }
            y[yAt + d] = sum / rank;
        }
    }

    @Override
    public void materializeQuery(float[] x, int at, int head, double[] q) {
        if (wholeQuery()) {
            super.materializeQuery(x, at, head, q);
            return;
        }
        int size = form.featureDim();
        for (int d = 0; d < q.length; d++) {
            double sum = 0;
            for (int r = 0; r < queryRank; r++) {
                double a = x[at + offsets.aQ() + head * queryRank + r];
                double c = x[at + formRow.queryThird + r * thirdDim + d / size];
                sum += a * c * x[at + offsets.bQ() + r * size + d % size];
            }
            q[d] = sum / queryRank;
        }
    }

    @Override
    void add(Page page, int slot, double a, float[] b, int thirdAt, double[] x) {
        for (int j = 0; j < thirdDim; j++) {
            double c = page.column(slot, thirdAt - formRow.columns + j);
            for (int i = 0; i < b.length; i++) {
                x[j * b.length + i] += a * c * b[i];
            }
        }
    }
}
