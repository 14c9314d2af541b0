package io.github.t6j.weights;

import java.util.Arrays;

/**
 * Search for the scales, mins and integers of a block of a K-quant. Like GGML's quantisation without an importance
 * matrix, it fits each part alone: integers come from a range of trial scales; the weighted least squares of each set
 * of integers give a scale and a min; the set with the least error wins. Then the scales and mins of the parts are
 * rounded to multiples of a common one, and the integers are rounded again.
 */
final class KQuantSearch {
    /** Smallest magnitude of a part that is not all zeros. */
    private static final float TINY = 1e-15f;

    private static final short NAN = 0x7E00; // as an f16

    private final KQuantBlock block;
    private final DType dtype;
    private final float[] importance = new float[32];
    private final int[] trial = new int[32];
    private final float[] scales = new float[16];
    private final float[] mins = new float[8];

    // Result of the last fit.
    private float scale;
    private float least;
    private float error;

    KQuantSearch(KQuantBlock block, DType dtype) {
        this.block = block;
        this.dtype = dtype;
    }

    /** Stores the quantised {@code x}, 256 elements, in the block; if one is not finite, the block's scale is NaN. */
    void quantize(float[] x) {
        Arrays.fill(block.quants, (byte) 0);
        Arrays.fill(block.scales, (byte) 0);
        Arrays.fill(block.mins, (byte) 0);
        block.min = 0;
        for (float element : x) {
            if (!Float.isFinite(element)) {
                block.scale = NAN;
                return;
            }
        }
        switch (dtype) {
            case Q4_K -> withMins(x, 15, -1f, 20);
            case Q5_K -> withMins(x, 31, -0.5f, 15);
            default -> signed(x);
        }
    }

    private void withMins(float[] x, int max, float first, int steps) {
        float largestScale = 0;
        float largestMin = 0;
        for (int part = 0; part < 8; part++) {
            weigh(x, part * 32);
            fit(x, part * 32, max, first, steps);
            scales[part] = scale;
            mins[part] = -least;
            largestScale = Math.max(largestScale, scale);
            largestMin = Math.max(largestMin, -least);
        }
        block.scale = Float.floatToFloat16(largestScale / 63);
        block.min = Float.floatToFloat16(largestMin / 63);
        float common = Float.float16ToFloat(block.scale);
        float commonMin = Float.float16ToFloat(block.min);
        for (int part = 0; part < 8; part++) {
            block.scales[part] = (byte) Math.round(largestScale == 0 ? 0 : scales[part] * (63 / largestScale));
            block.mins[part] = (byte) Math.round(largestMin == 0 ? 0 : mins[part] * (63 / largestMin));
            float partScale = common * block.scales[part];
            float inverse = partScale == 0 ? 0 : 1 / partScale;
            float partMin = commonMin * block.mins[part];
            for (int i = part * 32; i < part * 32 + 32; i++) {
                block.quants[i] = (byte) rounded((x[i] + partMin) * inverse, max);
            }
        }
    }

    /** Sets the importance of a part's elements: errors of large ones weigh more. */
    private void weigh(float[] x, int at) {
        float squares = 0;
        for (int i = 0; i < 32; i++) {
            squares += x[at + i] * x[at + i];
        }
        float mean = (float) Math.sqrt(squares / 32);
        for (int i = 0; i < 32; i++) {
            importance[i] = mean + Math.abs(x[at + i]);
        }
    }

    /**
     * Finds scale ≥ 0 and least ≤ 0 such that integers q from 0 to {@code max} represent x as scale · q + least.
     *
     * @param first amount that the first trial adds to {@code max} before it is divided by the range of x; each of the
     *     following {@code steps} adds 0.1 more
     */
    private void fit(float[] x, int at, int max, float first, int steps) {
        float lowest = 0; // a least above 0 is not representable
        float highest = x[at];
        for (int i = 0; i < 32; i++) {
            lowest = Math.min(lowest, x[at + i]);
            highest = Math.max(highest, x[at + i]);
        }
        scale = 0;
        least = lowest;
        if (highest - lowest < TINY) {
            return;
        }
        error = Float.MAX_VALUE;
        for (int step = -1; step <= steps; step++) {
            float numerator = step < 0 ? max : max + first + 0.1f * step;
            improve(x, at, max, numerator / (highest - lowest), lowest);
        }
        for (int again = 0; again < 4 && improve(x, at, max, 1 / scale, least); again++) {
            // integers of the best scale and min may allow for better ones
        }
    }

    /** Tries the integers of a scale and a least value; returns true if the error is less than the least so far. */
    private boolean improve(float[] x, int at, int max, float inverse, float from) {
        float w = 0, q1 = 0, q2 = 0, x1 = 0, xq = 0;
        for (int i = 0; i < 32; i++) {
            int q = rounded((x[at + i] - from) * inverse, max);
            trial[i] = q;
            float wq = importance[i] * q;
            w += importance[i];
            q1 += wq;
            q2 += wq * q;
            x1 += importance[i] * x[at + i];
            xq += wq * x[at + i];
        }
        float determinant = w * q2 - q1 * q1; // 0 if all integers are the same
        float newScale = determinant > 0 ? (w * xq - x1 * q1) / determinant : 1 / inverse;
        float newLeast = determinant > 0 ? (q2 * x1 - q1 * xq) / determinant : from;
        if (newLeast > 0) {
            newLeast = 0;
            newScale = xq / q2;
        }
        float newError = 0;
        for (int i = 0; i < 32; i++) {
            float difference = newScale * trial[i] + newLeast - x[at + i];
            newError += importance[i] * difference * difference;
        }
        if (!(newError < error) || !(newScale > 0)) {
            return false;
        }
        error = newError;
        scale = newScale;
        least = newLeast;
        return true;
    }

    private static int rounded(float q, int max) {
        return (int) (Math.min(Math.max(q, 0f), max) + 0.5f);
    }

    private void signed(float[] x) {
        float largest = 0; // scale of the largest magnitude, with its sign
        for (int part = 0; part < 16; part++) {
            scales[part] = signedScale(x, part * 16);
            largest = Math.abs(scales[part]) > Math.abs(largest) ? scales[part] : largest;
        }
        block.scale = Float.floatToFloat16(largest / -128);
        float common = Float.float16ToFloat(block.scale);
        for (int part = 0; part < 16; part++) {
            block.scales[part] =
                    (byte) Math.clamp(Math.round(largest == 0 ? 0 : scales[part] * (-128 / largest)), -128, 127);
            float partScale = common * block.scales[part];
            float inverse = partScale == 0 ? 0 : 1 / partScale;
            for (int i = part * 16; i < part * 16 + 16; i++) {
                block.quants[i] = (byte) rounded(x[i] * inverse + 32, 63);
            }
        }
    }

    /** Returns the scale that represents 16 elements best as scale · q, q from −32 to 31, with errors weighed by x². */
    private static float signedScale(float[] x, int at) {
        float largest = 0;
        for (int i = at; i < at + 16; i++) {
            largest = Math.abs(x[i]) > Math.abs(largest) ? x[i] : largest;
        }
        if (Math.abs(largest) < TINY) {
            return 0;
        }
        double best = 0;
        float bestScale = 0;
        for (int trial = 0; trial < 19; trial++) {
            int step = trial % 2 == 0 ? trial / 2 : -(trial + 1) / 2; // 0 first: its scale is often an exact f16
            float inverse = -(32 + 0.1f * step) / largest;
            double xq = 0; // a float would underflow in the product below
            double q2 = 0;
            for (int i = at; i < at + 16; i++) {
                int q = rounded(x[i] * inverse + 32, 63) - 32;
                float weighed = x[i] * x[i] * q;
                xq += weighed * x[i];
                q2 += weighed * q;
            }
            if (q2 > 0 && xq * xq > (1 + 1e-6) * best * q2) {
                bestScale = (float) (xq / q2);
                best = xq * xq / q2;
            }
        }
        return bestScale;
    }
}
