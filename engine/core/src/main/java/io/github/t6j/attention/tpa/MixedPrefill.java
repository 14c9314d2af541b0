package io.github.t6j.attention.tpa;

import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.scalar.ScalarKernels.LOG2_E;

import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.attention.paged.PageProducts;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.attention.paged.PrefillForm;
import io.github.t6j.attention.paged.RowBlock;
import io.github.t6j.attention.tpa.forms.ThirdFactor;
import io.github.t6j.cache.Page;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;

/**
 * Tensor product attention of many rows: values of a page are rebuilt from their factors, one head at a time, for all
 * rows of a block. Summing them takes d multiply-adds per head and pair of query and token, where the factors take
 * R_V·(d + 1). Scores are computed from the factors of queries and keys, R_Q·R_K·d/h + R_K·(R_Q + 1) per head, or from
 * rebuilt keys, d per head, whichever is less; with third order always from rebuilt keys.
 *
 * <pre>
 *   state.query     scaled queries [h][rows][d]; with factored keys B_Q [rows][R_Q][d] | scaled A_Q [rows][h][R_Q]
 *   state.products  with factored keys the products of B_Q and B_K, [R_K][rows][R_Q][64]
 *                   | C of a page, A of a head, and their product
 *   state.offHeap   values of a head in a page [64][valueDim in whole panels] | its rebuilt keys [d][64]
 * </pre>
 */
final class MixedPrefill implements PrefillForm {
    /** Rows from which rebuilding values pays, measured with T6-small at 2048 tokens on one thread. */
    static final int LEAST_ROWS = 32;

    /** Least number of rows per block, if the pass has that many; with fewer, rebuilding costs more than it saves. */
    private static final int LEAST_BLOCK_ROWS = 32;

    /** Most rows per block, so that their sums and products stay in L2. */
    private static final int MOST_BLOCK_ROWS = 64;

    /** Heads scored together, whole tiles of three heads, so that a row's products stay in L1. */
    private static final int GROUP_HEADS = 6;

    private final TpaConfig form;
    private final TensorProductAttention shape;
    private final boolean factoredKeys;
    private final int valueStride;
    private final long keysAt; // offset of keys in state.offHeap

    MixedPrefill(TensorProductAttention shape) {
        this.shape = shape;
        form = shape.form;
        int factored = form.keyRank() * (form.queryRank() * form.headDim() + form.heads() * (form.queryRank() + 1));
        factoredKeys = form.queryRank() > 0 && form.thirdDim() == 0 && factored <= form.heads() * form.headDim();
        valueStride = Kernels.padded(form.valueDim());
        keysAt = (long) PANEL * valueStride * Float.BYTES;
    }

    @Override
    public Sizes sizes() {
        return new Sizes(shape, LEAST_ROWS, Math.min(GROUP_HEADS, form.heads()), 0, false, false);
    }

    @Override
    public int blockRows(int rows, int threads) {
        int blocks = Math.max(Math.min(threads, rows / LEAST_BLOCK_ROWS), Math.ceilDiv(rows, MOST_BLOCK_ROWS));
        return Math.ceilDiv(rows, blocks);
    }

    @Override
    public PageAttention.Scratch scratch(int rows) {
        PageAttention.Scratch one = shape.scratch();
        int queries = rows * (factoredKeys
                ? form.queryRank() * (form.headDim() + form.heads())
                : form.heads() * form.headDim());
        int heads = Math.max(form.keyRank(), form.valueRank()) * (2 * form.thirdDim() + 1) * PANEL;
        int products = Math.max(headsAt(rows) + heads, shape.locations.keyFeatures().scratchFloats());
        long keyBytes = factoredKeys ? 0 : (long) form.headDim() * PANEL * Float.BYTES;
        return new PageAttention.Scratch(queries, products, keysAt + keyBytes, one.layout());
    }

    /** Returns the offset in state.query of A_Q. */
    private int queryHeadsAt(RowBlock b) {
        return b.capacity * form.queryRank() * form.headDim();
    }

    /** Returns the offset in state.products of a head's factors. */
    private int headsAt(int rows) {
        return factoredKeys ? form.keyRank() * rows * form.queryRank() * PANEL : 0;
    }

    private static TensorProductAttention attention(RowBlock b) {
        return (TensorProductAttention) b.pass.attention;
    }

    private int heads(RowBlock b) {
        return b.state.span.lines / b.capacity;
    }

    /** Copies B_Q of all rows, and A_Q times the factor that turns ⟨q, k⟩ into powers of two. */
    @Override
    public void prepareQueries(RowBlock b) {
        if (!factoredKeys) {
            wholeQueries(b);
            return;
        }
        int rank = form.queryRank();
        int features = rank * form.headDim();
        int heads = form.heads() * rank;
        float scale = (float) (LOG2_E / (shape.scoreDivisor() * rank * form.keyRank()));
        for (int row = 0; row < b.rows(); row++) {
            int from = b.pass.at(b.first + row);
            System.arraycopy(
                    b.pass.projections, from + shape.at(Factor.B_Q), b.state.query, row * features, features);
            int to = queryHeadsAt(b) + row * heads;
            for (int i = 0; i < heads; i++) {
                b.state.query[to + i] = b.pass.projections[from + shape.at(Factor.A_Q) + i] * scale;
            }
        }
    }

    private void wholeQueries(RowBlock b) {
        int headDim = form.headDim();
        float scale = (float) (LOG2_E / (shape.scoreDivisor() * form.keyRank()));
        int endHead = Math.min(form.heads(), b.endGroup * GROUP_HEADS);
        for (int h = b.firstGroup * GROUP_HEADS; h < endHead; h++) {
            for (int row = 0; row < b.rows(); row++) {
                int to = (h * b.capacity + row) * headDim;
                shape.query(b.pass.projections, b.pass.at(b.first + row), h, b.state.query, to);
                for (int d = 0; d < headDim; d++) {
                    b.state.query[to + d] *= scale;
                }
            }
        }
    }

    @Override
    public Page prepareKeys(Page page, int index, RowBlock b) {
        PageState state = b.state;
        Page features = attention(b).locations.keyFeatures().columns(page, index, state);
        int vectors = form.queryRank();
        int headDim = form.headDim();
        for (int k = 0; factoredKeys && k < form.keyRank(); k++) {
            PageProducts.multiplyColumns(
                    state.kernels, features, state.query, b.low * vectors * headDim, (b.rows() - b.low) * vectors,
                    headDim, k * headDim, state.products, (k * b.capacity + b.low) * vectors * PANEL);
        }
        return features;
    }

    @Override
    public void scores(Page page, Page keys, int group, RowBlock b) {
        int head = group * GROUP_HEADS;
        if (!factoredKeys) {
            rebuiltScores(page, keys, head, b);
            return;
        }
        PageState state = b.state;
        FactorLocations.Location keyHeads = attention(b).locations.keyHeads();
        Page factors = keyHeads.in(page);
        long column = factors.columnAt(keyHeads.first() + head * form.keyRank());
        int rank = form.queryRank();
        for (int row = b.low; row < b.rows(); row++) {
            state.kernels.tensorScores(
                    state.query, queryHeadsAt(b) + (row * form.heads() + head) * rank, heads(b), rank, state.products,
                    row * rank * PANEL, b.capacity * rank * PANEL, form.keyRank(), factors.data, column,
                    state.scores, row * PANEL, b.capacity * PANEL);
        }
    }

    private void rebuiltScores(Page page, Page features, int head, RowBlock b) {
        PageState state = b.state;
        FactorLocations locations = attention(b).locations;
        int headDim = form.headDim();
        int rank = form.keyRank();
        for (int i = 0; i < heads(b); i++) {
            int at = readHead(
                    locations.keyHeads(), head + i, rank, page, shape.keyThird(), headsAt(b.capacity),
                    state.products);
            for (int piece = 0; piece < form.pieces(); piece++) {
                state.kernels.rebuildColumns(
                        state.products, at + piece * rank * PANEL, rank, features.data, 0, form.featureDim(),
                        state.offHeap, keysAt + (long) piece * form.featureDim() * PANEL * Float.BYTES);
            }
            state.kernels.multiply(
                    state.query, ((head + i) * b.capacity + b.low) * headDim, headDim, b.rows() - b.low, headDim,
                    Format.F32, state.offHeap, keysAt, PANEL, PANEL, state.scores, (i * b.capacity + b.low) * PANEL,
                    0, false);
        }
    }

    /**
     * Writes a head's A of a page, [rank][64], to {@code x}; with a third factor C, A, and their products
     * [d_c][rank][64].
     *
     * @return offset in {@code x} of A, or of the products
     */
    private int readHead(
            FactorLocations.Location heads, int head, int rank, Page page, int thirdAt, int to, float[] x) {
        int third = rank * form.thirdDim() * PANEL;
        int a = to + 2 * third;
        heads.in(page).readColumns(heads.first() + head * rank, rank, x, a);
        if (third == 0) {
            return a;
        }
        page.readColumns(thirdAt, rank * form.thirdDim(), x, to);
        ThirdFactor.expand(x, a, x, to + third, rank, form.thirdDim());
        return to + third;
    }

    @Override
    public void values(Page page, int group, int count, RowBlock b) {
        PageState state = b.state;
        FactorLocations locations = attention(b).locations;
        Page features = locations.valueFeatures().in(page);
        int rank = form.valueRank();
        for (int i = 0; i < heads(b); i++) {
            int at = readHead(
                    locations.valueHeads(), group * GROUP_HEADS + i, rank, page, shape.valueThird(),
                    headsAt(b.capacity), state.products);
            for (int piece = 0; piece < form.pieces(); piece++) {
                state.kernels.rebuildRows(
                        state.products, at + piece * rank * PANEL, rank, features.data, features.rowsAt(0),
                        form.valueFeatureDim(), state.offHeap, (long) piece * form.valueFeatureDim() * Float.BYTES,
                        valueStride);
            }
            int line = (i * b.capacity + b.low) * PANEL;
            state.kernels.multiply(
                    state.probabilities, line, PANEL, b.rows() - b.low, count, Format.F32, state.offHeap, 0,
                    valueStride, form.valueDim(), state.span.out, line, state.span.lines * PANEL, true);
        }
    }
}
