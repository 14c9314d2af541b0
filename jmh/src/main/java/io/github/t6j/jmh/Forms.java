package io.github.t6j.jmh;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.latent.LatentAlgorithm;
import io.github.t6j.attention.latent.LatentAttention;
import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.attention.paged.PrefillOperations;
import io.github.t6j.attention.tpa.FactoredAttention;
import io.github.t6j.attention.tpa.RebuiltOperations;
import io.github.t6j.attention.tpa.RowForms;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.attention.tpa.steps.SteppedConfig;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.simd.lanes.TileTable;
import io.github.t6j.kernels.simd.lanes.TileTable.Blocks;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Forms that the SIMD kernels, and attention, choose for a benchmark's sizes, in a few words. */
final class Forms {
    private Forms() {}

    /** Returns the tile of a packed matrix and some rows. */
    static String product(TileTable tiles, String type, int inputs, int rows) {
        return words("tile", switch (type) {
            case "f32", "bf16" -> tiles.isTall(rows)
                    ? TileTable.Tile.TALL
                    : tiles.tile(type.equals("f32") ? Format.F32 : Format.BF16,
                            tiles.copiedStride(rows) > 0 ? tiles.copiedStride(rows) : inputs, PANEL, rows, PANEL);
            case "q8_0", "q4_0" -> type.equals("q8_0") && tiles.isTall(rows)
                    ? Blocks.TALL
                    : rows > 1 ? Blocks.ROWS : tiles.intel() ? Blocks.PAIR : Blocks.ROW;
            default -> rows < RoundedRows.GROUP ? Blocks.ROW : Blocks.ROWS; // K-quants, which four rows unpack once
        });
    }

    /**
     * Returns the tiles of training: of many rows in panels of 64 columns, and in a narrower one.
     *
     * @param columns columns of the smallest product
     */
    static String training(TileTable tiles, int columns) {
        return words("tile", tiles.tile(Format.F32, PANEL, PANEL, PANEL, PANEL),
                tiles.tile(Format.F32, PANEL, PANEL, PANEL, Math.min(PANEL, columns)));
    }

    /**
     * Returns the algorithm of attention if the number of rows chooses it, and the tiles of its scores and values.
     * Threads that share the heads of a short context may have smaller ones.
     *
     * @param rows rows of a pass
     * @param threads number of the engine's threads
     */
    static String attention(
            TileTable tiles, AttentionShape shape, PageAttention subject, Format stored, int rows, int threads) {
        boolean copied = stored == Format.F16 || subject.needsF32(stored);
        Format format = copied ? Format.F32 : stored; // of the pages that kernels read
        int headDim = subject.headDim();
        return switch (subject) {
            case LatentAttention latent when latent.bitsDependOnRows() && rows >= LatentAlgorithm.REBUILT_ROWS ->
                "keys and values rebuilt, "
                        + tiles(tiles, Format.F32, headDim, rows, PANEL, rows, subject.valueDim());
            case LatentAttention latent -> {
                LatentConfig sizes = (LatentConfig) shape.sizes();
                int heads = latent.softmaxes() / sizes.parts().latents();
                yield "latents absorbed, " + words("scores tile", tile(tiles, format, sizes.latentDim(), heads, PANEL))
                        + ", " + words("values tile", tile(tiles, Format.F32, PANEL, heads, PANEL));
            }
            case FactoredAttention factored -> factored(
                    tiles, (TpaConfig) shape.sizes(), RowForms.operations(factored), format, rows, threads);
            case PrefillOperations grouped when rows >= grouped.sizes().minRows() -> {
                int lines = grouped.blockRows(rows, threads) * grouped.sizes().groupHeads();
                yield "rows in blocks, " + tiles(tiles, format, headDim, lines, PANEL, lines, headDim);
            }
            case PrefillOperations grouped when !(shape.sizes() instanceof SteppedConfig) -> {
                int lines = grouped.sizes().groupHeads();
                yield tiles(tiles, format, headDim, lines, PANEL, lines, headDim);
            }
            default -> "";
        };
    }

    private static String factored(
            TileTable tiles, TpaConfig sizes, PrefillOperations many, Format format, int rows, int threads) {
        if (rows < many.sizes().minRows()) {
            return tiles(tiles, format, sizes.headDim(), sizes.queryVectors(), sizes.valueRank() * PANEL, sizes.heads(),
                    sizes.valueDim());
        }
        int block = many.blockRows(rows, threads);
        boolean rebuilt = many instanceof RebuiltOperations;
        boolean six = !rebuilt && tiles.isSixHeads(many.sizes().groupHeads(), sizes.keyRank());
        return (rebuilt ? "keys and values rebuilt, " : six ? "values rebuilt, six heads, " : "values rebuilt, ")
                + tiles(tiles, Format.F32, sizes.headDim(), rebuilt ? block : block * sizes.queryRank(), PANEL, block,
                        sizes.valueDim());
    }

    private static TileTable.Tile tile(TileTable tiles, Format format, int xStride, int rows, int columns) {
        return tiles.tile(format, xStride, PANEL, rows, columns);
    }

    /** Returns the tiles of the scores and values of pages. */
    private static String tiles(
            TileTable tiles, Format format, int queryStride, int queries, int valueStride, int lines, int valueDim) {
        return words("scores tile", tile(tiles, format, queryStride, queries, PANEL)) + ", "
                + words("values tile", tile(tiles, format, valueStride, lines, valueDim));
    }

    private static String words(String noun, Enum<?>... forms) {
        return noun + " " + Arrays.stream(forms).map(form -> form.name().toLowerCase(Locale.ROOT)).distinct()
                .collect(Collectors.joining(" and "));
    }
}
