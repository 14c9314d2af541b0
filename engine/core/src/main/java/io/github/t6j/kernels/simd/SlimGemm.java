package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.lanes.Lanes.D1;
import static io.github.t6j.kernels.simd.lanes.Lanes.D2;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;

import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.simd.generated.SlimTiles;
import io.github.t6j.kernels.simd.lanes.Lanes;
import io.github.t6j.kernels.simd.lanes.TileTable;
import java.lang.foreign.MemorySegment;

/**
 * Products of many rows on machines with 16 registers, in tiles of five or six rows × two vectors: twelve sums, two
 * weights and a broadcast. The tiles of {@link Gemm}, two rows × four vectors, read weights three times as often and
 * wait for L2. Few rows stay with {@code Gemm}, which reads weights in memory order.
 */
final class SlimGemm {
    private SlimGemm() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#multiply}. */
    static void rows(
            float[] x, int xAt, int xStride, int rows, int inner, Format format, MemorySegment w, long wAt, int wStride,
            int columns, float[] y, int yAt, int yPanel, boolean accumulate) {
        long wStep = format.bytes(wStride);
        for (int c = 0; c < columns; c += PANEL, yAt += yPanel) {
            for (int r = 0; r < rows;) {
                int n = TileTable.next(rows - r, TileTable.MAX_ROWS);
                tiles(
                        n, x, xAt + r * xStride, xStride, inner, format, w, wAt + format.bytes(c), wStep, y,
                        yAt + r * PANEL, accumulate);
                r += n;
            }
        }
    }

    /**
     * Computes some rows of a panel: two vectors {@value Lanes#D1} columns apart, then the two that share their cache
     * lines.
     */
    private static void tiles(
            int rows, float[] x, int xAt, int xStride, int inner, Format format, MemorySegment w, long wAt, long wStep,
            float[] y, int yAt, boolean accumulate) {
        for (int half = 0; half < PANEL; half += D2) {
            for (int lane = 0; lane < LANES; lane += LENGTH) {
                int to = yAt + half + lane;
                long from = wAt + format.bytes(half) + 4 * lane;
                if (rows == 5) {
                    SlimTiles.tile5(x, xAt, xStride, inner, format, w, from, wStep, y, to, accumulate);
                } else {
                    SlimTiles.tile6(x, xAt, xStride, inner, format, w, from, wStep, y, to, accumulate);
                }
            }
        }
    }
}
