package io.github.t6j.attention.tpa.forms;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.kernels.Kernels;

/**
 * Operations of the third factor C on products and probabilities of a page (paper, appendix C and F.5). Each element is
 * one chain in a fixed order, so no scalar twin is needed.
 */
final class ThirdFactor {
    private ThirdFactor() {}

    /** x[at + i] *= x[by + i], i < n: multiplies the products with B_K by those with C_K. */
    static void multiply(float[] x, int at, int by, int n) {
        for (int i = 0; i < n; i++) {
            x[at + i] *= x[by + i];
        }
    }

    /**
     * Sets, for whole queries, panel {@code to + h} of {@code x} to Σ_j panel (first + h·thirdDim + j) · C_K[j].
     * {@code to} must be at most {@code first}; panels that were read may be overwritten.
     *
     * @param c offset of C_K [thirdDim][64] in {@code x}
     */
    static void contract(float[] x, int first, int c, int heads, int thirdDim, int to) {
        for (int h = 0; h < heads; h++) {
            int from = (first + h * thirdDim) * PANEL;
            int into = (to + h) * PANEL;
            for (int t = 0; t < PANEL; t++) {
                float sum = 0f;
                for (int j = 0; j < thirdDim; j++) {
                    sum += x[from + j * PANEL + t] * x[c + j * PANEL + t];
                }
                x[into + t] = sum;
            }
        }
    }

    /**
     * Multiplies one head's [rank][64], from {@code pAt}, by C [rank][thirdDim][64] in {@code x}, from {@code cAt}, and
     * writes the result [thirdDim][rank][64] to {@code x} from {@code at}.
     */
    static void expand(float[] p, int pAt, float[] x, int cAt, int at, int rank, int thirdDim) {
        for (int j = 0; j < thirdDim; j++) {
            for (int r = 0; r < rank; r++) {
                int c = cAt + (r * thirdDim + j) * PANEL;
                int into = at + (j * rank + r) * PANEL;
                for (int t = 0; t < PANEL; t++) {
                    x[into + t] = p[pAt + r * PANEL + t] * x[c + t];
                }
            }
        }
    }

    /**
     * Adds the vectors of one head's values: y[vector · size + i] += x[vector][i].
     *
     * @param x panels [⌈size/64⌉][vectors][64] from {@code at}
     * @param y panels [⌈vectors · size/64⌉][heads][64]; only {@code head} changes
     */
    static void add(float[] x, int at, int vectors, int size, float[] y, int head, int heads) {
        for (int vector = 0; vector < vectors; vector++) {
            for (int i = 0; i < size; i++) {
                int to = head * PANEL + Kernels.panelAt(vector * size + i, heads);
                y[to] += x[at + vector * PANEL + Kernels.panelAt(i, vectors)];
            }
        }
    }
}
