package io.github.t6j.attention.tpa;

import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.scalar.ScalarKernels.LOG2_E;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.DenseHeads;
import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.paged.OnlineSoftmax;
import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.attention.paged.PageProducts;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.attention.paged.PagedAttention;
import io.github.t6j.attention.paged.Prefill;
import io.github.t6j.attention.tpa.forms.ThirdFactor;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;

/**
 * Tensor Product Attention (paper, section 3): Q, K and V of a token are means of outer products of head factors A and
 * feature factors B, and attention is computed from the factors (FlashTPA, Algorithm 2). With query rank 0 the query is
 * whole (T6 KV-only). {@link TpaConfig} describes the forms, {@link FactorRow} the layouts of a row and of a page.
 * Fixed factors are in {@link SharedPages}.
 */
public final class TensorProductAttention extends PageAttention implements DenseHeads {
    final TpaConfig form;
    private final LayerOptions.Layer layer;
    private final int heads;
    private final int featureDim;
    private final int keyRank;
    private final int valueRank;
    private final FactorRow row;
    final FactorLocations locations;

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

    public TensorProductAttention(
            TpaConfig form, Map<Factor, float[]> fixed, SharedPages shared, LayerOptions.Layer layer) {
        FactorRow row = new FactorRow(form);
        super(form.heads(), form.headDim(), form.valueDim(), row.page);
        this.form = form;
        this.layer = layer;
        this.row = row;
        heads = form.heads();
        featureDim = form.featureDim();
        keyRank = form.keyRank();
        valueRank = form.valueRank();
        locations = FactorLocations.of(form, row, fixed, shared);
    }

    /** Returns h: every head has a key and a value of its own. */
    @Override
    public int keyValueHeads() {
        return heads;
    }

    /** Returns the offset of a factor in a row; that of B_Q is the offset of a whole query too. */
    public int at(Factor factor) {
        return row.at(factor);
    }

    /** Returns the first column of C_K in a page. */
    int keyThird() {
        return row.keyThird - row.columns;
    }

    /** Returns the first column of C_V in a page. */
    int valueThird() {
        return row.valueThird - row.columns;
    }

    /** Passes of many rows use {@link MixedPrefill}. */
    @Override
    public PagedAttention newAlgorithm(Kernels kernels, Workers workers, Arena scratch) {
        Prefill prefill = new Prefill(new MixedPrefill(this), kernels, workers, scratch);
        return new PagedAttention(this, kernels, workers, scratch, prefill);
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
        return row.projections;
    }

    @Override
    public int rowFloats() {
        return row.floats;
    }

    @Override
    public int window() {
        return layer.window();
    }

    @Override
    public double scoreDivisor() {
        return layer.scoreDivisor(headDim());
    }

    @Override
    public float scoreCap() {
        return layer.scores().cap();
    }

    @Override
    public void rotateAndActivate(Rope rope, AttentionPass pass, int r) {
        float[] x = pass.projections;
        int at = pass.at(r);
        System.arraycopy(locations.constants(), 0, x, at + row.projections, locations.constants().length);
        if (form.keepsSharedFeatures()) {
            System.arraycopy(x, at + at(Factor.B_V), x, at + at(Factor.B_K), keyRank * featureDim);
        }
        layer.prepare(
                rope, pass, r, at + at(Factor.B_Q), form.queryVectors(), at + at(Factor.B_K), keyRank, featureDim);
        activate(Factor.A_Q, x, at);
        activate(Factor.A_K, x, at);
        activate(Factor.A_V, x, at);
    }

    private void activate(Factor factor, float[] x, int at) {
        if (!form.isFixed(factor)) {
            form.activation().apply(x, at + at(factor), heads, form.columns(factor));
        }
    }

    @Override
    public void append(float[] projections, int at, Page page, int slot) {
        page.write(slot, projections, at + row.columns, projections, at + row.rows);
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
    public void prepareQuery(float[] projections, int at, PageState state) {
        float scale = (float) (LOG2_E / (scoreDivisor() * Math.max(1, form.queryRank()) * keyRank));
        int aHead = wholeQuery() ? form.headDim() : form.queryRank(); // floats
        int from = at + at(wholeQuery() ? Factor.B_Q : Factor.A_Q) + state.firstHead * aHead;
        state.scaleQuery(projections, from, state.span.lines * aHead, scale);
    }

    @Override
    public void scores(Kernels kernels, float[] projections, int at, Page page, int index, PageState state) {
        Page features = locations.keyFeatures().columns(page, index, state);
        float[] query = wholeQuery() ? state.query : projections;
        int from = wholeQuery() ? 0 : at + at(Factor.B_Q);
        int some = state.span.lines;
        int vectors = wholeQuery() ? some * form.pieces() : form.queryVectors();
        for (int k = 0; k < keyRank; k++) {
            PageProducts.multiplyColumns(
                    kernels, features, query, from, vectors, featureDim, k * featureDim, state.products,
                    k * vectors * PANEL);
        }
        if (third()) {
            multiplyThird(kernels, projections, at, page, some, state.products);
        }
        Page factors = locations.keyHeads().in(page);
        int column = locations.keyHeads().first() + state.firstHead * keyRank;
        int products = wholeQuery() ? some : form.queryRank(); // per rank of the key
        PageProducts.scale(
                kernels, factors, column, keyRank, state.products, products * PANEL, products, PANEL);
        if (!wholeQuery() && factors.format == Format.F32) {
            kernels.tensorScores(
                    state.query, 0, some, products, state.products, 0, products * PANEL, keyRank, factors.data,
                    factors.columnAt(column), state.scores, 0, PANEL);
            return;
        }
        if (!wholeQuery()) {
            multiplyHeads(kernels, some, state);
        }
        kernels.factorScores(
                state.products, factoredAt(), some, keyRank, factors.format, factors.data,
                factors.columnAt(column), state.scores);
    }

    /** Multiplies the products of B_Q and B_K, [R_K][R_Q][64], by A_Q: [R_K][some][64] (paper, Algorithm 2). */
    private void multiplyHeads(Kernels kernels, int some, PageState state) {
        int rank = form.queryRank();
        MemorySegment.copy(state.products, 0, state.offHeap, Page.FLOAT, 0, keyRank * rank * PANEL);
        for (int k = 0; k < keyRank; k++) {
            kernels.multiply(
                    state.query, 0, rank, some, rank, Format.F32, state.offHeap, (long) k * rank * PANEL * Float.BYTES,
                    PANEL, PANEL, state.products, factoredAt() + k * some * PANEL, 0, false);
        }
    }

    /** Multiplies ⟨b_q, b_k⟩ by ⟨c_q, c_k⟩; for whole queries, sums the products with b_k weighted with c_k. */
    private void multiplyThird(
            Kernels kernels, float[] projections, int at, Page page, int some, float[] products) {
        int third = form.thirdDim();
        for (int k = 0; k < keyRank; k++) {
            int c = keyThird() + k * third;
            if (wholeQuery()) {
                page.readColumns(c, third, products, thirdAt());
                ThirdFactor.contract(products, k * some * third, thirdAt(), some, third, k * some);
            } else {
                int rank = form.queryRank();
                PageProducts.multiplyColumns(
                        kernels, page, projections, at + row.queryThird, rank, third, c, products, thirdAt());
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
            PageProducts.addRows(
                    kernels, features, state.probabilities, 0, span.lines, valueRank, 0, count, span.out, 0,
                    span.lines * PANEL);
            return;
        }
        float[] scratch = state.products;
        int third = form.thirdDim();
        page.readColumns(valueThird(), valueRank * third, scratch, 0);
        for (int h = 0; h < span.lines; h++) {
            ThirdFactor.expand(state.probabilities, h * valueRank * PANEL, scratch, expandedAt(), valueRank, third);
            Arrays.fill(scratch, summedAt(), summedAt() + summedFloats(), 0f);
            PageProducts.addRows(
                    kernels, features, scratch, expandedAt(), third, valueRank, 0, count, scratch, summedAt(),
                    third * PANEL);
            ThirdFactor.add(scratch, summedAt(), third, form.valueFeatureDim(), span.out, h, span.lines);
        }
    }

    @Override
    public void query(float[] x, int at, int head, float[] q, int qAt) {
        if (wholeQuery()) {
            System.arraycopy(x, at + at(Factor.B_Q) + head * form.headDim(), q, qAt, form.headDim());
        } else {
            mean(x, at, Factor.A_Q, Factor.B_Q, row.queryThird, head, q, qAt);
        }
    }

    @Override
    public void key(float[] x, int at, int head, float[] k) {
        mean(x, at, Factor.A_K, Factor.B_K, row.keyThird, head, k, 0);
    }

    @Override
    public void value(float[] x, int at, int head, float[] v) {
        mean(x, at, Factor.A_V, Factor.B_V, row.valueThird, head, v, 0);
    }

    /** Writes (Σ_r A[head][r] · vec(B[r] C[r]ᵀ)) / R of a completed row to {@code y} from {@code yAt}. */
    private void mean(float[] x, int at, Factor a, Factor b, int third, int head, float[] y, int yAt) {
        int rank = form.columns(a);
        int size = form.columns(b);
        int heads = at + at(a) + head * rank;
        int features = at + at(b);
        for (int d = 0; d < size * form.pieces(); d++) {
            float sum = 0f;
            for (int r = 0; r < rank; r++) {
                float ac = third() ? x[heads + r] * x[at + third + r * form.thirdDim() + d / size] : x[heads + r];
                sum += ac * x[features + r * size + d % size];
            }
            y[yAt + d] = sum / rank;
        }
    }

    @Override
    public void materializeQuery(float[] x, int at, int head, double[] q) {
        int rank = form.queryRank();
        int features = at + at(Factor.B_Q);
        for (int d = 0; d < q.length; d++) {
            double sum = 0;
            for (int r = 0; r < rank; r++) {
                double a = x[at + at(Factor.A_Q) + head * rank + r];
                double c = third() ? x[at + row.queryThird + r * form.thirdDim() + d / featureDim] : 1;
                sum += a * c * x[features + r * featureDim + d % featureDim];
            }
            q[d] = wholeQuery() ? x[features + head * q.length + d] : sum / rank;
        }
    }

    @Override
    public void materializeKey(Page page, int slot, int position, int head, double[] k) {
        float[] b = new float[featureDim];
        Arrays.fill(k, 0);
        for (int r = 0; r < keyRank; r++) {
            locations.keyFeatures().read(page, slot, position, r, b);
            double a = locations.keyHeads().in(page).column(slot, locations.keyHeads().first() + head * keyRank + r);
            add(page, slot, a / keyRank, b, keyThird() + r * form.thirdDim(), k);
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
            add(page, slot, a / valueRank, b, valueThird() + r * form.thirdDim(), v);
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
