package io.github.t6j.kernels.scalar;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.kernels.Kernels.HeadFactors;
import java.util.Arrays;

/** Scalar kernels of a head whose keys and values are sums of features. */
public final class ScalarHeadFactors {
    private ScalarHeadFactors() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#headScores}. */
    static void scores(ScalarKernels k, HeadFactors f, float[] a, float[] q, int qAt, int lines, float[] y, int yAt) {
        Arrays.fill(y, yAt, yAt + lines * PANEL, 0f);
        for (int d = 0; d < f.dim(); d++) {
            for (int t = 0; t < PANEL; t++) {
                float key = 0f;
                for (int r = 0; r < f.terms(); r++) { // keys before follow the keys
                    key = k.fma(a[f.keys() + (r * f.dim() + d) * PANEL + t], a[r * PANEL + t], key);
                }
                for (int line = 0; line < lines; line++) {
                    int to = yAt + line * PANEL + t;
                    y[to] = k.fma(q[qAt + line * f.dim() + d], key, y[to]);
                }
            }
        }
    }

    /** Implements {@link io.github.t6j.kernels.Kernels#headValues} for the elements from {@code first} on. */
    public static void values(
            ScalarKernels k, HeadFactors f, float[] a, float[] p, int pAt, int lines, int count, int first, float[] y,
            int yAt, int yPanel) {
        for (int t = 0; t < count; t++) {
            for (int d = first; d < f.dim(); d++) {
                float value = 0f;
                for (int r = 0; r < f.terms(); r++) {
                    value = k.fma(a[r * PANEL + t], a[f.values(r) + t * f.dim() + d], value);
                }
                for (int line = 0; line < lines; line++) {
                    int to = yAt + d / PANEL * yPanel + line * PANEL + d % PANEL;
                    y[to] = k.fma(p[pAt + line * PANEL + t], value, y[to]);
                }
            }
        }
    }
}
