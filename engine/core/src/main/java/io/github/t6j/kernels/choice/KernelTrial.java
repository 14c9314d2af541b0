package io.github.t6j.kernels.choice;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.NARROW_ROWS;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.Kernels.SLIM_ROWS;
import static io.github.t6j.kernels.Kernels.TALL_STRIDE;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.KQuantFormat;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.UnpackedBlocks;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Trial call of a kernel on a few zeros, which {@link WarmingKernels} repeats until the kernel is compiled. Products of
 * elements have one trial per tile height, the other kernels one per format, or a single one if they have no format.
 */
enum KernelTrial {
    NARROW_PRODUCT, SLIM_PRODUCT, TALL_PRODUCT,
    FACTOR_SCORES, TENSOR_SCORES, COLUMNS, ROWS, SOFTMAX, WHOLE_SOFTMAX, MAXIMA, WIDEN, SCALE, ADD_SCALED, TRANSPOSE,
    OUTER, NORM, SWIGLU, GEGLU, SOFT_CAP, LOG_SUM, ROUND, TALL_ROUND,
    ROW_OF_Q8_0, ROWS_OF_Q8_0, PAIR_OF_Q8_0, TALL_Q8_0, ROW_OF_Q4_0, ROWS_OF_Q4_0, PAIR_OF_Q4_0;

    /** Number of inputs of a product on trial. */
    private static final int INNER = 24;

    /** Number of heads, rows and the like of other kernels on trial. */
    private static final int SOME = 2;

    /** Number of rows that fill tiles of six and of five rows. */
    private static final int MANY = SLIM_ROWS + 1;

    /** Returns a trial of a product of {@code rows} rows, {@code xStride} floats apart, or at any distance if 0. */
    static Consumer<Kernels> product(Format format, int rows, int xStride) {
        return productTrial(format, rows, xStride == 0 ? INNER : xStride, PANEL);
    }

    private static Consumer<Kernels> productTrial(Format format, int rows, int xStride, int columns) {
        MemorySegment w = zeros(format, (INNER + 1) * PANEL);
        float[] x = new float[rows * xStride];
        float[] y = new float[rows * PANEL];
        return k -> {
            k.multiply(x, 0, xStride, rows, INNER, format, w, 0, PANEL, columns, y, 0, rows * PANEL, false);
            k.multiply(x, 0, xStride, rows, INNER, format, w, 0, PANEL, columns, y, 0, rows * PANEL, true);
        };
    }

    /** Returns a trial with pages of {@code format}. */
    Consumer<Kernels> on(Format format) {
        int rows = SOME * SOME;
        MemorySegment page = zeros(format, (rows + 1) * PANEL);
        MemorySegment square = zeros(format, PANEL * PANEL);
        MemorySegment from = zeros(Format.F32, SOME * PANEL * PANEL);
        MemorySegment to = zeros(Format.F32, PANEL * PANEL);
        float[] x = new float[SOME * rows * PANEL];
        float[] y = new float[SOME * rows * PANEL];
        float[] elements = new float[SOME * LANES];
        float[] lanes = new float[LANES];
        RoundedRows rounded = RoundedRows.zeros(1, PANEL, this == TALL_ROUND, Set.of());
        return switch (this) {
            case NARROW_PRODUCT -> productTrial(format, NARROW_ROWS, PANEL, PANEL / 2);
            case SLIM_PRODUCT -> product(format, MANY, 0);
            case TALL_PRODUCT -> tallTrial();
            case FACTOR_SCORES -> k -> k.factorScores(x, 0, SOME, SOME, format, page, 0, y);
            case TENSOR_SCORES -> k -> k.tensorScores(x, 0, SOME, SOME, x, 0, PANEL, SOME, from, 0, y, 0, PANEL);
            case COLUMNS -> k -> k.rebuildColumns(x, 0, SOME, from, 0, SOME, to, 0);
            case ROWS -> k -> k.rebuildRows(x, 0, SOME, from, 0, PANEL, to, 0, PANEL);
            case SOFTMAX -> k -> k.softmax(x, SOME, format, page, 0, SOME, lanes, elements, y);
            case WHOLE_SOFTMAX -> k -> k.softmax(x, SOME, format, page, 0, 0, lanes, elements, y);
            case MAXIMA -> k -> k.rowMaxima(x, SOME, y);
            case WIDEN -> k -> k.widen(format, page, 0, PANEL, 0, 1, to, 0);
            case SCALE -> k -> k.scale(y, 0, SOME, PANEL, from, 0);
            case ADD_SCALED -> k -> k.addScaled(x, lanes, y, lanes, 0, 0, SOME, PANEL);
            case TRANSPOSE -> k -> k.transpose(format, square, 0, PANEL, LANES, PANEL, to, LANES);
            case OUTER -> k -> k.addOuter(x, SOME, y, PANEL, from, to, 0);
            case NORM -> k -> k.rmsNorm(x, 0, SOME * PANEL, 1f, null, y, 0, lanes);
            case LOG_SUM -> k -> k.logSumExp(x, x.length, lanes);
            case SWIGLU -> k -> k.swiGlu(x, 0, 0, SOME * PANEL, y, 0);
            case GEGLU -> k -> k.geGlu(x, 0, 0, SOME * PANEL, y, 0);
            case SOFT_CAP -> k -> k.softCap(x, 0, SOME * PANEL, 1f);
            case ROUND, TALL_ROUND -> k -> k.round(x, 0, PANEL, rounded, 0);
            case ROW_OF_Q8_0 -> blocksTrial(BlockFormat.Q8_0, 1, false);
            case ROWS_OF_Q8_0 -> blocksTrial(BlockFormat.Q8_0, 5, false);
            case PAIR_OF_Q8_0 -> pairTrial(BlockFormat.Q8_0);
            case PAIR_OF_Q4_0 -> pairTrial(BlockFormat.Q4_0);
            case ROW_OF_Q4_0 -> blocksTrial(BlockFormat.Q4_0, 1, false);
            case ROWS_OF_Q4_0 -> blocksTrial(BlockFormat.Q4_0, 5, false);
            case TALL_Q8_0 -> blocksTrial(BlockFormat.Q8_0, MANY, true);
        };
    }

    private static Consumer<Kernels> tallTrial() {
        MemorySegment w = zeros(Format.F32, INNER * PANEL);
        float[] x = new float[MANY * TALL_STRIDE];
        float[] y = new float[MANY * PANEL];
        return k -> {
            k.multiplyTall(x, 0, MANY, INNER, w, 0, y, 0, false);
            k.multiplyTall(x, 0, MANY, INNER, w, 0, y, 0, true);
        };
    }

    private static Consumer<Kernels> blocksTrial(BlockFormat format, int rows, boolean tall) {
        MemorySegment w = Arena.ofAuto().allocate(format.bytes(), 64);
        RoundedRows x = RoundedRows.zeros(rows, BlockFormat.SIZE, tall, Set.of());
        UnpackedBlocks unpacked = new UnpackedBlocks();
        float[] y = new float[rows * PANEL];
        return k -> k.multiplyBlocks(x, format, w, 0, 1, unpacked, y, 0, PANEL);
    }

    private static Consumer<Kernels> pairTrial(BlockFormat format) {
        MemorySegment w = Arena.ofAuto().allocate(2L * format.bytes(), 64);
        RoundedRows x = RoundedRows.zeros(1, BlockFormat.SIZE);
        float[] y = new float[2 * PANEL];
        return k -> k.multiplyPair(x, format, w, 0, 1, 1, y, 0);
    }

    /** Returns a trial of a product of one block. */
    static Consumer<Kernels> kQuants(KQuantFormat format, int rows) {
        MemorySegment w = Arena.ofAuto().allocate(format.bytes(1), 64);
        RoundedRows x = RoundedRows.zeros(rows, BlockFormat.SIZE, false, Set.of(format));
        UnpackedBlocks unpacked = new UnpackedBlocks();
        float[] y = new float[rows * PANEL];
        return k -> k.multiplyKQuants(x, format, w, 0, 1, unpacked, y, 0, PANEL);
    }

    private static MemorySegment zeros(Format format, int elements) {
        return Arena.ofAuto().allocate(format.bytes(elements), 64);
    }
}
