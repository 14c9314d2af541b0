package io.github.t6j.training.layers;

import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.training.layers.HeadAttention.Rows;
import io.github.t6j.training.layers.Heads.View;
import io.github.t6j.training.layers.Resources.Buffer;

/**
 * MHA, GQA and MQA: g heads of keys and values, each shared by h/g query heads. The forward pass keeps the projected
 * rows; the backward pass norms queries and keys again (in models with such norms) and rotates them again.
 *
 * <pre>
 *   a row  Q [h][d] | K [g][d] | V [g][d]
 * </pre>
 */
public final class GroupedQueryHeads implements TrainableAttention {
    private final Resources resources;
    private final GroupedQueryConfig sizes;
    private final LinearLayer projection; // [elements of a row][width]
    private final TrainingNorm queryNorm; // or null
    private final TrainingNorm keyNorm; // or null
    private final Rotation rotation; // or null: the layer does not rotate
    private final Heads heads;
    private final int width;
    private final int row; // elements
    private final int keysAt;
    private final int valuesAt;
    private float[] projected = new float[0]; // [rows][row]: kept

    public GroupedQueryHeads(
            Resources resources, GroupedQueryConfig sizes, boolean softmax, LinearLayer projection,
            TrainingNorm queryNorm,
            TrainingNorm keyNorm, Rotation rotation, int width) {
        this.resources = resources;
        this.sizes = sizes;
        this.projection = projection;
        this.queryNorm = queryNorm;
        this.keyNorm = keyNorm;
        this.rotation = rotation;
        this.width = width;
        row = projection.outputs();
        keysAt = sizes.heads() * sizes.headDim();
        valuesAt = keysAt + sizes.keyValueHeads() * sizes.headDim();
        heads = new Heads(resources, new Heads.Shape(
                sizes.heads(), sizes.keyValueHeads(), sizes.headDim(), sizes.headDim(), softmax));
    }

    @Override
    public int outputs() {
        return keysAt;
    }

    @Override
    public void forward(float[] x, MicroBatch batch, float[] y) {
        heads.prepare(batch);
        projected = Resources.atLeast(projected, batch.rows(), row);
        projection.forward(new Rows(x, 0, width), batch.rows(), new Rows(projected, 0, row), false);
        float[] ready = queriesAndKeys(batch);
        heads.forward(view(ready, 0, valuesAt), view(ready, keysAt, valuesAt), view(projected, valuesAt, row),
                batch.whole(),
                view(y, 0, keysAt));
    }

    @Override
    public void backward(float[] x, float[] y, float[] dy, MicroBatch batch, float[] dx) {
        int rows = batch.rows();
        float[] ready = queriesAndKeys(batch);
        float[] gradients = resources.scratch(Buffer.PROJECTED_GRADIENT, rows, row);
        heads.backward(
                view(ready, 0, valuesAt), view(ready, keysAt, valuesAt), view(projected, valuesAt, row),
                view(y, 0, keysAt), view(dy, 0, keysAt), batch.whole(),
                view(gradients, 0, row), view(gradients, keysAt, row), view(gradients, valuesAt, row));
        if (rotation != null) {
            rotation.backward(new Rows(gradients, 0, row), batch, vectors(), sizes.headDim());
        }
        if (queryNorm != null) {
            Rows queries = new Rows(gradients, 0, row);
            Rows keys = new Rows(gradients, keysAt, row);
            queryNorm.backward(new Rows(projected, 0, row), queries, rows, sizes.heads(), queries, false);
            keyNorm.backward(new Rows(projected, keysAt, row), keys, rows, sizes.keyValueHeads(), keys, false);
        }
        projection.backward(new Rows(x, 0, width), new Rows(gradients, 0, row), rows, new Rows(dx, 0, width));
    }

    /** Returns queries and keys [rows][h + g][d], normed and rotated. */
    private float[] queriesAndKeys(MicroBatch batch) {
        int rows = batch.rows();
        float[] ready = resources.scratch(Buffer.QUERIES, rows, valuesAt);
        if (queryNorm == null) {
            resources.eachRow(rows, (r, worker) -> System.arraycopy(
                    projected, r * row, ready, r * valuesAt, valuesAt));
        } else {
            queryNorm.forward(new Rows(projected, 0, row), rows, sizes.heads(), new Rows(ready, 0, valuesAt));
            keyNorm.forward(
                    new Rows(projected, keysAt, row), rows, sizes.keyValueHeads(), new Rows(ready, keysAt, valuesAt));
        }
        if (rotation != null) {
            rotation.forward(new Rows(ready, 0, valuesAt), batch, vectors(), sizes.headDim());
        }
        return ready;
    }

    /** Returns the number of queries and keys of a row. */
    private int vectors() {
        return sizes.heads() + sizes.keyValueHeads();
    }

    private View view(float[] array, int at, int stride) {
        return new View(array, at, stride, sizes.headDim());
    }
}
