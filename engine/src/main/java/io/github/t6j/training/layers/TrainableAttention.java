package io.github.t6j.training.layers;

/** Attention of a layer without its output matrix: from normed activations [rows][width] to y [rows][h · valueDim]. */
public interface TrainableAttention {
    /** Returns the number of elements of a row of y. */
    int outputs();

    /** y = attend(x), x [rows][width]; keeps the state that {@link #backward} needs. */
    void forward(Rows x, MicroBatch batch, Rows y);

    /**
     * Writes the derivative by x into dx and adds to the gradients of the parameters. x and y are those of the last
     * {@link #forward}.
     */
    void backward(Rows x, Rows y, Rows dy, MicroBatch batch, Rows dx);
}
