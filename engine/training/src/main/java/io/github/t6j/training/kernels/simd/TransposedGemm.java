package io.github.t6j.training.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;

import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.simd.lanes.Lanes;
import io.github.t6j.kernels.simd.lanes.TileTable;
import io.github.t6j.kernels.simd.lanes.TileTable.Tile;
import io.github.t6j.training.kernels.simd.generated.TransposedTiles;

/**
 * Product of a transposed panel and a panel, for gradients of weights. It uses the tiles of {@code Gemm}, but the rows
 * of x are adjacent and its columns are rows of a panel. Distances are constants, so bounds checks move before the
 * loops.
 */
final class TransposedGemm {
    /** C2 spills one of the twelve sums of six rows to memory (ADR 35). */
    private static final int SLIM_ROWS = 5;

    private TransposedGemm() {}

    static void rows(
            float[] x, int xAt, int rows, int inner, float[] w, int wAt, int columns, float[] y, int yAt,
            boolean accumulate) {
        Tile tile = TileTable.COMMON.tile(Format.F32, PANEL, PANEL, rows, columns);
        int vectors = tile == Tile.NEAR_SLIM || tile == Tile.NARROW ? 2 : 4;
        int tallest = switch (tile) {
            case NEAR_SLIM -> SLIM_ROWS;
            case NARROW -> TileTable.NARROW_ROWS;
            default -> TileTable.COMMON.tallest(Format.F32);
        };
        for (int first = 0; first < columns; first += vectors * LANES) {
            for (int lane = 0; lane < LANES; lane += LENGTH) {
                int wFirst = wAt + first + lane;
                int yFirst = yAt + first + lane;
                for (int r = 0; r < rows;) {
                    int n = TileTable.next(rows - r, tallest);
                    int yRow = yFirst + r * PANEL;
                    r += vectors == 2
                            ? narrow(n, x, xAt + r, inner, w, wFirst, y, yRow, accumulate)
                            : wide(n, x, xAt + r, inner, w, wFirst, y, yRow, accumulate);
                }
            }
        }
    }

    /** Computes rows × two vectors {@value Lanes#D1} columns apart, and returns the number of rows. */
    private static int narrow(
            int rows, float[] x, int xAt, int inner, float[] w, int wAt, float[] y, int yAt, boolean accumulate) {
        switch (rows) {
            case 4 -> TransposedTiles.narrow4(x, xAt, inner, w, wAt, y, yAt, accumulate);
            case 5 -> TransposedTiles.narrow5(x, xAt, inner, w, wAt, y, yAt, accumulate);
            default -> TransposedTiles.narrow8(x, xAt, inner, w, wAt, y, yAt, accumulate);
        }
        return rows;
    }

    /** Computes at most {@code rows} rows × four vectors, and returns their number. */
    private static int wide(
            int rows, float[] x, int xAt, int inner, float[] w, int wAt, float[] y, int yAt, boolean accumulate) {
        switch (rows) {
            case 1 -> TransposedTiles.tile1(x, xAt, inner, w, wAt, y, yAt, accumulate);
            case 2, 3 -> TransposedTiles.tile2(x, xAt, inner, w, wAt, y, yAt, accumulate);
            case 4 -> TransposedTiles.tile4(x, xAt, inner, w, wAt, y, yAt, accumulate);
            default -> TransposedTiles.tile5(x, xAt, inner, w, wAt, y, yAt, accumulate);
        }
        return rows == 3 ? 2 : rows;
    }
}
