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
 *
 * <p>Rows a panel apart have tiles with this distance as a constant: C2 then computes fewer addresses and keeps all of
 * the loop in registers (ADR 35).
 */
final class SlimGemm {
    /** Terms of a sum per tile: what a tile reads of a panel, 8 KB, stays in L1 while all rows pass. */
    private static final int TERMS = 64;

    private SlimGemm() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#multiply}. */
    static void rows(
            float[] x, int xAt, int xStride, int rows, int inner, Format format, MemorySegment w, long wAt, int wStride,
            int columns, float[] y, int yAt, int yPanel, boolean accumulate) {
        long wStep = format.bytes(wStride);
        for (int c = 0; c < columns; c += PANEL, yAt += yPanel) {
            for (int k = 0; k < inner; k += TERMS) {
                tiles(
                        x, xAt + k, xStride, rows, Math.min(TERMS, inner - k), format, w,
                        wAt + format.bytes(c) + k * wStep, wStep, y, yAt, accumulate || k > 0);
            }
        }
    }

    /**
     * Computes some terms of a panel: two vectors {@value Lanes#D1} columns apart, then the two that share their cache
     * lines.
     */
    private static void tiles(
            float[] x, int xAt, int xStride, int rows, int inner, Format format, MemorySegment w, long wAt, long wStep,
            float[] y, int yAt, boolean accumulate) {
        for (int half = 0; half < PANEL; half += D2) {
            for (int lane = 0; lane < LANES; lane += LENGTH) {
                long from = wAt + format.bytes(half) + 4 * lane;
                for (int r = 0; r < rows;) {
                    int n = TileTable.next(rows - r, TileTable.MAX_ROWS);
                    int xRow = xAt + r * xStride;
                    int yRow = yAt + r * PANEL + half + lane;
                    if (xStride == PANEL) {
                        near(n, x, xRow, inner, format, w, from, wStep, y, yRow, accumulate);
                    } else if (n == 5) {
                        SlimTiles.tile5(x, xRow, xStride, inner, format, w, from, wStep, y, yRow, accumulate);
                    } else {
                        SlimTiles.tile6(x, xRow, xStride, inner, format, w, from, wStep, y, yRow, accumulate);
                    }
                    r += n;
                }
            }
        }
    }

    private static void near(
            int rows, float[] x, int xAt, int inner, Format format, MemorySegment w, long wAt, long wStep, float[] y,
            int yAt, boolean accumulate) {
        if (rows == 5) {
            SlimTiles.tile5At64(x, xAt, inner, format, w, wAt, wStep, y, yAt, accumulate);
        } else {
            SlimTiles.tile6At64(x, xAt, inner, format, w, wAt, wStep, y, yAt, accumulate);
        }
    }
}
