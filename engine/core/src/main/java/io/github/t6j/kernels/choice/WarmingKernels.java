package io.github.t6j.kernels.choice;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.DenseRows;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.HeadStep;
import io.github.t6j.kernels.KQuantFormat;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.QuantizedProducts;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.UnpackedBlocks;
import io.github.t6j.kernels.simd.lanes.TileTable;
import io.github.t6j.kernels.simd.lanes.TileTable.Blocks;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * SIMD kernels with their scalar twin in place of each kernel that is not compiled yet: until then, the Vector API is
 * about a hundred times slower. A kernel is an operation in a format. For products, it is the register tiles that
 * {@link TileTable} chooses. {@link WarmUp} decides when a kernel takes over. Native products need no warm-up.
 */
public final class WarmingKernels extends WarmUp implements Kernels {
    private static final int BLOCKS = Blocks.values().length;

    /** Elementary operations of an exponential, and of a rounding. */
    private static final int EXP = 8;

    private static final int ROUNDING = 2;

    private final QuantizedProducts products; // or null

    /** Creates kernels that start with {@code twin} and end with {@code simd}, which choose tiles by {@code tiles}. */
    public WarmingKernels(Kernels simd, Kernels twin, TileTable tiles) {
        this(simd, twin, tiles, null, ConcurrentHashMap.newKeySet());
    }

    /**
     * @param products products that need no warm-up, or null for none
     * @param compiled set for all kernels with this {@code simd}, in which they keep what is compiled
     */
    public WarmingKernels(
            Kernels simd, Kernels twin, TileTable tiles, QuantizedProducts products, Set<Integer> compiled) {
        super(simd, twin, tiles, compiled);
        this.products = products;
    }

    private Kernels of(KernelTrial operation, long work) {
        return of(operation, 0, 1, work);
    }

    private Kernels of(KernelTrial operation, Format format, long work) {
        return of(operation, format.ordinal(), 1, work);
    }

    /** Returns the number of multiply-adds of a panel and rounded rows. */
    private static long work(RoundedRows x) {
        return (long) x.rows * x.blocks * BlockFormat.SIZE * PANEL;
    }

    @Override
    boolean isNative(KernelTrial operation, int kernel, int rows) {
        boolean isBlocks = operation == KernelTrial.BLOCKS;
        if (products == null || !isBlocks && operation != KernelTrial.K_QUANTS) {
            return false;
        }
        RoundedRows x = roundedRows();
        x.resize(rows, PANEL, isBlocks ? BlockFormat.values()[kernel / BLOCKS] : null, Set.of());
        return x.form() == RoundedRows.NATIVE;
    }

    @Override
    public String description() {
        return products == null ? simd.description() : products.description() + "; " + simd.description();
    }

    @Override
    public void multiply(
            float[] x, int xAt, int xStride, int rows, int inner, Format format, MemorySegment w, long wAt, int wStride,
            int columns, float[] y, int yAt, int yPanel, boolean accumulate) {
        int kernel = tiles.kernel(format, xStride, wStride, rows, columns);
        of(KernelTrial.PRODUCT, kernel, 1, (long) rows * inner * columns).multiply(
                x, xAt, xStride, rows, inner, format, w, wAt, wStride, columns, y, yAt, yPanel, accumulate);
    }

    @Override
    public DenseRows denseRows() {
        return simd.denseRows();
    }

    @Override
    public RoundedRows roundedRows() {
        return products == null ? simd.roundedRows() : products.roundedRows(simd.roundedRows());
    }

    @Override
    public void round(float[] x, int xAt, int count, RoundedRows to, int row) {
        if (to.form() == RoundedRows.NATIVE) {
            products.round(x, xAt, count, to, row);
        } else {
            of(KernelTrial.ROUND, to.form(), 1, (long) ROUNDING * count).round(x, xAt, count, to, row);
        }
    }

    @Override
    public void multiplyBlocks(
            RoundedRows x, BlockFormat format, MemorySegment w, long wAt, float[] units, int unitAt, int panels,
            UnpackedBlocks unpacked, float[] y, int yAt, int yStride) {
        if (x.form() == RoundedRows.NATIVE) {
            products.multiplyBlocks(x, format, w, wAt, units, unitAt, panels, y, yAt, yStride);
            return;
        }
        int kernel = format.ordinal() * BLOCKS + tiles.blocks(x, panels).ordinal();
        of(KernelTrial.BLOCKS, kernel, panels, work(x))
                .multiplyBlocks(x, format, w, wAt, units, unitAt, panels, unpacked, y, yAt, yStride);
    }

    @Override
    public void multiplyKQuants(
            RoundedRows x, KQuantFormat format, MemorySegment w, long wAt, float unit, UnpackedBlocks unpacked,
            float[] y, int yAt, int yStride) {
        if (x.form() == RoundedRows.NATIVE) {
            products.multiplyKQuants(x, format, w, wAt, unit, y, yAt, yStride);
            return;
        }
        of(KernelTrial.K_QUANTS, 2 * format.ordinal() + (x.rows > 1 ? 1 : 0), 1, work(x))
                .multiplyKQuants(x, format, w, wAt, unit, unpacked, y, yAt, yStride);
    }

    @Override
    public void factorScores(
            float[] g, int gAt, int heads, int keyRank, Format format, MemorySegment page, long aKAt, float[] s) {
        of(KernelTrial.FACTOR_SCORES, format, (long) heads * keyRank * PANEL)
                .factorScores(g, gAt, heads, keyRank, format, page, aKAt, s);
    }

    @Override
    public void tensorScores(
            float[] aQ, int aQAt, int heads, int queryRank, float[] g, int gAt, int gStep, int keyRank,
            MemorySegment page, long aKAt, float[] s, int sAt, int sStep) {
        int kernel = TileTable.COMMON.isSixHeads(heads, keyRank) ? 1 : 0;
        of(KernelTrial.TENSOR_SCORES, kernel, 1, (long) heads * keyRank * queryRank * PANEL)
                .tensorScores(aQ, aQAt, heads, queryRank, g, gAt, gStep, keyRank, page, aKAt, s, sAt, sStep);
    }

    @Override
    public void rebuildColumns(
            float[] a, int aAt, int rank, MemorySegment b, long bAt, int count, MemorySegment to, long toAt) {
        of(KernelTrial.COLUMNS, (long) rank * count * PANEL).rebuildColumns(a, aAt, rank, b, bAt, count, to, toAt);
    }

    @Override
    public void rebuildRows(
            float[] a, int aAt, int rank, MemorySegment b, long bAt, int width, MemorySegment to, long toAt,
            int toStride) {
        of(KernelTrial.ROWS, (long) rank * width * PANEL).rebuildRows(a, aAt, rank, b, bAt, width, to, toAt, toStride);
    }

    @Override
    public int softmax(
            float[] s, int heads, Format format, MemorySegment page, long aVAt, int valueRank, float[] max, float[] sum,
            float[] p) {
        long work = (long) heads * (EXP + valueRank) * PANEL;
        return (valueRank == 0 ? of(KernelTrial.WHOLE_SOFTMAX, work) : of(KernelTrial.SOFTMAX, format, work))
                .softmax(s, heads, format, page, aVAt, valueRank, max, sum, p);
    }

    @Override
    public void rowMaxima(float[] s, int rows, float[] into) {
        of(KernelTrial.MAXIMA, (long) rows * PANEL).rowMaxima(s, rows, into);
    }

    @Override
    public void widen(
            Format format, MemorySegment from, long fromAt, int count, long scalesAt, int scaleStep, MemorySegment to,
            long toAt) {
        of(KernelTrial.WIDEN, format, count).widen(format, from, fromAt, count, scalesAt, scaleStep, to, toAt);
    }

    @Override
    public void scale(float[] y, int yAt, int rows, int yStride, MemorySegment scales, long scalesAt) {
        of(KernelTrial.SCALE, (long) rows * PANEL).scale(y, yAt, rows, yStride, scales, scalesAt);
    }

    @Override
    public void addScaled(
            float[] x, float[] xFactors, float[] y, float[] yFactors, int at, int first, int count, int width) {
        of(KernelTrial.ADD_SCALED, (long) count * width).addScaled(x, xFactors, y, yFactors, at, first, count, width);
    }

    @Override
    public void transpose(
            Format format, MemorySegment from, long fromAt, int fromStride, int rows, int columns, MemorySegment to,
            int toStride) {
        of(KernelTrial.TRANSPOSE, format, (long) rows * columns)
                .transpose(format, from, fromAt, fromStride, rows, columns, to, toStride);
    }

    @Override
    public void addOuter(float[] k, int rows, float[] v, int columns, MemorySegment from, MemorySegment to, long at) {
        of(KernelTrial.OUTER, (long) rows * columns).addOuter(k, rows, v, columns, from, to, at);
    }

    @Override
    public void headScores(
            HeadFactors factors, float[] a, float[] q, int qAt, int lines, float[] y,
            int yAt) {
        of(KernelTrial.HEAD_SCORES, (long) factors.terms() * factors.dim() * PANEL)
                .headScores(factors, a, q, qAt, lines, y, yAt);
    }

    @Override
    public void headValues(
            HeadFactors factors, float[] a, float[] p, int pAt, int lines, int count,
            float[] y, int yAt, int yPanel) {
        of(KernelTrial.HEAD_VALUES, (long) factors.terms() * factors.dim() * count)
                .headValues(factors, a, p, pAt, lines, count, y, yAt, yPanel);
    }

    @Override
    public void advance(HeadStep step, float[] output, int outputAt) {
        of(KernelTrial.HEAD_STEP, 2L * HeadStep.RANKS * step.stateDim * step.columns).advance(step, output, outputAt);
    }

    @Override
    public void rmsNorm(float[] x, int xAt, int n, float epsilon, float[] gain, float[] y, int yAt, float[] lanes) {
        of(KernelTrial.NORM, n).rmsNorm(x, xAt, n, epsilon, gain, y, yAt, lanes);
    }

    @Override
    public void swiGlu(float[] x, int gateAt, int upAt, int n, float[] y, int yAt) {
        of(KernelTrial.SWIGLU, (long) EXP * n).swiGlu(x, gateAt, upAt, n, y, yAt);
    }

    @Override
    public void geGlu(float[] x, int gateAt, int upAt, int n, float[] y, int yAt) {
        of(KernelTrial.GEGLU, (long) EXP * n).geGlu(x, gateAt, upAt, n, y, yAt);
    }

    @Override
    public void softCap(float[] x, int at, int n, float cap) {
        of(KernelTrial.SOFT_CAP, (long) EXP * n).softCap(x, at, n, cap);
    }

    @Override
    public double logSumExp(float[] x, int n, float[] lanes) {
        return of(KernelTrial.LOG_SUM, (long) EXP * n).logSumExp(x, n, lanes);
    }

    @Override
    public float exp2(float x) {
        return twin.exp2(x);
    }
}
