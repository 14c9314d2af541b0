package io.github.t6j.training.layers;

import io.github.t6j.training.Parameter;

/** Embedding lookup: selects rows of a matrix E [vocabulary][width] by id. */
public record TrainingEmbedding(Parameter matrix) {
    /** x[r] = E[ids[r]]; x [rows][width]. */
    public void forward(int[] ids, Rows x) {
        for (int r = 0; r < ids.length; r++) {
            System.arraycopy(matrix.value(), ids[r] * x.stride(), x.array(), x.row(r), x.stride());
        }
    }

    /** dE[ids[r]] += dx[r], in the order of rows; a repeated id accumulates. */
    public void backward(int[] ids, Rows dx) {
        for (int r = 0; r < ids.length; r++) {
            Sums.add(dx.array(), dx.row(r), matrix.gradient(), ids[r] * dx.stride(), dx.stride());
        }
    }
}
