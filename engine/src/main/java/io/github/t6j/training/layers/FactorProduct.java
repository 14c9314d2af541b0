package io.github.t6j.training.layers;

import io.github.t6j.kernels.GradientKernels;

/**
 * The tensor product of TPA (paper, section 3.1): x[h] = (1/R) Σ_r a[h][r] · b[r], for queries, keys and values alike.
 *
 * <pre>
 *   da[h][r] = (1/R) dx[h] · b[r]     db[r] = (1/R) Σ_h a[h][r] · dx[h]
 * </pre>
 *
 * @param heads h
 * @param rank R
 * @param size elements of x[h] and b[r]
 * @param headsAt offset of a [h][R] in a row of factors
 * @param featuresAt offset of b [R][size] in a row of factors
 */
record FactorProduct(int heads, int rank, int size, int headsAt, int featuresAt) {
    /** Writes x [h][size] from {@code xAt}, the product of the factors in the row that begins at {@code at}. */
    void forward(GradientKernels kernels, float[] factors, int at, float[] x, int xAt) {
        kernels.factorMeans(factors, at + headsAt, at + featuresAt, heads, rank, size, x, xAt);
    }

    /** Writes da and db of dx into {@code gradients}, at the offsets that a and b have in {@code factors}. */
    void backward(
            GradientKernels kernels, float[] factors, int at, float[] dx, int dxAt, float[] gradients, float[] lanes) {
        kernels.factorGradients(
                factors, at + headsAt, at + featuresAt, heads, rank, size, dx, dxAt, gradients, lanes);
    }
}
