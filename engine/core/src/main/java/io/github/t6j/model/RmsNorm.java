package io.github.t6j.model;

/**
 * Root mean square norm of the residual stream (Zhang and Sennrich, 2019): normed = x / √(mean(x²) + epsilon) · gain.
 *
 * @param gain [width], or null for ones
 */
record RmsNorm(float[] gain, float epsilon) implements RowOperation {
    /** Copy of the residual stream in place of a norm: normed = factor · x. */
    record Copy(float factor) implements RowOperation {
        @Override
        public void row(Activations a, int row, int worker) {
            for (int i = row * a.width; i < (row + 1) * a.width; i++) {
                a.normed[i] = factor * a.x[i];
            }
        }
    }

    /** Returns the same norm with outputs multiplied by {@code factor}. */
    RmsNorm times(float factor) {
        if (factor == 1f) {
            return this;
        }
        float[] scaled = gain.clone();
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] *= factor;
        }
        return new RmsNorm(scaled, epsilon);
    }

    /** Computes normed = norm(x). */
    @Override
    public void row(Activations a, int row, int worker) {
        normalize(a, row, row, worker);
    }

    /** Sets row {@code to} of normed to the norm of row {@code from} of x. */
    void normalize(Activations a, int from, int to, int worker) {
        apply(a, a.x, from * a.width, a.normed, to * a.width, worker);
    }

    /** Sets the row of {@code y} at {@code yAt} to the norm of the row of {@code x} at {@code xAt}. */
    void apply(Activations a, float[] x, int xAt, float[] y, int yAt, int worker) {
        a.kernels.rmsNorm(x, xAt, a.width, epsilon, gain, y, yAt, a.lanes[worker]);
    }
}
