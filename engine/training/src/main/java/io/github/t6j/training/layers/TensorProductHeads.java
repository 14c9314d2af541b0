package io.github.t6j.training.layers;

import io.github.t6j.attention.tpa.FactorRow;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.training.kernels.GradientKernels;
import io.github.t6j.training.layers.Heads.View;
import io.github.t6j.training.layers.MicroBatch.Part;
import io.github.t6j.training.layers.Resources.Buffer;
import io.github.t6j.training.products.Rows;
import java.util.List;

/**
 * Tensor product attention (paper, section 3): queries, keys and values are means of outer products of factors. The
 * projected rows are the factors; the backward pass rebuilds whole heads for a few sequences at a time. With query rank
 * 0 the queries are whole (T6 KV-only). {@link FactorRow} is the layout of a projected row.
 */
public final class TensorProductHeads extends TrainableAttention {
    private static final List<Buffer> WHOLE = List.of(Buffer.QUERIES, Buffer.KEYS, Buffer.VALUES);
    private static final List<Buffer> WHOLE_GRADIENT =
            List.of(Buffer.QUERIES_GRADIENT, Buffer.KEYS_GRADIENT, Buffer.VALUES_GRADIENT);

    private final TpaConfig form;
    private final FactorProduct query; // null if queries are whole
    private final FactorProduct key;
    private final FactorProduct value;

    public TensorProductHeads(Resources resources, TpaConfig form, LinearLayer projection, Rotation rotation) {
        super(resources, projection, rotation, new Heads(resources, new Heads.Shape(
                form.heads(), form.heads(), form.headDim(), form.valueDim())));
        this.form = form;
        int h = form.heads();
        int d = form.headDim();
        int e = form.valueDim();
        FactorRow at = FactorRow.of(form);
        query = form.queryRank() == 0 ? null : new FactorProduct(h, form.queryRank(), d, at.aQ(), at.bQ());
        key = new FactorProduct(h, form.keyRank(), d, at.aK(), at.bK());
        value = new FactorProduct(h, form.valueRank(), e, at.aV(), at.bV());
    }

    @Override
    void attend(MicroBatch batch, Rows y) {
        rotation.forward(projected, batch, form.queryVectors(), form.headDim());
        rotation.forward(projected.after(key.featuresAt()), batch, form.keyRank(), form.headDim());
        for (Part part : batch.parts(heads.sequencesAtOnce())) {
            Whole w = heads(part);
            heads.forward(w.q, w.k, w.v, part, y);
        }
    }

    @Override
    void differentiate(Rows y, Rows dy, MicroBatch batch, Rows dprojected) {
        for (Part part : batch.parts(heads.sequencesAtOnce())) {
            Whole w = heads(part);
            Whole d = whole(part, WHOLE_GRADIENT, dprojected);
            heads.backward(w.q, w.k, w.v, y, dy, part, d.q, d.k, d.v);
            factorGradients(part, d, dprojected);
        }
        rotation.backward(dprojected, batch, form.queryVectors(), form.headDim());
        rotation.backward(dprojected.after(key.featuresAt()), batch, form.keyRank(), form.headDim());
    }

    /** Computes the derivatives by the factors from the derivatives by whole heads. */
    private void factorGradients(Part part, Whole d, Rows gradients) {
        resources.eachRow(part.rows(), (r, worker) -> {
            int row = part.row() + r;
            float[] lanes = resources.lanes[worker];
            if (query != null) {
                query.backward(resources.gradients, projected, row, d.q.rows(), r, gradients, lanes);
            }
            key.backward(resources.gradients, projected, row, d.k.rows(), r, gradients, lanes);
            value.backward(resources.gradients, projected, row, d.v.rows(), r, gradients, lanes);
        });
    }

    /** Rebuilds the queries, keys and values of all heads from the kept factors. */
    private Whole heads(Part part) {
        Whole w = whole(part, WHOLE, projected);
        resources.eachRow(part.rows(), (r, worker) -> {
            int row = part.row() + r;
            if (query != null) {
                query.forward(resources.gradients, projected, row, w.q.rows(), r);
            }
            key.forward(resources.gradients, projected, row, w.k.rows(), r);
            value.forward(resources.gradients, projected, row, w.v.rows(), r);
        });
        return w;
    }

    /**
     * The tensor product of TPA (paper, section 3.1): x[h] = (1/R) Σ_r a[h][r] · b[r], for queries, keys and values
     * alike.
     *
     * <pre>
     *   da[h][r] = (1/R) dx[h] · b[r]     db[r] = (1/R) Σ_h a[h][r] · dx[h]
     * </pre>
     *
     * @param heads h
     * @param rank R
     * @param size elements of x[h] and b[r]
     * @param headsAt offset of a [h][R] in a row of factors
     * @param featuresAt offset of b [R][size] in a row of factors
     */
    record FactorProduct(int heads, int rank, int size, int headsAt, int featuresAt) {
        /** Writes x [h][size], row {@code xRow} of x, the product of the factors in a row of {@code factors}. */
        void forward(GradientKernels kernels, Rows factors, int row, Rows x, int xRow) {
            int at = factors.row(row);
            kernels.factorMeans(
                    factors.array(), at + headsAt, at + featuresAt, heads, rank, size, x.array(), x.row(xRow));
        }

        /** Writes da and db of dx into {@code gradients}, whose rows have the layout of {@code factors}. */
        void backward(
                GradientKernels kernels, Rows factors, int row, Rows dx, int dxRow, Rows gradients, float[] lanes) {
            int at = factors.row(row);
            kernels.factorGradients(
                    factors.array(), at + headsAt, at + featuresAt, heads, rank, size, dx.array(), dx.row(dxRow),
                    gradients.array(), lanes);
        }
    }

    /** Views of the queries, keys and values of a part's rows, or of their derivatives. */
    private record Whole(View q, View k, View v) {}

    /**
     * Returns views of three buffers; queries that are not factored are views of the rows of factors.
     *
     * @param buffers of queries, keys and values
     * @param factorRows [rows of the micro-batch][elements of a row]
     */
    private Whole whole(Part part, List<Buffer> buffers, Rows factorRows) {
        View q = query == null
                ? new View(factorRows.from(part.row()), form.headDim())
                : scratch(buffers.get(0), part, form.headDim());
        return new Whole(
                q, scratch(buffers.get(1), part, form.headDim()), scratch(buffers.get(2), part, form.valueDim()));
    }

    private View scratch(Buffer buffer, Part part, int size) {
        return new View(resources.scratch(buffer, part.rows(), form.heads() * size), size);
    }
}
