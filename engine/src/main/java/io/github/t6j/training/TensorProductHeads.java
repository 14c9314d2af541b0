package io.github.t6j.training;

import io.github.t6j.attention.TensorProduct;
import io.github.t6j.training.HeadAttention.Rows;
import io.github.t6j.training.Heads.View;

/**
 * Tensor product attention (paper, section 3): queries, keys and values are means of outer products of factors, which are
 * kept; whole heads are made again for the way back. With query rank 0 the query is whole, T6 KV-only.
 *
 * <pre>
 *   a row  B_Q [R_Q][d] or Q [h][d] | B_K [R_K][d] | A_K [h][R_K] | A_V [h][R_V] | B_V [R_V][e] | A_Q [h][R_Q]
 * </pre>
 */
final class TensorProductHeads implements TrainableAttention {
    private static final int Q = 0;
    private static final int K = 1;
    private static final int V = 2;
    private static final int QUERY_GRADIENT = 3;
    private static final int KEY_GRADIENT = 4;
    private static final int VALUE_GRADIENT = 5;
    private static final int GRADIENTS = 6;

    private final Resources resources;
    private final TensorProduct form;
    private final LinearLayer projection; // [elements of a row][width]
    private final Rotation rotation;
    private final Heads heads;
    private final int width;
    private final int row; // elements
    private final FactorProduct query; // or null: the query is whole
    private final FactorProduct key;
    private final FactorProduct value;
    private float[] factors = new float[0]; // [rows][row], B_Q or Q and B_K rotated: kept

    TensorProductHeads(
            Resources resources, TensorProduct form, boolean softmax, LinearLayer projection, Rotation rotation,
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
        makeHeads(rows);
        heads.forward(queries(Q, factors, rows), whole(K, rows), whole(V, rows), batch, values(y));
    }

    @Override
    public void backward(float[] x, float[] y, float[] dy, MicroBatch batch, float[] dx) {
        int rows = batch.rows();
        float[] gradients = resources.scratch(GRADIENTS, rows, row);
        View dq = queries(QUERY_GRADIENT, gradients, rows);
        View dk = whole(KEY_GRADIENT, rows);
        View dv = whole(VALUE_GRADIENT, rows);
        makeHeads(rows);
        heads.backward(
                queries(Q, factors, rows), whole(K, rows), whole(V, rows), values(y), values(dy), batch, dq, dk, dv);
        resources.eachRow(rows, (r, worker) -> {
            if (query != null) {
                query.backward(factors, r * row, dq.array(), r * dq.stride(), gradients);
            }
            key.backward(factors, r * row, dk.array(), r * dk.stride(), gradients);
            value.backward(factors, r * row, dv.array(), r * dv.stride(), gradients);
        });
        rotation.backward(new Rows(gradients, 0, row), batch, form.queryVectors(), form.headDim());
        rotation.backward(new Rows(gradients, key.featuresAt(), row), batch, form.keyRank(), form.headDim());
        projection.backward(new Rows(x, 0, width), new Rows(gradients, 0, row), rows, new Rows(dx, 0, width));
    }

    /** Queries, keys and values of all heads, of the kept factors. */
    private void makeHeads(int rows) {
        View q = queries(Q, factors, rows);
        View k = whole(K, rows);
        View v = whole(V, rows);
        resources.eachRow(rows, (r, worker) -> {
            if (query != null) {
                query.forward(factors, r * row, q.array(), r * q.stride());
            }
            key.forward(factors, r * row, k.array(), r * k.stride());
            value.forward(factors, r * row, v.array(), r * v.stride());
        });
    }

    /** Queries, or their gradients, in scratch; whole ones are in the rows of factors themselves. */
    private View queries(int which, float[] factorRows, int rows) {
        return query == null ? new View(factorRows, 0, row, form.headDim()) : whole(which, rows);
    }

    private View whole(int which, int rows) {
        int size = which == V || which == VALUE_GRADIENT ? form.valueDim() : form.headDim();
        int stride = form.heads() * size;
        return new View(resources.scratch(which, rows, stride), 0, stride, size);
    }

    private View values(float[] y) {
        return new View(y, 0, outputs(), form.valueDim());
    }
}
