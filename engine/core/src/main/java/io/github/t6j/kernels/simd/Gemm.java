package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.lanes.Lanes.D1;
import static io.github.t6j.kernels.simd.lanes.Lanes.D2;
import static io.github.t6j.kernels.simd.lanes.Lanes.D3;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;

import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.simd.generated.WideTiles;
import io.github.t6j.kernels.simd.lanes.Lanes;
import io.github.t6j.kernels.simd.lanes.TileTable;
import java.lang.foreign.MemorySegment;

/**
 * Matrix × matrix in register tiles of up to five rows × four vectors: twenty sums, four weights and a broadcast stay
 * in 32 registers; six rows spill. Matrix × vector is the tile of one row: sequential loads, the order in which memory
 * is read fastest.
 *
 * <p>Tiles of all {@link Format}s differ only in their loads. The loop body chooses them by the format: C2 sees that
 * the format never changes and makes one loop per format, whereas a helper that returns a vector might not be inlined.
 * Rows of y are {@link io.github.t6j.kernels.Kernels#PANEL} floats apart, a constant, so one bounds check serves all
 * loads and stores of a tile.
 *
 * <p>The loops count the bytes of w by a step unknown to C2, which therefore treats them as non-counted and keeps the
 * order of the loads. When C2 unrolls such a loop, it groups the loads by sum and halves the bandwidth from memory. A
 * caller may be inlined with a constant stride, hence the factor {@code loopStep}.
 *
 * <p>The loops of the tallest tiles are too long to be unrolled. They are counted, so some bounds checks move before
 * the loop. The unrolled tiles are in {@code generated}.
 */
final class Gemm {
    private Gemm() {}

    static void check(Format format) {
        if (format == Format.F16) {
            throw new IllegalArgumentException("format: expected F32, BF16 or Q8, found F16");
        }
    }

    static void rows(
            float[] x, int xAt, int xStride, int rows, int inner, Format format, MemorySegment w, long wAt, int wStride,
            int columns, float[] y, int yAt, int yPanel, boolean accumulate, int loopStep) {
        check(format);
        long wStep = format.bytes(wStride) * loopStep;
        for (int c = 0; c < columns; c += PANEL, yAt += yPanel) {
            for (int lane = 0; lane < LANES; lane += LENGTH) {
                panel(
                        x, xAt, xStride, rows, inner, format, w, wAt + format.bytes(c) + 4 * lane, wStep, y, yAt + lane,
                        accumulate);
            }
        }
    }

    /**
     * Computes all rows of the columns at 0, {@value Lanes#D1}, {@value Lanes#D2} and {@value Lanes#D3} from a first
     * vector.
     */
    private static void panel(
            float[] x, int xAt, int xStride, int rows, int inner, Format format, MemorySegment w, long wAt, long wStep,
            float[] y, int yAt, boolean accumulate) {
        for (int r = 0; r < rows;) {
            int n = TileTable.next(rows - r, TileTable.COMMON.tallest(format));
            int xRow = xAt + r * xStride;
            int yRow = yAt + r * PANEL;
            switch (n) {
                case 1 -> WideTiles.tile1(x, xRow, inner, format, w, wAt, wStep, y, yRow, accumulate);
                case 2 -> WideTiles.tile2(x, xRow, xStride, inner, format, w, wAt, wStep, y, yRow, accumulate);
                case 3 -> WideTiles.tile3(x, xRow, xStride, inner, format, w, wAt, wStep, y, yRow, accumulate);
                case 4 -> WideTiles.tile4(x, xRow, xStride, inner, format, w, wAt, wStep, y, yRow, accumulate);
                default -> WideTiles.tile5(x, xRow, xStride, inner, format, w, wAt, wStep, y, yRow, accumulate);
            }
            r += n;
        }
    }
}
