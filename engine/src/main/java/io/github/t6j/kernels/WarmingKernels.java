package io.github.t6j.kernels;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor.DiscardPolicy;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/**
 * SIMD kernels with their scalar twin in place of each kernel that is not compiled yet: until then, the Vector API is
 * some hundred times slower. A kernel is an operation in a format and, for products, a tile height. From its first use,
 * an extra thread calls it on a few zeros until it is faster than the twin, and then it takes over. Both give the same
 * bits, so callers cannot notice the exchange. The kernel called most is warmed up next.
 *
 * <p>The thread ends when nothing is left to warm up, at the latest after {@link #close()}.
 */
public final class WarmingKernels implements Kernels, AutoCloseable {
    /** Number of consecutive calls that must be faster than the twin's fastest. */
    private static final int PROOF = 3;

    /** Number of calls after which both have left the interpreter, in which the SIMD kernel may be the faster one. */
    private static final int LEAST = 300;

    /** Number of calls after which C2 has compiled all it can: the kernel then takes over whatever its time. */
    private static final int ENOUGH = 20_000;

    /**
     * Number of further calls that a product of few rows waits for: it may belong to a short prompt, which comes once.
     */
    private static final int RARE = 500;

    private static final int FORMATS = Format.values().length;

    private final Kernels simd;
    private final Kernels twin;
    private final ToIntFunction<Format> tileRows;
    private final int mostRows;
    private final int products; // number of places for products
    private final AtomicReferenceArray<Kernels> serving; // null: never called
    private final AtomicReferenceArray<Consumer<Kernels>> trials;
    private final int[] calls; // approximate: threads count without waiting for each other
    private final ThreadPoolExecutor beside;

    /**
     * Creates kernels that start with {@code twin} and end with {@code simd}.
     *
     * @param tileRows number of rows that a product of {@code simd} takes at once in a format; more are split evenly
     */
    public WarmingKernels(Kernels simd, Kernels twin, ToIntFunction<Format> tileRows) {
        this.simd = simd;
        this.twin = twin;
        this.tileRows = tileRows;
        mostRows = Stream.of(Format.values()).mapToInt(tileRows).max().orElseThrow();
        // Tiles of 1 … mostRows rows, and pairs of neighbouring heights for rows that do not split evenly.
        products = FORMATS * (mostRows + 2);
        int places = products + KernelTrial.values().length * FORMATS;
        serving = new AtomicReferenceArray<>(places);
        trials = new AtomicReferenceArray<>(places);
        calls = new int[places];
        beside = new ThreadPoolExecutor(
                0, 1, 100, TimeUnit.MILLISECONDS, new LinkedBlockingQueue<>(),
                body -> Thread.ofPlatform().daemon().name("t6j-warm-up").unstarted(body), new DiscardPolicy());
        for (int place = 0; simd == twin && place < places; place++) {
            serving.setPlain(place, simd);
        }
    }

    /** Ends the thread; kernels that are not warm yet stay with the twin. */
    @Override
    public void close() {
        beside.shutdownNow();
    }

    /** Returns whether the SIMD form of every kernel called so far has taken over. */
    public boolean isWarm() {
        for (int i = 0; i < serving.length(); i++) {
            if (serving.get(i) == twin) {
                return false;
            }
        }
        return true;
    }

    private Kernels product(Format format, int rows) {
        int most = tileRows.applyAsInt(format);
        int tiles = Math.max(1, (rows + most - 1) / most);
        int tall = Math.max(1, (rows + tiles - 1) / tiles);
        boolean even = rows % tiles == 0;
        int place = format.ordinal() * (mostRows + 2) + (even ? tall - 1 : tall + 1);
        Kernels kernels = serving.get(place);
        if (kernels == simd) {
            return simd;
        }
        if (kernels == null) {
            calls[place] = rows > 1 && rows < most ? -RARE : 0;
            begin(place, KernelTrial.product(format, even ? tall : 2 * tall - 1));
        }
        calls[place]++;
        return twin;
    }

    private Kernels other(KernelTrial operation, Format format) {
        int place = products + operation.ordinal() * FORMATS + format.ordinal();
        Kernels kernels = serving.get(place);
        if (kernels == simd) {
            return simd;
        }
        if (kernels == null) {
            begin(place, operation.on(format));
        }
        calls[place]++;
        return twin;
    }

    private void begin(int place, Consumer<Kernels> trial) {
        if (serving.compareAndSet(place, null, twin)) {
            trials.set(place, trial);
            beside.execute(this::warmMostCalled);
        }
    }

    private void warmMostCalled() {
        int most = -1;
        for (int place = 0; place < calls.length; place++) {
            if (trials.get(place) != null && (most < 0 || calls[place] > calls[most])) {
                most = place;
            }
        }
        try {
            warm(trials.getAndSet(most, null));
            serving.set(most, simd);
        } catch (InterruptedException | RuntimeException | Error closedOrBroken) {
            // The twin continues; an error of a kernel must reach its caller instead of being printed by this thread.
        }
    }

    private void warm(Consumer<Kernels> trial) throws InterruptedException {
        long toBeat = Long.MAX_VALUE;
        int faster = 0;
        for (int n = 0; faster < PROOF && n < ENOUGH; n++) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            long start = System.nanoTime();
            trial.accept(simd);
            long middle = System.nanoTime();
            trial.accept(twin);
            toBeat = Math.min(toBeat, System.nanoTime() - middle);
            faster = n >= LEAST && middle - start < toBeat ? faster + 1 : 0;
        }
    }

    /** Returns the trial of a quantised product, which takes four rows at once and the remaining rows one by one. */
    private static KernelTrial blocks(BlockFormat format, int rows) {
        return switch (format) {
            case Q8_0 -> rows == 1 ? KernelTrial.ROW_OF_Q8_0 : KernelTrial.ROWS_OF_Q8_0;
            case Q4_0 -> rows == 1 ? KernelTrial.ROW_OF_Q4_0 : KernelTrial.ROWS_OF_Q4_0;
        };
    }

    @Override
    public String description() {
        return simd.description();
    }

    @Override
    public void multiply(
            float[] x,
            int xAt,
            int xStride,
            int rows,
            int inner,
            Format format,
            MemorySegment w,
            long wAt,
            int wStride,
            int columns,
            float[] y,
            int yAt,
            int yPanel,
            boolean accumulate) {
        Kernels kernels;
        if (Kernels.isSlim(format, rows)) {
            kernels = other(KernelTrial.SLIM_PRODUCT, format);
        } else if (Kernels.isNarrow(format, xStride, rows, columns)) {
            kernels = other(KernelTrial.NARROW_PRODUCT, format);
        } else {
            kernels = product(format, rows);
        }
        kernels.multiply(x, xAt, xStride, rows, inner, format, w, wAt, wStride, columns, y, yAt, yPanel, accumulate);
    }

    @Override
    public void factorScores(
            float[] g, int gAt, int heads, int keyRank, Format format, MemorySegment page, long aKAt, float[] s) {
        other(KernelTrial.FACTOR_SCORES, format).factorScores(g, gAt, heads, keyRank, format, page, aKAt, s);
    }

    @Override
    public void tensorScores(
            float[] aQ, int aQAt, int heads, int queryRank, float[] g, int gAt, int gStep, int keyRank,
            MemorySegment page, long aKAt, float[] s, int sAt, int sStep) {
        other(KernelTrial.TENSOR_SCORES, Format.F32)
                .tensorScores(aQ, aQAt, heads, queryRank, g, gAt, gStep, keyRank, page, aKAt, s, sAt, sStep);
    }

    @Override
    public void rebuildColumns(
            float[] a, int aAt, int rank, MemorySegment b, long bAt, int count, MemorySegment to, long toAt) {
        other(KernelTrial.COLUMNS, Format.F32).rebuildColumns(a, aAt, rank, b, bAt, count, to, toAt);
    }

    @Override
    public void rebuildRows(
            float[] a, int aAt, int rank, MemorySegment b, long bAt, int width, MemorySegment to, long toAt,
            int toStride) {
        other(KernelTrial.ROWS, Format.F32).rebuildRows(a, aAt, rank, b, bAt, width, to, toAt, toStride);
    }

    @Override
    public int softmax(
            float[] s,
            int heads,
            Format format,
            MemorySegment page,
            long aVAt,
            int valueRank,
            float[] max,
            float[] sum,
            float[] w) {
        return other(valueRank == 0 ? KernelTrial.WHOLE_SOFTMAX : KernelTrial.SOFTMAX, format)
                .softmax(s, heads, format, page, aVAt, valueRank, max, sum, w);
    }

    @Override
    public void rowMaxima(float[] s, int rows, float[] into) {
        other(KernelTrial.MAXIMA, Format.F32).rowMaxima(s, rows, into);
    }

    @Override
    public void widen(
            Format format, MemorySegment from, long fromAt, int count, long scalesAt, int scaleStep, MemorySegment to,
            long toAt) {
        other(KernelTrial.WIDEN, format).widen(format, from, fromAt, count, scalesAt, scaleStep, to, toAt);
    }

    @Override
    public void scale(float[] y, int yAt, int rows, int yStride, MemorySegment scales, long scalesAt) {
        other(KernelTrial.SCALE, Format.F32).scale(y, yAt, rows, yStride, scales, scalesAt);
    }

    @Override
    public void addScaled(
            float[] x, float[] xFactors, float[] y, float[] yFactors, int at, int first, int count, int width) {
        other(KernelTrial.ADD_SCALED, Format.F32).addScaled(x, xFactors, y, yFactors, at, first, count, width);
    }

    @Override
    public void transpose(
            Format format, MemorySegment from, long fromAt, int fromStride, int rows, int columns, MemorySegment to,
            int toStride) {
        other(KernelTrial.TRANSPOSE, format).transpose(format, from, fromAt, fromStride, rows, columns, to, toStride);
    }

    @Override
    public void addOuter(float[] k, int rows, float[] v, int columns, MemorySegment from, MemorySegment to, long at) {
        other(KernelTrial.OUTER, Format.F32).addOuter(k, rows, v, columns, from, to, at);
    }

    @Override
    public void rmsNorm(float[] x, int xAt, int n, float epsilon, float[] weight, float[] y, int yAt, float[] lanes) {
        other(KernelTrial.NORM, Format.F32).rmsNorm(x, xAt, n, epsilon, weight, y, yAt, lanes);
    }

    @Override
    public void swiGlu(float[] x, int gateAt, int upAt, int n, float[] y, int yAt) {
        other(KernelTrial.SWIGLU, Format.F32).swiGlu(x, gateAt, upAt, n, y, yAt);
    }

    @Override
    public void round(float[] x, int xAt, int count, RoundedRows to, int row) {
        other(KernelTrial.ROUND, Format.F32).round(x, xAt, count, to, row);
    }

    @Override
    public void multiplyBlocks(
            RoundedRows x, BlockFormat format, MemorySegment w, long wAt, float[] y, int yAt, int yStride) {
        other(blocks(format, x.rows), Format.F32).multiplyBlocks(x, format, w, wAt, y, yAt, yStride);
    }

    @Override
    public double logSumExp(float[] x, int n, float[] lanes) {
        return other(KernelTrial.LOG_SUM, Format.F32).logSumExp(x, n, lanes);
    }

    @Override
    public float exp2(float x) {
        return twin.exp2(x);
    }
}
