package io.github.t6j.training.layers;

import io.github.t6j.training.layers.Resources.Buffer;
import io.github.t6j.training.products.Rows;
import java.util.Arrays;

/**
 * Output layer and loss: f = norm(x) of the last activations x, logits z = E f, loss = mean of lse(z) − z[target] over
 * the scored positions, lse(z) = ln Σ e^z. Only scored rows are computed: in conversations they are less than half.
 * Logits are computed for a group of rows at a time and not kept.
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
    private double[] losses = new double[0]; // [scored rows]

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
        int[] scored = batch.scoredRows();
        int chunk = rowsAtOnce(rows, vocabulary, matrix.isFrozen());
        losses = losses.length < rows ? new double[rows] : losses;
        Rows f = resources.scratch(Buffer.NORMED, rows, x.stride());
        for (int i = 0; i < scored.length; i++) {
            System.arraycopy(x.array(), x.row(scored[i]), f.array(), f.row(i), x.stride());
        }
        norm.forward(f, scored.length, 1, f);
        Rows df = dx == null ? null : resources.scratch(Buffer.NORMED_GRADIENT, rows, x.stride());
        Rows z = resources.scratch(Buffer.WIDE, chunk, vocabulary);
        for (int from = 0; from < scored.length; from += chunk) {
            int count = Math.min(chunk, scored.length - from);
            int[] targets = Arrays.stream(scored, from, from + count).map(row -> batch.targets()[row]).toArray();
            matrix.forward(f.from(from), count, z, false);
            score(z.array(), from, targets, scale / scored.length, dx != null);
            if (dx != null) {
                matrix.backward(f.from(from), z, count, df.from(from));
            }
        }
        if (dx != null) {
            spread(df, scored, rows);
            norm.backward(x, df, rows, 1, dx, false);
        }
        double sum = 0;
        for (int i = 0; i < scored.length; i++) {
            sum += losses[i];
        }
        return sum / scored.length;
    }

    /** Moves derivatives to the rows that are scored, from the last to the first; other rows get 0. */
    private static void spread(Rows df, int[] scored, int rows) {
        int i = scored.length - 1;
        for (int row = rows - 1; row >= 0; row--) {
            if (i >= 0 && scored[i] == row) {
                System.arraycopy(df.array(), df.row(i), df.array(), df.row(row), df.stride());
                i--;
            } else {
                Arrays.fill(df.array(), df.row(row), df.row(row + 1), 0f);
            }
        }
    }

    /** Computes the losses of a group of rows; with {@code differentiate}, replaces z by dz. */
    private void score(float[] z, int from, int[] targets, float factor, boolean differentiate) {
        resources.eachRow(targets.length, (row, worker) -> {
            int at = row * vocabulary;
            System.arraycopy(z, at, logits[worker], 0, vocabulary);
            double lse = resources.kernels.logSumExp(logits[worker], vocabulary, resources.lanes[worker]);
            losses[from + row] = lse - z[at + targets[row]];
            if (differentiate) {
                resources.gradients.softmax(z, at, vocabulary, (float) lse, factor);
                z[at + targets[row]] -= factor;
            }
        });
    }
}
