package io.github.t6j.training.layers;

import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.training.heads.CausalAttention;
import io.github.t6j.training.layers.Heads.View;
import io.github.t6j.training.layers.Resources.Buffer;
import io.github.t6j.training.products.Rows;

/**
 * MHA, GQA and MQA: g heads of keys and values, each shared by h/g query heads. The forward pass keeps the projected
 * rows; the backward pass norms queries and keys again (in models with such norms) and rotates them again.
 *
 * <pre>
 *   a row  Q [h][d] | K [g][d] | V [g][d]
 * </pre>
 */
public final class GroupedQueryHeads extends TrainableAttention {
    private final GroupedQueryConfig sizes;
    private final TrainingNorm queryNorm; // or null
    private final TrainingNorm keyNorm; // or null
    private final int keysAt;
    private final int valuesAt;

    public GroupedQueryHeads(
            Resources resources, GroupedQueryConfig sizes, int layer, LinearLayer projection, TrainingNorm queryNorm,
            TrainingNorm keyNorm, Rotation rotation) {
        super(resources, projection, rotation, new Heads(resources, new Heads.Shape(
                sizes.heads(), sizes.keyValueHeads(), sizes.headDim(), sizes.headDim(),
                sizes.options().windowed().contains(layer) ? sizes.options().window() : CausalAttention.NO_WINDOW)));
        this.sizes = sizes;
        this.queryNorm = queryNorm;
        this.keyNorm = keyNorm;
        keysAt = sizes.heads() * sizes.headDim();
        valuesAt = keysAt + sizes.keyValueHeads() * sizes.headDim();
    }

    @Override
    void attend(MicroBatch batch, Rows y) {
        Rows ready = queriesAndKeys(batch);
        heads.forward(view(ready), view(ready.after(keysAt)), view(projected.after(valuesAt)), batch.whole(), y);
    }

    @Override
    void differentiate(Rows y, Rows dy, MicroBatch batch, Rows dprojected) {
        Rows ready = queriesAndKeys(batch);
        Rows dkeys = dprojected.after(keysAt);
        heads.backward(
                view(ready), view(ready.after(keysAt)), view(projected.after(valuesAt)), y, dy, batch.whole(),
                view(dprojected), view(dkeys), view(dprojected.after(valuesAt)));
        if (rotation != null) {
            rotation.backward(dprojected, batch, vectors(), sizes.headDim());
        }
        if (queryNorm != null) {
            queryNorm.backward(projected, dprojected, batch.rows(), sizes.heads(), dprojected, false);
            keyNorm.backward(
                    projected.after(keysAt), dkeys, batch.rows(), sizes.keyValueHeads(), dkeys, false);
        }
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
