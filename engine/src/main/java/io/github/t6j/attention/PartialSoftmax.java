package io.github.t6j.attention;

import static io.github.t6j.kernels.Kernels.LANES;

import io.github.t6j.kernels.ScalarKernels;
import java.util.Arrays;

/**
 * Softmaxes and sums of values over some of the tokens, one a head, not yet divided by the softmax's sum. (In {@link
 * LatentPrefill} the "heads" are the queries of one head.)
 */
final class PartialSoftmax {
    final int heads;
    private final ScalarKernels scalar;

    /** Floats between the heads of {@link #out}: width in whole vectors. */
    final int stride;

    final float[] max; // [heads], the power of two that weights are relative to; −∞ while there are none
    final float[] sum; // [heads][LANES], of weights
    final float[] out; // [heads][stride], of weighted values

    PartialSoftmax(int heads, int width, ScalarKernels scalar) {
        this.heads = heads;
        this.scalar = scalar;
        stride = (width + LANES - 1) / LANES * LANES;
        max = new float[heads];
        sum = new float[heads * LANES];
        out = new float[heads * stride];
    }

    void clear() {
        Arrays.fill(max, Float.NEGATIVE_INFINITY);
        Arrays.fill(sum, 0f);
        Arrays.fill(out, 0f);
    }

    void copy(PartialSoftmax other) {
        System.arraycopy(other.max, 0, max, 0, max.length);
        System.arraycopy(other.sum, 0, sum, 0, sum.length);
        System.arraycopy(other.out, 0, out, 0, out.length);
    }

    /** Makes {@code newMax} what the weights of {@code head} are relative to. */
    void raise(int head, float newMax) {
        if (newMax != max[head]) {
            float factor = scalar.exp2(max[head] - newMax);
            max[head] = newMax;
            for (int i = head * LANES; i < (head + 1) * LANES; i++) {
                sum[i] *= factor;
            }
            for (int i = head * stride; i < (head + 1) * stride; i++) {
                out[i] *= factor;
            }
        }
    }

    /** Whether every token so far was hidden, or there was none. */
    boolean isEmpty() {
        return max[0] == Float.NEGATIVE_INFINITY;
    }

    /** Adds {@code later}, the same over the tokens after these. */
    void add(PartialSoftmax later) {
        if (later.isEmpty()) {
            return;
        }
        for (int h = 0; h < heads; h++) {
            raise(h, Math.max(max[h], later.max[h]));
            float factor = scalar.exp2(later.max[h] - max[h]);
            for (int i = h * LANES; i < (h + 1) * LANES; i++) {
                sum[i] += later.sum[i] * factor;
            }
            for (int i = h * stride; i < (h + 1) * stride; i++) {
                out[i] += later.out[i] * factor;
            }
        }
    }

    /**
     * Writes the weighted means divided by {@code divisor}, [heads][width], {@code yStride} apart, to {@code y}: zeros if
     * there was no token. Overwrites sum.
     */
    void finish(float divisor, int width, float[] y, int yAt, int yStride) {
        for (int h = 0; h < heads; h++) {
            float scale = isEmpty() ? 0f : 1f / (ScalarKernels.sum(sum, h * LANES) * divisor);
            for (int d = 0; d < width; d++) {
                y[yAt + h * yStride + d] = out[h * stride + d] * scale;
            }
        }
    }
}
