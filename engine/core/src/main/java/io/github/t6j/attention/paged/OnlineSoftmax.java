package io.github.t6j.attention.paged;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.scalar.ScalarKernels;
import java.util.Arrays;

/**
 * Softmaxes of several lines over a part of the tokens, with weighted sums of values, both before division by the sum
 * of probabilities (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018). A line is a head of a
 * row: of one row for single queries, of several in {@link Prefill}.
 */
public final class OnlineSoftmax {
    public final int lines;
    final float[] max; // [lines], score that probabilities are relative to; −∞ if empty
    final float[] sum; // [lines][LANES], partial sums of probabilities
    public final float[] out; // [panels][lines][64], sums of values times probabilities
    private final float[] rescale; // [lines], factors of the sums in add

    public OnlineSoftmax(int lines, int width) {
        this.lines = lines;
        max = new float[lines];
        sum = new float[lines * LANES];
        out = new float[Kernels.padded(width) * lines];
        rescale = new float[lines];
    }

    public void clear() {
        Arrays.fill(max, Float.NEGATIVE_INFINITY);
        Arrays.fill(sum, 0f);
        Arrays.fill(out, 0f);
    }

    /** Sets the score that the probabilities of {@code line} are relative to, and rescales its sums. */
    void raiseMaximum(int line, float newMax, Kernels kernels) {
        if (max[line] == Float.NEGATIVE_INFINITY) {
            max[line] = newMax; // empty, or all sums are zero
        } else if (newMax != max[line]) {
            float factor = kernels.exp2(max[line] - newMax);
            max[line] = newMax;
            for (int i = line * LANES; i < (line + 1) * LANES; i++) {
                sum[i] *= factor;
            }
            for (int at = line * PANEL; at < out.length; at += lines * PANEL) {
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
        add(later, 0, lines, kernels);
    }

    /** Adds {@code count} lines of {@code later} from {@code first}; other threads may add other lines. */
    public void add(OnlineSoftmax later, int first, int count, Kernels kernels) {
        if (later.isEmpty()) {
            return;
        }
        for (int line = first; line < first + count; line++) {
            float newMax = Math.max(max[line], later.max[line]);
            rescale[line] = kernels.exp2(max[line] - newMax);
            later.rescale[line] = kernels.exp2(later.max[line] - newMax);
            max[line] = newMax;
        }
        kernels.addScaled(later.sum, later.rescale, sum, rescale, 0, first, count, LANES);
        for (int panel = 0; panel < out.length; panel += lines * PANEL) {
            kernels.addScaled(later.out, later.rescale, out, rescale, panel, first, count, PANEL);
        }
    }

    /**
     * Writes the means of values divided by {@code divisor}, of {@code count} lines from {@code first}, to {@code y}:
     * [lines][width] with rows {@code yStride} apart; {@code yAt} is the offset of line 0. A line without a token gets
     * zeros. Overwrites {@link #sum}.
     */
    void finish(int first, int count, float divisor, int width, float[] y, int yAt, int yStride) {
        for (int line = first; line < first + count; line++) {
            finish(line, divisor, width, y, yAt + line * yStride, false);
        }
    }

    /** Writes the means of {@code line} to {@code y}, or adds them to it. */
    void finish(int line, float divisor, int width, float[] y, int yAt, boolean add) {
        float norm = ScalarKernels.sum(sum, line * LANES) * divisor;
        float scale = norm == 0f ? 0f : 1f / norm; // without a token, or all scores are −∞
        for (int d = 0; d < width; d += PANEL) {
            int from = line * PANEL + Kernels.panelAt(d, lines);
            int count = Math.min(PANEL, width - d);
            if (add) {
                addScaled(out, from, count, scale, y, yAt + d);
            } else {
                scale(out, from, count, scale, y, yAt + d);
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

    /** Adds a vector times a factor. */
    private static void addScaled(float[] x, int xAt, int count, float factor, float[] y, int yAt) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] += x[xAt + i] * factor;
        }
    }
}
