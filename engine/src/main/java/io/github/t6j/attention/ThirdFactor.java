package io.github.t6j.attention;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.kernels.Kernels;

/**
 * What the third factor C does to products and probabilities (paper, appendix C and F.5), page by page; each number is one
 * chain in one order, so it needs no twin.
 */
final class ThirdFactor {
    private ThirdFactor() {}

    /** x[at + i] *= x[by + i], i < n: the products with B_K times those with C_K. */
    static void multiply(float[] x, int at, int by, int n) {
        for (int i = 0; i < n; i++) {
            x[at + i] *= x[by + i];
        }
    }

    /**
     * Whole queries: panel {@code to + h} of {@code x} becomes Σ_j panel (first + h·third + j) · C_K[j]. May overwrite
     * the panels it has read: {@code to} is at most {@code first}.
     *
     * @param c where C_K [third][64] stands in {@code x}
     */
    static void contract(float[] x, int first, int c, int heads, int third, int to) {
        for (int h = 0; h < heads; h++) {
            int from = (first + h * third) * PANEL;
            int into = (to + h) * PANEL;
            for (int t = 0; t < PANEL; t++) {
                float sum = 0f;
                for (int j = 0; j < third; j++) {
                    sum += x[from + j * PANEL + t] * x[c + j * PANEL + t];
                }
                x[into + t] = sum;
            }
        }
    }

    /**
     * One head's probabilities, [rank][64] from {@code pAt}, times C_V, [rank][third][64] at the front of {@code x}: to
     * [third][rank][64] of {@code x} from {@code at}.
     */
    static void expand(float[] p, int pAt, float[] x, int at, int rank, int third) {
        for (int j = 0; j < third; j++) {
            for (int r = 0; r < rank; r++) {
                int c = (r * third + j) * PANEL;
                int into = at + (j * rank + r) * PANEL;
                for (int t = 0; t < PANEL; t++) {
                    x[into + t] = p[pAt + r * PANEL + t] * x[c + t];
                }
            }
        }
    }

    /**
     * Adds the pieces of one head's values: y[piece · size + i] += x[piece][i].
     *
     * @param x panels [⌈size/64⌉][pieces][64] from {@code at}
     * @param y panels [⌈pieces · size/64⌉][heads][64], of which {@code head} is meant
     */
    static void add(float[] x, int at, int pieces, int size, float[] y, int head, int heads) {
        for (int piece = 0; piece < pieces; piece++) {
            for (int i = 0; i < size; i++) {
                int to = head * PANEL + Kernels.panelAt(piece * size + i, heads);
                y[to] += x[at + piece * PANEL + Kernels.panelAt(i, pieces)];
            }
        }
    }
}
