package io.github.t6j.training.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;

import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.simd.lanes.TileTable;
import io.github.t6j.kernels.simd.lanes.TileTable.Tile;
import io.github.t6j.training.kernels.simd.generated.TransposedTiles;

/**
 * Product of a transposed panel and a panel, for gradients of weights. It uses the tiles of {@code Gemm}, but the rows
 * of x are adjacent and its columns are rows of a panel. Distances are constants, so bounds checks move before the
 * loops.
 */
final class TransposedGemm {
    private TransposedGemm() {}

    static void rows(
            float[] x, int xAt, int rows, int inner, float[] w, int wAt, int columns, float[] y, int yAt,
            boolean accumulate) {
        TileTable tiles = TileTable.COMMON;
        boolean narrow = tiles.tile(Format.F32, PANEL, PANEL, rows, columns) == Tile.NARROW;
        int tallest = tiles.tallest(Format.F32);
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            for (int r = 0; r < rows;) {
                int n = narrow ? TileTable.NARROW_ROWS : TileTable.next(rows - r, tallest);
                int yRow = yAt + r * PANEL + lane;
                switch (n) {
                    case 1 -> TransposedTiles.tile1(x, xAt + r, inner, w, wAt + lane, y, yRow, accumulate);
                    case 2, 3 -> TransposedTiles.tile2(x, xAt + r, inner, w, wAt + lane, y, yRow, accumulate);
                    case 4 -> TransposedTiles.tile4(x, xAt + r, inner, w, wAt + lane, y, yRow, accumulate);
                    case 5 -> TransposedTiles.tile5(x, xAt + r, inner, w, wAt + lane, y, yRow, accumulate);
                    default -> TransposedTiles.tile8(x, xAt + r, inner, w, wAt + lane, y, yRow, accumulate);
                }
                r += n == 3 ? 2 : n;
            }
        }
    }
}
