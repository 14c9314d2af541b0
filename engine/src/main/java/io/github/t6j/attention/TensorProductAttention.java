package io.github.t6j.attention;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.ScalarKernels.LOG2_E;

import io.github.t6j.cache.FactorCache;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.kernels.Kernels;
import java.util.Arrays;
import java.util.Map;

/**
 * Tensor Product Attention (paper, section 3): Q, K and V of a token are means of outer products of head factors A and
 * feature factors B, and attention is computed from the factors (FlashTPA, Algorithm 2). With query rank 0 the query
 * is whole: T6 KV-only. {@link TensorProduct} says which other forms there are, {@link FactorRow} what a row is, {@link
 * FactorCache} what is kept; factors that are not of the token come from {@link SharedPages}.
 */
public final class TensorProductAttention implements Attention {
    private final TensorProduct form;
    private final int heads;
    private final int featureDim;
    private final int keyRank;
    private final int valueRank;
    private final FactorRow row;
    private final FactorCache kept;
    private final PageLayout layout;
    private final float[] queryHeads; // fixed A_Q, or null
    private final float[] queryFeatures; // fixed B_Q, or null
    private final KeyFeatures keyFeatures;
    private final Place keyHeads;
    private final Place valueHeads;
    private final Place valueFeatures;

    /** Where a factor stands: in the page of a token's own, or in one that is the same for all. */
    private record Place(Page fixed, int first) {
        Page in(Page own) {
            return fixed == null ? own : fixed;
        }
    }

    /** The official form, keys and values of one size. */
    public TensorProductAttention(int heads, int headDim, int queryRank, int keyRank, int valueRank) {
        this(heads, headDim, headDim, queryRank, keyRank, valueRank);
    }

    /** The official form. */
    public TensorProductAttention(
            int heads, int headDim, int valueDim, int queryRank, int keyRank, int valueRank) {
        this(TensorProduct.official(heads, headDim, valueDim, queryRank, keyRank, valueRank), Map.of(), null);
    }

    /**
     * Attention of any form.
     *
     * @param fixed the numbers of the form's fixed factors, before activation and rotation; B_V not where B is shared
     * @param shared where they are put; null serves a form without fixed factors and shared B
     */
    public TensorProductAttention(TensorProduct form, Map<Factor, float[]> fixed, SharedPages shared) {
        this.form = form;
        heads = form.heads();
        featureDim = form.featureDim();
        keyRank = form.keyRank();
        valueRank = form.valueRank();
        row = FactorRow.of(form);
        kept = form.kept();
        layout = kept.layout();
        queryHeads = activated(fixed.get(Factor.A_Q), form.queryRank());
        queryFeatures = fixed.get(Factor.B_Q);
        keyFeatures = keyFeatures(fixed.get(Factor.B_K), shared);
        keyHeads = heads(fixed.get(Factor.A_K), keyRank, kept.keyHeadFactors(), shared);
        valueHeads = heads(fixed.get(Factor.A_V), valueRank, kept.valueHeadFactors(), shared);
        float[] features = fixed.get(form.sharedFeatures() ? Factor.B_K : Factor.B_V);
        valueFeatures = new Place(features == null ? null : shared.rows(features, form.valueFeatureDim()), 0);
    }

    private float[] activated(float[] headFactors, int rank) {
        if (headFactors == null) {
            return null;
        }
        float[] copy = headFactors.clone();
        form.activation().apply(copy, 0, heads, rank);
        return copy;
    }

    private Place heads(float[] fixed, int rank, int keptAt, SharedPages shared) {
        return fixed == null ? new Place(null, keptAt) : new Place(shared.columns(activated(fixed, rank)), 0);
    }

    private KeyFeatures keyFeatures(float[] fixed, SharedPages shared) {
        if (fixed != null) {
            return new KeyFeatures.Fixed(shared.rotated(fixed, featureDim));
        }
        return form.keepsSharedFeatures()
                ? new KeyFeatures.Shared(keyRank, featureDim, shared.rope(), shared.tables())
                : new KeyFeatures.Kept();
    }

    @Override
    public int heads() {
        return heads;
    }

    @Override
    public int headDim() {
        return form.headDim();
    }

    private boolean wholeQuery() {
        return form.queryRank() == 0;
    }

    private boolean third() {
        return form.thirdDim() > 0;
    }

    @Override
    public int projections() {
        return row.projections();
    }

    @Override
    public int rowFloats() {
        return row.floats();
    }

    @Override
    public PageLayout layout() {
        return layout;
    }

    @Override
    public void complete(Rope rope, float[] x, int at, float[] cos, float[] sin, int tableAt) {
        if (queryFeatures != null) {
            System.arraycopy(queryFeatures, 0, x, at + row.query(), queryFeatures.length);
        }
        rope.rotate(x, at + row.query(), form.queryVectors(), featureDim, cos, sin, tableAt);
        rope.rotate(x, at + row.columns(), kept.keyFeatures() / featureDim, featureDim, cos, sin, tableAt);
        activate(x, at + row.queryHeads(), queryHeads == null ? form.queryRank() : 0);
        activate(x, at + row.columns() + kept.keyHeadFactors(), kept.keyHeads() / heads);
        activate(x, at + row.columns() + kept.valueHeadFactors(), kept.valueHeads() / heads);
    }

    private void activate(float[] x, int at, int rank) {
        form.activation().apply(x, at, heads, rank);
    }

    @Override
    public void append(float[] projections, int at, Page page, int slot) {
        page.write(slot, projections, at + row.columns(), projections, at + row.rows());
    }

    @Override
    public int queryFloats() {
        return heads * (wholeQuery() ? form.headDim() : form.queryRank());
    }

    @Override
    public int productFloats() {
        int logits = thirdAt() + (wholeQuery() ? form.thirdDim() : form.queryRank()) * PANEL;
        int values = summedAt() + form.thirdDim() * summedStride();
        return Math.max(keyFeatures.scratchFloats(), Math.max(logits, values));
    }

    /** Where, in state.products, what C makes of the products begins. */
    private int thirdAt() {
        return keyRank * form.queryVectors() * PANEL;
    }

    /** Where, in state.products, a head's weights times C_V begin; before them stands C_V. */
    private int expandedAt() {
        return valueRank * form.thirdDim() * PANEL;
    }

    /** Where, in state.products, the sums over a page of a head's values begin. */
    private int summedAt() {
        return 2 * expandedAt();
    }

    /** Floats between its parts, one for each number of C: what B_V has, in whole vectors. */
    private int summedStride() {
        return (form.valueFeatureDim() + LANES - 1) / LANES * LANES;
    }

    @Override
    public PageLayout scratch() {
        return form.keepsSharedFeatures() ? new PageLayout(keyRank * featureDim, 0, 0) : null;
    }

    @Override
    public void begin(float[] projections, int at, PageState state) {
        float scale = (float) (LOG2_E / (Math.sqrt(form.headDim()) * Math.max(1, form.queryRank()) * keyRank));
        float[] from = queryHeads == null ? projections : queryHeads;
        int fromAt = queryHeads != null ? 0 : at + (wholeQuery() ? row.query() : row.queryHeads());
        for (int i = 0; i < queryFloats(); i++) {
            state.query[i] = from[fromAt + i] * scale;
        }
    }

    @Override
    public void logits(Kernels kernels, float[] projections, int at, Page page, int index, PageState state) {
        Page features = keyFeatures.columns(page, index, state);
        float[] query = wholeQuery() ? state.query : projections;
        int from = wholeQuery() ? 0 : at + row.query();
        int vectors = form.queryVectors();
        for (int k = 0; k < keyRank; k++) {
            features.multiplyColumns(
                    kernels, query, from, vectors, featureDim, k * featureDim, state.products, k * vectors * PANEL);
        }
        if (third()) {
            multiplyThird(kernels, projections, at, page, state.products);
        }
        Page factors = keyHeads.in(page);
        if (wholeQuery()) {
            factors.factorLogits(kernels, state.products, heads, keyRank, keyHeads.first(), state.logits);
        } else {
            factors.tensorLogits(
                    kernels, state.query, heads, form.queryRank(), keyRank, state.products, keyHeads.first(),
                    state.logits);
        }
    }

    /** ⟨b_q, b_k⟩ becomes ⟨b_q, b_k⟩ · ⟨c_q, c_k⟩; a whole query's products with b_k are summed with c_k instead. */
    private void multiplyThird(Kernels kernels, float[] projections, int at, Page page, float[] products) {
        int third = form.thirdDim();
        for (int k = 0; k < keyRank; k++) {
            int c = kept.keyThirdAt() + k * third;
            if (wholeQuery()) {
                page.readColumns(c, third, products, thirdAt());
                ThirdFactor.contract(products, k * heads * third, thirdAt(), heads, third, k * heads);
            } else {
                int rank = form.queryRank();
                page.multiplyColumns(
                        kernels, projections, at + row.queryThird(), rank, third, c, products, thirdAt());
                ThirdFactor.multiply(products, k * rank * PANEL, thirdAt(), rank * PANEL);
            }
        }
    }

    @Override
    public int weightsPerHead() {
        return valueRank;
    }

    @Override
    public int weights(Kernels kernels, Page page, PageState state) {
        PartialSoftmax span = state.span;
        return valueHeads.in(page).softmaxWeights(
                kernels, state.logits, heads, valueHeads.first(), valueRank, span.max, span.sum, state.weights);
    }

    @Override
    public void values(Kernels kernels, Page page, int count, PageState state) {
        PartialSoftmax span = state.span;
        Page features = valueFeatures.in(page);
        if (!third()) {
            features.addRows(kernels, state.weights, 0, heads, valueRank, count, 0, span.out, 0, span.stride);
            return;
        }
        float[] scratch = state.products;
        page.readColumns(kept.valueThirdAt(), valueRank * form.thirdDim(), scratch, 0);
        for (int h = 0; h < heads; h++) {
            ThirdFactor.expand(
                    state.weights, h * valueRank * PANEL, scratch, expandedAt(), valueRank, form.thirdDim());
            Arrays.fill(scratch, summedAt(), summedAt() + form.thirdDim() * summedStride(), 0f);
            features.addRows(
                    kernels, scratch, expandedAt(), form.thirdDim(), valueRank, count, 0, scratch, summedAt(),
                    summedStride());
            ThirdFactor.add(
                    scratch, summedAt(), summedStride(), form.valueFeatureDim(), span.out, h * span.stride,
                    form.valueDim());
        }
    }

    @Override
    public float valueDivisor() {
        return valueRank;
    }

    @Override
    public void materializeQuery(float[] projections, int at, int head, double[] q) {
        for (int d = 0; d < q.length; d++) {
            double sum = 0;
            for (int r = 0; r < form.queryRank(); r++) {
                int headFactor = head * form.queryRank() + r;
                double a = queryHeads != null
                        ? queryHeads[headFactor]
                        : projections[at + row.queryHeads() + headFactor];
                double c = third() ? projections[at + row.queryThird() + r * form.thirdDim() + d / featureDim] : 1;
                sum += a * c * projections[at + row.query() + r * featureDim + d % featureDim];
            }
            q[d] = wholeQuery() ? projections[at + row.query() + head * q.length + d] : sum / form.queryRank();
        }
    }

    @Override
    public void materializeKey(Page page, int slot, int position, int head, double[] k) {
        float[] b = new float[featureDim];
        Arrays.fill(k, 0);
        for (int r = 0; r < keyRank; r++) {
            keyFeatures.read(page, slot, position, r, b);
            double a = keyHeads.in(page).column(slot, keyHeads.first() + head * keyRank + r);
            add(page, slot, a / keyRank, b, kept.keyThirdAt() + r * form.thirdDim(), k);
        }
    }

    @Override
    public void materializeValue(Page page, int slot, int position, int head, double[] v) {
        float[] b = new float[form.valueFeatureDim()];
        Arrays.fill(v, 0);
        for (int r = 0; r < valueRank; r++) {
            for (int i = 0; i < b.length; i++) {
                b[i] = valueFeatures.in(page).row(slot, r, i);
            }
            double a = valueHeads.in(page).column(slot, valueHeads.first() + head * valueRank + r);
            add(page, slot, a / valueRank, b, kept.valueThirdAt() + r * form.thirdDim(), v);
        }
    }

    /** x += a · vec(b cᵀ), vec stacking columns: numbers j·|b| + i are b_i · c_j; without C, x += a · b. */
    private void add(Page page, int slot, double a, float[] b, int thirdAt, double[] x) {
        for (int j = 0; j < form.pieces(); j++) {
            double c = third() ? page.column(slot, thirdAt + j) : 1;
            for (int i = 0; i < b.length; i++) {
                x[j * b.length + i] += a * c * b[i];
            }
        }
    }
}
