package io.github.t6j.training.layers;

import io.github.t6j.training.layers.Resources.Buffer;
import io.github.t6j.training.products.Rows;
import java.util.Arrays;

/**
 * Output layer and loss: f = norm(x) of the last activations x, logits z = E f, loss = mean of lse(z) − z[target] over
 * the scored positions, lse(z) = ln Σ e^z. Logits are computed for a group of rows at a time and not kept.
 *
 * <pre>
 *   dz = (e^(z − lse) − onehot(target)) / scored     dE += dz fᵀ     df = Eᵀ dz
 * </pre>
 */
public final class OutputLayer {
    /** Approximate number of logits in memory at a time. */
    private static final int MAX_LOGITS = 1 << 21;
    private static final int MIN_ROWS = 128; // fewer would slow the product down
    private static final int MIN_FROZEN_ROWS = 256; // more, because the product also unpacks the matrix

    private final Resources resources;
    private final TrainingNorm norm;
    private final LinearLayer matrix; // E [vocabulary][width]
    private final int vocabulary;
    private final float[][] logits; // one per worker, [vocabulary]
    private double[] losses = new double[0]; // [rows]

    public OutputLayer(Resources resources, TrainingNorm norm, LinearLayer matrix) {
        this.resources = resources;
        this.norm = norm;
        this.matrix = matrix;
        vocabulary = matrix.outputs();
        logits = new float[resources.workers.threads()][vocabulary];
    }

    /** Returns the rows whose logits are in memory at a time. */
    public static int rowsAtOnce(int rows, int vocabulary, boolean frozen) {
        return Math.min(rows, Math.max(frozen ? MIN_FROZEN_ROWS : MIN_ROWS, MAX_LOGITS / vocabulary));
    }

    /**
     * Returns the mean loss of the scored positions in nats; NaN if none is scored. Unless dx is null, writes scale ×
     * its derivative by x into dx [rows][width], and adds scale × its derivatives to the gradients of the parameters.
     * dx may be x.
     */
    public double loss(Rows x, MicroBatch batch, float scale, Rows dx) {
        int rows = batch.rows();
        int scored = batch.scored();
        int chunk = rowsAtOnce(rows, vocabulary, matrix.isFrozen());
        losses = losses.length < rows ? new double[rows] : losses;
        Rows f = resources.scratch(Buffer.NORMED, rows, x.stride());
        norm.forward(x, rows, 1, f);
        Rows df = dx == null ? null : resources.scratch(Buffer.NORMED_GRADIENT, rows, x.stride());
        Rows z = resources.scratch(Buffer.WIDE, chunk, vocabulary);
        for (int from = 0; from < rows; from += chunk) {
            int count = Math.min(chunk, rows - from);
            matrix.forward(f.from(from), count, z, false);
            score(z.array(), from, count, batch.targets(), scored == 0 ? 0 : scale / scored, dx != null);
            if (dx != null) {
                matrix.backward(f.from(from), z, count, df.from(from));
            }
        }
        if (dx != null) {
            norm.backward(x, df, rows, 1, dx, false);
        }
        double sum = 0;
        for (int r = 0; r < rows; r++) {
            sum += losses[r];
        }
        return sum / scored;
    }

    /** Computes the losses of a group of rows; with {@code differentiate}, replaces z by dz. */
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
