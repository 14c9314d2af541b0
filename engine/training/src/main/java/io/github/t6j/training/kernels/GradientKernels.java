package io.github.t6j.training.kernels;

import io.github.t6j.kernels.Exp2;
import io.github.t6j.kernels.Kernels;

/**
 * Operations that only training needs, in addition to {@link Kernels}, which it shares with inference. One
 * implementation is {@code ScalarGradientKernels}, the slow twin; the other is in {@code kernels.simd}. Both give the
 * same bits, and {@link Kernels} explains the terms. Offsets are in floats. {@code WarmingKernels} do not cover these
 * operations: a training step calls them so often that C2 compiles them within seconds.
 */
public interface GradientKernels {
    /**
     * Multiplies a transposed panel by a panel: y[r][c] = (accumulate ? y[r][c] : 0) + Σ_k x[k][r] · w[k][c], k
     * ascending.
     *
     * @param x [inner][{@value Kernels#PANEL}] from {@code xAt}; {@code xAt} may begin at a later column, with fewer
     *     rows of y
     * @param rows at most {@value Kernels#PANEL}
     * @param w [inner][{@value Kernels#PANEL}] from {@code wAt}
     * @param columns at most {@value Kernels#PANEL}
     * @param y [rows][{@value Kernels#PANEL}] from {@code yAt}; all columns may be overwritten
     */
    void multiplyTransposed(
            float[] x, int xAt, int rows, int inner, float[] w, int wAt, int columns, float[] y, int yAt,
            boolean accumulate);

    /**
     * Continues the softmax of queries, which are columns, over more tokens, which are rows. If the largest s[r][c]
     * exceeds max[c] by more than {@link Exp2#LAZY_MAX}, it becomes max[c]. Then s[r][c] = 2^(s[r][c] − max[c]) and
     * sum[c] = sum[c] · factor[c] + Σ_r s[r][c], r ascending. The caller multiplies all its sums so far by factor[c] =
     * 2^(old max[c] − new max[c]).
     *
     * @param s [rows][{@value Kernels#PANEL}], overwritten; −∞ gives 0; a NaN shows in the sum, not in max
     * @param max [{@value Kernels#PANEL}], initially −∞
     * @param sum [{@value Kernels#PANEL}], initially 0
     * @param factor [{@value Kernels#PANEL}], written
     * @return true if a factor is not 1
     */
    boolean softmaxColumns(float[] s, int rows, float[] max, float[] sum, float[] factor);

    /**
     * Computes the probabilities of a softmax and, from their gradients, the gradients of the scores; queries are rows:
     * s[r][c] = 2^(s[r][c] − lse[r]), at most 1; d[r][c] = s[r][c] · (d[r][c] − mean[r]).
     *
     * @param s [rows][{@value Kernels#PANEL}], overwritten; −∞ gives 0
     * @param d [rows][{@value Kernels#PANEL}], overwritten
     * @param lse [rows]
     * @param mean [rows] from {@code meanAt}: means of the gradients, weighted by the probabilities
     */
    void softmaxGradients(float[] s, float[] d, int rows, float[] lse, float[] mean, int meanAt);

    /**
     * Computes means of outer products: x[h][i] = Σ_r (a[h][r]/rank) · b[r][i], r ascending.
     *
     * @param f a [heads][rank] from {@code aAt} and b [rank][size] from {@code bAt}
     * @param x [heads][size] from {@code xAt}, written
     */
    void factorMeans(float[] f, int aAt, int bAt, int heads, int rank, int size, float[] x, int xAt);

    /**
     * Computes the derivatives of {@link #factorMeans}: da[h][r] = (Σ_i dx[h][i] · b[r][i])/rank, over {@value
     * Kernels#LANES} lanes; db[r][i] = Σ_h (a[h][r]/rank) · dx[h][i], h ascending.
     *
     * @param dx [heads][size] from {@code dxAt}
     * @param d da and db, written at the offsets of a and b in {@code f}
     * @param lanes [{@value Kernels#LANES}] of scratch
     */
    void factorGradients(
            float[] f, int aAt, int bAt, int heads, int rank, int size, float[] dx, int dxAt, float[] d,
            float[] lanes);

    /**
     * Computes the derivatives of {@link Kernels#swiGlu} in place: dg = da · u · σ · (1 + g · (1 − σ)), du = da · (g ·
     * σ), a = g · σ · u, σ = 1/(1 + e^−g).
     *
     * @param x g [n] from {@code gateAt} and u [n] from {@code upAt}, overwritten with dg and du
     * @param da [n] from {@code daAt}, overwritten with a
     */
    void swiGluGradient(float[] x, int gateAt, int upAt, int n, float[] da, int daAt);

    /** Computes the probabilities of a softmax in place: x[i] = factor · e^(x[i] − lse), i < n. */
    void softmax(float[] x, int at, int n, float lse, float factor);
}
