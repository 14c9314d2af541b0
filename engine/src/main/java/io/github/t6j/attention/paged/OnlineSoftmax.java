package io.github.t6j.attention.paged;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.scalar.ScalarKernels;
import java.util.Arrays;

/**
 * Softmaxes of several heads over some of the tokens, with their weighted sums of values. Neither is divided by the sum
 * of probabilities yet (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018). In
 * {@code LatentPrefill} and {@code GroupedPrefill} the "heads" are queries.
 */
public final class OnlineSoftmax {
    public final int heads;
    final float[] max; // [heads], score that probabilities are relative to; −∞ if empty
    final float[] sum; // [heads][LANES], partial sums of probabilities
    public final float[] out; // [panels][heads][64], sums of values times probabilities
    private final float[] factors; // [heads], factors that rescale sums in add

    public OnlineSoftmax(int heads, int width) {
        this.heads = heads;
        max = new float[heads];
        sum = new float[heads * LANES];
        out = new float[Kernels.padded(width) * heads];
        factors = new float[heads];
    }

    public void clear() {
        Arrays.fill(max, Float.NEGATIVE_INFINITY);
        Arrays.fill(sum, 0f);
        Arrays.fill(out, 0f);
    }

    /** Sets the score that the probabilities of {@code head} are relative to, and rescales its sums. */
    void raise(int head, float newMax, Kernels kernels) {
        if (max[head] == Float.NEGATIVE_INFINITY) {
            max[head] = newMax; // empty, or all sums are zero
        } else if (newMax != max[head]) {
            float factor = kernels.exp2(max[head] - newMax);
            max[head] = newMax;
            for (int i = head * LANES; i < (head + 1) * LANES; i++) {
                sum[i] *= factor;
            }
            for (int at = head * PANEL; at < out.length; at += heads * PANEL) {
                for (int i = at; i < at + PANEL; i++) {
                    out[i] *= factor;
                }
            }
        }
    }

    /** Returns true if no page was added. */
    boolean isEmpty() {
        return max[0] == Float.NEGATIVE_INFINITY;
    }

    /** Adds {@code later}, the softmaxes over later tokens. */
    public void add(OnlineSoftmax later, Kernels kernels) {
        add(later, 0, heads, kernels);
    }

    /** Adds {@code count} heads of {@code later} from {@code first}; other threads may add other heads. */
    public void add(OnlineSoftmax later, int first, int count, Kernels kernels) {
        if (later.isEmpty()) {
            return;
        }
        for (int h = first; h < first + count; h++) {
            float newMax = Math.max(max[h], later.max[h]);
            factors[h] = kernels.exp2(max[h] - newMax);
            later.factors[h] = kernels.exp2(later.max[h] - newMax);
            max[h] = newMax;
        }
        kernels.addScaled(later.sum, later.factors, sum, factors, 0, first, count, LANES);
        for (int panel = 0; panel < out.length; panel += heads * PANEL) {
            kernels.addScaled(later.out, later.factors, out, factors, panel, first, count, PANEL);
        }
    }

    /**
     * Writes the means of values divided by {@code divisor}, [heads][width] with rows {@code yStride} apart, to
     * {@code y}; zeros for a head without a token. Overwrites {@link #sum}.
     */
    public void finish(float divisor, int width, float[] y, int yAt, int yStride) {
        finish(0, heads, divisor, width, y, yAt, yStride);
    }

    /** Writes the means of {@code count} heads from {@code first}; {@code yAt} is the offset of head 0. */
    public void finish(int first, int count, float divisor, int width, float[] y, int yAt, int yStride) {
        for (int h = first; h < first + count; h++) {
            float scale = max[h] == Float.NEGATIVE_INFINITY ? 0f : 1f / (ScalarKernels.sum(sum, h * LANES) * divisor);
            for (int d = 0; d < width; d += PANEL) {
                int from = h * PANEL + Kernels.panelAt(d, heads);
                scale(out, from, Math.min(PANEL, width - d), scale, y, yAt + h * yStride + d);
            }
        }
    }

    /**
     * Multiplies a vector by a factor, in a separate method because C2 does not vectorise the loop with a panel index.
     */
    private static void scale(float[] x, int xAt, int count, float factor, float[] y, int yAt) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = x[xAt + i] * factor;
        }
    }
}
