package io.github.t6j.training.kernels.scalar;

import static io.github.t6j.kernels.Exp2.LAZY_MAX;
import static io.github.t6j.kernels.Exp2.LOG2_E;
import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.kernels.scalar.ScalarKernels;
import io.github.t6j.training.kernels.GradientKernels;
import java.util.Arrays;

/** Training operations in plain Java: the oracle of the SIMD kernels, and the fallback where they cannot run. */
public final class ScalarGradientKernels implements GradientKernels {
    private final ScalarKernels scalar;

    /** @param scalar twin that multiplies and adds with or without FMA, as on this machine */
    public ScalarGradientKernels(ScalarKernels scalar) {
        this.scalar = scalar;
    }

    @Override
    public void multiplyTransposed(
            float[] x, int xAt, int rows, int inner, float[] w, int wAt, int columns, float[] y, int yAt,
            boolean accumulate) {
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                float sum = accumulate ? y[yAt + r * PANEL + c] : 0f;
                for (int k = 0; k < inner; k++) {
                    sum = scalar.fma(x[xAt + k * PANEL + r], w[wAt + k * PANEL + c], sum);
                }
                y[yAt + r * PANEL + c] = sum;
            }
        }
    }

    @Override
    public boolean softmaxColumns(float[] s, int rows, float[] max, float[] sum, float[] factor) {
        boolean raised = false;
        for (int c = 0; c < PANEL; c++) {
            float largest = Float.NEGATIVE_INFINITY;
            for (int at = c; at < rows * PANEL; at += PANEL) {
                largest = s[at] > largest ? s[at] : largest;
            }
            boolean raise = largest > max[c] + LAZY_MAX;
            factor[c] = raise ? scalar.exp2(max[c] - largest) : 1f;
            max[c] = raise ? largest : max[c];
            raised |= raise;
            sum[c] *= factor[c];
            for (int at = c; at < rows * PANEL; at += PANEL) {
                s[at] = scalar.exp2(s[at] - max[c]);
                sum[c] += s[at];
            }
        }
        return raised;
    }

    @Override
    public void softmaxGradients(float[] s, float[] d, int rows, float[] lse, float[] mean, int meanAt) {
        for (int r = 0; r < rows; r++) {
            for (int at = r * PANEL; at < (r + 1) * PANEL; at++) {
                s[at] = scalar.exp2(s[at] - lse[r]);
                d[at] = s[at] * (d[at] - mean[meanAt + r]);
            }
        }
    }

    @Override
    public void factorMeans(float[] f, int aAt, int bAt, int heads, int rank, int size, float[] x, int xAt) {
        factorMeans(f, aAt, bAt, heads, rank, size, 0, x, xAt);
    }

    /** Computes the means from element {@code from} of each x[h] on. */
    public void factorMeans(
            float[] f, int aAt, int bAt, int heads, int rank, int size, int from, float[] x, int xAt) {
        for (int h = 0; h < heads; h++) {
            for (int i = from; i < size; i++) {
                float sum = 0f;
                for (int r = 0; r < rank; r++) {
                    sum = scalar.fma(f[aAt + h * rank + r] / rank, f[bAt + r * size + i], sum);
                }
                x[xAt + h * size + i] = sum;
            }
        }
    }

    @Override
    public void factorGradients(
            float[] f, int aAt, int bAt, int heads, int rank, int size, float[] dx, int dxAt, float[] d,
            float[] lanes) {
        for (int h = 0; h < heads; h++) {
            for (int r = 0; r < rank; r++) {
                Arrays.fill(lanes, 0f);
                addProducts(dx, dxAt + h * size, f, bAt + r * size, 0, size, lanes);
                d[aAt + h * rank + r] = sum(lanes) / rank;
            }
        }
        featureGradients(f, aAt, bAt, heads, rank, size, 0, dx, dxAt, d);
    }

    /**
     * Adds products to lanes: lanes += x[i] · y[i], from ≤ i < n; {@code from} is a multiple of the number of lanes.
     */
    public void addProducts(float[] x, int xAt, float[] y, int yAt, int from, int n, float[] lanes) {
        for (int i = from; i < n; i++) {
            lanes[i % LANES] = scalar.fma(x[xAt + i], y[yAt + i], lanes[i % LANES]);
        }
    }

    /**
     * Returns the sum of the lanes in halves, like {@link ScalarKernels#sum}; without stores no sum waits for the
     * previous one.
     */
    public static float sum(float[] x) {
        float even = ((x[0] + x[8]) + (x[4] + x[12])) + ((x[2] + x[10]) + (x[6] + x[14]));
        float odd = ((x[1] + x[9]) + (x[5] + x[13])) + ((x[3] + x[11]) + (x[7] + x[15]));
        return even + odd;
    }

    /** Computes db from element {@code from} of each db[r] on. */
    public void featureGradients(
            float[] f, int aAt, int bAt, int heads, int rank, int size, int from, float[] dx, int dxAt, float[] d) {
        for (int r = 0; r < rank; r++) {
            for (int i = from; i < size; i++) {
                float sum = 0f;
                for (int h = 0; h < heads; h++) {
                    sum = scalar.fma(f[aAt + h * rank + r] / rank, dx[dxAt + h * size + i], sum);
                }
                d[bAt + r * size + i] = sum;
            }
        }
    }

    @Override
    public void swiGluGradient(float[] x, int gateAt, int upAt, int n, float[] da, int daAt) {
        for (int i = 0; i < n; i++) {
            float g = x[gateAt + i];
            float u = x[upAt + i];
            float sigmoid = 1f / (1f + scalar.exp2(g * -LOG2_E));
            float silu = g * sigmoid;
            float gradient = da[daAt + i];
            x[gateAt + i] = gradient * u * sigmoid * (1f + g * (1f - sigmoid));
            x[upAt + i] = gradient * silu;
            da[daAt + i] = silu * u;
        }
    }

    @Override
    public void softmax(float[] x, int at, int n, float lse, float factor) {
        for (int i = at; i < at + n; i++) {
            x[i] = factor * scalar.exp2((x[i] - lse) * LOG2_E);
        }
    }
}
