package io.github.t6j.training.layers;

import io.github.t6j.training.Parameter;

/** Embedding lookup: selects rows of a matrix E [vocabulary][width] by id. */
public record TrainingEmbedding(Parameter matrix, int width) {
    /** x[r] = E[ids[r]]; x [rows][width]. */
    public void forward(int[] ids, float[] x) {
        for (int r = 0; r < ids.length; r++) {
            System.arraycopy(matrix.value(), ids[r] * width, x, r * width, width);
        }
    }

    /** dE[ids[r]] += dx[r], in the order of rows; a repeated id accumulates. */
    public void backward(int[] ids, float[] dx) {
        float[] gradient = matrix.gradient();
        for (int r = 0; r < ids.length; r++) {
            int to = ids[r] * width;
            int from = r * width;
            for (int i = 0; i < width; i++) {
                gradient[to + i] += dx[from + i];
            }
        }
    }
}
