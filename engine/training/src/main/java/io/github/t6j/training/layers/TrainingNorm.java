package io.github.t6j.training.layers;

import io.github.t6j.training.products.Rows;
import io.github.t6j.training.products.Sums;

/**
 * Root mean square norm (Zhang and Sennrich, 2019) of vectors of n elements: y = x · s ∘ g, s = (mean(x²) + ε)^−½. The
 * backward pass recomputes s from x.
 *
 * <pre>
 *   dx += s · (dn − x · s · mean(dn ∘ x · s)),  dn = dy ∘ g     dg = Σ dy ∘ x · s
 * </pre>
 */
public final class TrainingNorm {
    private final Resources resources;
    private final int n;
    private final float epsilon;
    private final TrainingTensor gain; // [n], or null for ones
    private final float factor; // the model multiplies the gain by it
    private final float[] gains; // factor · gain, or null

    public TrainingNorm(Resources resources, int n, float epsilon, TrainingTensor gain, double factor) {
        this.resources = resources;
        this.n = n;
        this.epsilon = epsilon;
        this.gain = gain;
        this.factor = (float) factor;
        gains = gain == null ? null : new float[n];
    }

    private void readGain() {
        if (gain != null) {
            for (int i = 0; i < n; i++) {
                gains[i] = factor * gain.value()[i];
            }
        }
    }

    /** y = norm(x), where each row consists of {@code vectors} vectors of n elements. y may be x. */
    void forward(Rows x, int rows, int vectors, Rows y) {
        readGain();
        resources.eachRow(rows, (row, worker) -> {
            for (int v = 0; v < vectors; v++) {
                resources.kernels.rmsNorm(
                        x.array(), x.row(row) + v * n, n, epsilon, gains, y.array(), y.row(row) + v * n,
                        resources.lanes[worker]);
            }
        });
    }

    /**
     * Writes the derivative by x into dx, or adds it if {@code accumulate}; adds to the gradient of the gain. dx may be
     * dy.
     */
    void backward(Rows x, Rows dy, int rows, int vectors, Rows dx, boolean accumulate) {
        readGain();
        if (gain == null || gain.isFrozen()) {
            resources.eachRow(rows, (row, worker) -> backward(x, dy, dx, row, vectors, accumulate, null, 0));
            return;
        }
        resources.sumRows(rows, gain.gradient(), (from, to, sums, at) -> {
            for (int row = from; row < to; row++) {
                backward(x, dy, dx, row, vectors, accumulate, sums, at);
            }
        });
    }

    private void backward(Rows x, Rows dy, Rows dx, int row, int vectors, boolean accumulate, float[] dg, int dgAt) {
        for (int v = 0; v < vectors; v++) {
            backward(
                    x.array(), x.row(row) + v * n, dy.array(), dy.row(row) + v * n, dx.array(), dx.row(row) + v * n,
                    accumulate, dg, dgAt);
        }
    }

    private void backward(
            float[] x, int xAt, float[] dy, int dyAt, float[] dx, int dxAt, boolean accumulate, float[] dg, int dgAt) {
        float s = (float) (1 / Math.sqrt(Sums.dot(x, xAt, x, xAt, n) / n + epsilon));
        if (dg != null) {
            for (int i = 0; i < n; i++) {
                dg[dgAt + i] = Math.fma(factor * dy[dyAt + i], x[xAt + i] * s, dg[dgAt + i]);
            }
        }
        double mean = (gain == null ? Sums.dot(dy, dyAt, x, xAt, n) : Sums.dot(dy, dyAt, gains, x, xAt, n)) * s / n;
        float along = (float) (mean * s);
        for (int i = 0; i < n; i++) {
            float dn = gain == null ? dy[dyAt + i] : dy[dyAt + i] * gains[i];
            float d = s * (dn - x[xAt + i] * along);
            dx[dxAt + i] = accumulate ? dx[dxAt + i] + d : d;
        }
    }
}
