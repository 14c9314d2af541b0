package io.github.t6j.training.products;

/** Element-wise sums, and sums of products in double, split into independent partial sums with a fixed order. */
public final class Sums {
    private Sums() {}

    /** to[i] += from[i], i < n. */
    public static void add(float[] from, int at, float[] to, int toAt, int n) {
        for (int i = 0; i < n; i++) {
            to[toAt + i] += from[at + i];
        }
    }

    /** x[i] *= factor, i < n. */
    public static void scale(float[] x, int at, int n, float factor) {
        for (int i = 0; i < n; i++) {
            x[at + i] *= factor;
        }
    }

    /** Σ a[i] · b[i], i < n. */
    public static double dot(float[] a, int aAt, float[] b, int bAt, int n) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        for (; i + 3 < n; i += 4) {
            s0 += (double) a[aAt + i] * b[bAt + i];
            s1 += (double) a[aAt + i + 1] * b[bAt + i + 1];
            s2 += (double) a[aAt + i + 2] * b[bAt + i + 2];
            s3 += (double) a[aAt + i + 3] * b[bAt + i + 3];
        }
        for (; i < n; i++) {
            s0 += (double) a[aAt + i] * b[bAt + i];
        }
        return (s0 + s1) + (s2 + s3);
    }

    /** Σ a[i] · g[i] · b[i], i < n. */
    public static double dot(float[] a, int aAt, float[] g, float[] b, int bAt, int n) {
        double even = 0;
        double odd = 0;
        int i = 0;
        for (; i + 1 < n; i += 2) {
            even += (double) a[aAt + i] * g[i] * b[bAt + i];
            odd += (double) a[aAt + i + 1] * g[i + 1] * b[bAt + i + 1];
        }
        return even + odd + (i < n ? (double) a[aAt + i] * g[i] * b[bAt + i] : 0);
    }
}
