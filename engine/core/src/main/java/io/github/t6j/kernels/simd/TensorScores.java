package io.github.t6j.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;

import io.github.t6j.kernels.processor.Processor;
import io.github.t6j.kernels.simd.generated.TensorTiles;
import io.github.t6j.kernels.simd.lanes.TileTable;
import java.lang.foreign.MemorySegment;

/** Scores of a row and a page from the factors of both, some heads at once; lanes are tokens. */
final class TensorScores {
    private TensorScores() {}

    /**
     * Number of heads in a tile: three use twelve products, twelve scores, four of g and a broadcast; one on 16
     * registers.
     */
    private static final int MAX_HEADS = Processor.FEW_REGISTERS ? 1 : 3;

    /** Implements {@link io.github.t6j.kernels.Kernels#tensorScores}. */
    static void row(
            float[] aQ, int aQAt, int heads, int queryRank, float[] g, int gAt, int gStep, int keyRank,
            MemorySegment page, long aKAt, float[] s, int sAt, int sStep) {
        if (TileTable.COMMON.isSixHeads(heads, keyRank)) {
            sixHeads(aQ, aQAt, queryRank, g, gAt, gStep, page, aKAt, s, sAt, sStep);
            return;
        }
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            for (int h = 0; h < heads;) {
                int a = aQAt + h * queryRank;
                int from = gAt + lane;
                long at = aKAt + 4L * (h * keyRank * PANEL + lane);
                int to = sAt + h * sStep + lane;
                int tiles = (heads - h + MAX_HEADS - 1) / MAX_HEADS;
                int n = (heads - h + tiles - 1) / tiles; // as even as possible: a tile of one takes as long as two
                switch (n) {
                    case 1 -> TensorTiles.tile1(aQ, a, queryRank, g, from, gStep, keyRank, page, at, s, to);
                    case 2 -> TensorTiles.tile2(aQ, a, queryRank, g, from, gStep, keyRank, page, at, s, to, sStep);
                    default -> TensorTiles.tile3(aQ, a, queryRank, g, from, gStep, keyRank, page, at, s, to, sStep);
                }
                h += n;
            }
        }
    }

    /** Computes half a panel at a time, since the products of both key ranks take twice the registers. */
    private static void sixHeads(
            float[] aQ, int aQAt, int queryRank, float[] g, int gAt, int gStep, MemorySegment page, long aKAt,
            float[] s, int sAt, int sStep) {
        for (int half = 0; half < PANEL; half += PANEL / 2) {
            for (int lane = half; lane < half + LANES; lane += LENGTH) {
                TensorTiles.sixHeads(
                        aQ, aQAt, queryRank, g, gAt + lane, gStep, page, aKAt + 4L * lane, s, sAt + lane, sStep);
            }
        }
    }
}
