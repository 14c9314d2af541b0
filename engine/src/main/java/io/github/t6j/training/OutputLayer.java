package io.github.t6j.training;

import io.github.t6j.training.HeadAttention.Rows;
import java.util.Arrays;

/**
 * From the last activations x to the loss: f = norm(x), logits z = E f, loss = mean of lse(z) − z[target] over the scored
 * positions, lse(z) = ln Σ e^z. Logits are made of some rows at a time and forgotten.
 *
 * <pre>
 *   dz = (e^(z − lse) − onehot(target)) / scored     dE += dz fᵀ     df = Eᵀ dz
 * </pre>
 */
final class OutputLayer {
    private static final int NORMED = 0;
    private static final int NORMED_GRADIENT = 1;
    private static final int LOGITS = 2;
    /** Logits that are there at once, about; and the fewest rows that a product takes at good speed. */
    private static final int MOST_LOGITS = 1 << 21;
    private static final int LEAST_ROWS = 128;

    private final Resources resources;
    private final RmsNorm norm;
    private final Parameter matrix; // E [vocabulary][width]
    private final int width;
    private final int vocabulary;
    private final float[][] logits; // of a worker [vocabulary]
    private double[] losses = new double[0]; // [rows]

    OutputLayer(Resources resources, RmsNorm norm, Parameter matrix, int width) {
        this.resources = resources;
        this.norm = norm;
        this.matrix = matrix;
        this.width = width;
        vocabulary = matrix.rows();
        logits = new float[resources.workers.threads()][vocabulary];
    }

    /** The mean loss of the scored positions; NaN if there are none. */
    double loss(float[] x, MicroBatch batch) {
        return loss(x, batch, 0, null);
    }

    /** The same, dx [rows][width] = scale × its derivative by x; adds the parameters', times scale. */
    double lossAndGradient(float[] x, MicroBatch batch, float scale, float[] dx) {
        return loss(x, batch, scale, dx);
    }

    private double loss(float[] x, MicroBatch batch, float scale, float[] dx) {
        int rows = batch.rows();
        int scored = batch.scored();
        int chunk = Math.min(rows, Math.max(LEAST_ROWS, MOST_LOGITS / vocabulary));
        losses = losses.length < rows ? new double[rows] : losses;
        float[] f = resources.scratch(NORMED, rows, width);
        norm.forward(new Rows(x, 0, width), rows, 1, new Rows(f, 0, width));
        float[] df = dx == null ? null : resources.scratch(NORMED_GRADIENT, rows, width);
        float[] z = resources.scratch(LOGITS, chunk, vocabulary);
        for (int from = 0; from < rows; from += chunk) {
            int count = Math.min(chunk, rows - from);
            int at = from * width;
            resources.products.forward(
                    f, at, width, count, matrix.value(), 0, vocabulary, width, z, 0, vocabulary, false);
            score(z, from, count, batch.targets(), scored == 0 ? 0 : scale / scored, dx != null);
            if (dx != null) {
                resources.products.inputGradient(
                        z, 0, vocabulary, count, matrix.value(), 0, vocabulary, width, df, at, width, false);
                resources.products.weightGradient(
                        z, 0, vocabulary, f, at, width, count, matrix.gradient(), 0, vocabulary, width);
            }
        }
        if (dx != null) {
            norm.backward(new Rows(x, 0, width), new Rows(df, 0, width), rows, 1, new Rows(dx, 0, width), false);
        }
        double sum = 0;
        for (int r = 0; r < rows; r++) {
            sum += losses[r];
        }
        return sum / scored;
    }

    /** The losses of some rows; {@code differentiate}: z becomes dz. */
    private void score(float[] z, int from, int count, int[] targets, float factor, boolean differentiate) {
        resources.eachRow(count, (row, worker) -> {
            int target = targets[from + row];
            int at = row * vocabulary;
            if (target == MicroBatch.IGNORED) {
                losses[from + row] = 0;
                Arrays.fill(z, at, at + vocabulary, 0f);
                return;
            }
            System.arraycopy(z, at, logits[worker], 0, vocabulary);
            double lse = resources.kernels.logSumExp(logits[worker], vocabulary, resources.lanes[worker]);
            losses[from + row] = lse - z[at + target];
            if (differentiate) {
                resources.gradients.softmax(z, at, vocabulary, (float) lse, factor);
                z[at + target] -= factor;
            }
        });
    }
}
