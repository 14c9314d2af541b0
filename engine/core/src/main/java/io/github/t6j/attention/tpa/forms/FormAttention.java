package io.github.t6j.attention.tpa.forms;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.paged.PageProducts;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.attention.tpa.FactoredAttention;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.kernels.Format;
import java.util.Arrays;
import java.util.Map;

/**
 * Tensor product attention with fixed or shared factors, activations of head factors, and {@link LayerOptions}. The
 * official attention combines products of features with head factors; this class finds the page of each factor.
 */
class FormAttention extends FactoredAttention {
    final TpaForm form;
    final FormRow formRow;
    final FactorLocations locations;
    final FactoredAttention official;
    private final LayerOptions.Layer layer;

    FormAttention(TpaForm form, Map<Factor, float[]> fixed, SharedPages shared, LayerOptions.Layer layer) {
        FormRow placed = new FormRow(form);
        super(form.config(), placed.offsets(), placed.page);
        this.form = form;
        formRow = placed;
        this.layer = layer;
        official = form.config().newAttention();
        locations = FactorLocations.of(form, formRow, fixed, shared);
    }

    @Override
    public final int rowFloats() {
        return formRow.floats;
    }

    @Override
    public final int window() {
        return layer.window();
    }

    @Override
    public final double scoreDivisor() {
        return layer.scoreDivisor(headDim());
    }

    @Override
    public final float scoreCap() {
        return layer.scores().cap();
    }

    /** Appends fixed factors to the row, and a copy of shared features to be rotated as B_K. */
    @Override
    public final void rotateAndActivate(Rope rope, AttentionPass pass, int row) {
        float[] x = pass.projections;
        int at = pass.at(row);
        float[] constants = locations.constants();
        System.arraycopy(constants, 0, x, at + formRow.projections, constants.length);
        if (form.cachesSharedFeatures()) {
            System.arraycopy(x, at + offsets.bV(), x, at + offsets.bK(), keyRank * form.featureDim());
        }
        layer.prepare(
                rope, pass, row, at + offsets.bQ(), form.queryVectors(), at + offsets.bK(), keyRank, form.featureDim());
        activate(Factor.A_Q, x, at + offsets.aQ());
        activate(Factor.A_K, x, at + offsets.aK());
        activate(Factor.A_V, x, at + offsets.aV());
    }

    private void activate(Factor factor, float[] x, int at) {
        if (!form.isFixed(factor)) {
            form.activation().apply(x, at, heads(), form.columns(factor));
        }
    }

    @Override
    public final void append(float[] projections, int at, Page page, int slot) {
        page.write(slot, projections, at + formRow.columns, projections, at + formRow.rows);
    }

    @Override
    protected final Page keyFeatures(Page page, PageState state) {
        return locations.keyFeatures().columns(page, state);
    }

    @Override
    protected final Page keyHeads(Page page) {
        return locations.keyHeads().in(page);
    }

    @Override
    protected final int keyHeadColumn() {
        return locations.keyHeads().first();
    }

    @Override
    public final Page valueHeads(Page page) {
        return locations.valueHeads().in(page);
    }

    @Override
    public final int valueHeadColumn() {
        return locations.valueHeads().first();
    }

    @Override
    protected final Page valueFeatures(Page page) {
        return locations.valueFeatures().in(page);
    }

    @Override
    public Scratch scratch() {
        Scratch plain = official.scratch();
        PageLayout rotated = form.cachesSharedFeatures() ? new PageLayout(keyRank * form.featureDim(), 0, 0) : null;
        return new Scratch(
                plain.queryFloats(), Math.max(locations.keyFeatures().scratchFloats(), plain.productFloats()),
                plain.bytes(), rotated);
    }

    @Override
    public boolean needsF32(Format format) {
        return form.cachesSharedFeatures();
    }

    @Override
    public void scores(float[] projections, int at, Page page, PageState state) {
        multiplyFeatures(projections, at, keyFeatures(page, state), state);
        headScores(keyHeads(page), keyHeadColumn() + state.firstHead * keyRank, state);
    }

    /** Writes the products of B_K and B_Q, or of B_K and the vectors of whole queries, to state.products. */
    final void multiplyFeatures(float[] projections, int at, Page features, PageState state) {
        float[] query = wholeQuery() ? state.query : projections;
        int from = wholeQuery() ? 0 : at + offsets.bQ();
        int vectors = wholeQuery() ? state.softmaxes.lines * form.headVectors() : queryRank;
        int size = form.featureDim();
        for (int s = 0; s < keyRank; s++) {
            PageProducts.multiplyColumns(
                    state.kernels, features, query, from, vectors, size, s * size, state.products, s * vectors * PANEL);
        }
    }

    @Override
    public final void headScores(Page page, int column, PageState state) {
        official.headScores(page, column, state);
    }

    @Override
    public void values(Page page, int count, PageState state) {
        super.values(valueFeatures(page), count, state);
    }

    @Override
    public final void materializeKey(Page page, int slot, int position, int head, double[] k) {
        float[] b = new float[form.featureDim()];
        Arrays.fill(k, 0);
        for (int s = 0; s < keyRank; s++) {
            locations.keyFeatures().read(page, slot, position, s, b);
            double a = keyHeads(page).column(slot, keyHeadColumn() + head * keyRank + s);
            add(page, slot, a / keyRank, b, formRow.keyThird + s * form.thirdDim(), k);
        }
    }

    @Override
    public final void materializeValue(Page page, int slot, int position, int head, double[] v) {
        float[] b = new float[form.valueFeatureDim()];
        Arrays.fill(v, 0);
        for (int u = 0; u < valueRank; u++) {
            for (int i = 0; i < b.length; i++) {
                b[i] = valueFeatures(page).row(slot, u, i);
            }
            double a = valueHeads(page).column(slot, valueHeadColumn() + head * valueRank + u);
            add(page, slot, a / valueRank, b, formRow.valueThird + u * form.thirdDim(), v);
        }
    }

    /**
     * Adds a · b to {@code x}.
     *
     * @param thirdAt offset in a row of the third factor, if there is one
     */
    void add(Page page, int slot, double a, float[] b, int thirdAt, double[] x) {
        for (int i = 0; i < b.length; i++) {
            x[i] += a * b[i];
        }
    }
}
