package io.github.t6j.training.layers;

import io.github.t6j.training.layers.Resources.Buffer;
import io.github.t6j.training.products.Rows;

/**
 * Attention of a layer without its output matrix: from normed activations [rows][width] to y [rows][h · valueDim]. One
 * product projects them to factors, latents or heads, which the forward pass keeps.
 */
public abstract class TrainableAttention {
    final Resources resources;
    final Rotation rotation; // null if the layer does not rotate
    final Heads heads;
    private final LinearLayer projection; // [elements of a projected row][width]
    Rows projected = Rows.NONE; // [rows][elements of a projected row]

    TrainableAttention(Resources resources, LinearLayer projection, Rotation rotation, Heads heads) {
        this.resources = resources;
        this.projection = projection;
        this.rotation = rotation;
        this.heads = heads;
    }

    /** Returns the number of elements of a row of y. */
    int outputs() {
        return heads.outputs();
    }

    /** y = attend(x), x [rows][width]; keeps the state that {@link #backward} needs. */
    void forward(Rows x, MicroBatch batch, Rows y) {
        heads.prepare(batch);
        projected = projected.atLeast(batch.rows(), projection.outputs());
        projection.forward(x, batch.rows(), projected, false);
        attend(batch, y);
    }

    /**
     * Writes the derivative by x into dx and adds to the gradients of the parameters. x and y are the arguments of the
     * last {@link #forward}.
     */
    void backward(Rows x, Rows y, Rows dy, MicroBatch batch, Rows dx) {
        Rows dprojected = resources.scratch(Buffer.WIDE, batch.rows(), projection.outputs());
        differentiate(y, dy, batch, dprojected);
        projection.backward(x, dprojected, batch.rows(), dx);
    }

    /** Computes y from the projected rows. */
    abstract void attend(MicroBatch batch, Rows y);

    /** Writes the derivative by the projected rows; adds to the gradients of other parameters than the projection's. */
    abstract void differentiate(Rows y, Rows dy, MicroBatch batch, Rows dprojected);
}
