package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.simd.lanes.Lanes.F16_EXPONENT;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.simd.generated.BlockRow;
import io.github.t6j.kernels.simd.generated.Q4Tile;
import io.github.t6j.kernels.simd.generated.Q8Tile;
import java.lang.foreign.MemorySegment;

/**
 * Product of a panel of quantised weights and rows, in 16-bit integers, two to an int: outputs 16 apart. A 16-bit
 * integer holds the weights of two inputs, v = w0 + 256 · w1. {@link RoundedRows#quants} is prepared for that, so w0
 * is not unpacked from v. Constants that were added to make weights positive are subtracted where sums start or end.
 * All sums are mod 2^16, and exact because the true sums fit.
 *
 * <p>The loops of the kernels count by steps unknown to C2, see {@link Gemm}.
 */
final class BlockGemm {
    /**
     * Number of bytes from a row of a block to the row that is prefetched meanwhile. On an Intel Xeon, vector
     * operations that wait for memory fill the scheduler, so few loads are under way; none of them waits for a
     * prefetching load (ADR 40).
     */
    private static final long AHEAD = 1024;

    private BlockGemm() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#multiplyBlocks} for a panel. */
    static void rows(
            RoundedRows x, BlockFormat format, MemorySegment w, long wAt, float unit, float[] y, int yAt, int yStride,
            int loopStep) {
        float exponent = F16_EXPONENT * unit;
        boolean bytes = format == BlockFormat.Q8_0;
        for (int r = 0; r < x.rows;) {
            boolean four = x.rows - r >= RoundedRows.GROUP;
            for (int s = 0; s < 32; s += 2 * LENGTH) {
                long from = wAt + 4 * s;
                int c0 = yAt + r * yStride + column(s);
                int c1 = yAt + r * yStride + column(s + LENGTH);
                if (bytes && four) {
                    Q8Tile.four(x, r, w, from, exponent, y, c0, c1, yStride, loopStep);
                } else if (bytes) {
                    BlockRow.q8(x, r, w, from, exponent, y, c0, c1, loopStep);
                } else if (four) {
                    Q4Tile.four(x, r, w, from, exponent, y, c0, c1, yStride, loopStep);
                } else {
                    BlockRow.q4(x, r, w, from, exponent, y, c0, c1, loopStep);
                }
            }
            r += four ? RoundedRows.GROUP : 1;
        }
    }

    /**
     * Does the same for one row and two panels, and prefetches lines unless the matrix ends there.
     *
     * @return sum of prefetched bytes; the caller stores it, so that C2 does not drop the reads
     */
    static int pair(
            RoundedRows x, BlockFormat format, MemorySegment w, long wAt, float unit, float secondUnit, float[] y,
            int yAt, int loopStep) {
        long panel = (long) x.blocks * format.bytes();
        long ahead = wAt + 2 * panel + AHEAD <= w.byteSize() ? AHEAD : 0;
        float exponent = F16_EXPONENT * unit;
        float second = F16_EXPONENT * secondUnit;
        int sum = 0;
        for (int s = 0; s < 32; s += 2 * LENGTH) {
            int c0 = yAt + column(s);
            int c1 = yAt + column(s + LENGTH);
            long from = wAt + 4 * s;
            sum += format == BlockFormat.Q8_0
                    ? BlockRow.q8Pair(x, 0, w, from, panel, ahead, exponent, second, y, c0, c1, loopStep)
                    : BlockRow.q4Pair(x, 0, w, from, panel, ahead, exponent, second, y, c0, c1, loopStep);
        }
        return sum;
    }

    /** Returns the output in the low half of int {@code i} of a row. */
    static int column(int i) {
        return i / 16 * 32 + i % 16;
    }
}
