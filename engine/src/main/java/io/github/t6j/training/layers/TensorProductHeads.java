package io.github.t6j.training.layers;

import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.kernels.GradientKernels;
import io.github.t6j.training.layers.HeadAttention.Rows;
import io.github.t6j.training.layers.Heads.View;
import io.github.t6j.training.layers.MicroBatch.Part;
import io.github.t6j.training.layers.Resources.Buffer;
import java.util.List;

/**
 * Tensor product attention (paper, section 3): queries, keys and values are means of outer products of factors. The
 * forward pass keeps the factors; the backward pass rebuilds whole heads for some sequences at a time. With query rank
 * 0 the queries are whole (T6 KV-only).
 *
 * <pre>
 *   a row  B_Q [R_Q][d] or Q [h][d] | B_K [R_K][d] | A_K [h][R_K] | A_V [h][R_V] | B_V [R_V][e] | A_Q [h][R_Q]
 * </pre>
 */
public final class TensorProductHeads implements TrainableAttention {
    private static final List<Buffer> WHOLE = List.of(Buffer.QUERIES, Buffer.KEYS, Buffer.VALUES);
    private static final List<Buffer> WHOLE_GRADIENT =
            List.of(Buffer.QUERIES_GRADIENT, Buffer.KEYS_GRADIENT, Buffer.VALUES_GRADIENT);

    private final Resources resources;
    private final TpaConfig form;
    private final LinearLayer projection; // [elements of a row][width]
    private final Rotation rotation;
    private final Heads heads;
    private final int width;
    private final int row; // elements
    private final FactorProduct query; // null if queries are whole
    private final FactorProduct key;
    private final FactorProduct value;
    private float[] factors = new float[0]; // [rows][row], kept; B_Q or Q and B_K are rotated

    public TensorProductHeads(
            Resources resources, TpaConfig form, boolean softmax, LinearLayer projection, Rotation rotation,
            int width) {
        this.resources = resources;
        this.form = form;
        this.projection = projection;
        this.rotation = rotation;
        this.width = width;
        row = projection.outputs();
        int h = form.heads();
        int d = form.headDim();
        int e = form.valueDim();
        int keyAt = form.queryVectors() * d;
        int keyHeadsAt = keyAt + form.keyRank() * d;
        int valueHeadsAt = keyHeadsAt + h * form.keyRank();
        int valueAt = valueHeadsAt + h * form.valueRank();
        int queryHeadsAt = valueAt + form.valueRank() * e;
        query = form.queryRank() == 0 ? null : new FactorProduct(h, form.queryRank(), d, queryHeadsAt, 0);
        key = new FactorProduct(h, form.keyRank(), d, keyHeadsAt, keyAt);
        value = new FactorProduct(h, form.valueRank(), e, valueHeadsAt, valueAt);
        heads = new Heads(resources, new Heads.Shape(h, h, d, e, softmax));
    }

    @Override
    public int outputs() {
        return form.heads() * form.valueDim();
    }

    @Override
    public void forward(float[] x, MicroBatch batch, float[] y) {
        int rows = batch.rows();
        factors = Resources.atLeast(factors, rows, row);
        projection.forward(new Rows(x, 0, width), rows, new Rows(factors, 0, row), false);
        rotation.forward(new Rows(factors, 0, row), batch, form.queryVectors(), form.headDim());
        rotation.forward(new Rows(factors, key.featuresAt(), row), batch, form.keyRank(), form.headDim());
        heads.prepare(batch);
        for (Part part : batch.parts(heads.sequencesAtOnce())) {
            Whole w = heads(part);
            heads.forward(w.q, w.k, w.v, part, values(y, part));
        }
    }

    @Override
    public void backward(float[] x, float[] y, float[] dy, MicroBatch batch, float[] dx) {
        int rows = batch.rows();
        float[] gradients = resources.scratch(Buffer.PROJECTED_GRADIENT, rows, row);
        for (Part part : batch.parts(heads.sequencesAtOnce())) {
            Whole w = heads(part);
            Whole d = whole(part, WHOLE_GRADIENT, gradients);
            heads.backward(w.q, w.k, w.v, values(y, part), values(dy, part), part, d.q, d.k, d.v);
            factorGradients(part, d, gradients);
        }
        rotation.backward(new Rows(gradients, 0, row), batch, form.queryVectors(), form.headDim());
        rotation.backward(new Rows(gradients, key.featuresAt(), row), batch, form.keyRank(), form.headDim());
        projection.backward(new Rows(x, 0, width), new Rows(gradients, 0, row), rows, new Rows(dx, 0, width));
    }

    /** Computes the derivatives by the factors from those by whole heads. */
    private void factorGradients(Part part, Whole d, float[] gradients) {
        GradientKernels kernels = resources.gradients;
        resources.eachRow(part.rows(), (r, worker) -> {
            int at = (part.row() + r) * row;
            float[] lanes = resources.lanes[worker];
            if (query != null) {
                query.backward(kernels, factors, at, d.q.array(), r * d.q.stride(), gradients, lanes);
            }
            key.backward(kernels, factors, at, d.k.array(), r * d.k.stride(), gradients, lanes);
            value.backward(kernels, factors, at, d.v.array(), r * d.v.stride(), gradients, lanes);
        });
    }

    /** Rebuilds the queries, keys and values of all heads from the kept factors. */
    private Whole heads(Part part) {
        Whole w = whole(part, WHOLE, factors);
        GradientKernels kernels = resources.gradients;
        resources.eachRow(part.rows(), (r, worker) -> {
            int at = (part.row() + r) * row;
            if (query != null) {
                query.forward(kernels, factors, at, w.q.array(), r * w.q.stride());
            }
            key.forward(kernels, factors, at, w.k.array(), r * w.k.stride());
            value.forward(kernels, factors, at, w.v.array(), r * w.v.stride());
        });
        return w;
    }

    /** Views of the queries, keys and values of a part's rows, or of their derivatives. */
    private record Whole(View q, View k, View v) {}

    /**
     * Returns views of three buffers; queries that are not factored are views of the rows of factors.
     *
     * @param buffers of queries, keys and values
     * @param factorRows [rows of the micro-batch][row]
     */
    private Whole whole(Part part, List<Buffer> buffers, float[] factorRows) {
        View q = query == null
                ? new View(factorRows, part.row() * row, row, form.headDim())
                : scratch(buffers.get(0), part, form.headDim());
        return new Whole(
                q, scratch(buffers.get(1), part, form.headDim()), scratch(buffers.get(2), part, form.valueDim()));
    }

    private View scratch(Buffer buffer, Part part, int size) {
        int stride = form.heads() * size;
        return new View(resources.scratch(buffer, part.rows(), stride), 0, stride, size);
    }

    private View values(float[] y, Part part) {
        return new View(y, 0, outputs(), form.valueDim()).from(part.row());
    }
}
