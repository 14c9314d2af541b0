package io.github.t6j.kernels.choice;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.HeadStep;
import io.github.t6j.kernels.KQuantFormat;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Kernels.HeadFactors;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.UnpackedBlocks;
import io.github.t6j.kernels.simd.lanes.TileTable;
import io.github.t6j.kernels.simd.lanes.TileTable.Blocks;
import io.github.t6j.kernels.simd.lanes.TileTable.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.function.Consumer;

/** Trial calls of an operation on a few zeros, which {@link WarmingKernels} repeat until it is compiled. */
enum KernelTrial {
    PRODUCT(TileTable.kernels()), BLOCKS(BlockFormat.values().length * Blocks.values().length),
    K_QUANTS(2 * KQuantFormat.values().length), ROUND(2),
    FACTOR_SCORES(Format.values().length), SOFTMAX(Format.values().length), WIDEN(Format.values().length),
    TRANSPOSE(Format.values().length),
    TENSOR_SCORES(2), COLUMNS, ROWS, WHOLE_SOFTMAX, MAXIMA, SCALE, ADD_SCALED, OUTER, NORM, SWIGLU, GEGLU, SOFT_CAP,
    LOG_SUM, HEAD_STEP, HEAD_SCORES, HEAD_VALUES;

    /** Number of kernels of the operation: one for each format, or as the table of tiles counts them. */
    final int kernels;

    KernelTrial() {
        this(1);
    }

    KernelTrial(int kernels) {
        this.kernels = kernels;
    }

    /** Returns a trial of kernel {@code index}, with rows in the form that {@code simd} gives them. */
    Consumer<Kernels> of(int index, Kernels simd) {
        return switch (this) {
            case PRODUCT -> product(TileTable.shape(index));
            case BLOCKS -> blocks(BlockFormat.values()[index / Blocks.values().length],
                    Blocks.values()[index % Blocks.values().length], simd);
            case K_QUANTS -> kQuants(KQuantFormat.values()[index / 2], index % 2 == 0 ? 1 : 5);
            case TENSOR_SCORES -> tensorScores(index == 0 ? 3 : 6);
            case ROUND -> round(rows(simd, index == 0 ? 1 : TileTable.MANY_ROWS, BlockFormat.Q8_0));
            default -> on(kernels == 1 ? Format.F32 : Format.values()[index]);
        };
    }

    /**
     * Returns the kernel with which {@code rows} rows are multiplied by the same weights as one row by {@code kernel},
     * or −1 if {@code kernel} is not one for a single row.
     */
    int ofRows(int kernel, int rows, TileTable tiles) {
        int form = kernel % Blocks.values().length;
        return switch (this) {
            case PRODUCT -> {
                Shape shape = TileTable.shape(kernel);
                yield shape.rows() > 1 ? -1 : tiles.kernel(shape.format(), shape.xStride(), PANEL, rows, PANEL);
            }
            case BLOCKS -> form == Blocks.ROW.ordinal() || form == Blocks.PAIR.ordinal()
                    ? kernel - form + Blocks.ROWS.ordinal()
                    : -1;
            case K_QUANTS -> kernel % 2 == 0 ? kernel + 1 : -1;
            default -> -1;
        };
    }

    private Consumer<Kernels> on(Format format) {
        MemorySegment page = zeros(format, PANEL * PANEL);
        MemorySegment from = zeros(Format.F32, 2 * PANEL * PANEL);
        MemorySegment to = zeros(Format.F32, PANEL * PANEL);
        float[] x = new float[8 * PANEL];
        float[] y = new float[8 * PANEL];
        float[] sums = new float[2 * LANES];
        float[] lanes = new float[LANES];
        HeadStep step = new HeadStep(LANES, 4 * LANES, HeadStep.RANKS);
        step.weights = new HeadStep.Weights(x, x, x, x, x);
        step.row = new float[16 * PANEL];
        HeadFactors factors = new HeadFactors(1, 2, LANES);
        float[] features = new float[factors.floats()];
        return switch (this) {
            case FACTOR_SCORES -> k -> k.factorScores(x, 0, 2, 2, format, page, 0, y);
            case COLUMNS -> k -> k.rebuildColumns(x, 0, 2, from, 0, 2, to, 0);
            case ROWS -> k -> k.rebuildRows(x, 0, 2, from, 0, PANEL, to, 0, PANEL);
            case SOFTMAX -> k -> k.softmax(x, 2, format, page, 0, 2, lanes, sums, y);
            case WHOLE_SOFTMAX -> k -> k.softmax(x, 2, format, page, 0, 0, lanes, sums, y);
            case MAXIMA -> k -> k.rowMaxima(x, 2, y);
            case WIDEN -> k -> k.widen(format, page, 0, PANEL, 0, 1, to, 0);
            case SCALE -> k -> k.scale(y, 0, 2, PANEL, from, 0);
            case ADD_SCALED -> k -> k.addScaled(x, lanes, y, lanes, 0, 0, 2, PANEL);
            case TRANSPOSE -> k -> k.transpose(format, page, 0, PANEL, LANES, PANEL, to, LANES);
            case OUTER -> k -> k.addOuter(x, 2, y, PANEL, from, to, 0);
            case NORM -> k -> k.rmsNorm(x, 0, 2 * PANEL, 1f, null, y, 0, lanes);
            case SWIGLU -> k -> k.swiGlu(x, 0, 0, 2 * PANEL, y, 0);
            case GEGLU -> k -> k.geGlu(x, 0, 0, 2 * PANEL, y, 0);
            case SOFT_CAP -> k -> k.softCap(x, 0, 2 * PANEL, 1f);
            case LOG_SUM -> k -> k.logSumExp(x, x.length, lanes);
            case HEAD_SCORES -> k -> k.headScores(factors, features, x, 0, 4, y, 0);
            case HEAD_VALUES -> k -> k.headValues(factors, features, x, 0, 4, PANEL, y, 0, 0);
            case HEAD_STEP -> k -> k.advance(step, lanes, 0);
            default -> throw new AssertionError(this);
        };
    }

    private static Consumer<Kernels> product(Shape p) {
        MemorySegment w = zeros(p.format(), (p.inner() + 1) * PANEL);
        float[] x = new float[p.rows() * p.xStride()];
        float[] y = new float[p.rows() * PANEL];
        return k -> {
            for (boolean accumulate : new boolean[] {false, true}) {
                k.multiply(x, 0, p.xStride(), p.rows(), p.inner(), p.format(), w, 0, PANEL, p.columns(), y, 0, 0,
                        accumulate);
            }
        };
    }

    private static Consumer<Kernels> tensorScores(int heads) {
        MemorySegment page = zeros(Format.F32, 2 * heads * PANEL);
        float[] x = new float[4 * PANEL];
        float[] y = new float[heads * PANEL];
        return k -> k.tensorScores(x, 0, heads, 2, x, 0, 2 * PANEL, 2, page, 0, y, 0, PANEL);
    }

    private static RoundedRows rows(Kernels kernels, int rows, BlockFormat format) {
        RoundedRows x = kernels.roundedRows();
        x.resize(rows, PANEL, format, Set.of());
        return x;
    }

    private static Consumer<Kernels> round(RoundedRows to) {
        float[] x = new float[PANEL];
        return k -> k.round(x, 0, PANEL, to, 0);
    }

    private static Consumer<Kernels> blocks(BlockFormat format, Blocks form, Kernels simd) {
        RoundedRows x = rows(simd, form.rows, format);
        MemorySegment w = Arena.ofAuto().allocate((long) form.panels * x.blocks * format.bytes(), 64);
        UnpackedBlocks unpacked = new UnpackedBlocks(false);
        float[] y = new float[form.rows * form.panels * PANEL];
        float[] units = {1, 1, 1};
        return k -> k.multiplyBlocks(x, format, w, 0, units, 0, form.panels, unpacked, y, 0, form.panels * PANEL);
    }

    private static Consumer<Kernels> kQuants(KQuantFormat format, int rows) {
        MemorySegment w = Arena.ofAuto().allocate(format.bytes(1), 64);
        RoundedRows x = RoundedRows.zeros(rows, BlockFormat.SIZE, format);
        UnpackedBlocks unpacked = new UnpackedBlocks(false);
        float[] y = new float[rows * PANEL];
        return k -> k.multiplyKQuants(x, format, w, 0, 1, unpacked, y, 0, PANEL);
    }

    private static MemorySegment zeros(Format format, int elements) {
        return Arena.ofAuto().allocate(format.bytes(elements), 64);
    }
}
