package io.github.t6j.kernels.simd.lanes;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.processor.Processor;

/**
 * Table that chooses the register tiles of every product. The SIMD kernels compute with these tiles, and the warm-up
 * counts products of the same compiled tiles as one kernel.
 *
 * @param fewRegisters true for 16 vector registers instead of 32
 * @param intel true for the forms that are faster on Intel's processors with 32 registers: one row × two panels of q8_0
 *     or q4_0 at once (ADR 40), and tiles of six rows × four vectors (ADR 48)
 */
public record TileTable(boolean fewRegisters, boolean intel) {
    /** Table for this processor, without the forms for Intel. */
    public static final TileTable COMMON = new TileTable(Processor.FEW_REGISTERS, false);

    /** Minimum number of rows for tiles of five or six rows; every larger number is a sum of fives and sixes. */
    public static final int MANY_ROWS = 20;

    /** Number of rows in the tallest tile of many rows. */
    public static final int MAX_ROWS = 6;

    /** Number of rows in a tile of half a panel. */
    public static final int NARROW_ROWS = 8;

    /** Distance of the rows of x in floats, and largest number of inputs at once, of {@link Tile#TALL}. */
    public static final int TALL_STRIDE = 2 * PANEL;

    private static final int INNER = 24; // inputs in the shapes of trials
    private static final int FORMATS = Format.values().length;
    private static final int HEIGHTS = 12; // one to five rows, each alone or with the next lower tile

    /** Form of a register tile for weights in a {@link Format}, with the shape of a product that runs it. */
    public enum Tile {
        /** One to five rows × four vectors. */
        WIDE(INNER, 0, PANEL),
        /** Wide tiles for rows that are a panel apart. */
        NEAR(PANEL, 0, PANEL),
        /** Wide tiles for rows that are two panels apart. */
        FAR(2 * PANEL, 0, PANEL),
        /** Eight rows × two vectors, for half a panel, of which a wide tile would waste half. */
        NARROW(PANEL, NARROW_ROWS, PANEL / 2),
        /** Five or six rows × two vectors, for 16 registers. */
        SLIM(INNER, MANY_ROWS + 1, PANEL),
        /** Slim tiles for rows that are a panel apart. */
        NEAR_SLIM(PANEL, MANY_ROWS + 1, PANEL),
        /** Five or six rows × four vectors, for Intel. */
        TALL(TALL_STRIDE, MANY_ROWS + 1, PANEL);

        private final int xStride;
        private final int rows; // 0 if each number of rows has its own kernel
        private final int columns;

        Tile(int xStride, int rows, int columns) {
            this.xStride = xStride;
            this.rows = rows;
            this.columns = columns;
        }
    }

    /** Form of a product with q8_0 or q4_0 weights, with the size of a product that has it. */
    public enum Blocks {
        /** One row. */
        ROW(1, 1),
        /** One row × two panels at once. The last panel of an odd number is computed alone. */
        PAIR(1, 3),
        /** Four rows at once. The remaining rows are computed one by one. */
        ROWS(5, 1),
        /** Five or six rows, whose rounded elements are stored as floats. */
        TALL(MANY_ROWS + 1, 1);

        /** Number of rows of a small product. */
        public final int rows;

        /** Number of its panels. */
        public final int panels;

        Blocks(int rows, int panels) {
            this.rows = rows;
            this.panels = panels;
        }
    }

    /** Returns the tiles of a product, as {@link io.github.t6j.kernels.Kernels#multiply} describes it. */
    public Tile tile(Format format, int xStride, int wStride, int rows, int columns) {
        if (!fewRegisters && format == Format.F32 && xStride == PANEL && columns <= PANEL / 2
                && rows % NARROW_ROWS == 0) {
            return Tile.NARROW;
        }
        if (intel && format == Format.F32 && xStride == TALL_STRIDE && wStride == PANEL && columns <= PANEL
                && rows >= MANY_ROWS) {
            return Tile.TALL;
        }
        if (!fewRegisters && rows > 1 && xStride == PANEL) {
            return Tile.NEAR;
        }
        if (!fewRegisters && rows > 1 && xStride == 2 * PANEL) {
            return Tile.FAR;
        }
        // Q8 has no slim tiles, since its ints hold the elements of four vectors
        boolean slim = fewRegisters && rows >= MANY_ROWS && (format == Format.F32 || format == Format.BF16);
        return slim ? xStride == PANEL ? Tile.NEAR_SLIM : Tile.SLIM : Tile.WIDE;
    }

    /**
     * Returns the number of rows of the tallest wide tile: two with 16 registers, which then hold eight sums and four
     * weights, otherwise five. Q8 has at most four, since C2 cannot compile five rows with loads of all three formats.
     */
    public int tallest(Format format) {
        return fewRegisters ? 2 : format == Format.Q8 ? 4 : 5;
    }

    /** Returns the height of the next tile if {@code left} rows remain: as few and as even tiles as possible. */
    public static int next(int left, int tallest) {
        int tiles = (left + tallest - 1) / tallest;
        return (left + tiles - 1) / tiles;
    }

    /** Returns true if a product with f32, bf16 or q8_0 weights stores its rows for {@link Tile#TALL}. */
    public boolean isTall(int rows) {
        return intel && rows >= MANY_ROWS;
    }

    /**
     * Returns the stride of copied rows in a product with f32 or bf16 weights, which is also the number of inputs per
     * block: for {@link Tile#TALL} or {@link Tile#NEAR_SLIM}; 0 if the product reads x in place.
     */
    public int copiedStride(int rows) {
        return isTall(rows) ? TALL_STRIDE : fewRegisters && rows >= MANY_ROWS ? PANEL : 0;
    }

    /** Returns the form of a product of the first one or two of {@code panels} consecutive panels. */
    public Blocks blocks(RoundedRows x, int panels) {
        return x.form() > 0 ? Blocks.TALL : x.rows > 1 ? Blocks.ROWS : intel && panels > 1 ? Blocks.PAIR : Blocks.ROW;
    }

    /**
     * Returns true if a row's scores from factors ({@link io.github.t6j.kernels.Kernels#tensorScores}) have the tile of
     * six heads × two vectors × both key ranks: 24 sums, four products and a broadcast. It is 1.25 times as fast as two
     * tiles of three heads (Zen 5).
     */
    public boolean isSixHeads(int heads, int keyRank) {
        return !fewRegisters && heads == 6 && keyRank == 2;
    }

    /** Returns the number of kernels that {@link #kernel} distinguishes. */
    public static int kernels() {
        return Tile.values().length * FORMATS * HEIGHTS;
    }

    /** Returns a number for the compiled tiles that a product runs. */
    public int kernel(Format format, int xStride, int wStride, int rows, int columns) {
        Tile tile = tile(format, xStride, wStride, rows, columns);
        int height = 0;
        if (tile.rows == 0) {
            int counted = Math.max(1, rows);
            int tiles = Math.ceilDiv(counted, tallest(format));
            height = 2 * Math.ceilDiv(counted, tiles) + (counted % tiles == 0 ? 0 : 1);
        }
        return (tile.ordinal() * FORMATS + format.ordinal()) * HEIGHTS + height;
    }

    /**
     * Shape of a product of f32, bf16 or q8 weights whose rows are a panel apart.
     *
     * @param xStride at least {@code inner}
     */
    public record Shape(Format format, int xStride, int rows, int inner, int columns) {}

    /** Returns the shape of a small product that runs the tiles of {@code kernel}. */
    public static Shape shape(int kernel) {
        Tile tile = Tile.values()[kernel / HEIGHTS / FORMATS];
        int height = kernel % HEIGHTS; // twice the tallest tile, plus 1 if a lower one follows
        int rows = tile.rows > 0 ? tile.rows : height % 2 == 0 ? height / 2 : height - 2;
        return new Shape(Format.values()[kernel / HEIGHTS % FORMATS], tile.xStride, Math.max(1, rows), INNER,
                tile.columns);
    }
}
