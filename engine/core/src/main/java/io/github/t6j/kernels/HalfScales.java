package io.github.t6j.kernels;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.Tensor;

/**
 * Scales of a panel, in f16. Arithmetic with subnormal floats is slow on many processors, and a subnormal f16 becomes
 * one on its way to a normal float. A panel that has such scales therefore holds all its scales multiplied by a power
 * of two that makes them normal, and a unit, by which kernels multiply them again. Both steps are exact.
 */
final class HalfScales {
    private static final int EXPONENT = 0x7C00;
    private static final int FRACTION = 0x03FF;
    private static final int FRACTION_BITS = 10;
    private static final int MAX_EXPONENT = 30;

    private HalfScales() {}

    /**
     * Rejects a scale that is not finite: the kernels convert scales to floats by arithmetic that holds only for finite
     * ones.
     *
     * @param what the scale's name in the plural, for the message
     * @throws ModelFormatException if {@code half} is infinite or NaN
     */
    static void checkFinite(short half, String what, Tensor part, long row, int block) {
        if ((half & EXPONENT) == EXPONENT) {
            throw new ModelFormatException("tensor " + part.name() + ": expected finite " + what + ", found "
                    + Float.float16ToFloat(half) + " in block " + block + " of row " + row
                    + ": the file is damaged, or was quantised from weights that are not finite");
        }
    }

    /**
     * Makes all scales of a panel normal or 0, if their range permits, and returns the unit: 1 if none was subnormal.
     *
     * @param panel blocks of {@code step} shorts, each of which begins with {@code rows} rows of scales
     */
    static float normalize(short[] panel, int step, int rows) {
        int size = rows * Kernels.PANEL;
        int largest = 0;
        boolean subnormal = false;
        for (int block = 0; block < panel.length; block += step) {
            for (int i = block; i < block + size; i++) {
                largest = Math.max(largest, panel[i] & EXPONENT);
                subnormal |= (panel[i] & EXPONENT) == 0 & (panel[i] & FRACTION) != 0;
            }
        }
        if (!subnormal) {
            return 1f;
        }
        int shift = Math.min(FRACTION_BITS, MAX_EXPONENT - (largest >> FRACTION_BITS));
        float factor = Math.scalb(1f, shift);
        for (int block = 0; block < panel.length; block += step) {
            for (int i = block; i < block + size; i++) {
                panel[i] = Float.floatToFloat16(Float.float16ToFloat(panel[i]) * factor);
            }
        }
        return 1f / factor;
    }
}
