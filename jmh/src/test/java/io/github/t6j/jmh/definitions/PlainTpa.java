package io.github.t6j.jmh.definitions;

import java.util.Arrays;

/** FlashTPA in plain Java: the attention of one query in engine/docs/how-it-works.md, from given factors. */
final class PlainTpa {
    private PlainTpa() {}

    /**
     * Factors of tokens.
     *
     * @param rank number of feature factors of a token
     * @param a head factors [tokens][heads][rank]
     * @param b feature factors [tokens][rank][d], of queries and keys rotated by position
     */
    record Factors(int rank, float[] a, float[] b) {}

    /** Returns the output of one query, [heads][d]. */
    static float[] attend(Factors query, Factors keys, Factors values, int heads, int d) {
        float[] max = new float[heads]; // largest score so far
        float[] sum = new float[heads]; // Σ exp(score − max)
        float[] y = new float[heads * d]; // Σ exp(score − max) · value
        Arrays.fill(max, Float.NEGATIVE_INFINITY);
        for (int token = 0; token < keys.a.length / (heads * keys.rank); token++) {
            float[] scores = scores(query, keys, token, heads, d);
            for (int h = 0; h < heads; h++) {
                float score = scores[h] / (float) (Math.sqrt(d) * query.rank * keys.rank);
                float largest = Math.max(max[h], score);
                float rescale = (float) Math.exp(max[h] - largest); // online softmax
                float e = (float) Math.exp(score - largest);
                max[h] = largest;
                sum[h] = sum[h] * rescale + e;
                for (int i = 0; i < d; i++) {
                    y[h * d + i] *= rescale;
                    for (int u = 0; u < values.rank; u++) {
                        y[h * d + i] += e * values.a[(token * heads + h) * values.rank + u]
                                * values.b[(token * values.rank + u) * d + i];
                    }
                }
            }
        }
        for (int i = 0; i < y.length; i++) {
            y[i] /= sum[i / d] * values.rank;
        }
        return y;
    }

    private static float[] scores(Factors query, Factors keys, int token, int heads, int d) {
        float[] scores = new float[heads];
        for (int s = 0; s < keys.rank; s++) {
            for (int r = 0; r < query.rank; r++) {
                float p = 0; // ⟨B_K[s], B_Q[r]⟩, the same for all heads
                for (int i = 0; i < d; i++) {
                    p += keys.b[(token * keys.rank + s) * d + i] * query.b[r * d + i];
                }
                for (int h = 0; h < heads; h++) {
                    scores[h] += keys.a[(token * heads + h) * keys.rank + s] * query.a[h * query.rank + r] * p;
                }
            }
        }
        return scores;
    }
}
