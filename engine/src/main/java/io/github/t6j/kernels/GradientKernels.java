package io.github.t6j.kernels;

/**
 * What only training does, besides what it shares with inference, {@link Kernels}. One implementation is {@link
 * ScalarGradientKernels}, the slow twin, the other is in {@code kernels.simd}; both give the same bits, as {@link Kernels}
 * says, and the words are those explained there. Offsets are in floats. {@link WarmingKernels} are not for these: a step
 * calls them so often that they are compiled within seconds.
 */
public interface GradientKernels {
    /**
     * Transposed matrix × matrix, both a panel: y[r][c] = (accumulate ? y[r][c] : 0) + Σ_k x[k][r] · w[k][c], k ascending.
     *
     * @param x [inner][{@value Kernels#PANEL}] from {@code xAt}; {@code xAt} may be that of a later column, with fewer rows of y
     * @param rows at most {@value Kernels#PANEL}
     * @param w [inner][{@value Kernels#PANEL}] from {@code wAt}
     * @param columns at most {@value Kernels#PANEL}
     * @param y [rows][{@value Kernels#PANEL}] from {@code yAt}; all columns may be overwritten
     */
    void multiplyTransposed(
            float[] x, int xAt, int rows, int inner, float[] w, int wAt, int columns, float[] y, int yAt,
            boolean accumulate);

    /**
     * Softmax of queries that are columns, over some more tokens, which are rows. Where the largest s[r][c] is above max[c]
     * by more than {@link Kernels#LAZY_MAX}, it becomes max[c]; s[r][c] = 2^(s[r][c] − max[c]); sum[c] = sum[c] · factor[c] + Σ_r
     * s[r][c], r ascending, where factor[c] = 2^(what max[c] was − max[c]) is for all sums so far.
     *
     * @param s [rows][{@value Kernels#PANEL}], written over; −∞ gives 0; a NaN does not show in max, but in the sum
     * @param max [{@value Kernels#PANEL}], at first −∞
     * @param sum [{@value Kernels#PANEL}], at first 0
     * @param factor [{@value Kernels#PANEL}], written
     * @return whether a factor is not 1
     */
    boolean softmaxColumns(float[] s, int rows, float[] max, float[] sum, float[] factor);

    /**
     * Probabilities of a softmax, and from their gradients those of the scores, of queries that are rows: s[r][c] = 2^(s[r][c] −
     * lse[r]), not above 1; d[r][c] = s[r][c] · (d[r][c] − mean[r]).
     *
     * @param s [rows][{@value Kernels#PANEL}], written over; −∞ gives 0
     * @param d [rows][{@value Kernels#PANEL}], written over
     * @param lse [rows]
     * @param mean [rows] from {@code meanAt}: the gradients' means, weighted by the probabilities
     */
    void softmaxGradients(float[] s, float[] d, int rows, float[] lse, float[] mean, int meanAt);

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
