package io.github.t6j.kernels.choice;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.KQuantFormat;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.UnpackedBlocks;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor.DiscardPolicy;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/**
 * SIMD kernels with their scalar twin in place of each kernel that is not compiled yet: until then, the Vector API is
 * some hundred times slower. A kernel is an operation in a format and, for products, a tile height. Once the twin has
 * computed more in place of a kernel than the compilation costs, an extra thread calls the kernel on a few zeros until
 * it is faster than the twin, and then it takes over. Both give the same bits, so callers cannot notice the exchange.
 * The kernel that the twin has computed most for is warmed up next.
 *
 * <p>The thread ends when nothing is left to warm up, at the latest after {@link #close()}.
 */
public final class WarmingKernels implements Kernels, AutoCloseable {
    /** Number of multiply-adds or the like, some milliseconds of the compiled twin, after which a kernel is due. */
    private static final long DUE = 20_000_000;

    /** Number of multiply-adds in one call, some milliseconds of the twin, for which a caller waits for the kernel. */
    private static final long HEAVY = 1_000_000;

    /** Longest wait for a kernel, from the moment when it was due; afterwards the twin computes. */
    private static final long PATIENCE_NANOS = 500_000_000;

    private static final long POLL_NANOS = 100_000;

    /** Number of consecutive calls that must be about as fast as the twin's fastest. */
    private static final int PROOF = 3;

    /** Number of calls after which both have left the interpreter, in which the SIMD kernel may be the faster one. */
    private static final int LEAST = 300;

    /** Number of calls after which C2 has compiled all it can: the kernel then takes over whatever its time. */
    private static final int ENOUGH = 20_000;

    /** Elementary operations of an exponential, and of a rounding. */
    private static final int EXP = 8;

    private static final int ROUNDING = 2;

    /** Distances of rows that have tiles of their own, in panels: any, one and two. */
    private static final int DISTANCES = 3;

    private static final int FORMATS = Format.values().length;
    private static final int KQUANTS = KQuantFormat.values().length;

    private final Kernels simd;
    private final Kernels twin;
    private final ToIntFunction<Format> tileRows;
    private final int mostRows;
    private final int products; // number of places for products
    private final int others; // number of places before those of K-quants
    private final Place[] places;
    private final AtomicInteger trials = new AtomicInteger(); // waiting or running
    private volatile boolean cold = true; // no trial has ended yet
    private volatile long due = DUE;
    private final ThreadPoolExecutor beside;

    /** Progress of one kernel. */
    private static final class Place {
        volatile Kernels serving;
        volatile Supplier<Consumer<Kernels>> trial; // null before the first call
        volatile boolean waiting; // for its trial
        long work; // of the twin; approximate: threads count without waiting for each other
        long since; // System.nanoTime() when the kernel was due, 0 before

        Place(Kernels first) {
            serving = first;
        }
    }

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
        // Tiles of 1 … mostRows rows, and pairs of neighbouring heights for rows that do not split evenly; for each
        // distance that tiles have as a constant, or none.
        products = DISTANCES * FORMATS * (mostRows + 2);
        others = products + KernelTrial.values().length * FORMATS;
        places = new Place[others + 2 * KQUANTS]; // K-quants: one row, several rows
        for (int i = 0; i < places.length; i++) {
            places[i] = new Place(twin);
        }
        beside = new ThreadPoolExecutor(
                0, 1, 100, TimeUnit.MILLISECONDS, new LinkedBlockingQueue<>(),
                body -> Thread.ofPlatform().daemon().name("t6j-warm-up").unstarted(body), new DiscardPolicy());
    }

    /** Ends the thread; kernels that are not warm yet stay with the twin. */
    @Override
    public void close() {
        beside.shutdownNow();
    }

    /** From now on, also warms up kernels for which the twin has computed little. */
    public void warmAll() {
        due = 0;
        for (Place place : places) {
            if (place.trial != null) {
                begin(place);
            }
        }
    }

    /** Returns whether the SIMD form of every kernel called so far has taken over. */
    public boolean isWarm() {
        for (Place place : places) {
            if (place.trial != null && place.serving != simd) {
                return false;
            }
        }
        return true;
    }

    /** Returns whether the JVM is busy compiling: a trial is running, or none has ended yet. */
    public boolean isWarmingUp() {
        return simd != twin && (cold || trials.get() > 0);
    }

    private Kernels product(Format format, int xStride, int rows, long workOfRow) {
        int most = tileRows.applyAsInt(format);
        int tiles = Math.max(1, (rows + most - 1) / most);
        int tall = Math.max(1, (rows + tiles - 1) / tiles);
        boolean even = rows % tiles == 0;
        int distance = Kernels.isPaged(xStride, rows) ? xStride / PANEL : 0;
        int tiled = distance * FORMATS + format.ordinal();
        Place place = places[tiled * (mostRows + 2) + (even ? tall - 1 : tall + 1)];
        return place.serving == simd
                ? simd
                : choose(place, rows * workOfRow,
                        () -> KernelTrial.product(format, even ? tall : 2 * tall - 1, distance * PANEL));
    }

    private Kernels other(KernelTrial operation, Format format, long work) {
        Place place = places[products + operation.ordinal() * FORMATS + format.ordinal()];
        return place.serving == simd ? simd : choose(place, work, () -> operation.on(format));
    }

    private Kernels kQuants(KQuantFormat format, RoundedRows x) {
        boolean several = x.rows > 1;
        Place place = places[others + (several ? KQUANTS : 0) + format.ordinal()];
        return place.serving == simd
                ? simd
                : choose(place, work(x), () -> KernelTrial.kQuants(format, several ? 5 : 1));
    }

    /** Returns the number of multiply-adds of a panel and rounded rows. */
    private static long work(RoundedRows x) {
        return (long) x.rows * x.blocks * BlockFormat.SIZE * PANEL;
    }

    /** Returns the kernels for a call of {@code work} operations; a call without any announces others. */
    private Kernels choose(Place place, long work, Supplier<Consumer<Kernels>> trial) {
        place.work += work;
        if (place.since == 0) {
            place.trial = trial;
            if (place.work >= due || work == 0) {
                begin(place);
            }
        }
        while (work >= HEAVY && place.serving == twin && !beside.isShutdown()
                && System.nanoTime() - place.since < PATIENCE_NANOS) {
            LockSupport.parkNanos(POLL_NANOS);
        }
        return place.serving;
    }

    private void begin(Place place) {
        synchronized (place) {
            if (place.since != 0) {
                return;
            }
            place.since = System.nanoTime();
            place.waiting = true;
        }
        trials.incrementAndGet();
        try {
            beside.execute(this::warmMostUsed);
        } catch (OutOfMemoryError noMoreThreads) {
            // The twin continues; the trial stays in the queue for the next thread that starts.
        }
    }

    private void warmMostUsed() {
        Place most = null;
        for (Place place : places) {
            if (place.waiting && (most == null || place.work > most.work)) {
                most = place;
            }
        }
        most.waiting = false;
        try {
            warm(most.trial.get());
            most.serving = simd;
        } catch (InterruptedException | RuntimeException | Error closedOrBroken) {
            // The twin continues; an error of a kernel must reach its caller instead of being printed by this thread.
        } finally {
            cold = false;
            trials.decrementAndGet();
        }
    }

    /** Calls until the kernel takes less than twice the twin's time, with pauses that leave the core to C2. */
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
            if (n >= LEAST) {
                faster = (middle - start) / 2 < toBeat ? faster + 1 : 0;
                if (faster == 0) {
                    LockSupport.parkNanos(middle - start);
                }
            }
        }
    }

    /**
     * Returns the trial of a quantised product, which takes many rows in tall tiles, or four rows at once and the
     * remaining rows one by one.
     */
    private static KernelTrial blocks(BlockFormat format, RoundedRows x) {
        boolean bytes = format == BlockFormat.Q8_0;
        if (x.tall) {
            return KernelTrial.TALL_Q8_0;
        }
        if (x.rows == 1) {
            return bytes ? KernelTrial.ROW_OF_Q8_0 : KernelTrial.ROW_OF_Q4_0;
        }
        return bytes ? KernelTrial.ROWS_OF_Q8_0 : KernelTrial.ROWS_OF_Q4_0;
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
        long workOfRow = (long) inner * columns;
        if (Kernels.isSlim(format, rows)) {
            kernels = other(KernelTrial.SLIM_PRODUCT, format, rows * workOfRow);
        } else if (Kernels.isNarrow(format, xStride, rows, columns)) {
            kernels = other(KernelTrial.NARROW_PRODUCT, format, rows * workOfRow);
        } else {
            kernels = product(format, xStride, rows, workOfRow);
        }
        kernels.multiply(x, xAt, xStride, rows, inner, format, w, wAt, wStride, columns, y, yAt, yPanel, accumulate);
    }

    @Override
    public void factorScores(
            float[] g, int gAt, int heads, int keyRank, Format format, MemorySegment page, long aKAt, float[] s) {
        other(KernelTrial.FACTOR_SCORES, format, (long) heads * keyRank * PANEL).factorScores(g, gAt, heads, keyRank,
                format, page, aKAt, s);
    }

    @Override
    public void tensorScores(
            float[] aQ, int aQAt, int heads, int queryRank, float[] g, int gAt, int gStep, int keyRank,
            MemorySegment page, long aKAt, float[] s, int sAt, int sStep) {
        other(KernelTrial.TENSOR_SCORES, Format.F32, (long) heads * keyRank * queryRank * PANEL)
                .tensorScores(aQ, aQAt, heads, queryRank, g, gAt, gStep, keyRank, page, aKAt, s, sAt, sStep);
    }

    @Override
    public void rebuildColumns(
            float[] a, int aAt, int rank, MemorySegment b, long bAt, int count, MemorySegment to, long toAt) {
        other(KernelTrial.COLUMNS, Format.F32, (long) rank * count * PANEL).rebuildColumns(a, aAt, rank, b, bAt, count,
                to, toAt);
    }

    @Override
    public void rebuildRows(
            float[] a, int aAt, int rank, MemorySegment b, long bAt, int width, MemorySegment to, long toAt,
            int toStride) {
        other(KernelTrial.ROWS, Format.F32, (long) rank * width * PANEL).rebuildRows(a, aAt, rank, b, bAt, width, to,
                toAt, toStride);
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
            float[] p) {
        return other(valueRank == 0 ? KernelTrial.WHOLE_SOFTMAX : KernelTrial.SOFTMAX, format,
                (long) heads * (EXP + valueRank) * PANEL)
                .softmax(s, heads, format, page, aVAt, valueRank, max, sum, p);
    }

    @Override
    public void rowMaxima(float[] s, int rows, float[] into) {
        other(KernelTrial.MAXIMA, Format.F32, (long) rows * PANEL).rowMaxima(s, rows, into);
    }

    @Override
    public void widen(
            Format format, MemorySegment from, long fromAt, int count, long scalesAt, int scaleStep, MemorySegment to,
            long toAt) {
        other(KernelTrial.WIDEN, format, count).widen(format, from, fromAt, count, scalesAt, scaleStep, to, toAt);
    }

    @Override
    public void scale(float[] y, int yAt, int rows, int yStride, MemorySegment scales, long scalesAt) {
        other(KernelTrial.SCALE, Format.F32, (long) rows * PANEL).scale(y, yAt, rows, yStride, scales, scalesAt);
    }

    @Override
    public void addScaled(
            float[] x, float[] xFactors, float[] y, float[] yFactors, int at, int first, int count, int width) {
        other(KernelTrial.ADD_SCALED, Format.F32, (long) count * width).addScaled(x, xFactors, y, yFactors, at, first,
                count, width);
    }

    @Override
    public void transpose(
            Format format, MemorySegment from, long fromAt, int fromStride, int rows, int columns, MemorySegment to,
            int toStride) {
        other(KernelTrial.TRANSPOSE, format, (long) rows * columns).transpose(format, from, fromAt, fromStride, rows,
                columns, to, toStride);
    }

    @Override
    public void addOuter(float[] k, int rows, float[] v, int columns, MemorySegment from, MemorySegment to, long at) {
        other(KernelTrial.OUTER, Format.F32, (long) rows * columns).addOuter(k, rows, v, columns, from, to, at);
    }

    @Override
    public void rmsNorm(float[] x, int xAt, int n, float epsilon, float[] weight, float[] y, int yAt, float[] lanes) {
        other(KernelTrial.NORM, Format.F32, n).rmsNorm(x, xAt, n, epsilon, weight, y, yAt, lanes);
    }

    @Override
    public void swiGlu(float[] x, int gateAt, int upAt, int n, float[] y, int yAt) {
        other(KernelTrial.SWIGLU, Format.F32, (long) EXP * n).swiGlu(x, gateAt, upAt, n, y, yAt);
    }

    @Override
    public void geGlu(float[] x, int gateAt, int upAt, int n, float[] y, int yAt) {
        other(KernelTrial.GEGLU, Format.F32, (long) EXP * n).geGlu(x, gateAt, upAt, n, y, yAt);
    }

    @Override
    public void softCap(float[] x, int at, int n, float cap) {
        other(KernelTrial.SOFT_CAP, Format.F32, (long) EXP * n).softCap(x, at, n, cap);
    }

    @Override
    public void round(float[] x, int xAt, int count, RoundedRows to, int row) {
        other(to.tall ? KernelTrial.TALL_ROUND : KernelTrial.ROUND, Format.F32, (long) ROUNDING * count)
                .round(x, xAt, count, to, row);
    }

    @Override
    public boolean isTall(int rows) {
        return simd.isTall(rows);
    }

    @Override
    public void multiplyTall(
            float[] x, int xAt, int rows, int inner, MemorySegment w, long wAt, float[] y, int yAt,
            boolean accumulate) {
        other(KernelTrial.TALL_PRODUCT, Format.F32, (long) rows * inner * PANEL)
                .multiplyTall(x, xAt, rows, inner, w, wAt, y, yAt, accumulate);
    }

    @Override
    public void multiplyBlocks(
            RoundedRows x, BlockFormat format, MemorySegment w, long wAt, float unit, UnpackedBlocks unpacked,
            float[] y, int yAt, int yStride) {
        other(blocks(format, x), Format.F32, work(x))
                .multiplyBlocks(x, format, w, wAt, unit, unpacked, y, yAt, yStride);
    }

    @Override
    public boolean prefersPairs() {
        return simd.prefersPairs();
    }

    @Override
    public void multiplyPair(
            RoundedRows x, BlockFormat format, MemorySegment w, long wAt, float unit, float secondUnit, float[] y,
            int yAt) {
        KernelTrial trial = format == BlockFormat.Q8_0 ? KernelTrial.PAIR_OF_Q8_0 : KernelTrial.PAIR_OF_Q4_0;
        other(trial, Format.F32, 2 * work(x))
                .multiplyPair(x, format, w, wAt, unit, secondUnit, y, yAt);
    }

    @Override
    public void multiplyKQuants(
            RoundedRows x, KQuantFormat format, MemorySegment w, long wAt, float unit, UnpackedBlocks unpacked,
            float[] y, int yAt, int yStride) {
        kQuants(format, x).multiplyKQuants(x, format, w, wAt, unit, unpacked, y, yAt, yStride);
    }

    @Override
    public double logSumExp(float[] x, int n, float[] lanes) {
        return other(KernelTrial.LOG_SUM, Format.F32, (long) EXP * n).logSumExp(x, n, lanes);
    }

    @Override
    public float exp2(float x) {
        return twin.exp2(x);
    }
}
