package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.Lanes.LENGTH;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.RoundedRows;
import java.lang.foreign.MemorySegment;

/**
 * Panel of quantised weights × rows, in integers of 16 bits, of which an int has two: outputs 16 apart. They hold weights
 * of two inputs, v = w0 + 256 · w1, and {@link RoundedRows#numbers} is made for that: w0 is not taken out of v. What is
 * positive only since a constant was added is put right where sums begin or are made. All sums are mod 2^16, and exact as
 * the true ones fit.
 *
 * <p>The kernels' loops count by steps that C2 does not know, see {@link Gemm}.
 */
final class BlockGemm {
    /** Of an f16 in the high half of an int, moved down by 3: the bits that a float has at the same places. */
    static final int F16_BITS = 0x8FFFE000;

    /** What a float that was made so of an f16 is multiplied by: the exponents' biases differ by 112. */
    static final float F16_EXPONENT = 0x1p112f;

    /** With a whole number below 2^22 added, still exact. */
    static final float WHOLE = 0x1.8p23f;

    /** Its bits: with a whole number added, those of the sum. */
    static final int WHOLE_BITS = 0x4B400000;

    private BlockGemm() {}

    /** {@link io.github.t6j.kernels.Kernels#multiplyBlocks}. */
    static void rows(
            RoundedRows x, BlockFormat format, MemorySegment w, long wAt, float[] y, int yAt, int yStride, int one) {
        boolean bytes = format == BlockFormat.Q8_0;
        for (int r = 0; r < x.rows;) {
            boolean four = x.rows - r >= RoundedRows.GROUP;
            for (int s = 0; s < 32; s += 2 * LENGTH) {
                long from = wAt + 4 * s;
                int c0 = yAt + r * yStride + column(s);
                int c1 = yAt + r * yStride + column(s + LENGTH);
                if (bytes && four) {
                    Q8Gemm.four(x, r, w, from, y, c0, c1, yStride, one);
                } else if (bytes) {
                    Q8Gemm.one(x, r, w, from, y, c0, c1, one);
                } else if (four) {
                    Q4Gemm.four(x, r, w, from, y, c0, c1, yStride, one);
                } else {
                    Q4Gemm.one(x, r, w, from, y, c0, c1, one);
                }
            }
            r += four ? RoundedRows.GROUP : 1;
        }
    }

    /** The output in the low half of int {@code i} of a row. */
    private static int column(int i) {
        return i / 16 * 32 + i % 16;
    }
}
