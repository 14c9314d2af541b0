package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;

import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.simd.generated.PageTiles;
import io.github.t6j.kernels.simd.lanes.TileTable;
import java.lang.foreign.MemorySegment;

/**
 * Products of several rows that are one or two panels apart, like queries and probabilities for the usual head sizes.
 * The tiles are {@link Gemm}'s, with this distance as a constant: C2 then checks the bounds of all rows of x at once
 * instead of one by one.
 */
final class PageGemm {
    private PageGemm() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#multiply}. */
    static void rows(
            float[] x, int xAt, int xStride, int rows, int inner, Format format, MemorySegment w, long wAt, int wStride,
            int columns, float[] y, int yAt, int yPanel, boolean accumulate) {
        Gemm.check(format);
        long wStep = format.bytes(wStride);
        for (int c = 0; c < columns; c += PANEL, yAt += yPanel) {
            for (int lane = 0; lane < LANES; lane += LENGTH) {
                long from = wAt + format.bytes(c) + 4 * lane;
                for (int r = 0; r < rows;) {
                    int n = TileTable.next(rows - r, TileTable.COMMON.tallest(format));
                    int xRow = xAt + r * xStride;
                    int yRow = yAt + r * PANEL + lane;
                    if (xStride == PANEL) {
                        near(n, x, xRow, inner, format, w, from, wStep, y, yRow, accumulate);
                    } else {
                        far(n, x, xRow, inner, format, w, from, wStep, y, yRow, accumulate);
                    }
                    r += n;
                }
            }
        }
    }

    private static void near(
            int rows, float[] x, int xAt, int inner, Format format, MemorySegment w, long wAt, long wStep, float[] y,
            int yAt, boolean accumulate) {
        switch (rows) {
            case 2 -> PageTiles.tile2At64(x, xAt, inner, format, w, wAt, wStep, y, yAt, accumulate);
            case 3 -> PageTiles.tile3At64(x, xAt, inner, format, w, wAt, wStep, y, yAt, accumulate);
            case 4 -> PageTiles.tile4At64(x, xAt, inner, format, w, wAt, wStep, y, yAt, accumulate);
            default -> PageTiles.tile5At64(x, xAt, inner, format, w, wAt, wStep, y, yAt, accumulate);
        }
    }

    private static void far(
            int rows, float[] x, int xAt, int inner, Format format, MemorySegment w, long wAt, long wStep, float[] y,
            int yAt, boolean accumulate) {
        switch (rows) {
            case 2 -> PageTiles.tile2At128(x, xAt, inner, format, w, wAt, wStep, y, yAt, accumulate);
            case 3 -> PageTiles.tile3At128(x, xAt, inner, format, w, wAt, wStep, y, yAt, accumulate);
            case 4 -> PageTiles.tile4At128(x, xAt, inner, format, w, wAt, wStep, y, yAt, accumulate);
            default -> PageTiles.tile5At128(x, xAt, inner, format, w, wAt, wStep, y, yAt, accumulate);
        }
    }
}
