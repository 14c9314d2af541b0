package io.github.t6j.kernels.simd.lanes;

import static io.github.t6j.kernels.Kernels.PANEL;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.simd.SimdKernels;
import io.github.t6j.kernels.simd.lanes.TileTable.Blocks;
import io.github.t6j.kernels.simd.lanes.TileTable.Shape;
import io.github.t6j.kernels.simd.lanes.TileTable.Tile;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TileTableTest {
    private static final TileTable COMMON = new TileTable(false, false);
    private static final TileTable FEW = new TileTable(true, false);
    private static final TileTable INTEL = new TileTable(false, true);

    /** Distances and columns as in pages of heads of 32, 64 and 128 elements, and in packed matrices. */
    @ParameterizedTest
    @CsvSource({"F32, 64, 8, 32, NARROW, WIDE, NARROW", "F32, 64, 24, 31, NARROW, NEAR_SLIM, NARROW",
        "F32, 64, 8, 33, NEAR, WIDE, NEAR", "F32, 64, 7, 32, NEAR, WIDE, NEAR",
        "BF16, 64, 8, 32, NEAR, WIDE, NEAR", "Q8, 64, 24, 64, NEAR, WIDE, NEAR",
        "F32, 128, 19, 64, FAR, WIDE, FAR", "F32, 128, 20, 64, FAR, SLIM, TALL",
        "BF16, 128, 20, 64, FAR, SLIM, FAR", "F32, 128, 20, 65, FAR, SLIM, FAR",
        "F32, 64, 1, 64, WIDE, WIDE, WIDE", "F32, 128, 1, 64, WIDE, WIDE, WIDE",
        "F32, 768, 5, 64, WIDE, WIDE, WIDE", "F32, 768, 20, 64, WIDE, SLIM, WIDE",
        "Q8, 768, 20, 64, WIDE, WIDE, WIDE"})
    void tilesOfTheProcessors(
            Format format, int xStride, int rows, int columns, Tile common, Tile few, Tile intel) {
        assertThat(COMMON.tile(format, xStride, PANEL, rows, columns)).isEqualTo(common);
        assertThat(FEW.tile(format, xStride, PANEL, rows, columns)).isEqualTo(few);
        assertThat(INTEL.tile(format, xStride, PANEL, rows, columns)).isEqualTo(intel);
    }

    @Test
    void onlyIntelPairsPanelsAndHasTallRows() {
        RoundedRows row = RoundedRows.zeros(1, 32);
        assertThat(COMMON.blocks(row, 2)).isEqualTo(Blocks.ROW);
        assertThat(INTEL.blocks(row, 2)).isEqualTo(Blocks.PAIR);
        assertThat(INTEL.blocks(row, 1)).isEqualTo(Blocks.ROW);
        RoundedRows many = new SimdKernels(true).roundedRows();
        many.resize(20, 32, BlockFormat.Q4_0, Set.of());
        assertThat(INTEL.blocks(many, 2)).isEqualTo(Blocks.ROWS);
        many.resize(20, 32, BlockFormat.Q8_0, Set.of());
        assertThat(INTEL.blocks(many, 2)).isEqualTo(Blocks.TALL);
        assertThat(INTEL.isTall(20)).isTrue();
        assertThat(INTEL.isTall(19)).isFalse();
        assertThat(COMMON.isTall(131)).isFalse();
    }

    /** A trial warms up the tiles of the product for which it was called. */
    @Test
    void theShapeOfAKernelRunsItsTiles() {
        for (TileTable tiles : List.of(COMMON, FEW, INTEL)) {
            for (Format format : List.of(Format.F32, Format.BF16, Format.Q8)) {
                for (int xStride : new int[] {0, 37, 64, 128, 768}) {
                    for (int rows = 0; rows < 50; rows++) {
                        for (int columns : new int[] {16, 32, 33, 64, 128}) {
                            int kernel = tiles.kernel(format, xStride, PANEL, rows, columns);
                            Shape shape = TileTable.shape(kernel);
                            assertThat(tiles.kernel(
                                    shape.format(), shape.xStride(), PANEL, shape.rows(), shape.columns()))
                                    .as("%s: %s", tiles, shape).isEqualTo(kernel).isLessThan(TileTable.kernels());
                        }
                    }
                }
            }
        }
    }

    @Test
    void tilesAreAsEvenAsPossible() {
        assertThat(TileTable.next(6, 5)).isEqualTo(3);
        assertThat(TileTable.next(34, 5)).isEqualTo(5);
        for (int rows = TileTable.MANY_ROWS; rows < 200; rows++) {
            for (int left = rows; left > 0;) {
                int next = TileTable.next(left, TileTable.MAX_ROWS);
                assertThat(next).as("of %d rows", rows).isBetween(5, 6);
                left -= next;
            }
        }
    }
}
