package io.github.t6j.training.layers;

import io.github.t6j.training.products.Matrix;
import io.github.t6j.training.products.Rows;
import io.github.t6j.training.products.Sums;

/** Embedding lookup: selects rows of a matrix E [vocabulary][width] by id. */
public final class TrainingEmbedding {
    private final Matrix matrix;
    private final float[] gradient; // null if E is frozen

    /** Creates the lookup of a trained matrix. */
    public TrainingEmbedding(TrainingTensor matrix) {
        this.matrix = matrix.matrix();
        gradient = matrix.gradient();
    }

    /** Creates the lookup of a frozen matrix. */
    public TrainingEmbedding(Matrix matrix) {
        this.matrix = matrix;
        gradient = null;
    }

    /** x[r] = E[ids[r]]; x [rows][width]. */
    public void forward(int[] ids, Rows x) {
        for (int r = 0; r < ids.length; r++) {
            matrix.read(ids[r], x.array(), x.row(r));
        }
    }

    /** dE[ids[r]] += dx[r], in the order of rows; a repeated id accumulates. */
    public void backward(int[] ids, Rows dx) {
        if (gradient != null) {
            for (int r = 0; r < ids.length; r++) {
                Sums.add(dx.array(), dx.row(r), gradient, ids[r] * dx.stride(), dx.stride());
            }
        }
    }
}
