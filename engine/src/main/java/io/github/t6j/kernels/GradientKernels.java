package io.github.t6j.kernels;

/**
 * What training does besides products and the softmax of attention, which are in {@link Kernels}. One implementation is
 * {@link ScalarGradientKernels}, the slow twin, the other is in {@code kernels.simd}; both give the same bits, as {@link
 * Kernels} says. Offsets are in floats.
 */
public interface GradientKernels {
    /**
     * Means of outer products: x[h][i] = Σ_r (a[h][r]/rank) · b[r][i], r ascending.
     *
     * @param f has a [heads][rank] from {@code aAt} and b [rank][size] from {@code bAt}
     * @param x [heads][size] from {@code xAt}, written
     */
    void factorMeans(float[] f, int aAt, int bAt, int heads, int rank, int size, float[] x, int xAt);

    /**
     * Derivatives of {@link #factorMeans}: da[h][r] = (Σ_i dx[h][i] · b[r][i])/rank, over {@value Kernels#LANES} lanes;
     * db[r][i] = Σ_h (a[h][r]/rank) · dx[h][i], h ascending.
     *
     * @param dx [heads][size] from {@code dxAt}
     * @param d gets da and db where {@code f} has a and b
     * @param lanes [{@value Kernels#LANES}] of scratch
     */
    void factorGradients(
            float[] f, int aAt, int bAt, int heads, int rank, int size, float[] dx, int dxAt, float[] d,
            float[] lanes);

    /**
     * Derivatives of {@link Kernels#swiGlu}, in place: dg = da · u · σ · (1 + g · (1 − σ)), du = da · (g · σ), a = g · σ · u,
     * σ = 1/(1 + e^−g).
     *
     * @param x has g [n] from {@code gateAt} and u [n] from {@code upAt}, which become dg and du
     * @param da [n] from {@code daAt}, which becomes a
     */
    void swiGluGradient(float[] x, int gateAt, int upAt, int n, float[] da, int daAt);

    /** Probabilities of a softmax, in place: x[i] = factor · e^(x[i] − lse), i < n. */
    void softmax(float[] x, int at, int n, float lse, float factor);
}
