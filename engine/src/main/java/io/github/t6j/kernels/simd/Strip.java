package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.Lanes.L;

import io.github.t6j.kernels.Format;

/**
 * Four vectors of numbers that are read together, and which numbers of a row they are: {@link Format} says why those of
 * a narrow type are not side by side. Strip s begins at number {@link #column} and has there and at three offsets
 * {@value Lanes#L} numbers each.
 *
 * <pre>
 *   lanes     16             8                4
 *   F32       0 16 32 48     0  8 16 24       0  4  8 12
 *   BF16      0 16 32 48     0 16  8 24       0 16  4 20
 *   Q8        0 16 32 48     0 16 32 48       0 16 32 48
 * </pre>
 */
enum Strip {
    F32(L, 2 * L, 3 * L), BF16(16, L == 16 ? 32 : L, L == 16 ? 48 : L + 16), Q8(16, 32, 48);

    /** Of a vector of ints, the bf16 numbers in the high halves. */
    static final int HIGH_HALF = 0xFFFF0000;

    /** Of a vector of ints, the lowest bytes. */
    static final int LOW_BYTE = 0xFF;

    /** Bits of 2^23: with a byte b in the lowest bits, 2^23 + b. */
    static final int BYTE_EXPONENT = 0x4B000000;

    /** 2^23 and what is added to a byte. */
    static final float BYTE_ZERO = 0x1p23f + 128;

    /** Numbers from the first vector to the second. */
    final int o1;

    /** Numbers from the first vector to the third. */
    final int o2;

    /** Numbers from the first vector to the fourth. */
    final int o3;

    Strip(int o1, int o2, int o3) {
        this.o1 = o1;
        this.o2 = o2;
        this.o3 = o3;
    }

    static Strip of(Format format) {
        return switch (format) {
            case F32 -> F32;
            case BF16 -> BF16;
            case Q8 -> Q8;
            case F16 -> throw new IllegalArgumentException("format: expected F32, BF16 or Q8, found F16");
        };
    }

    /** First number of strip {@code s}. */
    int column(int s) {
        return switch (this) {
            case F32 -> s * 4 * L;
            case BF16 -> L == 4 ? s / 2 * 32 + s % 2 * 8 : s * 4 * L;
            case Q8 -> s / (16 / L) * 64 + s % (16 / L) * L;
        };
    }

    /** Byte at which it begins: strips follow one another. */
    long byteAt(int s) {
        return switch (this) {
            case F32 -> s * 16L * L;
            case BF16 -> s * 8L * L;
            case Q8 -> s * 4L * L;
        };
    }
}
