package io.github.t6j.training;

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
 * @param headsAt where in a row of factors a [h][R] begins
 * @param featuresAt where b [R][size] begins
 */
record FactorProduct(int heads, int rank, int size, int headsAt, int featuresAt) {
    /** x [h][size] from {@code xAt} of the factors in the row that begins at {@code at}. */
    void forward(float[] factors, int at, float[] x, int xAt) {
        for (int h = 0; h < heads; h++) {
            int to = xAt + h * size;
            for (int i = 0; i < size; i++) {
                x[to + i] = 0;
            }
            for (int r = 0; r < rank; r++) {
                float a = factors[at + headsAt + h * rank + r] / rank;
                int b = at + featuresAt + r * size;
                for (int i = 0; i < size; i++) {
                    x[to + i] = Math.fma(a, factors[b + i], x[to + i]);
                }
            }
        }
    }

    /** da and db, in a row like that of the factors, of dx. */
    void backward(float[] factors, int at, float[] dx, int dxAt, float[] gradients) {
        for (int i = 0; i < rank * size; i++) {
            gradients[at + featuresAt + i] = 0;
        }
        for (int h = 0; h < heads; h++) {
            int from = dxAt + h * size;
            for (int r = 0; r < rank; r++) {
                int a = at + headsAt + h * rank + r;
                int b = at + featuresAt + r * size;
                gradients[a] = (float) (Sums.dot(dx, from, factors, b, size) / rank);
                float share = factors[a] / rank;
                for (int i = 0; i < size; i++) {
                    gradients[b + i] = Math.fma(share, dx[from + i], gradients[b + i]);
                }
            }
        }
    }
}
