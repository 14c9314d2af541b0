package io.github.t6j.kernels;

/**
 * The order of bf16 numbers in a panel. Two numbers share an int: column c of a group of 32 in the low half and column
 * c + 16 in the high half, so that one shift and one mask turn a vector of ints into two vectors of floats whose
 * columns are consecutive, for vectors of 4, 8 and 16 lanes alike.
 *
 * <pre>
 *   byte    0    2    4    6         60   62  | 64 …
 *   column  0   16    1   17   …     15   31  | 32 48 33 49 …
 * </pre>
 */
public final class Bf16 {
    private Bf16() {}

    /** Where column {@code c} of a row stands, in shorts. */
    public static int slot(int c) {
        return (c & ~31) | (c & 15) << 1 | (c >>> 4 & 1);
    }

    /** The nearest bf16 of a float, ties to even; NaN stays NaN. */
    public static short round(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
    }

    /** The float that a bf16 is. */
    public static float widen(short bf16) {
        return Float.intBitsToFloat(bf16 << 16);
    }

    /** {@code value} as the float that its bf16 is. */
    public static float roundTrip(float value) {
        return widen(round(value));
    }
}
