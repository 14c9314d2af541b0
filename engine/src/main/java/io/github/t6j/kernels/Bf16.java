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
}
