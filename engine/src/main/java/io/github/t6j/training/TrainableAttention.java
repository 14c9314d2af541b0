package io.github.t6j.training;

/** The attention of a layer without its output matrix: from normed activations to y [rows][h · valueDim]. */
interface TrainableAttention {
    /** Elements of a row of y. */
    int outputs();

    /** y = attend(x), x [rows][width]; keeps what {@link #backward} needs. */
    void forward(float[] x, MicroBatch batch, float[] y);

    /** dx = the derivative by x; adds the parameters'. x and y are those of the last {@link #forward}. */
    void backward(float[] x, float[] y, float[] dy, MicroBatch batch, float[] dx);
}
