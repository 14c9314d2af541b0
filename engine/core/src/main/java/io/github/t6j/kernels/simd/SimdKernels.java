package io.github.t6j.kernels.simd;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.DenseRows;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.HeadStep;
import io.github.t6j.kernels.KQuantFormat;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.UnpackedBlocks;
import io.github.t6j.kernels.processor.Processor;
import io.github.t6j.kernels.scalar.ScalarKernels;
import io.github.t6j.kernels.simd.generated.FactorTiles;
import io.github.t6j.kernels.simd.generated.PowerTiles;
import io.github.t6j.kernels.simd.lanes.Lanes;
import io.github.t6j.kernels.simd.lanes.TileTable;
import io.github.t6j.kernels.simd.lanes.TileTable.Blocks;
import java.lang.foreign.MemorySegment;

/** Operations on the machine's vectors; each method of {@link Kernels} calls one small class. */
public final class SimdKernels implements Kernels {
    /** Step of loops that C2 must not treat as counted (see {@link Gemm}); not final, so that it is unknown to C2. */
    private static int loopStep = 1;

    /** Largest panel of q8_0 weights that is read before it is multiplied, in bytes: half of an L2 of 1 MB. */
    private static final long READ_FIRST = 1 << 19;

    private final ScalarKernels scalar = new ScalarKernels(true);
    private final TileTable tiles;

    /** Creates the kernels that are fastest on this processor. */
    public SimdKernels() {
        this(Processor.INTEL && !Processor.FEW_REGISTERS);
    }

    /** @param intel true for the forms for Intel's processors, see {@link TileTable} */
    public SimdKernels(boolean intel) {
        tiles = new TileTable(Processor.FEW_REGISTERS, intel);
    }

    /** Returns true if this machine has vectors of 4 floats or more, which the kernels need. */
    public static boolean available() {
        return Lanes.LENGTH >= 4;
    }

    /** Returns the table by which these kernels choose their tiles. */
    public TileTable tiles() {
        return tiles;
    }

    @Override
    public String description() {
        return "SIMD, " + Lanes.FLOATS.vectorBitSize() + "-bit" + (Processor.FEW_REGISTERS ? ", 16 registers" : "")
                + (tiles.intel() ? ", panels in pairs, six rows x four vectors" : "");
    }

    @Override
    public void multiply(
            float[] x, int xAt, int xStride, int rows, int inner, Format format, MemorySegment w, long wAt, int wStride,
            int columns, float[] y, int yAt, int yPanel, boolean accumulate) {
        switch (tiles.tile(format, xStride, wStride, rows, columns)) {
            case WIDE -> Gemm.rows(
                    x, xAt, xStride, rows, inner, format, w, wAt, wStride, columns, y, yAt, yPanel, accumulate,
                    loopStep);
            case NEAR, FAR -> PageGemm.rows(
                    x, xAt, xStride, rows, inner, format, w, wAt, wStride, columns, y, yAt, yPanel, accumulate);
            case NARROW -> NarrowGemm.rows(x, xAt, rows, inner, w, wAt, wStride, y, yAt, accumulate);
            case SLIM, NEAR_SLIM -> SlimGemm.rows(
                    x, xAt, xStride, rows, inner, format, w, wAt, wStride, columns, y, yAt, yPanel, accumulate);
            case TALL -> TallGemm.rows(x, xAt, rows, inner, w, wAt, y, yAt, accumulate);
        }
    }

    @Override
    public DenseRows denseRows() {
        return new BlockedRows(tiles);
    }

    @Override
    public RoundedRows roundedRows() {
        return tiles.intel() ? new TallRoundedRows(tiles) : new RoundedRows();
    }

    @Override
    public void round(float[] x, int xAt, int count, RoundedRows to, int row) {
        RoundBlocks.row(x, xAt, count, to, row);
    }

    @Override
    public void multiplyBlocks(
            RoundedRows x, BlockFormat format, MemorySegment w, long wAt, float[] units, int unitAt, int panels,
            UnpackedBlocks unpacked, float[] y, int yAt, int yStride) {
        long bytes = (long) x.blocks * format.bytes();
        for (int panel = 0; panel < panels;) {
            long from = wAt + panel * bytes;
            float unit = units[unitAt + panel];
            int to = yAt + panel * PANEL;
            Blocks form = tiles.blocks(x, panels - panel);
            switch (form) {
                case ROW, ROWS -> {
                    if (format == BlockFormat.Q8_0 && bytes <= READ_FIRST && unpacked.readsFirst) {
                        unpacked.prefetched = ReadAll.sum(w, from, ReadAll.whole(bytes), loopStep);
                    }
                    BlockGemm.rows(x, format, w, from, unit, y, to, yStride, loopStep);
                }
                case PAIR -> unpacked.prefetched = BlockGemm.pair(
                        x, format, w, from, unit, units[unitAt + panel + 1], y, to, loopStep);
                case TALL -> TallBlocks.rows((TallRoundedRows) x, w, from, unit, unpacked, y, to, yStride);
            }
            panel += form == Blocks.PAIR ? 2 : 1;
        }
    }

    @Override
    public void multiplyKQuants(
            RoundedRows x, KQuantFormat format, MemorySegment w, long wAt, float unit, UnpackedBlocks unpacked,
            float[] y, int yAt, int yStride) {
        KQuantGemm.rows(x, format, w, wAt, unit, unpacked, y, yAt, yStride, loopStep);
    }

    @Override
    public void factorScores(
            float[] g, int gAt, int heads, int keyRank, Format format, MemorySegment page, long aKAt, float[] s) {
        FactorTiles.scores(g, gAt, heads, keyRank, format, page, aKAt, s, loopStep);
    }

    @Override
    public void tensorScores(
            float[] aQ, int aQAt, int heads, int queryRank, float[] g, int gAt, int gStep, int keyRank,
            MemorySegment page, long aKAt, float[] s, int sAt, int sStep) {
        TensorScores.row(aQ, aQAt, heads, queryRank, g, gAt, gStep, keyRank, page, aKAt, s, sAt, sStep);
    }

    @Override
    public void rebuildColumns(
            float[] a, int aAt, int rank, MemorySegment b, long bAt, int count, MemorySegment to, long toAt) {
        Rebuild.columns(a, aAt, rank, b, bAt, count, to, toAt);
    }

    @Override
    public void rebuildRows(
            float[] a, int aAt, int rank, MemorySegment b, long bAt, int width, MemorySegment to, long toAt,
            int toStride) {
        Rebuild.rows(a, aAt, rank, b, bAt, width, to, toAt, toStride, scalar);
    }

    @Override
    public int softmax(
            float[] s, int heads, Format format, MemorySegment page, long aVAt, int valueRank, float[] max,
            float[] sum, float[] p) {
        return PageSoftmax.probabilities(s, heads, format, page, aVAt, valueRank, max, sum, p, loopStep);
    }

    @Override
    public void rowMaxima(float[] s, int rows, float[] into) {
        PageSoftmax.maxima(s, rows, into);
    }

    @Override
    public void widen(
            Format format, MemorySegment from, long fromAt, int count, long scalesAt, int scaleStep, MemorySegment to,
            long toAt) {
        Widen.row(format, from, fromAt, count, scalesAt, scaleStep, to, toAt);
    }

    @Override
    public void scale(float[] y, int yAt, int rows, int yStride, MemorySegment scales, long scalesAt) {
        ElementWise.scale(y, yAt, rows, yStride, scales, scalesAt);
    }

    @Override
    public void addScaled(
            float[] x, float[] xFactors, float[] y, float[] yFactors, int at, int first, int count, int width) {
        ElementWise.addScaled(x, xFactors, y, yFactors, at, first, count, width);
    }

    @Override
    public void transpose(
            Format format, MemorySegment from, long fromAt, int fromStride, int rows, int columns, MemorySegment to,
            int toStride) {
        Transpose.matrix(format, from, fromAt, fromStride, rows, columns, to, toStride);
    }

    @Override
    public void addOuter(float[] k, int rows, float[] v, int columns, MemorySegment from, MemorySegment to, long at) {
        OuterProduct.add(k, rows, v, columns, from, to, at);
    }

    @Override
    public void headScores(
            HeadFactors factors, float[] a, float[] q, int qAt, int lines, float[] y,
            int yAt) {
        HeadSums.scores(factors, a, q, qAt, lines, y, yAt);
    }

    @Override
    public void headValues(
            HeadFactors factors, float[] a, float[] p, int pAt, int lines, int count,
            float[] y, int yAt, int yPanel) {
        HeadSums.values(factors, a, p, pAt, lines, count, y, yAt, yPanel, scalar);
    }

    @Override
    public void advance(HeadStep step, float[] output, int outputAt) {
        HeadState.advance(step, output, outputAt, scalar);
    }

    @Override
    public void rmsNorm(float[] x, int xAt, int n, float epsilon, float[] gain, float[] y, int yAt, float[] lanes) {
        ElementWise.squares(x, xAt, n, lanes);
        ScalarKernels.scaleRow(x, xAt, n, ScalarKernels.rmsScale(lanes, n, epsilon), gain, y, yAt);
    }

    @Override
    public void swiGlu(float[] x, int gateAt, int upAt, int n, float[] y, int yAt) {
        ElementWise.swiGlu(x, gateAt, upAt, n, y, yAt, scalar);
    }

    @Override
    public void geGlu(float[] x, int gateAt, int upAt, int n, float[] y, int yAt) {
        ElementWise.geGlu(x, gateAt, upAt, n, y, yAt, scalar);
    }

    @Override
    public void softCap(float[] x, int at, int n, float cap) {
        ElementWise.softCap(x, at, n, cap, scalar);
    }

    @Override
    public double logSumExp(float[] x, int n, float[] lanes) {
        int whole = n - n % LANES;
        float max = LogSumExp.max(x, n, lanes);
        double sum = 0;
        for (int from = 0; from < n; from += SUM_BLOCK) {
            int to = Math.min(from + SUM_BLOCK, whole);
            PowerTiles.logSum(x, from, to, max, lanes);
            sum += scalar.addExp(x, to, Math.min(from + SUM_BLOCK, n), max, lanes, false);
        }
        return max + StrictMath.log(sum);
    }

    @Override
    public float exp2(float x) {
        return scalar.exp2(x);
    }

    /** Does the same as {@link ScalarKernels#readAll}. */
    public static int readAll(MemorySegment data, long at, long count) {
        return ReadAll.sum(data, at, count, loopStep);
    }
}
