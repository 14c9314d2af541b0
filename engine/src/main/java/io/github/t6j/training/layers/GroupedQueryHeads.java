package io.github.t6j.training.layers;

import io.github.t6j.attention.grouped.GroupedQueryConfig;
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
    private final int keysAt;
    private final int valuesAt;
    private Rows projected = Rows.NONE; // [rows][elements of a row]: kept

    public GroupedQueryHeads(
            Resources resources, GroupedQueryConfig sizes, boolean softmax, LinearLayer projection,
            TrainingNorm queryNorm, TrainingNorm keyNorm, Rotation rotation) {
        this.resources = resources;
        this.sizes = sizes;
        this.projection = projection;
        this.queryNorm = queryNorm;
        this.keyNorm = keyNorm;
        this.rotation = rotation;
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
    public void forward(Rows x, MicroBatch batch, Rows y) {
        heads.prepare(batch);
        projected = projected.atLeast(batch.rows(), projection.outputs());
        projection.forward(x, batch.rows(), projected, false);
        Rows ready = queriesAndKeys(batch);
        heads.forward(
                view(ready), view(ready.after(keysAt)), view(projected.after(valuesAt)), batch.whole(), view(y));
    }

    @Override
    public void backward(Rows x, Rows y, Rows dy, MicroBatch batch, Rows dx) {
        int rows = batch.rows();
        Rows ready = queriesAndKeys(batch);
        Rows gradients = resources.scratch(Buffer.PROJECTED_GRADIENT, rows, projection.outputs());
        Rows keyGradients = gradients.after(keysAt);
        heads.backward(
                view(ready), view(ready.after(keysAt)), view(projected.after(valuesAt)), view(y), view(dy),
                batch.whole(), view(gradients), view(keyGradients), view(gradients.after(valuesAt)));
        if (rotation != null) {
            rotation.backward(gradients, batch, vectors(), sizes.headDim());
        }
        if (queryNorm != null) {
            queryNorm.backward(projected, gradients, rows, sizes.heads(), gradients, false);
            keyNorm.backward(
                    projected.after(keysAt), keyGradients, rows, sizes.keyValueHeads(), keyGradients, false);
        }
        projection.backward(x, gradients, rows, dx);
    }

    /** Returns queries and keys [rows][h + g][d], normed and rotated. */
    private Rows queriesAndKeys(MicroBatch batch) {
        int rows = batch.rows();
        Rows ready = resources.scratch(Buffer.QUERIES, rows, valuesAt);
        if (queryNorm == null) {
            resources.eachRow(rows, (r, worker) -> System.arraycopy(
                    projected.array(), projected.row(r), ready.array(), ready.row(r), valuesAt));
        } else {
            queryNorm.forward(projected, rows, sizes.heads(), ready);
            keyNorm.forward(projected.after(keysAt), rows, sizes.keyValueHeads(), ready.after(keysAt));
        }
        if (rotation != null) {
            rotation.forward(ready, batch, vectors(), sizes.headDim());
        }
        return ready;
    }

    /** Returns the number of queries and keys of a row. */
    private int vectors() {
        return sizes.heads() + sizes.keyValueHeads();
    }

    private View view(Rows rows) {
        return new View(rows, sizes.headDim());
    }
}
