package io.github.t6j.attention;

/**
 * Root mean square norm of each head's query or key: x / √(mean(x²) + epsilon) · gain.
 *
 * @param gain [headDim], shared by all heads
 */
record VectorNorm(float[] gain, float epsilon) {
    /** Norms {@code vectors} consecutive vectors from {@code at} in place. */
    void apply(float[] x, int at, int vectors) {
        int size = gain.length;
        for (int v = at; v < at + vectors * size; v += size) {
            float scale = (float) (1 / Math.sqrt(meanOfSquares(x, v, size) + epsilon));
            for (int i = 0; i < size; i++) {
                x[v + i] = x[v + i] * scale * gain[i];
            }
        }
    }

    /** Returns the mean of squares, computed as two independent sums in a fixed order. */
    private static double meanOfSquares(float[] x, int at, int size) {
        double even = 0;
        double odd = 0;
        for (int i = 0; i + 1 < size; i += 2) {
            even += (double) x[at + i] * x[at + i];
            odd += (double) x[at + i + 1] * x[at + i + 1];
        }
        double last = size % 2 == 0 ? 0 : (double) x[at + size - 1] * x[at + size - 1];
        return (even + odd + last) / size;
    }
}
