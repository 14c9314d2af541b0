package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;
import static io.github.t6j.kernels.simd.lanes.TileTable.NARROW_ROWS;

import io.github.t6j.kernels.simd.generated.NarrowTile;
import java.lang.foreign.MemorySegment;

/**
 * Matrix × matrix for at most half a panel of columns, such as heads of 32 elements, in tiles of eight rows × two
 * vectors. The tiles of {@link Gemm} compute whole panels and would waste half of each.
 */
final class NarrowGemm {
    private NarrowGemm() {}

    static void rows(
            float[] x, int xAt, int rows, int inner, MemorySegment w, long wAt, int wStride, float[] y,
            int yAt, boolean accumulate) {
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            for (int r = 0; r < rows; r += NARROW_ROWS) {
                NarrowTile.tile8(
                        x, xAt + r * PANEL, inner, w, wAt + 4 * lane, 4L * wStride, y,
                        yAt + r * PANEL + lane,
                        accumulate);
            }
        }
    }
}
