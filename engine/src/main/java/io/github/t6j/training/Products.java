package io.github.t6j.training;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;

/** Products of row-major matrices on all workers: the three that a linear layer needs. */
final class Products {
    private final Workers workers;

    Products(Kernels kernels, Workers workers) {
        this.workers = workers;
    }

    /** y[r] = (accumulate ? y[r] : 0) + W · x[r]. */
    void forward(
            float[] x, int xAt, int xStride, int rows, float[] w, int wAt, int outputs, int inputs, float[] y, int yAt,
            int yStride, boolean accumulate) {
        workers.run(rows, (r, worker) -> {
            for (int o = 0; o < outputs; o++) {
                int to = yAt + r * yStride + o;
                float sum = 0;
                for (int i = 0; i < inputs; i++) {
                    sum = Math.fma(w[wAt + o * inputs + i], x[xAt + r * xStride + i], sum);
                }
                y[to] = accumulate ? y[to] + sum : sum;
            }
        });
    }

    /** dx[r] = (accumulate ? dx[r] : 0) + Wᵀ · dy[r]. */
    void inputGradient(
            float[] dy, int dyAt, int dyStride, int rows, float[] w, int wAt, int outputs, int inputs, float[] dx,
            int dxAt, int dxStride, boolean accumulate) {
        workers.run(rows, (r, worker) -> {
            int to = dxAt + r * dxStride;
            if (!accumulate) {
                java.util.Arrays.fill(dx, to, to + inputs, 0f);
            }
            for (int o = 0; o < outputs; o++) {
                float g = dy[dyAt + r * dyStride + o];
                for (int i = 0; i < inputs; i++) {
                    dx[to + i] = Math.fma(g, w[wAt + o * inputs + i], dx[to + i]);
                }
            }
        });
    }

    /** dw += dyᵀ · x. */
    void weightGradient(
            float[] dy, int dyAt, int dyStride, float[] x, int xAt, int xStride, int rows, float[] dw, int dwAt,
            int outputs, int inputs) {
        workers.run(outputs, (o, worker) -> {
            int to = dwAt + o * inputs;
            for (int r = 0; r < rows; r++) {
                float g = dy[dyAt + r * dyStride + o];
                for (int i = 0; i < inputs; i++) {
                    dw[to + i] = Math.fma(g, x[xAt + r * xStride + i], dw[to + i]);
                }
            }
        });
    }
}
