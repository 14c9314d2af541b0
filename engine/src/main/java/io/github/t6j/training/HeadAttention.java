package io.github.t6j.training;

import io.github.t6j.kernels.Kernels;

/** Causal softmax attention of one head of one sequence, forward and backward. */
final class HeadAttention implements CausalAttention {
    private double[] p = new double[0];

    HeadAttention(Kernels kernels) {}

    /** Rows of a matrix: row r begins at {@code at + r · stride}. */
    record Rows(float[] array, int at, int stride) {}

    private static double dot(Rows a, int i, Rows b, int j, int n) {
        double sum = 0;
        for (int d = 0; d < n; d++) {
            sum += (double) a.array[a.at + i * a.stride + d] * b.array[b.at + j * b.stride + d];
        }
        return sum;
    }

    private static void add(double factor, Rows from, int i, Rows to, int j, int n) {
        for (int d = 0; d < n; d++) {
            to.array[to.at + j * to.stride + d] += (float) (factor * from.array[from.at + i * from.stride + d]);
        }
    }

    private static void clear(Rows x, int i, int n) {
        java.util.Arrays.fill(x.array, x.at + i * x.stride, x.at + i * x.stride + n, 0f);
    }

    @Override
    public void forward(
            Rows q, Rows k, Rows v, int length, int keyDim, int valueDim, float scale, Rows y, float[] lse, int lseAt) {
        p = p.length < length ? new double[length] : p;
        for (int t = 0; t < length; t++) {
            double max = Double.NEGATIVE_INFINITY;
            for (int s = 0; s <= t; s++) {
                p[s] = scale * dot(q, t, k, s, keyDim);
                max = Math.max(max, p[s]);
            }
            double sum = 0;
            for (int s = 0; s <= t; s++) {
                sum += Math.exp(p[s] - max);
            }
            lse[lseAt + t] = (float) (max + Math.log(sum));
            clear(y, t, valueDim);
            for (int s = 0; s <= t; s++) {
                add(Math.exp(p[s] - max) / sum, v, s, y, t, valueDim);
            }
        }
    }

    @Override
    public void backward(
            Rows q, Rows k, Rows v, Rows y, Rows dy, float[] lse, int lseAt, int length, int keyDim, int valueDim,
            float scale, Rows dq, Rows dk, Rows dv) {
        for (int t = 0; t < length; t++) {
            double delta = dot(dy, t, y, t, valueDim);
            clear(dq, t, keyDim);
            for (int s = 0; s <= t; s++) {
                double probability = Math.exp(scale * dot(q, t, k, s, keyDim) - lse[lseAt + t]);
                double ds = scale * probability * (dot(dy, t, v, s, valueDim) - delta);
                add(ds, k, s, dq, t, keyDim);
                add(ds, q, t, dk, s, keyDim);
                add(probability, dy, t, dv, s, valueDim);
            }
        }
    }
}
