package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static io.github.t6j.kernels.simd.lanes.TileTable.MAX_ROWS;
import static io.github.t6j.kernels.simd.lanes.TileTable.TALL_STRIDE;

import io.github.t6j.kernels.simd.generated.TallTiles;
import io.github.t6j.kernels.simd.lanes.TileTable;
import java.lang.foreign.MemorySegment;

/**
 * Product of a panel of f32 weights and many rows in tiles of six or five rows × four vectors. Rows of x and w are at
 * constant distances, so C2 computes no addresses in the loop and moves all bounds checks before it; then six rows do
 * not spill.
 */
final class TallGemm {
    private TallGemm() {}

    /** Implements {@link io.github.t6j.kernels.Kernels#multiply}. */
    static void rows(
            float[] x, int xAt, int rows, int inner, MemorySegment w, long wAt, float[] y, int yAt,
            boolean accumulate) {
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            long from = wAt + 4 * lane;
            for (int r = 0; r < rows;) {
                int n = TileTable.next(rows - r, MAX_ROWS);
                int xRow = xAt + r * TALL_STRIDE;
                int yRow = yAt + r * PANEL + lane;
                if (n == MAX_ROWS) {
                    TallTiles.tile6(x, xRow, inner, w, from, y, yRow, accumulate);
                } else {
                    TallTiles.tile5(x, xRow, inner, w, from, y, yRow, accumulate);
                }
                r += n;
            }
        }
    }
}
