package io.github.t6j.attention.tpa;

import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.scalar.ScalarKernels.LOG2_E;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.DenseHeads;
import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.MaterializedHeads;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.paged.OnlineSoftmax;
import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.attention.paged.PagedAttention;
import io.github.t6j.attention.paged.Prefill;
import io.github.t6j.attention.tpa.forms.ThirdFactor;
import io.github.t6j.cache.FactorCache;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.util.Arrays;
import java.util.Map;

/**
 * Tensor Product Attention (paper, section 3): Q, K and V of a token are means of outer products of head factors A and
 * feature factors B, and attention is computed from the factors (FlashTPA, Algorithm 2). With query rank 0 the query is
 * whole (T6 KV-only). {@link TpaConfig} describes the forms, {@link FactorRow} the layout of a row and
 * {@link FactorCache} that of the cache. Fixed factors are in {@link SharedPages}.
 */
public final class TensorProductAttention implements PageAttention, MaterializedHeads, DenseHeads {
    private final TpaConfig form;
    private final LayerOptions.Layer layer;
    private final int heads;
    private final int featureDim;
    private final int keyRank;
    private final int valueRank;
    private final FactorRow row;
    private final FactorHeads whole;
    private final FactorCache kept;
    private final PageLayout layout;
    private final FactorLocations locations;
    private final Page.KeyFactors keyFactors;

    /** Creates attention of the official form with keys and values of one size. */
    public TensorProductAttention(int heads, int headDim, int queryRank, int keyRank, int valueRank) {
        this(heads, headDim, headDim, queryRank, keyRank, valueRank);
    }

    /** Creates attention of the official form. */
    public TensorProductAttention(
            int heads, int headDim, int valueDim, int queryRank, int keyRank, int valueRank) {
        this(TpaConfig.official(heads, headDim, valueDim, queryRank, keyRank, valueRank), Map.of(), null);
    }

    /**
     * Creates attention of any form.
     *
     * @param fixed elements of the form's fixed factors, before activation and rotation, without B_V if B is shared
     * @param shared pages for the fixed factors; may be null for a form without fixed factors and shared B
     */
    public TensorProductAttention(TpaConfig form, Map<Factor, float[]> fixed, SharedPages shared) {
        this(form, fixed, shared, LayerOptions.Layer.PLAIN);
    }

    /** Creates the attention of a layer. */
    public TensorProductAttention(
            TpaConfig form, Map<Factor, float[]> fixed, SharedPages shared, LayerOptions.Layer layer) {
        this.form = form;
        this.layer = layer;
        heads = form.heads();
        featureDim = form.featureDim();
        keyRank = form.keyRank();
        valueRank = form.valueRank();
        row = FactorRow.of(form);
        kept = form.kept();
        layout = kept.layout();
        whole = new FactorHeads(form, row);
        locations = FactorLocations.of(form, kept, fixed, shared);
        keyFactors = new Page.KeyFactors(form.queryRank(), keyRank, locations.keyHeads().first());
    }

    @Override
    public int heads() {
        return heads;
    }

    @Override
    public int headDim() {
        return form.headDim();
    }

    @Override
    public int valueDim() {
        return form.valueDim();
    }

    /** Returns h: every head has a key and a value of its own. */
    @Override
    public int keyValueHeads() {
        return heads;
    }

    /** Returns the form. */
    TpaConfig form() {
        return form;
    }

    /** Returns the layout of the factors in a row. */
    FactorRow row() {
        return row;
    }

    /** Returns the locations of the factors of a page's tokens. */
    FactorLocations locations() {
        return locations;
    }

    /** Returns A_K as the kernel of scores reads it. */
    Page.KeyFactors keyFactors() {
        return keyFactors;
    }

    /** Returns the layout of a token's factors in a page. */
    public FactorCache factors() {
        return kept;
    }

    /** Returns the offset in a row of the elements cached in columns, which are in the order of {@link #factors()}. */
    public int columnsAt() {
        return row.columns();
    }

    /** Returns the offset in a row of the elements cached in rows. */
    public int rowsAt() {
        return row.rows();
    }

    /** Returns the offset of A_Q in a row. */
    public int queryHeadFactorsAt() {
        return row.query().heads();
    }

    /** Passes of many rows use {@link MixedPrefill}. */
    @Override
    public AttentionAlgorithm newAlgorithm(SequenceCache cache, Kernels kernels, Workers workers) {
        Prefill prefill = new Prefill(new MixedPrefill(this), kernels, workers);
        return new PagedAttention(this, (PagedCache) cache, kernels, workers, prefill);
    }

    /** Returns true, since {@link MixedPrefill} attends passes of many rows. */
    @Override
    public boolean rowsChooseForm() {
        return true;
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
    public int window() {
        return layer.window();
    }

    @Override
    public PageLayout layout() {
        return layout;
    }

    @Override
    public void rotateAndActivate(Rope rope, AttentionPass pass, int r) {
        float[] x = pass.projections;
        int at = pass.at(r);
        System.arraycopy(locations.constants(), 0, x, at + row.projections(), locations.constants().length);
        if (form.keepsSharedFeatures()) {
            System.arraycopy(x, at + row.value().features(), x, at + row.key().features(), keyRank * featureDim);
        }
        layer.prepare(
                rope, pass, r, at + row.query().features(), form.queryVectors(), at + row.key().features(), keyRank,
                featureDim);
        activate(Factor.A_Q, x, at + row.query().heads());
        activate(Factor.A_K, x, at + row.key().heads());
        activate(Factor.A_V, x, at + row.value().heads());
    }

    private void activate(Factor factor, float[] x, int at) {
        if (!form.isFixed(factor)) {
            form.activation().apply(x, at, heads, form.columns(factor));
        }
    }

    @Override
    public void append(float[] projections, int at, Page page, int slot) {
        page.write(slot, projections, at + row.columns(), projections, at + row.rows());
    }

    @Override
    public Scratch scratch() {
        int scores = wholeQuery() ? thirdAt() + form.thirdDim() * PANEL : factoredAt() + keyRank * heads * PANEL;
        int values = summedAt() + summedFloats();
        PageLayout rotated = form.keepsSharedFeatures() ? new PageLayout(keyRank * featureDim, 0, 0) : null;
        return new Scratch(
                queryFloats(), Math.max(locations.keyFeatures().scratchFloats(), Math.max(scores, values)),
                (long) keyRank * form.queryRank() * PANEL * Float.BYTES, rotated);
    }

    private int queryFloats() {
        return heads * (wholeQuery() ? form.headDim() : form.queryRank());
    }

    /** Returns the offset in state.products of C_K, or of the products of C_Q and C_K. */
    private int thirdAt() {
        return keyRank * form.queryVectors() * PANEL;
    }

    /** Returns the offset in state.products of the products of A_Q with those of B_Q and B_K. */
    private int factoredAt() {
        return wholeQuery() ? 0 : thirdAt() + (third() ? form.queryRank() * PANEL : 0);
    }

    /** Returns the offset in state.products of a head's probabilities times C_V; C_V stands before them. */
    private int expandedAt() {
        return valueRank * form.thirdDim() * PANEL;
    }

    /**
     * Returns the offset in state.products of a head's sums of values over a page, [panels of e_b][elements of C][64].
     */
    private int summedAt() {
        return 2 * expandedAt();
    }

    private int summedFloats() {
        return form.thirdDim() * Kernels.padded(form.valueFeatureDim());
    }

    @Override
    public boolean needsF32(Format format) {
        return third() || form.keepsSharedFeatures();
    }

    @Override
    public MaterializedHeads materialized() {
        return this;
    }

    @Override
    public void prepareQuery(float[] projections, int at, PageState state) {
        float scale = (float) (LOG2_E / (Math.sqrt(form.headDim()) * Math.max(1, form.queryRank()) * keyRank));
        int aHead = wholeQuery() ? form.headDim() : form.queryRank(); // floats
        int from = at + (wholeQuery() ? row.query().features() : row.query().heads()) + state.firstHead * aHead;
        int count = state.span.lines * aHead;
        for (int i = 0; i < count; i++) {
            state.query[i] = projections[from + i] * scale;
        }
    }

    @Override
    public void scores(Kernels kernels, float[] projections, int at, Page page, int index, PageState state) {
        Page features = locations.keyFeatures().columns(page, index, state);
        float[] query = wholeQuery() ? state.query : projections;
        int from = wholeQuery() ? 0 : at + row.query().features();
        int some = state.span.lines;
        int vectors = wholeQuery() ? some * form.pieces() : form.queryVectors();
        for (int k = 0; k < keyRank; k++) {
            features.multiplyColumns(
                    kernels, query, from, vectors, featureDim, k * featureDim, state.products, k * vectors * PANEL);
        }
        if (third()) {
            multiplyThird(kernels, projections, at, page, some, state.products);
        }
        Page factors = locations.keyHeads().in(page);
        if (wholeQuery()) {
            int column = locations.keyHeads().first() + state.firstHead * keyRank;
            factors.factorScores(kernels, state.products, some, keyRank, column, state.scores);
        } else {
            factors.tensorScores(
                    kernels, keyFactors, state.firstHead, some, state.query, state.products, state.offHeap,
                    factoredAt(), state.scores);
        }
    }

    /** Multiplies ⟨b_q, b_k⟩ by ⟨c_q, c_k⟩; for whole queries, sums the products with b_k weighted with c_k. */
    private void multiplyThird(
            Kernels kernels, float[] projections, int at, Page page, int some, float[] products) {
        int third = form.thirdDim();
        for (int k = 0; k < keyRank; k++) {
            int c = kept.keyThirdAt() + k * third;
            if (wholeQuery()) {
                page.readColumns(c, third, products, thirdAt());
                ThirdFactor.contract(products, k * some * third, thirdAt(), some, third, k * some);
            } else {
                int rank = form.queryRank();
                page.multiplyColumns(
                        kernels, projections, at + row.query().third(), rank, third, c, products, thirdAt());
                ThirdFactor.multiply(products, k * rank * PANEL, thirdAt(), rank * PANEL);
            }
        }
    }

    @Override
    public int valueRank() {
        return valueRank;
    }

    @Override
    public Page valueHeads(Page page) {
        return locations.valueHeads().in(page);
    }

    @Override
    public int valueHeadColumn() {
        return locations.valueHeads().first();
    }

    @Override
    public void values(Kernels kernels, Page page, int count, PageState state) {
        OnlineSoftmax span = state.span;
        Page features = locations.valueFeatures().in(page);
        if (!third()) {
            Page.Sums sums = state.sums.of(span.lines, valueRank, 0, span.lines * PANEL);
            features.addRows(kernels, sums, state.probabilities, 0, count, span.out, 0);
            return;
        }
        float[] scratch = state.products;
        Page.Sums pieces = state.sums.of(form.thirdDim(), valueRank, 0, form.thirdDim() * PANEL);
        page.readColumns(kept.valueThirdAt(), valueRank * form.thirdDim(), scratch, 0);
        for (int h = 0; h < span.lines; h++) {
            ThirdFactor.expand(
                    state.probabilities, h * valueRank * PANEL, scratch, expandedAt(), valueRank, form.thirdDim());
            Arrays.fill(scratch, summedAt(), summedAt() + summedFloats(), 0f);
            features.addRows(kernels, pieces, scratch, expandedAt(), count, scratch, summedAt());
            ThirdFactor.add(
                    scratch, summedAt(), form.thirdDim(), form.valueFeatureDim(), span.out, h, span.lines);
        }
    }

    @Override
    public void query(float[] projections, int at, int head, float[] q, int qAt) {
        whole.query(projections, at, head, q, qAt);
    }

    @Override
    public void key(float[] projections, int at, int head, float[] k) {
        whole.key(projections, at, head, k);
    }

    @Override
    public void value(float[] projections, int at, int head, float[] v) {
        whole.value(projections, at, head, v);
    }

    @Override
    public void materializeQuery(float[] projections, int at, int head, double[] q) {
        whole.query(projections, at, head, q);
    }

    @Override
    public void materializeKey(Page page, int slot, int position, int head, double[] k) {
        float[] b = new float[featureDim];
        Arrays.fill(k, 0);
        for (int r = 0; r < keyRank; r++) {
            locations.keyFeatures().read(page, slot, position, r, b);
            double a = locations.keyHeads().in(page).column(slot, locations.keyHeads().first() + head * keyRank + r);
            add(page, slot, a / keyRank, b, kept.keyThirdAt() + r * form.thirdDim(), k);
        }
    }

    @Override
    public void materializeValue(Page page, int slot, int position, int head, double[] v) {
        float[] b = new float[form.valueFeatureDim()];
        Arrays.fill(v, 0);
        for (int r = 0; r < valueRank; r++) {
            for (int i = 0; i < b.length; i++) {
                b[i] = locations.valueFeatures().in(page).row(slot, r, i);
            }
            double a =
                    locations.valueHeads().in(page).column(slot, locations.valueHeads().first() + head * valueRank + r);
            add(page, slot, a / valueRank, b, kept.valueThirdAt() + r * form.thirdDim(), v);
        }
    }

    /** x += a · vec(b cᵀ), where vec stacks columns: element j·|b| + i is b_i · c_j; without C, x += a · b. */
    private void add(Page page, int slot, double a, float[] b, int thirdAt, double[] x) {
        for (int j = 0; j < form.pieces(); j++) {
            double c = third() ? page.column(slot, thirdAt + j) : 1;
            for (int i = 0; i < b.length; i++) {
                x[j * b.length + i] += a * c * b[i];
            }
        }
    }
}
