package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.Lanes.LENGTH;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.simd.generated.Q4Tiles;
import io.github.t6j.kernels.simd.generated.Q8Tiles;
import java.lang.foreign.MemorySegment;

/**
 * Product of panels of quantised weights and rows, in 16-bit integers, two to an int: outputs 16 apart. A 16-bit
 * integer holds the weights of two inputs, v = w0 + 256 · w1. {@link RoundedRows#numbers} is prepared for that, so w0
 * is not unpacked from v. Constants that were added to make weights positive are subtracted where sums start or end.
 * All sums are mod 2^16, and exact because the true sums fit.
 *
 * <p>The loops of the kernels count by steps unknown to C2, see {@link Gemm}.
 */
public final class BlockGemm {
    /** Mask of the f16 bits that line up with a float's after the high half of an int is shifted right by 3. */
    public static final int F16_BITS = 0x8FFFE000;

    /** Difference between the biases of the exponents of f32 and f16, in the place of the exponent. */
    public static final int F16_BIAS = 112 << 23;

    /** Bits of −2^−14, minus the smallest normal f16. */
    public static final int F16_LEAST = 0xB8800000;

    /** Sign bit. */
    public static final int SIGN = 0x80000000;

    /** Float to which an integer below 2^22 can be added exactly. */
    public static final float WHOLE = 0x1.8p23f;

    /** Bits of {@link #WHOLE}; adding an integer to them gives the bits of the sum. */
    public static final int WHOLE_BITS = 0x4B400000;

    /**
     * Number of bytes from a row of a block to the one whose cache lines are touched meanwhile. On an Intel Xeon, vector
     * operations that wait for memory fill the scheduler, so few loads are under way; a touch is a load that none of
     * them waits for (ADR 38).
     */
    private static final long AHEAD = 1024;

    /** Target of the bytes touched ahead, which keeps C2 from dropping the reads. */
    private static int touchSink;

    private BlockGemm() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#multiplyBlocks}. */
    static void rows(
            RoundedRows x, BlockFormat format, MemorySegment w, long wAt, int panels, boolean touching,
            float[] scratch, float[] y, int yAt, int yStride, int one) {
        long panelBytes = (long) x.blocks * format.bytes();
        if (x.tall) {
            for (int p = 0; p < panels; p++) {
                TallBlocks.panel(x, format, w, wAt + p * panelBytes, scratch, y, yAt + p * PANEL, yStride);
            }
            return;
        }
        int fours = x.rows / RoundedRows.GROUP * RoundedRows.GROUP;
        for (int p = 0; p < panels;) {
            int n = touching && panels - p > 1 ? 2 : 1;
            for (int i = 0; i < n; i++) {
                four(x, fours, format, w, wAt + i * panelBytes, y, yAt + i * PANEL, yStride, one);
            }
            for (int r = fours; r < x.rows; r++) {
                if (n == 2) {
                    two(x, r, format, w, wAt, panelBytes, y, yAt + r * yStride, one);
                } else {
                    one(x, r, format, w, wAt, y, yAt + r * yStride, one);
                }
            }
            p += n;
            wAt += n * panelBytes;
            yAt += n * PANEL;
        }
    }

    private static void four(
            RoundedRows x, int rows, BlockFormat format, MemorySegment w, long wAt, float[] y, int yAt, int yStride,
            int one) {
        for (int r = 0; r < rows; r += RoundedRows.GROUP) {
            for (int s = 0; s < 32; s += 2 * LENGTH) {
                int c0 = yAt + r * yStride + column(s);
                int c1 = yAt + r * yStride + column(s + LENGTH);
                if (format == BlockFormat.Q8_0) {
                    Q8Tiles.four(x, r, w, wAt + 4 * s, y, c0, c1, yStride, one);
                } else {
                    Q4Tiles.four(x, r, w, wAt + 4 * s, y, c0, c1, yStride, one);
                }
            }
        }
    }

    private static void one(
            RoundedRows x, int row, BlockFormat format, MemorySegment w, long wAt, float[] y, int yAt, int one) {
        for (int s = 0; s < 32; s += 2 * LENGTH) {
            int c0 = yAt + column(s);
            int c1 = yAt + column(s + LENGTH);
            if (format == BlockFormat.Q8_0) {
                Q8Tiles.one(x, row, w, wAt + 4 * s, y, c0, c1, one);
            } else {
                Q4Tiles.one(x, row, w, wAt + 4 * s, y, c0, c1, one);
            }
        }
    }

    /** Multiplies one row by two panels, with lines touched ahead unless the matrix ends there. */
    private static void two(
            RoundedRows x, int row, BlockFormat format, MemorySegment w, long wAt, long panelBytes, float[] y, int yAt,
            int one) {
        long ahead = wAt + 2 * panelBytes + AHEAD <= w.byteSize() ? AHEAD : 0;
        int touched = 0;
        for (int s = 0; s < 32; s += 2 * LENGTH) {
            int c0 = yAt + column(s);
            int c1 = yAt + column(s + LENGTH);
            touched += format == BlockFormat.Q8_0
                    ? Q8Tiles.two(x, row, w, wAt + 4 * s, panelBytes, ahead, y, c0, c1, one)
                    : Q4Tiles.two(x, row, w, wAt + 4 * s, panelBytes, ahead, y, c0, c1, one);
        }
        touchSink = touched;
    }

    /** Returns the output in the low half of int {@code i} of a row. */
    static int column(int i) {
        return i / 16 * 32 + i % 16;
    }
}
